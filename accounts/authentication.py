"""How a request proves who it is: a client by token, a member of staff by session."""

from typing import Any

from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from accounts.policies import limit_to_token


class ClientAuthentication(OAuth2Authentication):
    """An OAuth2 client acts as its service user, within the scopes of its token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The service user of the token's client; None when there is no valid token."""
        found = super().authenticate(request)
        if found is None:
            return None
        _, token = found
        user = token.application.user
        if user is None or not user.is_active:
            return None
        limit_to_token(user, token.scope)
        return user, token


class StaffSessionAuthentication(SessionAuthentication):
    """Staff in a browser, with CSRF protection."""

    def authenticate_header(self, request: Request) -> str:
        """Never used: client authentication, the first of the two, names the scheme."""
        return 'Bearer realm="api"'
