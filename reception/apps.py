from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.codelists import CodeList, register_codelist


def _norm() -> type[models.Model]:
    from reception.models import Norm

    return Norm


def _norm_row(row: dict[str, str]) -> dict[str, Any]:
    return {
        "code": row["code"],
        "kind": row["kind"],
        "phase": row["phase"],
        "persons": int(row["persons"]),
        "units": row["units"],
        "label": row["label"],
        "source": row["source"],
        "version": row["version"],
        "valid_from": row["valid_from"],
        "disabled_on": row["disabled_on"] or None,
    }


def households_at(sites: frozenset[str]) -> Q:
    """Households that hold a place at one of the sites: what a site's staff see."""
    from reception.choices import OPEN_STATUSES
    from reception.models import Placement

    placed = Placement.objects.filter(site__code__in=sites, status__in=OPEN_STATUSES)
    return Q(pk__in=placed.values("household_id"))


def staying_at(user: Any, site: str) -> Any:
    """Ids of households that hold a place at a site, of those whose placements the user sees."""
    from reception.models import Placement

    return Placement.objects.visible_to(user).open().filter(site__code=site).values("household_id")


def known_sites(user: Any) -> list[tuple[str, str]]:
    """Code and name of the sites that the user may know of, by name."""
    from reception.models import Site

    sites = Site.objects.visible_to(user)
    return sorted(((site.code, site.local_name) for site in sites), key=lambda each: each[1])


def events_of_hidden_sites(user: Any) -> Q | None:
    """Events that name a hidden site which the user may not know of; the list holds them not."""
    from reception.models import Site

    known = Site.objects.visible_to(user).values("pk")
    codes = list(
        Site.objects.filter(hidden=True).exclude(pk__in=known).values_list("code", flat=True)
    )
    if not codes:
        return None
    named = Q(subject_type=Site._meta.label_lower, subject_reference__in=codes)
    for key in ("site", "from_site", "to_site", "scope_code"):
        named |= Q(**{f"data__{key}__in": codes})
    return named


class ReceptionConfig(AppConfig):
    """See the app's README."""

    name = "reception"
    verbose_name = _("Reception")

    def ready(self) -> None:
        """Register the norms, what site staff see, and the hook for changed households."""
        from audit.withholding import register_withheld
        from common.errors import register_refusal
        from intake.hooks import on_household_changed
        from intake.querysets import register_household_visibility
        from intake.slots import register_site_names, register_staying
        from reception import merge_requirements, merging, merging_counts
        from reception.desk import site_names
        from reception.errors import in_two_places
        from reception.services import household_changed

        register_codelist(
            CodeList(
                name="norms",
                model=_norm,
                path=Path(__file__).parent / "codelists" / "norms.csv",
                row=_norm_row,
            )
        )
        register_household_visibility(households_at)
        on_household_changed(household_changed)
        merging.register()
        register_refusal("stay_no_person_in_two_places", in_two_places)
        merge_requirements.register()
        merging_counts.register()
        register_site_names(site_names)
        register_withheld(events_of_hidden_sites)
        register_staying(staying_at, known_sites)
