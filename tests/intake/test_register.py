"""Registering a household: every rule of the service."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import Conflict, DomainError, InvalidInput, NotPermitted
from intake.choices import NeedStatus
from intake.inputs import ConsentInput, DocumentInput, MemberInput
from intake.models import Household, Identity, IdentityIndex, Person, SpecificNeed
from intake.references import parse_reference
from intake.services import Registration, add_member, register_household, register_many
from tests.factories import intake as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tem(db: None) -> None:
    """The Tem crossing."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


def register(actor: User, **fields: Any) -> Registration:
    """Register the family of five, changed by `fields`."""
    return register_household(actor=actor, data=make.household_input(**fields))


def problems(error: DomainError) -> dict[str, str]:
    """Codes by field."""
    return {each.field: each.code for each in error.problems}


def test_a_family_of_five_is_registered_whole(alice: User) -> None:
    made = register(alice)
    home = made.household
    assert made.created
    assert parse_reference(home.reference) == home.reference
    assert home.members.count() == 5
    assert home.arrivals.get().entry_point.code == "TEM"
    head = home.members.get(is_focal_point=True)
    assert (head.birth_earliest, head.birth_latest) == (date(1981, 3, 21), date(1982, 3, 20))
    assert head.birth_calendar == "solar_hijri"
    identity = Identity.objects.get(person=head)
    assert identity.open().name == "محمد نبی"
    assert identity.open().birth_text == "1360"
    assert Event.objects.get(kind="household.registered").data == {
        "members": 5,
        "entry_point": "TEM",
    }


def test_no_name_stands_readable_in_any_column_of_the_database(alice: User) -> None:
    canary = "Kanarienvogel"
    register(
        alice,
        members=[
            make.member(
                canary,
                father_name=canary,
                notes=canary,
                birth="1360",
                documents=[DocumentInput(type="tazkira", number=canary)],
            )
        ],
        phones=[canary],
        notes=canary,
    )
    from django.apps import apps
    from django.db import connection

    with connection.cursor() as cursor:
        for model in apps.get_models():
            if not model._meta.managed or model._meta.proxy:
                continue
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')  # noqa: S608
            for (row,) in cursor.fetchall():
                assert canary.lower() not in row.lower()
                assert canary.encode().hex() not in row


def test_the_log_and_the_error_say_nothing_of_the_person(
    alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(InvalidInput) as refused:
        register(alice, members=[make.member("Kanarienvogel", birth="whenever Kanarienvogel")])
    text = str(refused.value) + repr(refused.value.problems) + str(refused.value.message)
    assert "Kanarienvogel" not in text + caplog.text


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"entry_point": "BRIDGE-9"}, "arrival.entry_point", "unknown_code"),
        ({"origin_area": "AF99"}, "origin_area", "unknown_code"),
        ({"preferred_language": "xx"}, "preferred_language", "unknown_code"),
        ({"declared_size": 0}, "declared_size", "out_of_range"),
        ({"members": []}, "members", "required"),
        ({"members": [make.member("   ")]}, "members.0.name", "required"),
        ({"members": [make.member(sex="?")]}, "members.0.sex", "unknown_code"),
        ({"members": [make.member(birth="spring")]}, "members.0.birth", "unreadable"),
        ({"members": [make.member(birth="2031-01-01")]}, "members.0.birth", "future"),
        ({"members": [make.member(birth="1230")]}, "members.0.birth", "unreadable"),
        ({"members": [make.member(nationality="ATL")]}, "members.0.nationality", "unknown_code"),
        (
            {"members": [make.member(specific_needs=["XX-YY"])]},
            "members.0.specific_needs.0",
            "unknown_code",
        ),
        (
            {"members": [make.member(specific_needs=["SC-UM"])]},
            "members.0.specific_needs.0",
            "legacy_code",
        ),
        (
            {"members": [make.member(documents=[DocumentInput(type="tazkira", number=" ")])]},
            "members.0.documents.0.number",
            "required",
        ),
        (
            {"consents": [ConsentInput(purpose="health", given=True)] * 2},
            "consents.1.purpose",
            "duplicate",
        ),
    ],
)
def test_bad_input_names_the_field_and_saves_nothing(
    alice: User, change: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        register(alice, **change)
    found = problems(refused.value)
    assert field in found
    assert found[field] == code or field.endswith("birth")
    assert not Household.objects.exists()
    assert not Event.objects.exists()


def test_all_problems_are_told_at_once(alice: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        register(
            alice,
            entry_point="NOWHERE",
            members=[make.member(""), make.member(birth="?"), make.member(sex="x")],
        )
    assert set(problems(refused.value)) >= {
        "arrival.entry_point",
        "members.0.name",
        "members.1.birth",
        "members.2.sex",
    }


def test_an_arrival_in_the_future_is_refused(alice: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        register(alice, arrived_at=clock.now() + timedelta(hours=1))
    assert problems(refused.value) == {"arrival.arrived_at": "future"}


def test_without_a_head_the_eldest_adult_is_the_focal_point(alice: User) -> None:
    made = register(
        alice,
        members=[
            make.member("a", birth="10"),
            make.member("b", birth="40"),
            make.member("c", birth="70"),
        ],
    )
    assert [p.is_focal_point for p in made.members] == [False, False, True]


def test_of_two_heads_the_first_is_the_focal_point(alice: User) -> None:
    made = register(
        alice,
        members=[
            make.member("a", birth="70"),
            make.member("b", relationship="head"),
            make.member("c", relationship="head"),
        ],
    )
    assert [p.is_focal_point for p in made.members] == [False, True, False]


def test_only_registrars_register_and_only_where_they_are(
    alice: User, bob: User, omar: User, carol: User
) -> None:
    for outsider in (omar, carol):
        with pytest.raises(NotPermitted):
            register(outsider)
    with pytest.raises(InvalidInput) as refused:
        register(bob, entry_point="RUZVAI")
    assert problems(refused.value) == {"arrival.entry_point": "not_permitted"}
    assert not Household.objects.exists()
    assert register(bob, entry_point="TEM").created


def test_the_same_id_with_the_same_content_is_the_same_household(alice: User) -> None:
    data = make.household_input(id=uuid4())
    first = register_household(actor=alice, data=data)
    again = register_household(actor=alice, data=data)
    assert not again.created
    assert again.household == first.household
    assert [m.pk for m in again.members] == [m.pk for m in first.members]
    assert Household.objects.count() == 1
    assert Person.objects.count() == 5


def test_the_same_id_with_other_content_is_a_conflict(alice: User) -> None:
    data = make.household_input(id=uuid4())
    register_household(actor=alice, data=data)
    with pytest.raises(Conflict) as refused:
        register_household(actor=alice, data=replace(data, declared_size=9))
    assert refused.value.code == "conflict"


def test_a_members_id_of_another_person_is_a_conflict(alice: User) -> None:
    taken = register(alice).members[0].pk
    with pytest.raises(Conflict):
        register(alice, members=[make.member(id=taken)])
    assert Household.objects.count() == 1


def test_many_are_each_answered_by_themselves(alice: User) -> None:
    good, bad = make.household_input(id=uuid4()), make.household_input(entry_point="NOWHERE")
    results = register_many(actor=alice, data=[good, bad, good, make.household_input()])
    assert isinstance(results[0], Registration)
    assert isinstance(results[1], InvalidInput)
    assert isinstance(results[2], Registration)
    assert not results[2].created
    assert isinstance(results[3], Registration)
    assert Household.objects.count() == 2


def test_a_code_above_the_registrars_tier_waits_for_review(alice: User) -> None:
    made = register(alice, members=[make.member(specific_needs=["PG-LC", "SV-VA"])])
    found = dict(made.members[0].needs.values_list("type_id", "status"))
    assert found == {"PG-LC": NeedStatus.CONFIRMED, "SV-VA": NeedStatus.PENDING_REVIEW}
    assert set(SpecificNeed.objects.visible_to(alice).values_list("type_id", flat=True)) == {
        "PG-LC"
    }


def test_a_child_without_an_adult_is_suggested_as_unaccompanied(alice: User) -> None:
    made = register(alice, members=[make.member(birth="12"), make.member(birth="8")])
    codes = [set(p.needs.values_list("type_id", flat=True)) for p in made.members]
    assert codes == [{"SC-UC", "SC-CH"}, {"SC-UC"}]
    assert set(SpecificNeed.objects.values_list("status", flat=True)) == {NeedStatus.SUGGESTED}


def test_what_was_said_is_not_suggested_again(alice: User) -> None:
    made = register(alice, members=[make.member(birth="12", specific_needs=["SC-UC"])])
    need = made.members[0].needs.get()
    assert (need.type_id, need.status) == ("SC-UC", NeedStatus.CONFIRMED)


def test_keys_of_the_same_person_agree_across_scripts(alice: User) -> None:
    first = register(alice, members=[make.member("Mohammad Nabi")]).members[0]
    second = register(alice, members=[make.member("محمد نبی")]).members[0]

    def words(person: Person) -> set[int]:
        return set(IdentityIndex.objects.get(person=person).words)

    assert words(first) == words(second) != set()


def test_a_member_is_added_once(alice: User) -> None:
    home = register(alice).household
    baby = make.member("Baby", birth="2021-07-01", id=uuid4())
    person = add_member(actor=alice, household=home, data=baby)
    assert add_member(actor=alice, household=home, data=baby) == person
    assert home.members.count() == 6
    with pytest.raises(InvalidInput) as refused:
        add_member(actor=alice, household=home, data=make.member(" "))
    assert problems(refused.value) == {"name": "required"}


def test_registration_takes_few_statements(
    alice: User, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    register(alice)
    with django_assert_max_num_queries(16):
        register(alice)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.text(max_size=30),
    birth=st.text(max_size=20),
    sex=st.sampled_from(["F", "M", "other", "unknown", "x", ""]),
    relationship=st.sampled_from(["head", "child", "uncle", ""]),
    needs=st.lists(st.sampled_from(["SP-PT", "??", "SC-UM"]), max_size=2),
)
def test_whatever_is_typed_is_registered_whole_or_refused_by_field(
    alice: User, name: str, birth: str, sex: str, relationship: str, needs: list[str]
) -> None:
    before = counts()
    typed = MemberInput(
        name=name, birth=birth, sex=sex, relationship=relationship, specific_needs=needs
    )
    (result,) = register_many(actor=alice, data=[make.household_input([typed])])
    if isinstance(result, Registration):
        assert Identity.objects.get(person=result.members[0]).open().name == name.strip()
    else:
        assert isinstance(result, InvalidInput)
        assert result.problems
        assert counts() == before


def counts() -> tuple[int, int, int]:
    """How many households, persons and events there are."""
    return (Household.objects.count(), Person.objects.count(), Event.objects.count())


def test_a_household_twice_in_one_batch_is_registered_once(alice: User) -> None:
    make.make_entry_point()
    sent = make.household_input([make.member()], id=uuid4())
    other = make.household_input([make.member("Other")], id=sent.id)
    first, second, third = register_many(actor=alice, data=[sent, sent, other])
    assert isinstance(first, Registration)
    assert isinstance(second, Registration)
    assert (first.created, second.created) == (True, False)
    assert second.household == first.household
    assert isinstance(third, Conflict)
    assert Household.objects.count() == 1


def test_one_person_in_two_households_of_a_batch_is_refused_in_the_second(alice: User) -> None:
    make.make_entry_point()
    person = make.member(id=uuid4())
    results = register_many(actor=alice, data=[make.household_input([person]) for _ in range(3)])
    assert [type(each) for each in results] == [Registration, Conflict, Conflict]
    assert Person.objects.count() == 1


@pytest.mark.parametrize("year", [1, 9999])
def test_an_arrival_at_the_end_of_time_is_refused(alice: User, year: int) -> None:
    make.make_entry_point()
    at = datetime(year, 12, 31, 23, 59, tzinfo=UTC)
    (result,) = register_many(actor=alice, data=[make.household_input(arrived_at=at)])
    assert isinstance(result, InvalidInput)
    assert set(problems(result)) == {"arrival.arrived_at"}
