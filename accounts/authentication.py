"""How a request proves who it is: a client by token, a member of staff by session."""

import hashlib
from typing import Any

from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.models import get_access_token_model
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from accounts.policies import limit_to_token


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
    checksum = hashlib.sha256(key.encode()).hexdigest()
    tokens = get_access_token_model().objects.select_related("application__user")
    token = tokens.filter(token_checksum=checksum).first()
    if token is None or token.resource or not token.is_valid([]):
        return None
    if token.application is None or not token.application.is_usable(request):
        return None
    return token


class StaffSessionAuthentication(SessionAuthentication):
    """Staff in a browser, with CSRF protection."""

    def authenticate_header(self, request: Request) -> str:
        """Never used: client authentication, the first of the two, names the scheme."""
        return 'Bearer realm="api"'
