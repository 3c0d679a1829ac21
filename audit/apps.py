from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Events and access records."""

    name = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        """Record what changes in accounts, which cannot know this app."""
        from accounts.hooks import register_recorder
        from audit.events import record_event

        register_recorder(record_event)
