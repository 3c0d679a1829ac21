from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    """See the app's README."""

    name = "reports"
    verbose_name = _("Reports")
