"""The months as the offices of Afghanistan name them.

Django's Persian says them as Iran does (ژوئیه for July). Standing in our own catalogue, they are
translated anew; Django's date formats then use them on every page.
"""

from django.utils.translation import gettext_lazy as _

MONTHS = (
    _("January"),
    _("February"),
    _("March"),
    _("April"),
    _("May"),
    _("June"),
    _("July"),
    _("August"),
    _("September"),
    _("October"),
    _("November"),
    _("December"),
)
