"""Whether a family is registered already, asked before it is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import AccessRecord, Event
from common.errors import NotPermitted
from intake.choices import ScreeningOutcomeKind
from intake.duplicates.asking_first import known_already
from intake.inputs import DocumentInput, HouseholdInput, MemberInput
from intake.models import DuplicatePair, Household, IdentityIndex, Person
from intake.services import separate_person
from tests.factories import intake as make

API = Callable[[User | None], APIClient]
ASK = "/api/v1/households/possible-duplicates/"
NABI = {"name": "محمد نبی", "father_name": "غلام سخی", "sex": "M", "birth": "1360"}
ZARINA = {"name": "Зарина", "father_name": "Қодир", "sex": "F", "birth": "about 36"}
SOHRAB = {"name": "Sohrab", "father_name": "Mohammad Nabi", "sex": "M", "birth": "12"}
# The same people as another desk writes them.
NABI_AGAIN = {"name": "Mohammad Nabi", "father_name": "Ghulam Sakhi", "sex": "M", "birth": "1361"}
ZARINA_AGAIN = {"name": "زرینه", "father_name": "قادر", "sex": "F", "birth": "35"}
SOHRAB_AGAIN = {"name": "Сӯҳроб", "father_name": "محمد نبی", "sex": "M", "birth": "12"}
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
FAMILY, AGAIN = (NABI, ZARINA, SOHRAB), (NABI_AGAIN, ZARINA_AGAIN, SOHRAB_AGAIN)

pytestmark = pytest.mark.django_db


def members(*people: dict[str, Any]) -> list[MemberInput]:
    """People as typed."""
    return [MemberInput(**each) for each in people]


def typed(*people: dict[str, Any], **fields: Any) -> HouseholdInput:
    """A household in a form, perhaps half filled."""
    return HouseholdInput(
        entry_point="", arrived_at=make.ARRIVED_AT, members=members(*people), **fields
    )


def body(*people: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The same as a device sends it."""
    arrival = {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"}
    return {"arrival": arrival, "members": list(people), **fields}


@pytest.fixture
def family(alice: User) -> Household:
    """A family that is registered."""
    return make.make_household(alice, members(*FAMILY))


def everything() -> tuple[int, ...]:
    """What must not change when somebody asks."""
    tables = (Household, Person, IdentityIndex, DuplicatePair, Event)
    return tuple(table.objects.count() for table in tables)


# The answer ---------------------------------------------------------------------------------------
def test_a_family_is_known_before_it_is_saved_in_another_script(
    family: Household, alice: User
) -> None:
    before = everything()
    (found,) = known_already(actor=alice, data=typed(*AGAIN))
    assert found.household == family
    assert found.score > 0.9
    assert found.reasons[0] == {"code": "members", "count": 3, "of": 3}
    assert everything() == before
    look = AccessRecord.objects.latest("pk")
    assert (look.user, look.action, look.count) == (alice, "search", 1)


def test_the_answer_before_saving_is_the_answer_after(
    family: Household, alice: User, api: API
) -> None:
    client = api(alice)
    before = client.post(ASK, body(*AGAIN)).json()["possible_duplicates"]
    after = client.post("/api/v1/households/", body(*AGAIN)).json()["possible_duplicates"]
    assert before == after
    assert [each["household"] for each in before] == [family.reference]


@pytest.mark.parametrize(
    "people",
    [
        [{**NABI_AGAIN, "birth": ""}, {**SOHRAB_AGAIN, "birth": ""}],
        [{**NABI_AGAIN, "birth": "when the river rose"}, {**SOHRAB_AGAIN, "birth": "31/02/1360"}],
        [NABI_AGAIN, SOHRAB_AGAIN, {"name": "", "sex": ""}, {"name": "  - ", "sex": "unknown"}],
    ],
)
def test_what_cannot_be_read_is_left_out(
    family: Household, alice: User, people: list[dict[str, Any]]
) -> None:
    (found,) = known_already(actor=alice, data=typed(*people))
    assert found.household == family


def test_a_document_alone_finds_who_holds_it(alice: User) -> None:
    held = {**NABI, "documents": [DocumentInput(type="tazkira", number="1234-5678-90123")]}
    home = make.make_household(alice, members(held))
    shown = {"name": "", "sex": "unknown"}
    shown["documents"] = [DocumentInput(type="", number="۱۲۳۴ ۵۶۷۸ ۹۰۱۲۳")]  # type: ignore[assignment]
    (found,) = known_already(actor=alice, data=typed(shown))
    assert found.household == home
    assert {"code": "documents", "count": 1} in found.reasons


def test_other_people_are_nobody_s_repeat(family: Household, alice: User) -> None:
    other = {"name": "Gulbahor", "father_name": "Davlat", "sex": "F", "birth": "1970"}
    assert known_already(actor=alice, data=typed(other)) == []
    assert known_already(actor=alice, data=typed({"name": "", "sex": ""})) == []
    assert AccessRecord.objects.filter(user=alice, action="search", count=0).count() == 2


def test_a_household_is_no_candidate_of_itself(family: Household, alice: User) -> None:
    assert known_already(actor=alice, data=typed(*FAMILY, id=family.pk)) == []
    assert known_already(actor=alice, data=typed(SOHRAB), own=family.pk) == []


# Who may know -------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["carol", "dana", "omar"])
def test_who_registers_nobody_is_told_nothing(
    family: Household, who: str, request: pytest.FixtureRequest, api: API
) -> None:
    user = request.getfixturevalue(who)
    looks = AccessRecord.objects.count()
    with pytest.raises(NotPermitted):
        known_already(actor=user, data=typed(*AGAIN))
    answer = api(user).post(ASK, body(*AGAIN))
    assert answer.status_code == 403
    assert family.reference not in answer.content.decode()
    assert AccessRecord.objects.count() == looks


def test_nobody_is_asked_to_sign_in(family: Household, api: API) -> None:
    assert api(None).post(ASK, body(*AGAIN)).status_code == 401


def test_a_family_elsewhere_leaks_by_neither_name_nor_number_nor_queries(
    alice: User, bob: User
) -> None:
    make.make_household(alice, members(*FAMILY), entry_point="RUZVAI")
    other = {"name": "Gulbahor", "father_name": "Davlat", "sex": "F", "birth": "1970"}
    known_already(actor=bob, data=typed(other))  # what is read once is read
    with CaptureQueriesContext(
        connection,
    ) as nobody:
        assert known_already(actor=bob, data=typed(other)) == []
    with CaptureQueriesContext(connection) as hidden:
        assert known_already(actor=bob, data=typed(*AGAIN)) == []
    # The hidden family is neither opened nor compared: the same statements, in the same order.
    assert [each["sql"].split(" ")[:8] for each in hidden.captured_queries] == [
        each["sql"].split(" ")[:8] for each in nobody.captured_queries
    ]
    assert not any('"intake_identity"' in each["sql"] for each in hidden.captured_queries)
    assert len(known_already(actor=alice, data=typed(*AGAIN))) == 1


def test_who_the_authority_took_is_not_compared(alice: User, dana: User) -> None:
    person = make.make_household(alice, members(NABI)).members.get()
    assert len(known_already(actor=alice, data=typed(NABI_AGAIN))) == 1
    separate_person(
        actor=dana,
        person=person,
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=person.arrived_at,
        record={"authority": "border service"},
    )
    assert known_already(actor=alice, data=typed(NABI_AGAIN)) == []


# Over REST ----------------------------------------------------------------------------------------
def test_the_route_answers_in_words_and_keeps_nothing(
    family: Household, alice: User, api: API
) -> None:
    before = everything()
    answer = api(alice).post(ASK, body(*AGAIN))
    assert answer.status_code == 200
    (found,) = answer.json()["possible_duplicates"]
    assert set(found) == {"household", "score", "reasons"}
    assert found["household"] == family.reference
    assert found["reasons"][0].startswith("3 of 3 members")
    assert everything() == before


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "members"),
        ({"members": []}, "members"),
        ({"members": [{"sex": "F", "birth": "1360"}]}, "members"),
        ({"members": [{"name": 5 * "x" * 50}]}, "members.0.name"),
        ({"members": "Zarina"}, "members"),
        ({"members": [{"name": "Zarina"}] * 61}, "members"),
    ],
)
def test_nothing_to_go_by_is_a_problem_with_its_field(
    alice: User, api: API, sent: Any, field: str
) -> None:
    answer = api(alice).post(ASK, sent)
    assert answer.status_code == 400
    assert any(each["field"].startswith(field) for each in answer.json()["errors"]), answer.json()


def test_one_name_is_enough_and_it_cannot_be_read_with_get(alice: User, api: API) -> None:
    answer = api(alice).post(ASK, {"members": [{"name": "Zarina", "birth": None, "sex": ""}]})
    assert answer.json() == {"possible_duplicates": []}
    assert api(alice).get(ASK).status_code in (404, 405)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "name": st.text(
                    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30
                ),
                "father_name": st.text(
                    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30
                ),
                "sex": st.sampled_from(["F", "M", "unknown", ""]),
                "birth": st.text(
                    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12
                ),
            }
        ),
        max_size=4,
    )
)
def test_whatever_is_typed_is_no_error(alice: User, people: list[dict[str, Any]]) -> None:
    assert isinstance(known_already(actor=alice, data=typed(*people)), list)


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_any_moment_of_the_calendar_is_taken(
    family: Household, alice: User, api: API, moment: str
) -> None:
    sent = {**body(*AGAIN), "arrival": {"arrived_at": moment}}
    assert api(alice).post(ASK, sent, format="json").status_code == 200
