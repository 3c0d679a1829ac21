from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Events and access records."""

    name = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        """Record what apps below tell of: changes of accounts, looks at admin pages."""
        from accounts.hooks import register_recorder
        from audit.access import record_access
        from audit.events import record_event
        from common.admin import register_access_recorder

        register_recorder(record_event)
        register_access_recorder(record_access)
