"""One HTTP request to a stranger: only to checked addresses, and never for longer than TIMEOUT.

Receivers are not trusted. A redirect is not followed, an answer is not read beyond a few bytes,
and the limit is on the whole request: one that sends a byte now and then is hung up on as well.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any

import httpcore

from notifications.addresses import check_url, checked_addresses

# Seconds for everything: finding the host, connecting, sending, and the answer's status.
TIMEOUT = 15.0
# An answer's body is of no interest; a short one is read so that the connection can be kept.
LONGEST_BODY = 10_000
BODY_TIMEOUT = 1.0
MOST_ADDRESSES = 3
# Seconds for which a connection is kept.
KEEP = 30.0


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Loading the trusted authorities takes longer than a delivery: once per process."""
    return httpcore.default_ssl_context()


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections to checked addresses only, whatever the name of the host."""

    def __init__(self) -> None:
        self._network = httpcore.AnyIOBackend()
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="dns")
        self._asked: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first of the host's addresses that answers."""
        failure: Exception = httpcore.ConnectError()
        for address in (await self._addresses(host, port))[:MOST_ADDRESSES]:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> list[str]:
        """Ask once for all who wait: a name server that hangs holds one thread, not all."""
        key = (host, port)
        asked = self._asked.get(key)
        if asked is None:
            loop = asyncio.get_running_loop()
            asked = loop.run_in_executor(self._threads, checked_addresses, host, port)
            self._asked[key] = asked
            asked.add_done_callback(lambda done: self._answered(key, done))
        return await asyncio.shield(asked)

    def _answered(self, key: tuple[str, int], done: asyncio.Future[list[str]]) -> None:
        self._asked.pop(key, None)
        if not done.cancelled():
            done.exception()

    async def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise httpcore.ConnectError

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._network.sleep(seconds)

    def close(self) -> None:
        """Do not wait for name servers that hang."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Sender:
    """Connections to receivers, kept by origin, for one event loop.

    Kept here rather than in httpcore's pool, which looks at every connection for every request.
    """

    def __init__(self) -> None:
        self._network = CheckedNetwork()
        self._idle: dict[str, list[httpcore.AsyncHTTPConnection]] = {}

    async def post(self, url: str, *, headers: dict[str, str], body: bytes) -> int:
        """The HTTP status of the answer.

        Raises AddressRefused, TimeoutError, or httpcore's errors for what did not get so far.
        """
        checked = check_url(url)
        target = httpcore.URL(
            scheme=checked.raw_scheme,
            host=checked.raw_host,
            port=checked.port,
            target=checked.raw_path,
        )
        async with asyncio.timeout(TIMEOUT), self._connection(target.origin) as connection:
            async with connection.stream(
                "POST", target, headers=list(headers.items()), content=body
            ) as response:
                await _leave_body(response)
            return response.status

    @asynccontextmanager
    async def _connection(
        self, origin: httpcore.Origin
    ) -> AsyncIterator[httpcore.AsyncHTTPConnection]:
        """One that was kept and is still open, or a new one; kept again if it can be."""
        found = await self._kept(origin) or httpcore.AsyncHTTPConnection(
            origin=origin,
            ssl_context=_certificates(),
            keepalive_expiry=KEEP,
            network_backend=self._network,
        )
        try:
            yield found
        except BaseException:
            await _hang_up(found)
            raise
        if found.is_available():
            self._idle.setdefault(str(origin), []).append(found)
        else:
            await _hang_up(found)

    async def _kept(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection | None:
        kept = self._idle.get(str(origin), [])
        while kept:
            found = kept.pop()
            if found.is_available() and not found.has_expired():
                return found
            await _hang_up(found)
        return None

    async def close(self) -> None:
        """Hang up everywhere."""
        for kept in self._idle.values():
            for each in kept:
                await _hang_up(each)
        self._network.close()


async def _hang_up(connection: httpcore.AsyncHTTPConnection) -> None:
    with suppress(Exception):
        await connection.aclose()


async def _leave_body(response: httpcore.Response) -> None:
    """Read an empty or short body, so that the connection can be used again; else hang up.

    The status is what counts: a body that does not come is no failure.
    """
    read = 0
    with suppress(TimeoutError, httpcore.NetworkError, httpcore.ProtocolError):
        async with asyncio.timeout(BODY_TIMEOUT):
            async for part in response.aiter_stream():
                read += len(part)
                if read > LONGEST_BODY:
                    return
