"""Visits to the border: what is quoted, what stays sealed, who reads which."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from audit.models import Event
from common.errors import Conflict, InvalidInput, NotPermitted
from intake.models import BorderAssessment
from intake.services.assessments import set_quotable
from tests.factories import accounts
from tests.factories.border import hours, make_assessment
from tests.factories.intake import make_entry_point

pytestmark = pytest.mark.django_db


def test_findings_are_sealed_and_the_summary_is_plain(bob: User) -> None:
    made = make_assessment(bob)
    made.refresh_from_db()
    assert made.findings == {
        "needs": "Water, shade",
        "access_and_security": "A guard lets women by",
    }
    assert made.place == "Tem"
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM intake_borderassessment a")
        text = cursor.fetchone()[0]
    assert "far bank" in text
    assert "guard" not in text
    event = Event.objects.get(kind="border.assessed")
    assert event.data == {"place": "TEM", "quotable": True}


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"entry_point": ""}, ["entry_point"]),
        ({"entry_point": "NOWHERE"}, ["entry_point"]),
        ({"entry_point": "", "area": "nowhere"}, ["area"]),
        ({"visit_ended_at": hours(9)}, ["visit_ended_at"]),
        ({"visit_ended_at": hours(24 * 365 * 90)}, ["visit_ended_at"]),
        ({"summary": " "}, ["summary"]),
        ({"summary": "x" * 601}, ["summary"]),
        ({"organisations": ""}, ["organisations"]),
        ({"organisations": "x" * 201}, ["organisations"]),
        ({"findings": {"gossip": "x"}}, ["findings.gossip"]),
        ({"findings": {"needs": "x" * 4001}}, ["findings.needs"]),
    ],
)
def test_an_assessment_that_cannot_be_is_refused(
    alice: User, changes: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_assessment(alice, **changes)
    assert [problem.field for problem in refused.value.problems] == fields
    assert not BorderAssessment.objects.exists()


def test_the_same_assessment_again_is_the_same(alice: User) -> None:
    key = uuid4()
    first = make_assessment(alice, id=key)
    set_quotable(actor=alice, assessment=first, quotable=False)
    again = make_assessment(alice, id=key)
    assert (again.pk, again.quotable) == (key, False)
    with pytest.raises(Conflict):
        make_assessment(alice, id=key, summary="Something else")
    assert BorderAssessment.objects.count() == 1
    assert Event.objects.filter(kind="border.assessed").count() == 1


def test_who_records_and_who_reads(
    alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    reporter = accounts.make_user("reporting_officer")
    make_entry_point("RUZVAI")
    for actor, place in (
        (bob, {"entry_point": "RUZVAI"}),
        (bob, {"entry_point": "", "area": "3590208"}),
        (carol, {}),
        (omar, {}),
        (reporter, {}),
    ):
        with pytest.raises(NotPermitted):
            make_assessment(actor, **place)
    quoted = make_assessment(dana, entry_point="", area="3590208")
    quiet = make_assessment(alice, quotable=False)
    everywhere = {quoted, quiet}
    expected = {alice: everywhere, dana: everywhere, bob: {quiet}, reporter: {quoted}}
    for user, rows in {**expected, carol: set(), omar: set()}.items():
        assert set(BorderAssessment.objects.visible_to(user)) == rows
    assert not BorderAssessment.objects.with_findings_for(reporter).exists()


def test_who_decides_what_is_quoted(
    alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    reporter = accounts.make_user("reporting_officer")
    made = make_assessment(dana, entry_point="", area="3590208", quotable=False)
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            set_quotable(actor=actor, assessment=made, quotable=True)
    made.refresh_from_db()
    assert not made.quotable
    assert set_quotable(actor=alice, assessment=made, quotable=True).quotable
    assert not set_quotable(actor=reporter, assessment=made, quotable=False).quotable
    assert Event.objects.filter(kind="border.assessment_quotable").count() == 2


def test_the_database_asks_for_a_place_a_time_and_a_summary(alice: User) -> None:
    made = make_assessment(alice)
    for name, changes in {
        "border_assessment_was_somewhere": {"entry_point": None},
        "border_assessment_begins_before_it_ends": {"visit_ended_at": hours(9)},
        "border_assessment_has_a_summary": {"summary": ""},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            BorderAssessment.objects.filter(pk=made.pk).update(**changes)
