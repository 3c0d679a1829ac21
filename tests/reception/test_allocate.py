"""Asking for a proposal, changing it, confirming it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common import clock
from common.errors import Conflict, InvalidInput, InvalidState, NotPermitted, Stale
from reception import services
from reception.models import AllocationLine, AllocationRun, Placement, Site
from reception.selectors import counter_drifts
from reception.services import proposing
from reception.services.allocating import AllocationRefused, Asked, against_line
from tests.factories.allocations import first_fit, line_of
from tests.factories.reception import (
    add_member,
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
    take_out,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _known_answer(operation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "_solve", first_fit)


@pytest.fixture
def officer(operation: Any) -> Any:
    return make_officer()


def ask(officer: Any, *households: Any) -> AllocationRun:
    asked = Asked("chosen", households=households) if households else Asked()
    return services.ask_allocation(actor=officer, asked=asked)


def test_a_proposal_names_every_family_and_takes_no_place(officer: Any) -> None:
    site = make_site("A", places=5)
    small, large = make_household_of(3), make_household_of(4)
    run = ask(officer)
    assert run.status == "proposed"
    assert line_of(run, small).site == site
    left = line_of(run, large)
    assert left.site is None
    assert left.missing == [
        {"code": "too_few_places", "values": {"site": "A", "needed": 4, "free": 2}}
    ]
    assert Site.objects.get().free == 5
    assert run.fingerprint == ask(officer).fingerprint


def test_asking_with_the_same_id_gives_the_same_run(officer: Any) -> None:
    make_site()
    make_household_of(2)
    run = ask(officer)
    again = services.ask_allocation(actor=officer, asked=Asked(), run_id=run.pk)
    assert again == run
    assert AllocationRun.objects.count() == 1


def test_confirming_gives_the_places_once(officer: Any) -> None:
    site = make_site(places=20)
    households = [make_household_of(size) for size in (1, 2, 3)]
    run = ask(officer, *households)
    done = services.confirm_allocation(actor=officer, run=run)
    assert {line.household for line in done.confirmed} == set(households)
    assert done.run.status == "confirmed"
    again = services.confirm_allocation(actor=officer, run=run)
    assert len(again.confirmed) == 3
    site.refresh_from_db()
    assert (site.reserved, Placement.objects.count()) == (6, 3)
    assert counter_drifts() == []
    placement = Placement.objects.get(household=households[2])
    assert placement.reserved_until is not None
    assert placement.stays.holding().count() == 3
    services.check_in(actor=officer, placement=placement)


def test_what_happened_meanwhile_is_named_and_nothing_is_half_done(officer: Any) -> None:
    site = make_site("A", places=12)
    placed, gone, grown, good = (make_household_of(2) for _ in range(4))
    run = ask(officer, placed, gone, grown, good)
    make_placement(make_site("B"), household=placed, by=officer)
    for person in gone.members.all():
        take_out(person)
    for _ in range(9):
        add_member(grown)
    with pytest.raises(AllocationRefused) as refused:
        services.confirm_allocation(actor=officer, run=run)
    codes = {each.field: each.code for each in refused.value.problems}
    assert codes == {
        f"lines.{placed.reference}": "already_placed",
        f"lines.{gone.reference}": "nobody_here",
        f"lines.{good.reference}": "too_few_places",
    }
    assert Placement.objects.filter(site=site).count() == 0
    done = services.confirm_allocation(actor=officer, run=run, only_possible=True)
    # The grown family of eleven fits, and then one place is left for a family of two.
    assert [line.household for line in done.confirmed] == [grown]
    assert {each.said.code for each in done.refused} == {
        "already_placed", "nobody_here", "too_few_places",
    }  # fmt: skip
    assert done.run.status == "partly_confirmed"
    assert line_of(run, good).state == "refused"
    assert counter_drifts() == []


@pytest.mark.parametrize("change", [{"status": "not_receiving"}, {"interim_care": False}])
def test_a_site_that_changed_is_refused(officer: Any, change: dict[str, Any]) -> None:
    site = make_site(places=9, interim_care=True)
    run = ask(officer, make_household_of(1, ages=[10]))
    services.edit_site(actor=make_manager(site), site=site, **change)
    with pytest.raises(AllocationRefused):
        services.confirm_allocation(actor=officer, run=run)
    assert not Placement.objects.exists()


def test_families_set_apart_meanwhile_are_not_placed_together(officer: Any, dana: Any) -> None:
    make_site(places=9)
    one, other = make_household_of(2), make_household_of(2)
    run = ask(officer, one, other)
    services.keep_apart(actor=dana, household=one, other=other, reason="said so")
    with pytest.raises(AllocationRefused) as refused:
        services.confirm_allocation(actor=officer, run=run)
    assert [each.code for each in refused.value.problems] == ["keep_apart"]
    done = services.confirm_allocation(actor=officer, run=run, only_possible=True)
    assert (len(done.confirmed), len(done.refused)) == (1, 1)


def test_a_changed_and_a_locked_line_stay_when_asked_again(officer: Any) -> None:
    first, second = make_site("A", places=9), make_site("B", places=9)
    one, other, third = (make_household_of(2) for _ in range(3))
    run = ask(officer, one, other, third)
    services.change_line(actor=officer, line=line_of(run, one), site=second)
    services.lock_line(actor=officer, line=line_of(run, other))
    services.change_line(actor=officer, line=line_of(run, third), site=None)
    run = services.ask_again(actor=officer, run=run)
    assert run.attempt == 2
    line = line_of(run, one)
    assert (line.site, line.proposed_site, line.state) == (second, first, "changed")
    assert (line_of(run, other).site, line_of(run, other).locked) == (first, True)
    assert line_of(run, third).state == "left_out"
    done = services.confirm_allocation(actor=officer, run=run)
    assert len(done.confirmed) == 2
    assert done.run.status == "confirmed"


def test_changing_says_what_speaks_against(officer: Any) -> None:
    site, small = make_site("A", places=9), make_site("B", places=3)
    no_care = make_site("C", places=9, status="closed")
    one, other = make_household_of(2), make_household_of(2)
    run = ask(officer, one, other)
    services.change_line(actor=officer, line=line_of(run, one), site=small)
    against = against_line(line_of(run, other), [site, small, no_care])
    assert {code: [each.code for each in said] for code, said in against.items()} == {
        "A": [], "B": ["too_few_places"], "C": ["site_not_receiving"],
    }  # fmt: skip
    with pytest.raises(Conflict) as refused:
        services.change_line(actor=officer, line=line_of(run, other), site=small)
    assert refused.value.code == "too_few_places"


def test_a_stale_line_is_not_changed(officer: Any) -> None:
    make_site("A"), make_site("B")
    run = ask(officer, household := make_household_of(2))
    line = line_of(run, household)
    services.ask_again(actor=officer, run=run)
    with pytest.raises(Stale):
        services.lock_line(actor=officer, line=line)


def test_who_asks_for_nobody_or_for_the_placed_is_told(officer: Any) -> None:
    site = make_site()
    with pytest.raises(InvalidInput) as refused:
        ask(officer)
    assert refused.value.code == "nobody_waits"
    placement = make_placement(site, by=officer)
    with pytest.raises(InvalidInput) as refused:
        ask(officer, placement.household)
    assert refused.value.problems[0].field == "households.0"


def test_arrivals_of_one_bus(officer: Any) -> None:
    from tests.factories.intake import make_entry_point

    make_site()
    point = make_entry_point("TEM")
    came = clock.now() - timedelta(hours=3)
    bus, other = make_household_of(2), make_household_of(2)
    for household, at in ((bus, came), (other, came - timedelta(days=1))):
        household.arrivals.create(entry_point=point, occurred_at=at)
    run = services.ask_allocation(
        actor=officer,
        asked=Asked("arrivals", entry_point=point, arrived_from=came - timedelta(minutes=1)),
    )
    assert [line.household for line in run.lines.all()] == [bus]
    with pytest.raises(InvalidInput):
        services.ask_allocation(actor=officer, asked=Asked("arrivals"))


def test_who_may_not_place_may_not_ask(alice: Any, omar: Any, officer: Any) -> None:
    make_site()
    run = ask(officer, household := make_household_of(2))
    for user in (alice, omar):
        with pytest.raises(NotPermitted):
            ask(user, household)
        with pytest.raises(NotPermitted):
            services.confirm_allocation(actor=user, run=run)
        with pytest.raises(NotPermitted):
            services.ask_again(actor=user, run=run)
        assert not AllocationRun.objects.visible_to(user).exists()
    assert not Placement.objects.exists()


def test_a_manager_confirms_no_line_at_another_site(officer: Any) -> None:
    make_site("A")
    other = make_site("B")
    run = ask(officer, make_household_of(2))
    with pytest.raises(NotPermitted):
        services.confirm_allocation(actor=make_manager(other), run=run)


def test_a_hidden_site_is_proposed_to_nobody_and_shown_to_who_may_know(
    officer: Any, dana: Any
) -> None:
    hidden = make_site("A", places=9, hidden=True)
    seen = make_site("B", places=9)
    one, other = make_household_of(2), make_household_of(2)
    run = ask(dana, one, other)
    assert {line.site for line in run.lines.all()} == {seen}
    services.change_line(actor=dana, line=line_of(run, one), site=hidden)
    visible = AllocationLine.objects.visible_to(officer).filter(run=run)
    assert [line.household for line in visible] == [other]
    assert AllocationLine.objects.visible_to(dana).filter(run=run).count() == 2
    with pytest.raises(NotPermitted):
        services.ask_again(actor=officer, run=run)
    with pytest.raises(NotPermitted):
        services.change_line(actor=officer, line=line_of(run, other), site=hidden)
    done = services.confirm_allocation(actor=officer, run=run)
    assert [line.household for line in done.confirmed] == [other]
    assert done.run.status == "partly_confirmed"


def test_a_run_that_failed_says_so_and_can_be_asked_again(
    officer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_site()
    household = make_household_of(2)

    def breaks(problem: Any) -> None:
        raise RuntimeError("no memory")

    with monkeypatch.context() as broken:
        broken.setattr(proposing, "_solve", breaks)
        run = ask(officer, household)
    assert (run.status, run.failure) == ("failed", "not_worked_out")
    run = services.ask_again(actor=officer, run=run)
    assert run.status == "proposed"


def test_a_run_lost_with_its_worker_has_failed_by_time(
    officer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_site()
    run = ask(officer, make_household_of(2))
    AllocationRun.objects.filter(pk=run.pk).update(
        status="asked", attempt_at=clock.now() - timedelta(minutes=6)
    )
    run.refresh_from_db()
    assert run.status_now == "failed"
    run = services.ask_again(actor=officer, run=run)
    assert run.status == "proposed"
    # The lost worker comes back late: its attempt counts for nothing.
    services.work_out(run.pk, 1)
    assert AllocationRun.objects.get(pk=run.pk).attempt == 2


def test_many_families_are_left_to_a_worker(
    officer: Any, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    make_site()
    make_household_of(1), make_household_of(1)
    sent: list[Any] = []
    monkeypatch.setattr(proposing, "AT_ONCE", 1)
    monkeypatch.setattr(proposing, "sent_to_broker", lambda task, *args: bool(sent.append(args)))
    with django_capture_on_commit_callbacks(execute=True):
        run = ask(officer)
    assert sent == [(str(run.pk), "1")]
    run.refresh_from_db()
    assert (run.status, run.failure) == ("failed", "no_worker")


def test_withdrawn_is_not_confirmed(officer: Any) -> None:
    make_site()
    run = ask(officer, make_household_of(2))
    services.withdraw_allocation(actor=officer, run=run)
    with pytest.raises(InvalidState):
        services.confirm_allocation(actor=officer, run=run)


def test_asking_and_confirming_take_a_fixed_number_of_queries(
    officer: Any, django_assert_max_num_queries: Any
) -> None:
    make_site(places=100)
    for _ in range(12):
        make_household_of(2)
    with django_assert_max_num_queries(50):
        run = ask(officer)
    with django_assert_max_num_queries(45):
        services.confirm_allocation(actor=officer, run=run)
