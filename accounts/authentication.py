"""How a request proves who it is: a client by token, a member of staff by session."""

import hashlib
from functools import cache
from typing import Any

from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.models import get_access_token_model, get_application_model
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from accounts.models import User
from accounts.policies import limit_to_token
from common.ready import read_row


class ClientAuthentication(OAuth2Authentication):
    """An OAuth2 client acts as its service user, within the scopes of its token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The service user of the token's client; None when there is no valid token."""
        token = _plain_token(request)
        if token is None:
            found = super().authenticate(request)
            if found is None:
                return None
            token = found[1]
        user = token.application.user
        if user is None or not user.is_active:
            return None
        limit_to_token(user, token.scope)
        return user, token


def _plain_token(request: Request) -> Any:
    """The commonest case in one statement: a good token in the header, no query, no restriction.

    It asks what OAuth2Validator.validate_bearer_token asks. None is no refusal: whatever is
    not plainly good goes through the library, which finds out why and says so.
    """
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    plain = kind.lower() == "bearer" and key and not request.META.get("QUERY_STRING")
    if not plain:
        return None
    kinds, tail = _statement()
    found = read_row(kinds, tail, [hashlib.sha256(key.encode()).hexdigest()])
    if found is None:
        return None
    token, application, user = found
    token.application, application.user = application, user
    if token.resource or not token.is_valid([]) or not application.is_usable(request):
        return None
    return token


@cache
def _statement() -> tuple[tuple[Any, ...], str]:
    kinds = (get_access_token_model(), get_application_model(), User)
    _tokens, clients, users = (kind._meta.db_table for kind in kinds)
    joins = f"JOIN {clients} m1 ON m1.id = m0.application_id JOIN {users} m2 ON m2.id = m1.user_id"
    return kinds, f"{joins} WHERE m0.token_checksum = %s"


class StaffSessionAuthentication(SessionAuthentication):
    """Staff in a browser, with CSRF protection."""

    def authenticate_header(self, request: Request) -> str:
        """Never used: client authentication, the first of the two, names the scheme."""
        return 'Bearer realm="api"'
