"""From the database through the real solver to sentences in the reader's language."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from reception import services
from reception.proposal_view import view_of
from reception.services.allocating import Asked
from tests.factories.allocations import line_of
from tests.factories.reception import make_household_of, make_officer, make_site

pytest.importorskip("reception.allocation.solving")
pytestmark = pytest.mark.django_db


def test_the_solver_keeps_every_rule_and_says_why(operation: Any, dana: Any) -> None:
    officer = make_officer()
    make_site("PLAIN", places=12)
    near = make_site("NEAR", places=3, health_minutes=5)
    quarantine = make_site("Q", places=5, type="quarantine")
    care = make_site("CARE", places=4, interim_care=True)
    hidden = make_site("SECRET", places=50, hidden=True)
    ill, sick, child, one, other, large = (
        make_household_of(size, ages=ages)
        for size, ages in ((2, None), (1, None), (1, [9]), (2, None), (2, None), (30, None))
    )
    services.require_place(actor=officer, household=ill, kind="medical", minutes=10)
    services.require_place(actor=officer, household=sick, kind="quarantine")
    services.keep_apart(actor=dana, household=one, other=other, reason="x")
    run = services.ask_allocation(actor=dana, asked=Asked())
    assert run.status == "proposed", run.failure
    sites = {line.household_id: line.site for line in run.lines.select_related("site")}
    assert (sites[ill.pk], sites[sick.pk], sites[child.pk]) == (near, quarantine, care)
    assert sites[one.pk] != sites[other.pk]
    assert sites[large.pk] is None
    assert hidden not in sites.values()
    for language in ("en", "fa-af"):
        with translation.override(language):
            for each in view_of(run, officer).lines:
                assert each.why or each.missing
    again = services.ask_allocation(actor=dana, asked=Asked())
    assert again.fingerprint == run.fingerprint
    assert {line.household_id: line.site for line in again.lines.select_related("site")} == sites
    done = services.confirm_allocation(actor=officer, run=run)
    assert len(done.confirmed) == 5
    assert line_of(run, large).missing
