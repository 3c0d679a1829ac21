"""How the staff site looks. Its sidebar is in config.navigation, its first page in reports."""

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

# A blue-green that reaches 4.5:1 (WCAG AA) as text and behind white text on light ground at 600,
# and as text on dark ground at 500; tests/common/test_theme.py computes it.
COLORS = {
    "primary": {
        "50": "#f0fdfa",
        "100": "#ccfbf1",
        "200": "#99f6e4",
        "300": "#5eead4",
        "400": "#2dd4bf",
        "500": "#14b8a6",
        "600": "#0f766e",
        "700": "#115e59",
        "800": "#134e4a",
        "900": "#123f3c",
        "950": "#042f2e",
    },
    "base": {
        "50": "#f9fafb",
        "100": "#f3f4f6",
        "200": "#e5e7eb",
        "300": "#d1d5db",
        "400": "#9ca3af",
        "500": "#667080",
        "600": "#4b5563",
        "700": "#374151",
        "800": "#1f2937",
        "900": "#111827",
        "950": "#030712",
    },
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Panah",
    "SITE_HEADER": "Panah",
    "SITE_SUBHEADER": _("Refugee intake and reception"),
    "SITE_SYMBOL": "cottage",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("common/favicon.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    # The language switch stands in the header of every page (common/_language.html) instead.
    "SHOW_LANGUAGES": False,
    "DASHBOARD_CALLBACK": "reports.dashboard.dashboard",
    "COLORS": COLORS,
    "SIDEBAR": {"navigation": "config.navigation.navigation"},
    "STYLES": [
        lambda request: static("common/fonts.css"),
        lambda request: static("common/panah.css"),
    ],
}
