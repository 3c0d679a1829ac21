"""Entry points as they change hour by hour, and informal crossings on no exact spot."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import Conflict, InvalidInput, NotPermitted
from intake.border import status_at
from intake.models import EntryPoint, EntryPointStatusChange
from intake.services.entry_points import add_informal_crossing, change_entry_point_status
from tests.factories import accounts
from tests.factories.intake import make_entry_point, make_household

pytestmark = pytest.mark.django_db


def ago(hours: float) -> datetime:
    return clock.now() - timedelta(hours=hours)


@pytest.fixture
def point(operation: Any) -> EntryPoint:
    """The Tem crossing, in use for ten days."""
    with clock.replaying(ago(240)):
        return make_entry_point("TEM")


def change(actor: User, point: EntryPoint, status: str, hours_ago: float, reason: str = "") -> Any:
    return change_entry_point_status(
        actor=actor,
        entry_point=point,
        status=status,
        reason=reason,
        occurred_at=ago(hours_ago),
    )


def shown(point: EntryPoint) -> tuple[str, str]:
    point.refresh_from_db()
    return (point.status, point.status_reason)


def test_the_present_state_is_the_latest_that_happened(bob: User, point: EntryPoint) -> None:
    made = change(bob, point, "closed", 2, "Shots on the other side")
    assert shown(point) == ("closed", "Shots on the other side")
    assert point.status_since == made.occurred_at
    change(bob, point, "open", 1)
    assert shown(point) == ("open", "")
    first = point.status_changes.order_by("occurred_at").first()
    assert first is not None
    assert (first.status, first.occurred_at) == ("open", point.recorded_at)
    assert first.recorded_by is None
    event = Event.objects.filter(kind="entry_point.status_changed").latest("recorded_at")
    assert (event.subject_reference, event.data) == ("TEM", {"status": "open", "present": True})


def test_an_older_state_entered_late_joins_the_history_only(bob: User, point: EntryPoint) -> None:
    change(bob, point, "restricted", 1, "Women and children only")
    change(bob, point, "closed", 5, "Night")
    assert shown(point) == ("restricted", "Women and children only")
    change(bob, point, "closed", 400, "Before the system was here")
    assert shown(point) == ("restricted", "Women and children only")
    states = {row.occurred_at: row.status for row in point.status_changes.all()}
    assert len(states) == 4


def test_an_older_state_does_not_take_the_place_of_a_state_without_history(
    bob: User, point: EntryPoint
) -> None:
    change(bob, point, "closed", 400, "Before the system was here")
    assert shown(point) == ("open", "")


def test_the_state_of_a_past_moment(bob: User, point: EntryPoint) -> None:
    change(bob, point, "closed", 10, "Shots")
    change(bob, point, "open", 5)

    def then(hours: float) -> list[tuple[str, str, str]]:
        return [(s.code, s.status, s.reason) for s in status_at(ago(hours))]

    assert then(300) == []
    assert then(11) == [("TEM", "open", "")]
    assert then(7) == [("TEM", "closed", "Shots")]
    assert then(0) == [("TEM", "open", "")]
    make_entry_point("NEW", status="closed", status_reason="Not yet")
    assert [(s.status, s.since) for s in status_at(ago(300))] == [("closed", None)]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    said=st.lists(
        st.tuples(st.integers(1, 200), st.sampled_from(["open", "restricted", "closed"])),
        min_size=1,
        max_size=8,
    ),
    asked=st.integers(0, 200),
)
def test_whatever_the_order_of_telling_the_history_is_the_same(
    alice: User, point: EntryPoint, said: list[tuple[int, str]], asked: int
) -> None:
    point.status_changes.all().delete()
    EntryPoint.objects.update(status="open", status_reason="", status_since=None)
    base = clock.now()
    for hours, status in said:
        change_entry_point_status(
            actor=alice,
            entry_point=point,
            status=status,
            reason="Said",
            occurred_at=base - timedelta(hours=hours),
        )
    # Of two at one time the one told later counts; before the first it was open since setup.
    by_time = {-240: "open"} | {-hours: status for hours, status in said}

    def expected(moment: int) -> str:
        return by_time[max(time for time in by_time if time <= moment)]

    assert shown(point)[0] == expected(0)
    (state,) = status_at(base - timedelta(hours=asked))
    assert state.status == expected(-asked)


def test_the_same_word_again_is_the_same_change(bob: User, point: EntryPoint) -> None:
    said = {"entry_point": point, "status": "closed", "reason": "Night", "occurred_at": ago(3)}
    first = change_entry_point_status(actor=bob, **said)
    assert change_entry_point_status(actor=bob, **said) == first
    key = uuid4()
    told = {**said, "id": key, "status": "open"}
    second = change_entry_point_status(actor=bob, **told)
    assert change_entry_point_status(actor=bob, **told).pk == second.pk == key
    with pytest.raises(Conflict):
        change_entry_point_status(actor=bob, **{**told, "reason": "Other words"})
    assert point.status_changes.count() == 3
    assert shown(point)[0] == "open"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"status": "closed", "reason": "  "}, "reason"),
        ({"status": "restricted", "reason": ""}, "reason"),
        ({"status": "flooded", "reason": "Water"}, "status"),
        ({"status": "open", "reason": "x" * 201}, "reason"),
        ({"occurred_at": datetime(2099, 1, 1, tzinfo=clock.now().tzinfo)}, "occurred_at"),
        ({"occurred_at": datetime(1999, 1, 1, tzinfo=clock.now().tzinfo)}, "occurred_at"),
    ],
)
def test_a_state_that_cannot_be_is_refused(
    bob: User, point: EntryPoint, changes: dict[str, Any], field: str
) -> None:
    said = {"status": "open", "reason": "", "occurred_at": ago(1), **changes}
    with pytest.raises(InvalidInput) as refused:
        change_entry_point_status(actor=bob, entry_point=point, **said)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert not point.status_changes.exists()


def test_only_who_works_there_reports(
    alice: User, bob: User, carol: User, dana: User, omar: User, point: EntryPoint
) -> None:
    other = make_entry_point("RUZVAI")
    administrator = accounts.make_user("administrator")
    for actor, where in ((carol, point), (omar, point), (bob, other)):
        with pytest.raises(NotPermitted):
            change(actor, where, "closed", 1, "Night")
    assert not EntryPointStatusChange.objects.exists()
    for actor, where in ((alice, other), (bob, point), (dana, other), (administrator, point)):
        change(actor, where, "closed", 1, f"Said by {actor.username}")


def test_a_closed_entry_point_still_registers_those_who_crossed(
    alice: User, point: EntryPoint
) -> None:
    change(alice, point, "closed", 24, "Shots")
    assert make_household(alice, arrived_at=ago(2)).members.count() == 5


def test_a_restriction_without_a_reason_is_no_row(point: EntryPoint) -> None:
    with (
        pytest.raises(IntegrityError, match="entry_point_restriction_has_a_reason"),
        transaction.atomic(),
    ):
        point.status_changes.create(status="closed", occurred_at=ago(1))


# Informal crossings ---------------------------------------------------------------------------
def add(actor: User, **fields: Any) -> EntryPoint:
    return add_informal_crossing(
        actor=actor,
        **{
            "name": "Willow ford",
            "area": "3590208",
            "latitude": Decimal("36.98765"),
            "longitude": Decimal("71.61250"),
            **fields,
        },
    )


def test_an_informal_crossing_is_added_from_its_name_and_on_no_exact_spot(bob: User) -> None:
    made = add(bob)
    made.refresh_from_db()
    assert (made.code, made.kind, made.status) == ("WILLOW-FORD", "informal", "open")
    assert (made.latitude, made.longitude) == (Decimal("36.990"), Decimal("71.610"))
    assert made.status_since is not None
    assert Event.objects.get(kind="entry_point.added").subject_reference == "WILLOW-FORD"
    assert add(bob, name="Ford", latitude=None, longitude=None).latitude is None


@pytest.mark.parametrize("name", ["گذر بید", "Гузари бед", "!!", "Ø" * 120, "Ford 7"])
def test_a_name_in_any_script_becomes_a_free_code(bob: User, name: str) -> None:
    if name == "!!":
        with pytest.raises(InvalidInput):
            add(bob, name=name)
        return
    first, second = add(bob, name=name), None
    EntryPoint.objects.filter(pk=first.pk).update(name="Another")
    second = add(bob, name=name)
    assert first.code.isascii()
    assert len(first.code) <= 40
    assert second.code == f"{first.code}-2"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "tem"}, "name"),
        ({"name": "Khorog (old)"}, "name"),
        ({"area": "nowhere"}, "area"),
        ({"opposite_area": "nowhere"}, "opposite_area"),
        ({"code": "tem"}, "code"),
        ({"code": "two words"}, "code"),
        ({"code": "X" * 41}, "code"),
        ({"longitude": None}, "longitude"),
        ({"latitude": Decimal("90.1")}, "latitude"),
        ({"longitude": Decimal("NaN")}, "longitude"),
    ],
)
def test_an_informal_crossing_that_cannot_be_is_refused(
    bob: User, changes: dict[str, Any], field: str
) -> None:
    make_entry_point("TEM", aliases="Khorog\r\nKhorog (old)\r\nТем")
    with pytest.raises(InvalidInput) as refused:
        add(bob, **changes)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert EntryPoint.objects.count() == 1


def test_others_add_no_crossing(carol: User, omar: User) -> None:
    for actor in (carol, omar):
        with pytest.raises(NotPermitted):
            add(actor)
    assert not EntryPoint.objects.exists()


def test_the_database_keeps_no_exact_spot_of_an_informal_crossing(bob: User) -> None:
    made = add(bob)
    rows = EntryPoint.objects.filter(pk=made.pk)
    for exact in ({"latitude": "36.987"}, {"longitude": "71.611"}):
        with (
            pytest.raises(IntegrityError, match="entry_point_informal_is_on_no_exact_spot"),
            transaction.atomic(),
        ):
            rows.update(**exact)
    with (
        pytest.raises(IntegrityError, match="entry_point_has_both_coordinates_or_none"),
        transaction.atomic(),
    ):
        make_entry_point("TEM", latitude="37.495", longitude=None)
    official = make_entry_point("OFFICIAL", latitude="37.495", longitude="71.501")
    assert str(official.latitude) == "37.495"
    official.kind = "informal"
    official.latitude, official.longitude = Decimal("37.495"), Decimal("71.501")
    official.full_clean()
    official.save()
    assert (official.latitude, official.longitude) == (Decimal("37.50"), Decimal("71.50"))
