from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReceptionConfig(AppConfig):
    """See the app's README."""

    name = "reception"
    verbose_name = _("Reception")
