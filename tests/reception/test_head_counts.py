"""Counting a site: what is counted, what differs, and who may."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.models import Event
from common import clock
from common.errors import Conflict, InvalidInput, InvalidState, NotPermitted
from intake.references import new_token
from intake.services.tokens import replace_token
from reception import services
from reception.head_counts import compared, last_head_counts, sites_without_count
from reception.models import HeadCount, HeadCountDifference, HeadCountLine, Placement, Site
from reception.roll_call import Number, Row, compare
from tests.factories.head_counts import close, count_of, make_count, make_present, make_unit
from tests.factories.reception import (
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
)
from tests.factories.tokens import make_slips

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def officer():
    return make_officer()


def figures(count):
    return (count.expected, count.expected_after, count.counted, count.missing, count.unexpected)


def code_of(refusal):
    return refusal.value.problems[0].code if refusal.value.problems else refusal.value.code


# The sums -----------------------------------------------------------------------------------
persons = st.integers(0, 9)
units = st.sampled_from([None, "a", "b"])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(units, persons, persons, st.none() | persons), max_size=8),
    st.dictionaries(units, st.integers(0, 30), max_size=3),
)
def test_expected_and_unexpected_less_missing_is_counted(families, numbers):
    rows = [Row(index, *each) for index, each in enumerate(families)]
    found = compare(rows, [Number(f"n{unit}", unit, seen) for unit, seen in numbers.items()])
    assert found.expected + found.unexpected - found.missing == found.counted
    assert sum(row.least for row in rows) <= found.expected <= sum(row.most for row in rows)
    sums = {"missing": 0, "unexpected": 0}
    for each in found.findings:
        sums[each.kind] += each.persons
        assert (each.row is None) != (each.number is None)
    assert sums == {"missing": found.missing, "unexpected": found.unexpected}
    assert found.counted >= max(sum(row.seen or 0 for row in rows), *numbers.values(), 0)


def test_a_room_by_number_answers_for_the_families_nobody_scanned():
    rows = [Row(1, "a", 4, 4, 4), Row(2, "a", 5, 5, None), Row(3, "b", 3, 3, None)]
    assert compare(rows, [Number("n", "a", 9)]).missing == 3  # those of room b
    found = compare(rows, [Number("n", "a", 7), Number("m", "b", 4)])
    assert [(each.number, each.kind, each.persons) for each in found.findings] == [
        ("n", "missing", 2),
        ("m", "unexpected", 1),
    ]


def test_where_nobody_else_was_the_missing_families_are_named():
    rows = [Row(1, "a", 4, 4, 4), Row(2, "a", 5, 5, None)]
    (finding,) = compare(rows, [Number("n", "a", 4)]).findings
    assert (finding.row, finding.persons) == (2, 5)


def test_numbers_of_rooms_answer_together_where_rooms_are_not_on_record():
    rows = [Row(1, None, 4, 4, None), Row(2, None, 5, 5, None)]
    found = compare(rows, [Number("n", "a", 6), Number("m", "b", 2)])
    assert (found.counted, found.missing, found.unexpected) == (8, 1, 0)


# The course of a count ----------------------------------------------------------------------
def test_a_count_without_differences(officer):
    count = make_count(officer, 3, 5)
    first, second = count.lines.order_by("expected")
    assert count_of(officer, count, text=first.household.token.lower()).status == "counted"
    assert count_of(officer, count, text=second.household.reference).line.seen == 5
    assert figures(close(officer, count)) == (8, 8, 8, 0, 0)
    assert not count.differences.exists()
    told = Event.objects.get(kind="head_count.closed").data
    assert (told["counted"], told["differences"]) == (8, 0)


def test_scanned_again_it_is_one_family(officer):
    count = make_count(officer, 3)
    household = count.lines.get().household
    count_of(officer, count, text=household.token)
    again = count_of(officer, count, text=household.token, how="scan")
    assert (again.status, again.line.seen, again.line.how) == ("repeat", 3, "reference")
    assert count_of(officer, count, text=household.token, seen=2).line.seen == 2
    assert count_of(officer, count, text=household.token).line.seen == 2
    assert count.lines.count() == 1


def test_the_same_sending_changes_nothing_and_an_older_look_does_not_win(officer):
    count = make_count(officer, 3)
    text, key, now = count.lines.get().household.token, uuid4(), clock.now()
    for _ in range(2):
        assert count_of(officer, count, text=text, seen=3, key=key).status == "counted"
    count_of(officer, count, text=text, seen=2, key=uuid4())
    late = count_of(officer, count, text=text, seen=1, seen_at=now - timedelta(minutes=9))
    assert (late.status, late.line.seen) == ("repeat", 2)


def test_who_came_or_left_meanwhile_is_no_difference(officer):
    site = make_site(places=100)
    leaving, away, staying = (make_present(site, size) for size in (2, 3, 4))
    due = make_placement(site, size=5)
    count = make_count(officer, site=site)
    count_of(officer, count, text=leaving.household.reference)
    services.check_out(actor=officer, placement=leaving)
    services.record_absence(actor=officer, placement=away, reason="hospital")
    services.check_in(actor=officer, placement=due)
    count_of(officer, count, text=staying.household.reference)
    assert figures(close(officer, count)) == (9, 6, 6, 0, 0)


def test_what_differs_is_listed_and_nothing_is_changed(officer):
    site = make_site(places=100)
    family, fewer, more = (make_present(site, size) for size in (2, 4, 5))
    stranger = make_household_of(3)
    count = make_count(officer, site=site)
    count_of(officer, count, text=fewer.household.reference, seen=3)
    count_of(officer, count, text=more.household.reference, seen=6)
    seen = count_of(officer, count, text=stranger.reference)
    assert (seen.status, seen.line.seen, seen.line.household) == ("not_expected", 3, stranger)
    before = list(Placement.objects.order_by("pk").values())
    close(officer, count)
    listed = {(each.line.household_id, each.kind, each.persons) for each in count.differences.all()}
    assert listed == {
        (family.household_id, "missing", 2),
        (fewer.household_id, "missing", 1),
        (more.household_id, "unexpected", 1),
        (stranger.pk, "unexpected", 3),
    }
    assert list(Placement.objects.order_by("pk").values()) == before
    close(officer, count)
    assert count.differences.count() == 4


def test_a_room_counted_by_number_and_corrected(officer):
    count = make_count(officer, 3, 4)
    unit = make_unit(count.site)
    for seen in (5, 5, 6):
        services.count_unit(actor=officer, count=count, unit=unit, seen=seen)
    assert count.tallies.get().seen == 6
    assert figures(close(officer, count)) == (7, 7, 6, 1, 0)
    elsewhere = make_unit(make_site())
    again = services.start_head_count(actor=officer, site=count.site)
    with pytest.raises(InvalidInput) as refusal:
        services.count_unit(actor=officer, count=again, unit=elsewhere, seen=1)
    assert code_of(refusal) == "does_not_exist"


# Slips --------------------------------------------------------------------------------------
def test_a_replaced_slip_says_so_and_counts_nobody(officer, alice):
    count = make_count(officer, 3)
    household = count.lines.get().household
    old = household.token
    replace_token(actor=alice, household=household, reason="lost")
    with pytest.raises(InvalidInput) as refusal:
        count_of(officer, count, text=old)
    assert code_of(refusal) == "slip_revoked"
    assert not count.lines.seen_ones().exists()


@pytest.mark.parametrize(("text", "code"), [("", "required"), ("who?", "unreadable")])
def test_what_is_no_slip_is_refused(officer, text, code):
    with pytest.raises(InvalidInput) as refusal:
        count_of(officer, make_count(officer, 1), text=text)
    assert code_of(refusal) == code


def test_who_may_not_see_a_family_learns_only_that_it_is_not_expected(officer):
    safe = make_site(hidden=True)
    hidden = make_present(safe, 4, by=make_manager(safe))
    count = make_count(officer, 2)
    manager = make_manager(count.site)
    texts = [hidden.household.token, hidden.household.reference, new_token()]
    texts.append(make_household_of(2).reference)
    answers = [count_of(manager, count, text=text) for text in texts]
    assert {(each.status, each.line.seen, each.line.household) for each in answers} == {
        ("not_expected", 1, None)
    }
    assert count_of(manager, count, text=texts[0]).status == "repeat"
    # Who may know of them recognises the same people.
    assert count_of(officer, count, text=texts[3]).line.pk == answers[3].line.pk
    assert HeadCountLine.objects.filter(household__isnull=True).count() == 3


def test_a_slip_of_nobody_belongs_to_the_family_that_got_it_meanwhile(officer, alice):
    (token,) = make_slips(alice)
    count = make_count(officer, 2)
    count_of(officer, count, text=count.lines.get().household.reference)
    assert count_of(officer, count, text=token, seen=3).status == "not_expected"
    family = make_household_of(3)
    replace_token(actor=alice, household=family, reason="superseded", token=token)
    make_placement(count.site, household=family, status="checked_in")
    assert figures(close(officer, count)) == (2, 5, 5, 0, 0)


# States -------------------------------------------------------------------------------------
def test_one_open_count_and_one_daily_count(officer):
    count = make_count(officer, 2)
    with pytest.raises(Conflict) as refusal:
        services.start_head_count(actor=officer, site=count.site)
    assert refusal.value.code == "count_open"
    count_of(officer, count, text=count.lines.get().household.reference)
    close(officer, count)
    with pytest.raises(Conflict) as refusal:
        services.start_head_count(actor=officer, site=count.site, kind="daily")
    assert refusal.value.code == "counted_today"
    extra = services.start_head_count(actor=officer, site=count.site)
    assert (count.kind, extra.kind) == ("daily", "extra")
    assert services.start_head_count(actor=officer, site=extra.site, count_id=extra.pk) == extra
    with pytest.raises(Conflict):
        services.start_head_count(actor=officer, site=make_site(), count_id=extra.pk)


def test_a_closed_count_takes_nothing_until_it_is_opened_again(officer):
    count = make_count(officer, 2, 3)
    first, second = count.lines.order_by("expected")
    count_of(officer, count, line=first)
    assert close(officer, count).missing == 3
    with pytest.raises(InvalidState) as refusal:
        count_of(officer, count, line=second)
    assert refusal.value.code == "count_closed"
    services.reopen_head_count(actor=officer, count=count)
    assert not count.differences.exists()
    count_of(officer, count, line=second)
    assert close(officer, count).missing == 0
    newer = make_count(officer, site=count.site)
    with pytest.raises(InvalidState):
        services.reopen_head_count(actor=officer, count=count)
    services.drop_head_count(actor=officer, count=newer)
    assert HeadCount.objects.get() == count


def test_nobody_counted_is_not_closed_and_somebody_counted_is_not_thrown_away(officer):
    count = make_count(officer, 2)
    with pytest.raises(InvalidState) as refusal:
        close(officer, count)
    assert refusal.value.code == "nothing_counted"
    count_of(officer, count, line=count.lines.get())
    with pytest.raises(InvalidState) as refusal:
        services.drop_head_count(actor=officer, count=count)
    assert refusal.value.code == "counting_began"


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"seen": -1}, "seen"),
        ({"seen": 1001}, "seen"),
        ({"seen_at": timedelta(hours=1)}, "seen_at"),
        ({"seen_at": timedelta(days=-2)}, "seen_at"),
        ({"how": "guessed"}, "how"),
    ],
)
def test_bad_input_names_the_field(officer, said, field):
    count = make_count(officer, 2)
    if isinstance(said.get("seen_at"), timedelta):
        said = {"seen_at": clock.now() + said["seen_at"]}
    with pytest.raises(InvalidInput) as refusal:
        count_of(officer, count, line=count.lines.get(), **said)
    assert refusal.value.problems[0].field == field
    assert not count.lines.seen_ones().exists()


def test_a_phone_whose_clock_is_a_minute_ahead_is_believed(officer):
    count = make_count(officer, 2)
    ahead = clock.now() + timedelta(minutes=1)
    line = count_of(officer, count, line=count.lines.get(), seen_at=ahead).line
    assert line.seen_at < ahead


# Who may ------------------------------------------------------------------------------------
def test_only_those_of_the_site_count(officer, alice, carol, omar):
    count = make_count(officer, 2)
    hidden = make_site(hidden=True)
    for actor in (alice, carol, omar, make_manager(make_site())):
        for attempt in (
            lambda actor=actor: services.start_head_count(actor=actor, site=make_site()),
            lambda actor=actor: count_of(actor, count, line=count.lines.get()),
            lambda actor=actor: services.count_unit(actor=actor, count=count, unit=None, seen=1),
            lambda actor=actor: close(actor, count),
            lambda actor=actor: services.drop_head_count(actor=actor, count=count),
            lambda actor=actor: services.reopen_head_count(actor=actor, count=count),
        ):
            with pytest.raises(NotPermitted):
                attempt()
    with pytest.raises(NotPermitted):
        services.start_head_count(actor=officer, site=hidden)
    services.start_head_count(actor=make_manager(hidden), site=hidden)
    assert set(HeadCount.objects.visible_to(officer)) == {count}
    assert set(HeadCount.objects.visible_to(alice)) == {count}
    for actor in (carol, omar):
        for table in (HeadCount, HeadCountLine, HeadCountDifference):
            assert not table.objects.visible_to(actor).exists()


# The database --------------------------------------------------------------------------------
def test_the_database_refuses_what_cannot_be(officer):
    count = make_count(officer, 2)
    line, tally = count.lines.get(), None
    services.count_unit(actor=officer, count=count, unit=None, seen=1)
    tally = count.tallies.get()
    now = clock.now()
    wrong = {
        "head_count_one_open_per_site": lambda: _copy(count, kind="extra"),
        "head_count_one_daily_per_day": lambda: _copy(count, **_closed(now)),
        "head_count_ends_after_it_began": lambda: _copy(
            count, kind="extra", **_closed(now - timedelta(days=1))
        ),
        "head_count_closed_has_figures": lambda: _copy(count, kind="extra", closed_at=now),
        "head_count_adds_up": lambda: _copy(count, kind="extra", **_closed(now, counted=3)),
        "head_count_line_once_per_household": lambda: _copy(line),
        "head_count_line_once_per_unknown": lambda: [
            _copy(line, household=None, text_read="X") for _ in range(2)
        ],
        "head_count_seen_says_when_who_and_how": lambda: _copy(
            line, household=None, text_read="X", seen=1
        ),
        "head_count_line_is_about_somebody": lambda: _copy(line, household=None),
        "head_count_tally_once_per_unit": lambda: _copy(tally),
        "head_count_one_open_difference_per_line": lambda: (
            [_differs(line=line)] * 2 and [_differs(line=line) for _ in range(2)]
        ),
        "head_count_one_open_difference_per_tally": lambda: [
            _differs(tally=tally) for _ in range(2)
        ],
        "head_count_difference_is_about_one_thing": lambda: _differs(line=line, tally=tally),
        "head_count_differs_by_some": lambda: _differs(line=line, persons=0),
        "head_count_resolved_says_what_when_and_who": lambda: _differs(line=line, state="resolved"),
    }
    for name, attempt in wrong.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            attempt()


def _closed(at, counted=2):
    figures = {"expected_after": 2, "missing": 0, "unexpected": 0, "counted": counted}
    return {"closed_at": at, **figures}


def _copy(row, **changes):
    fields = {field.name: getattr(row, field.name) for field in row._meta.local_fields}
    return type(row).objects.create(**{**fields, "id": uuid4(), **changes})


def _differs(line=None, tally=None, **fields):
    count = (line or tally).count
    return HeadCountDifference.objects.create(
        **{
            "count": count,
            "line": line,
            "tally": tally,
            "kind": "missing",
            "persons": 1,
            **fields,
        }
    )


# For others -----------------------------------------------------------------------------------
def test_sites_that_have_not_counted_today_and_the_last_count(officer, operation):
    count = make_count(officer, 2)
    make_present(quiet := make_site(), 1)
    make_site("EMPTY")
    evening = datetime.combine(clock.today(operation.zone), datetime.min.time(), operation.zone)
    evening = evening.astimezone(ZoneInfo("UTC")) + timedelta(hours=20)
    assert set(sites_without_count(evening)) == {count.site, quiet}
    assert not sites_without_count(evening - timedelta(minutes=1)).exists()
    count_of(officer, count, line=count.lines.get())
    close(officer, count)
    assert set(sites_without_count(evening)) == {quiet}
    assert set(sites_without_count(evening).visible_to(make_manager(count.site))) == set()
    ids = list(Site.objects.values_list("pk", flat=True))
    count.refresh_from_db()
    assert last_head_counts(ids) == {count.site_id: count.closed_at}


def test_how_far_a_count_is(officer):
    count = make_count(officer, 2, 5)
    count_of(officer, count, line=count.lines.get(expected=5))
    assert (compared(count).counted, compared(count).missing) == (5, 2)
