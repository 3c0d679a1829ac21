from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    """Subscriptions, messages and their delivery by each channel."""

    name = "notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        """Act on the events that messages exist for."""
        from audit.events import register_consumer
        from notifications.messages import TITLES
        from notifications.services import notify

        register_consumer("notifications", frozenset(TITLES), notify)
