from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Users, agencies, roles and their scopes."""

    name = "accounts"
    verbose_name = _("Users and agencies")

    def ready(self) -> None:
        """Tell the admin's base how a policy is checked, and OpenAPI how clients sign in."""
        from accounts.api import schema  # noqa: F401
        from accounts.policies import Permission, can
        from common.admin import register_policy_check

        register_policy_check(lambda user, permission: can(user, Permission(permission)))
