"""Idempotency-Key: a write that is sent again is answered as it was the first time.

The key is written in the transaction of the write itself. A second request with the key waits
for the first to end, then finds its answer; one that failed left no key and is done anew.
"""

from __future__ import annotations

import json
from typing import Any, cast

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from audit.models import IdempotentReply
from common.encryption import lookup_hashes, seal, unseal
from common.errors import DomainError, InvalidInput

CONTEXT = "audit_idempotentreply"
LONGEST_KEY = 200


class KeyReused(DomainError):
    """The key was used for another request."""

    status = 422


class _Replay(Exception):
    def __init__(self, reply: IdempotentReply) -> None:
        super().__init__("replay")
        self.reply = reply


class IdempotentWrites:
    """A mixin for API views, before APIView, whose writes take `Idempotency-Key`."""

    _reply: IdempotentReply | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Run a write with a key in one transaction with the key itself."""
        key = request.headers.get("Idempotency-Key", "")
        if not key or request.method not in {"POST", "PUT", "PATCH", "DELETE"}:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc,no-any-return]
        try:
            with transaction.atomic():
                response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
                if response.status_code >= 400:
                    transaction.set_rollback(True)
                elif self._reply is not None:
                    self._keep(response)
        except DatabaseError as error:
            # Refused by the commit, behind the view's own handling of errors.
            answer = self.handle_exception(error)
            return self.finalize_response(self.request, answer, *args, **kwargs)  # type: ignore[attr-defined,no-any-return]
        return response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After authentication and policy: claim the key, or find the first answer."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = request.headers.get("Idempotency-Key", "")
        if not key or request.method not in {"POST", "PUT", "PATCH", "DELETE"}:
            return
        if len(key) > LONGEST_KEY:
            raise InvalidInput(
                "idempotency_key_too_long", _("Use a key of at most 200 characters.")
            )
        if not (key.isascii() and key.isprintable()):
            raise InvalidInput(
                "idempotency_key_invalid", _("Use letters, digits and signs of ASCII as the key.")
            )
        user, marks = cast(User, request.user), _fingerprints(request)
        # An insert of the same key by another request waits here until that one has ended.
        IdempotentReply.objects.bulk_create(
            [IdempotentReply(user=user, key=key, fingerprint=marks[0])], ignore_conflicts=True
        )
        reply = IdempotentReply.objects.select_for_update().get(user=user, key=key)
        if bytes(reply.fingerprint) not in marks:
            raise KeyReused(
                "idempotency_key_reused",
                _("This key was used for another request: make a new one."),
            )
        if reply.status is not None:
            raise _Replay(reply)
        self._reply = reply

    def handle_exception(self, exc: Exception) -> Response:
        """Answer a repeat with the first answer."""
        if isinstance(exc, _Replay):
            kept = json.loads(unseal(exc.reply.body or b"", context=CONTEXT))
            return Response(
                self.replayed(kept["body"]),
                status=exc.reply.status,
                headers={**kept["headers"], "Idempotency-Replayed": "true"},
            )
        return super().handle_exception(exc)  # type: ignore[misc,no-any-return]

    def kept(self, data: Any) -> Any:
        """What is kept of an answer. Override to leave out what may have to be taken back."""
        return data

    def replayed(self, data: Any) -> Any:
        """What is answered again. Override where what the reader may see can have changed."""
        return data

    def _keep(self, response: HttpResponseBase) -> None:
        assert self._reply is not None
        headers = {name: response[name] for name in ("ETag", "Location") if name in response}
        data = self.kept(getattr(response, "data", None))
        body = JSONRenderer().render({"body": data, "headers": headers})
        self._reply.status = response.status_code
        self._reply.body = seal(body, context=CONTEXT)
        self._reply.save(update_fields=["status", "body"])


def _fingerprints(request: Request) -> list[bytes]:
    """The mark of a request under every key of the ring, the newest first."""
    body = json.dumps(request.data, sort_keys=True, default=str)
    return lookup_hashes("idempotency", f"{request.method} {request.get_full_path()} {body}")
