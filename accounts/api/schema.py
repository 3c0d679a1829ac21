"""How the OpenAPI document says who may call: OAuth2 scopes by policy, or a session."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib.django_oauth_toolkit import DjangoOAuthToolkitScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension

from accounts.policies import API_SCOPES, Permission


class ClientScheme(DjangoOAuthToolkitScheme):  # type: ignore[no-untyped-call]
    """The scopes that grant what the view's policy asks for; one of them is enough."""

    target_class = "accounts.authentication.ClientAuthentication"
    name = "oauth2"

    def get_security_requirement(self, auto_schema: Any) -> Any:
        """One alternative per scope that is enough."""
        view = auto_schema.view
        policy = getattr(view, "policy", {})
        key = getattr(view, "action", None) or auto_schema.method.lower()
        needed = policy.get(key, ())
        wanted = {needed} if isinstance(needed, Permission) else set(needed)
        names = [name for name, (_text, granted) in API_SCOPES.items() if granted & wanted]
        return [{self.name: [name]} for name in names] or {self.name: []}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Staff who are signed in to the site."""

    target_class = "accounts.authentication.StaffSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The session cookie."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
