"""What the desk's pages share: names for reading aloud, and tidying up at sign-out."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from accounts.policies import Permission, can
from intake.draft_keys import owner_tag
from intake.names import latin_form

register = template.Library()
_DATE = re.compile(r"\b\d{4}(?:-\d{2}){1,2}\b")


@register.filter
def latin(name: str) -> str:
    """A name's Latin form for reading aloud, marked as approximate; "" when it is Latin.

    Also "" for what stands in place of a name: that is read, not called out.
    """
    said = latin_form(str(name or ""))
    if not said or name == _("Not yet named"):
        return ""
    return format_html(
        '<span class="dk-latin" title="{}" lang="und-Latn" dir="ltr">≈ {}</span>',
        _("For reading aloud, approximate"),
        said,
    )


@register.filter
def whole_dates(text: str) -> str:
    """A text in which no date is broken at its hyphens: `1399-09-14` stays on one line."""
    kept = _DATE.sub(r'<span class="dk-whole">\g<0></span>', conditional_escape(text))
    return mark_safe(kept)  # noqa: S308 - escaped one line above


@register.simple_tag(takes_context=True)
def forget_at_sign_out(context: dict[str, Any]) -> str:
    """The script that removes a registrar's copies from the browser when they sign out."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not can(user, Permission.HOUSEHOLDS_REGISTER):
        return ""
    return format_html(
        '<script src="{}" data-draft-owner="{}" defer></script>',
        static("intake/signout.js"),
        owner_tag(user),
    )
