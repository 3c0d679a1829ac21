from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Users, agencies, roles and their scopes."""

    name = "accounts"
    verbose_name = _("Users and agencies")

    def ready(self) -> None:
        """Let the OpenAPI document describe how clients and staff prove who they are."""
        from accounts.api import schema  # noqa: F401
