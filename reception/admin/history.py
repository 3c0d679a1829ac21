"""What was at a site: who was here at a moment, and when it held more than it could."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from intake.form_fields import MomentField
from reception.admin.local_pages import local_page
from reception.admin.shown import address
from reception.history import people_at, times_over
from reception.models import Site
from reception.policies import may_at

SHOWN = 500


class MomentForm(forms.Form):
    """At which moment."""

    at = MomentField(label=gettext_lazy("At this moment"))


def site_history(model_admin: Any, request: HttpRequest, site_id: Any) -> HttpResponse:
    """The families that had a place here at a moment, by reference, and the times it was over."""
    site = get_object_or_404(Site.objects.visible_to(request.user), pk=site_id)
    asked = "at" in request.GET
    form = MomentForm(request.GET if asked else None, initial={"at": clock.now()})
    moment: datetime = clock.now()
    if asked and form.is_valid():
        moment = form.cleaned_data["at"]
    may_read = may_at(request.user, Permission.PLACEMENTS_READ, site)
    families = _families(site, moment) if may_read else []
    if may_read:
        record_access(request.user, "list", site, count=len(families))
    return local_page(
        model_admin,
        request,
        "site_history",
        _("History of %(site)s") % {"site": site.local_name},
        site=site,
        form=form,
        moment=moment,
        may_read=may_read,
        families=families[:SHOWN],
        more=max(len(families) - SHOWN, 0),
        persons=sum(sum(family["states"].values()) for family in families),
        over=times_over(site),
        zone=Operation.current().time_zone,
        back=address("reception_site_change", site.pk),
    )


def _families(site: Site, moment: datetime) -> list[dict[str, Any]]:
    """One row a family: its reference, and how many of it were in which state, in words."""
    found: dict[Any, dict[str, Any]] = {}
    for stay in people_at(site, moment):
        placement = stay.placement
        row = found.setdefault(
            placement.pk,
            {
                "household": placement.household,
                "page": address("intake_household_change", placement.household_id),
                "states": Counter(),
                "units": set(),
            },
        )
        row["states"][stay.get_state_display()] += 1
        if stay.unit is not None:
            row["units"].add(stay.unit.name)
    for row in found.values():
        row["states"], row["units"] = dict(row["states"]), sorted(row["units"])
    return list(found.values())
