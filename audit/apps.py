from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    """Events, access records and the history of rows."""

    name = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        """Record what apps below tell of, and tell row history which task or command runs."""
        import sys

        from celery.signals import task_postrun, task_prerun

        from accounts.hooks import register_recorder
        from audit import context
        from audit.access import record_access
        from audit.events import record_event
        from common.admin import register_access_recorder

        register_recorder(record_event)
        register_access_recorder(record_access)
        task_prerun.connect(context.task_begins)
        task_postrun.connect(context.task_ends)
        context.tell_command(sys.argv)
