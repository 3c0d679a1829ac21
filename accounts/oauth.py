"""Which OAuth2 scopes exist and which of them a client may ask for."""

from typing import Any

from oauth2_provider.scopes import BaseScopes

from accounts.policies import API_SCOPES


class PolicyScopes(BaseScopes):
    """Scopes come from the policies; each client has its own list of them."""

    def get_all_scopes(self) -> dict[str, str]:
        """Every scope with its description."""
        return {name: description for name, (description, _) in API_SCOPES.items()}

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """The scopes this client may ask for."""
        if application is None:
            return list(API_SCOPES)
        return [scope for scope in application.allowed_scopes.split() if scope in API_SCOPES]

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """All it may ask for, when it does not say."""
        return self.get_available_scopes(application, request)
