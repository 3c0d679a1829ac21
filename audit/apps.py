from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Events and access records."""

    name = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        """Tell the admin's base how a look is recorded."""
        from audit.access import record_access
        from common.admin import register_access_recorder

        register_access_recorder(record_access)
