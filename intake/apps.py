from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    """See the app's README."""

    name = "intake"
    verbose_name = _("Registration")
