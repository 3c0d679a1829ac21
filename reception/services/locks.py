"""The one lock order of reception.

1. households (then the pairs to keep apart), 2. placements, 3. sites, 4. units; within each, in
the order of their keys; a proposal before all of them. A household is locked where its members
are counted (placing, transfer, a change of its size), so that nobody joins or leaves between the
count and the place. Sites and units are not locked to read them, except to confirm a proposal
and where a household that changed is at several of them:
their counters are changed by guarded updates, as the last statement before the event, so that the
row everybody wants is held for the shortest time. A stay is guarded by its placement.
Whoever resolves a difference of a head count locks the count before all of them.

Rows are locked `FOR NO KEY UPDATE`: foreign keys to them can still be written.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import Q

from intake.models import Household
from reception.models import (
    AllocationRun,
    HeadCount,
    KeepApart,
    Placement,
    Site,
    SitePlan,
    Unit,
)


def lock_household(pk: uuid.UUID) -> Household:
    """The household as it is now, held until the transaction ends."""
    return Household.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_placement(pk: uuid.UUID) -> Placement:
    """The placement as it is now, with its site, held until the transaction ends."""
    return (
        Placement.objects.select_related("site", "household")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=pk)
    )


def lock_open_placements(households: Iterable[uuid.UUID]) -> list[Placement]:
    """The open placements of the households, in key order."""
    return list(
        Placement.objects.open()
        .filter(household__in=list(households))
        .select_related("site", "household")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )


def lock_site(pk: uuid.UUID) -> Site:
    """The site as it is now, held until the transaction ends."""
    return Site.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_head_count(pk: uuid.UUID) -> HeadCount:
    """The head count as it is now, with its site, held until the transaction ends.

    Taken before everything else: what resolves a difference locks households and placements.
    """
    return (
        HeadCount.objects.select_related("site")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=pk)
    )


def lock_unit(pk: uuid.UUID) -> Unit:
    """The room or tent as it is now, held until the transaction ends."""
    return Unit.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_plan(pk: uuid.UUID) -> SitePlan:
    """The plan as it is now, held until the transaction ends; last of all, after its site."""
    return SitePlan.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)


def lock_households(pks: Iterable[uuid.UUID]) -> list[Household]:
    """The households as they are now, in key order, held until the transaction ends.

    Without their contacts: opening those of thousands takes longer than all the rest.
    """
    return list(
        Household.objects.filter(pk__in=list(pks))
        .defer("contact")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )


def lock_sites(pks: Iterable[uuid.UUID]) -> list[Site]:
    """The sites as they are now, in key order, held until the transaction ends."""
    return list(
        Site.objects.filter(pk__in=list(pks))
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )


def lock_units(pks: Iterable[uuid.UUID]) -> list[Unit]:
    """The rooms and tents as they are now, in key order, held until the transaction ends."""
    return list(
        Unit.objects.filter(pk__in=list(pks))
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )


def lock_kept_apart(households: Iterable[uuid.UUID]) -> list[KeepApart]:
    """The pairs in force to which the households belong, in key order; after the households.

    Two families of a pair that are placed at the same moment wait for each other here.
    """
    pks = list(households)
    return list(
        KeepApart.objects.in_force()
        .filter(Q(household__in=pks) | Q(other__in=pks))
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )


def lock_run(pk: uuid.UUID) -> AllocationRun:
    """The proposal as it is now, held until the transaction ends; before everything else."""
    return AllocationRun.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
