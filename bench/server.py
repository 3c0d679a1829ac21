"""The real web server over the scratch database, and clients that load it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.world import scratch_name

ROOT = Path(__file__).resolve().parents[1]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def serving() -> Iterator[str]:
    """gunicorn as the demo and production run it; yields its address."""
    port = _free_port()
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    database = head.rsplit("/", 1)[0] + f"/{scratch_name()}" + (f"?{query}" if query else "")
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PANAH_RATE_PER_CLIENT": "1000000/min",
        "PANAH_LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn_conf.py"]
    command += ["--bind", f"127.0.0.1:{port}", "--access-logfile", os.devnull]
    process = subprocess.Popen(
        [*command, "config.wsgi:application"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base)
        yield base
    finally:
        process.terminate()
        process.wait()


def _wait(base: str) -> None:
    for _try in range(200):
        try:
            if httpx.get(f"{base}/healthz", timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")


def token(base: str) -> str:
    """An access token of the bench's client."""
    client_id, secret = os.environ["BENCH_CLIENT"].split(":")
    answer = httpx.post(
        f"{base}/oauth/token/",
        data={"grant_type": "client_credentials"},
        auth=(client_id, secret),
    )
    answer.raise_for_status()
    return str(answer.json()["access_token"])


def load(
    base: str, clients: int, calls: int, call: Callable[[httpx.Client, int], httpx.Response]
) -> tuple[float, list[float]]:
    """`calls` calls by so many clients at once: seconds in all, and sorted seconds of each."""
    header = {"Authorization": f"Bearer {token(base)}"}
    numbers = iter(range(calls))
    lock, times = threading.Lock(), []

    def work() -> None:
        with httpx.Client(base_url=f"{base}/api/v1/", headers=header, timeout=60) as client:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                began = time.perf_counter()
                call(client, number).raise_for_status()
                elapsed = time.perf_counter() - began
                with lock:
                    times.append(elapsed)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, sorted(times)


def percentile(times: list[float], share: float) -> float:
    """The time in milliseconds below which `share` of the calls were."""
    return 1000 * times[min(int(len(times) * share), len(times) - 1)]
