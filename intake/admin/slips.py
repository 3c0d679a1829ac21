"""The printable slip of a household."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from intake.admin.pages import page
from intake.admin.sections import register_page
from intake.models import Household


def slip_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """A slip with reference and token, as text and as a QR code: no word about the people."""
    record_access(request.user, "slip", household)
    code = segno.make(household.token, error="m", micro=False)
    svg = code.svg_inline(scale=6, border=2, omitsize=False, title=_("Slip"))
    return page(
        model_admin,
        request,
        "slip",
        household.reference,
        household=household,
        code=mark_safe(svg),  # noqa: S308  made here from a token of letters and digits
        operation=Operation.current(),
        today=clock.today(Operation.current().zone),
    )


register_page("slip/", "slip", slip_page, policy=Permission.HOUSEHOLDS_READ)
