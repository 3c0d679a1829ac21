from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AidConfig(AppConfig):
    """See the app's README."""

    name = "aid"
    verbose_name = _("Aid")
