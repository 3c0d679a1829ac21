"""How the staff site looks and how its sidebar follows the journey of a family."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Panah",
    "SITE_HEADER": "Panah",
    "SITE_SUBHEADER": _("Refugee intake and reception"),
    "SITE_SYMBOL": "cottage",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "STYLES": [lambda request: static("common/fonts.css")],
}
