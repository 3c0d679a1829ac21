"""What a device sends a second time: the same record, or a clear no; never a second one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from common import clock
from common.errors import Conflict
from intake.choices import HouseholdStatus
from intake.inputs import MemberInput
from intake.models import Consent, Household, Person, TracingRequest, WashingtonGroup
from intake.services import record_birth, record_exits
from intake.services.hints import move_note
from intake.services.members import edit_member
from intake.services.registration import add_member
from intake.services.tracing import file_tracing_request
from tests.factories.family import asking_household, first, sought_brother
from tests.factories.intake import ARRIVED_AT, make_household, member

pytestmark = pytest.mark.django_db
API = Callable[[User | None], APIClient]
BASE = "/api/v1/"


def later(hours: float) -> Any:
    return ARRIVED_AT + timedelta(hours=hours)


def birth(alice: User, home: Household, **data: Any) -> Person:
    return record_birth(
        actor=alice,
        household=home,
        occurred_at=later(30),
        data=MemberInput(**{"name": "", "sex": "F", **data}),
    )


@pytest.mark.parametrize("other", [{"sex": "M"}, {"name": "Golnaz"}, {"father_name": "Nabi"}])
def test_another_child_with_the_same_id_is_refused(alice: User, other: dict[str, str]) -> None:
    home, key = make_household(alice), uuid4()
    child = birth(alice, home, id=key)
    assert birth(alice, home, id=key) == child
    with pytest.raises(Conflict):
        birth(alice, home, id=key, **other)


def test_a_birth_sent_again_after_the_child_got_a_name_is_the_same(alice: User) -> None:
    home, key = make_household(alice), uuid4()
    child = birth(alice, home, id=key)
    edit_member(actor=alice, person=child, changes={"name": "Golnaz"})
    assert birth(alice, home, id=key) == child


def test_a_note_that_was_moved_away_is_not_missed(alice: User) -> None:
    home, key = make_household(alice), uuid4()
    data = member("Habib", id=key, sex="M", notes="He carried a rifle.")
    person = add_member(actor=alice, household=home, data=data)
    move_note(actor=alice, household=home, person=person)
    assert add_member(actor=alice, household=home, data=data) == person
    assert Person.objects.get(pk=person.pk).identity.open().notes == ""


def test_a_person_sent_again_after_the_household_closed_is_the_same(alice: User) -> None:
    home, key = make_household(alice, [member()]), uuid4()
    data = member("Habib", id=key)
    person = add_member(actor=alice, household=home, data=data)
    record_exits(
        actor=alice,
        persons=list(home.members.all()),
        reason="voluntary_return",
        occurred_at=later(20),
    )
    home.refresh_from_db()
    assert home.status == HouseholdStatus.CLOSED
    assert add_member(actor=alice, household=home, data=data) == person


def test_a_request_sent_again_the_next_year_or_after_they_left_is_the_same(
    alice: User, operation: Any
) -> None:
    asker, key = first(asking_household(alice)), uuid4()
    made = file_tracing_request(actor=alice, asker=asker, sought=sought_brother(), id=key)
    with clock.replaying(clock.now() + timedelta(days=400)):
        again = file_tracing_request(actor=alice, asker=asker, sought=sought_brother(), id=key)
    assert again == made
    record_exits(actor=alice, persons=[asker], reason="voluntary_return", occurred_at=later(20))
    assert file_tracing_request(actor=alice, asker=asker, sought=sought_brother(), id=key) == made
    with pytest.raises(Conflict):
        file_tracing_request(
            actor=alice, asker=asker, sought=sought_brother(birth="about 50"), id=key
        )
    assert TracingRequest.objects.count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"how": "signed"},
        {"explained_in": "tgk"},
        {"legal_basis": "vital_interest"},
        {"occurred_at": later(3).isoformat()},
    ],
)
def test_another_answer_with_the_same_id_is_refused(
    api: API, alice: User, other: dict[str, Any]
) -> None:
    home = make_household(alice)
    path = f"{BASE}households/{home.reference}/consents/"
    body = {
        "id": str(uuid4()),
        "purpose": "assistance",
        "given": True,
        "how": "spoken",
        "explained_in": "prs",
        "occurred_at": later(2).isoformat(),
    }
    assert api(alice).post(path, body, format="json").status_code == 201
    assert api(alice).post(path, body, format="json").status_code == 200
    assert api(alice).post(path, {**body, **other}, format="json").status_code == 409
    assert Consent.objects.filter(purpose="assistance").count() == 1


def test_answers_of_another_day_with_the_same_id_are_refused(api: API, alice: User) -> None:
    home = make_household(alice)
    person = home.members.get(position=1)
    path = f"{BASE}persons/{person.pk}/washington-group/"
    six = ("seeing", "hearing", "walking", "remembering", "self_care", "communicating")
    body = {"id": str(uuid4()), **dict.fromkeys(six, 1), "occurred_at": later(2).isoformat()}
    assert api(alice).post(path, body, format="json").status_code == 201
    assert api(alice).post(path, body, format="json").status_code == 200
    other = {**body, "occurred_at": later(30).isoformat()}
    assert api(alice).post(path, other, format="json").status_code == 409
    record_exits(actor=alice, persons=[person], reason="voluntary_return", occurred_at=later(40))
    assert api(alice).post(path, body, format="json").status_code == 200
    assert WashingtonGroup.objects.count() == 1


def test_a_batch_tells_of_notes_that_endanger_somebody(api: API, alice: User) -> None:
    make_household(alice)
    one = {
        "id": str(uuid4()),
        "arrival": {"entry_point": "TEM", "arrived_at": ARRIVED_AT.isoformat()},
        "members": [{"name": "Habib", "sex": "M", "birth": "30", "notes": "He carried a rifle."}],
    }
    for status in (201, 200):
        answer = api(alice).post(
            f"{BASE}households/batch/", {"households": [one, {}]}, format="json"
        )
        made, refused = answer.json()["results"]
        assert made["status"] == status
        assert made["hints"] == [{"field": "members.0.notes", "code": "move_to_sealed_record"}]
        assert "hints" not in refused
