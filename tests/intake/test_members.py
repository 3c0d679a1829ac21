"""Completing and correcting people: nothing is typed twice, nothing that was known is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Operation, User
from audit.models import Event
from common import clock
from common.errors import Conflict, DomainError, InvalidInput, InvalidState, NotPermitted
from intake.births import BRACKETS, age_bracket
from intake.choices import BirthPrecision, NeedStatus, RegistrationLevel, ScreeningOutcomeKind
from intake.inputs import DocumentInput, MemberInput
from intake.keys import PHONE, digest_of, household_values, phone_key
from intake.models import DuplicatePair, Household, IdentityIndex, IdentityVersion, Person
from intake.searching import find_persons
from intake.services import record_exit, separate_person
from intake.services.editing import edit_household
from intake.services.indexing import index_columns, subject_of
from intake.services.members import (
    edit_member,
    edit_members,
    make_focal_point,
    restore_version,
)
from tests.factories import groups
from tests.factories import intake as make
from tests.intake.test_group import figures, problems

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tem(db: None) -> None:
    """The Tem crossing."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


@pytest.fixture
def home(alice: User) -> Household:
    """A family of five, registered."""
    return make.make_household(alice, phones=["+93700000001"])


@pytest.fixture
def group(alice: User) -> Household:
    """Six people of whom one has a name."""
    return groups.make_group(alice)


def person_of(household: Household, position: int = 0) -> Person:
    """The member at a position."""
    return household.members.get(position=position)


def keys_of(person: Person) -> tuple[list[int], list[int]]:
    """The keys that are stored of a person: words, blocks."""
    row = IdentityIndex.objects.get(person=person)
    return row.words, row.blocks


def keys_due(person: Person) -> tuple[list[int], list[int]]:
    """The keys that a person should have."""
    household = Household.objects.get(members=person)
    members = list(household.members.select_related("identity").order_by("position", "pk"))
    subjects = [subject_of(each, each.identity.open(), household.phones) for each in members]
    values = household_values(subjects, household.origin_area_id or "")
    words, blocks, *_rest = index_columns(values[members.index(person)])
    return words, blocks


# Correcting --------------------------------------------------------------------------------
def test_a_name_that_was_misheard_is_corrected_and_found_by_the_new_one(
    alice: User, home: Household
) -> None:
    person = person_of(home)
    edited = edit_member(actor=alice, person=person, changes={"name": "Rustam"})
    assert edited.identity.open().name == "Rustam"
    assert list(find_persons(Person.objects.all(), "Рустам")) == [person]
    assert not find_persons(Person.objects.all(), "محمد نبی").exists()
    assert keys_of(person) == keys_due(person)
    # The rest stays as it was said.
    assert edited.identity.open().birth_text == "1360"
    event = Event.objects.filter(kind="household.changed").latest("recorded_at")
    assert event.data == {"fields": ["name"]}


def test_everything_that_is_recorded_can_be_corrected(alice: User, home: Household) -> None:
    changes = {
        "name": "Rustam",
        "father_name": "Zia",
        "grandfather_name": "Nur",
        "also_known_as": ["Ustad"],
        "sex": "other",
        "birth": "20 Aqrab 1370",
        "birth_source": "document",
        "relationship": "sibling",
        "nationality": "AFG",
        "marital_status": "widowed",
        "documents": [DocumentInput(type="tazkira", number="77")],
        "phones": ["+93700000009"],
        "notes": "Speaks slowly",
    }
    person = edit_member(actor=alice, person=person_of(home, 2), changes=changes)
    person.refresh_from_db()
    opened = person.identity.open()
    assert (opened.name, opened.father_name, opened.grandfather_name) == ("Rustam", "Zia", "Nur")
    assert (opened.also_known_as, opened.phones) == (["Ustad"], ["+93700000009"])
    assert (opened.documents, opened.notes) == (
        [{"type": "tazkira", "number": "77"}],
        "Speaks slowly",
    )
    assert opened.birth_text == "20 Aqrab 1370"
    assert (person.sex, person.relationship, person.nationality_id) == ("other", "sibling", "AFG")
    assert (person.birth_precision, person.birth_calendar) == ("day", "solar_hijri")
    assert (person.birth_source, person.marital_status) == ("document", "widowed")
    assert keys_of(person) == keys_due(person)
    assert set(Event.objects.latest("recorded_at").data["fields"]) == set(changes)


def test_what_was_before_is_kept_and_can_be_put_back(alice: User, home: Household) -> None:
    person = person_of(home)
    edit_member(actor=alice, person=person, changes={"name": "Wrong", "birth": "1390", "sex": "F"})
    version = IdentityVersion.objects.get()
    assert (version.person, version.replaced_by) == (person, alice)
    assert version.open()["identity"]["name"] == "محمد نبی"
    restored = restore_version(actor=alice, version=version)
    restored.refresh_from_db()
    opened = restored.identity.open()
    assert (opened.name, opened.birth_text, restored.sex) == ("محمد نبی", "1360", "M")
    assert restored.birth_earliest is not None
    assert restored.birth_earliest.isoformat() == "1981-03-21"
    assert keys_of(person) == keys_due(person)
    # That which was wrong is kept as well: nothing is ever lost.
    names = [each.open()["identity"]["name"] for each in person.versions.order_by("replaced_at")]
    assert names == ["محمد نبی", "Wrong"]


def test_who_was_named_by_mistake_is_counted_only_again(alice: User, group: Household) -> None:
    person = group.members.filter(pre_registered=True).first()
    assert person is not None
    edit_member(actor=alice, person=person, changes={"name": "Wrong"})
    restore_version(actor=alice, version=IdentityVersion.objects.get())
    person.refresh_from_db()
    assert (person.pre_registered, person.identity.open().name) == (True, "")
    assert keys_of(person) == ([], [])


def test_earlier_versions_stand_readable_nowhere_and_open_in_their_own_row_only(
    alice: User, home: Household
) -> None:
    canary = "Kanarienvogel"
    person = person_of(home)
    for name in (canary, "Rustam"):
        edit_member(actor=alice, person=person, changes={"name": name, "notes": name})
    with connection.cursor() as cursor:
        for table in ("intake_identityversion", "intake_identity", "audit_event"):
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608
            for (row,) in cursor.fetchall():
                assert canary.lower() not in row.lower()
                assert canary.encode().hex() not in row
    first, second = IdentityVersion.objects.order_by("replaced_at")
    first.sealed, second.sealed = second.sealed, first.sealed
    with pytest.raises(Exception, match="sealed for another place"):
        first.open()


def test_versions_are_for_who_may_change_the_household(
    alice: User, bob: User, carol: User, omar: User
) -> None:
    elsewhere = make.make_household(alice, [make.member()], entry_point="RUZVAI")
    edit_member(actor=alice, person=person_of(elsewhere), changes={"name": "Gul"})
    seen = {
        user.username: IdentityVersion.objects.visible_to(user).count()
        for user in (alice, bob, carol, omar)
    }
    assert seen == {"alice": 1, "bob": 0, "carol": 0, "omar": 0}


def test_sending_what_is_recorded_already_changes_nothing(alice: User, home: Household) -> None:
    person = person_of(home)
    before = (Event.objects.count(), Household.objects.get(pk=home.pk).updated_at)
    edit_member(
        actor=alice, person=person, changes={"name": "محمد نبی", "birth": "1360", "sex": "M"}
    )
    assert (Event.objects.count(), Household.objects.get(pk=home.pk).updated_at) == before
    assert not IdentityVersion.objects.exists()


def test_an_age_that_stands_in_the_form_is_not_said_anew_years_later(
    alice: User, home: Household
) -> None:
    person = person_of(home, 2)  # "12", in July 2021
    born = person.birth_earliest
    edited = edit_member(actor=alice, person=person, changes={"birth": "12", "name": "Soh"})
    assert edited.birth_earliest == born


def test_an_age_is_read_on_the_day_it_is_said(alice: User, home: Household) -> None:
    edited = edit_member(actor=alice, person=person_of(home, 2), changes={"birth": "20"})
    assert edited.birth_latest is not None
    assert age_bracket(edited.birth_earliest, edited.birth_latest, datetime.now(UTC).date()) in (
        "18-59",
        "12-17",
    )
    assert datetime.now(UTC).year - edited.birth_latest.year in (20, 21)


def test_a_birth_that_is_taken_away_is_unknown(alice: User, home: Household) -> None:
    edited = edit_member(actor=alice, person=person_of(home), changes={"birth": ""})
    edited.refresh_from_db()
    assert (edited.birth_earliest, edited.birth_precision) == (None, BirthPrecision.UNKNOWN)
    assert edited.identity.open().birth_text == ""


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"name": "  "}, "name", "required"),
        ({"name": "x" * 201}, "name", "too_long"),
        ({"sex": "?"}, "sex", "unknown_code"),
        ({"birth": "spring"}, "birth", "unreadable"),
        ({"birth": "2022-01-01"}, "birth", "after_arrival"),
        ({"birth": "2999-01-01"}, "birth", "future"),
        ({"bracket": "0-4"}, "bracket", "not_at_this_level"),
        ({"nationality": "ATL"}, "nationality", "unknown_code"),
        ({"specific_needs": ["XX-YY"]}, "specific_needs.0", "unknown_code"),
        ({"documents": [DocumentInput(type="x", number="")]}, "documents.0.type", "unknown_code"),
        ({"is_focal_point": False}, "is_focal_point", "invalid"),
    ],
)
def test_what_is_refused_is_named_and_changes_nothing(
    alice: User, home: Household, changes: dict[str, Any], field: str, code: str
) -> None:
    person = person_of(home)
    with pytest.raises(InvalidInput) as refused:
        edit_member(actor=alice, person=person, changes={"notes": "Other", **changes})
    assert problems(refused.value)[field] == code
    assert person.identity.open().notes == ""
    assert not IdentityVersion.objects.exists()


def test_a_field_that_is_not_there_is_an_error_of_the_program(alice: User, home: Household) -> None:
    with pytest.raises(TypeError):
        edit_member(actor=alice, person=person_of(home), changes={"left_at": None})


def test_who_may_not(alice: User, bob: User, carol: User, omar: User, home: Household) -> None:
    elsewhere = make.make_household(alice, [make.member()], entry_point="RUZVAI")
    for actor, household in ((carol, home), (omar, home), (bob, elsewhere)):
        with pytest.raises(NotPermitted):
            edit_member(actor=actor, person=person_of(household), changes={"name": "Gul"})
    assert not IdentityVersion.objects.exists()
    edit_member(actor=bob, person=person_of(home), changes={"name": "Gul"})


def test_who_was_separated_is_nobody_here_for_a_registrar(
    alice: User, dana: User, home: Household
) -> None:
    person = person_of(home)
    separate_person(
        actor=dana,
        person=person,
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=clock.now(),
        record={},
    )
    with pytest.raises(NotPermitted) as refused:
        edit_member(actor=alice, person=person, changes={"name": "Gul"})
    assert str(refused.value.message) == "This person is not in this household."


def test_a_person_of_another_household_is_not_reached_through_this_one(
    alice: User, home: Household, group: Household
) -> None:
    stranger = person_of(group)
    with pytest.raises(NotPermitted):
        edit_members(actor=alice, household=home, changes={stranger.pk: {"name": "Gul"}})


def test_a_merged_household_is_closed(alice: User, home: Household, group: Household) -> None:
    Household.objects.filter(pk=home.pk).update(merged_into=group, status="closed")
    with pytest.raises(InvalidState):
        edit_member(actor=alice, person=person_of(home), changes={"name": "Gul"})


def test_the_record_of_one_who_left_is_still_corrected(alice: User) -> None:
    home = make.make_household(alice, [make.member()])
    person = person_of(home)
    record_exit(actor=alice, person=person, reason="deceased", occurred_at=clock.now())
    edited = edit_member(actor=alice, person=person, changes={"father_name": "Zia"})
    assert edited.identity.open().father_name == "Zia"


def test_the_check_is_asked_with_both_rows_before_anything_is_written(
    alice: User, home: Household
) -> None:
    person = person_of(home)
    asked: list[tuple[Any, Any]] = []

    def check(household: Household, locked: Person) -> None:
        asked.append((household.pk, locked.pk))
        raise Conflict("stale", "changed")

    with pytest.raises(Conflict):
        edit_member(actor=alice, person=person, changes={"name": "Gul"}, check=check)
    assert asked == [(home.pk, person.pk)]
    assert person.identity.open().name == "محمد نبی"


# Focal point, needs, suggestions, repeats --------------------------------------------------
def phone_of(number: str) -> int:
    """The key of a phone."""
    return digest_of(PHONE, phone_key(number))


def test_the_focal_point_changes_hands_and_takes_the_households_phone_along(
    alice: User, home: Household
) -> None:
    former, wife = person_of(home), person_of(home, 1)
    make_focal_point(actor=alice, person=wife)
    assert home.members.get(is_focal_point=True) == wife
    assert phone_of("+93700000001") in keys_of(wife)[1]
    assert phone_of("+93700000001") not in keys_of(former)[1]
    assert keys_of(former) == keys_due(former)
    # A new number of the household leads to her too.
    edit_household(actor=alice, household=home, changes={"phones": ["+93700000002"]})
    assert keys_of(wife) == keys_due(wife)


def test_nobody_without_a_name_and_nobody_who_left_speaks_for_a_household(
    alice: User, group: Household
) -> None:
    unnamed, other = group.members.filter(pre_registered=True)[:2]
    with pytest.raises(InvalidInput):
        make_focal_point(actor=alice, person=unnamed)
    record_exit(actor=alice, person=other, reason="deceased", occurred_at=clock.now())
    with pytest.raises(InvalidInput):
        edit_member(actor=alice, person=other, changes={"name": "Gul", "is_focal_point": True})
    edit_member(actor=alice, person=unnamed, changes={"name": "Gul", "is_focal_point": True})
    assert group.members.get(is_focal_point=True) == unnamed


def test_a_need_is_added_and_one_that_was_suggested_is_confirmed(
    alice: User, group: Household
) -> None:
    focal = person_of(group)
    edit_member(actor=alice, person=focal, changes={"specific_needs": ["SM-CI", "PG-HR"]})
    assert focal.needs.get(type="SM-CI").status == NeedStatus.PENDING_REVIEW
    edit_member(actor=alice, person=focal, changes={"specific_needs": ["SM-CI"]})
    assert focal.needs.filter(type="SM-CI").count() == 1


def test_suggestions_follow_from_what_was_corrected(alice: User) -> None:
    home = make.make_household(alice, [make.member(birth="30"), make.member("Gul", birth="2")])
    mother = person_of(home)
    assert mother.needs.filter(type="SP-PT", status=NeedStatus.SUGGESTED).exists()
    edit_member(actor=alice, person=person_of(home, 1), changes={"birth": "1370"})
    assert not mother.needs.filter(type="SP-PT").exists()


def test_repeats_are_looked_for_again_once_there_is_a_name(
    alice: User, home: Household, django_capture_on_commit_callbacks: Any
) -> None:
    again = groups.make_group(
        alice, ("F", "18-59", 1), ("M", "5-11", 1), members=[make.member("Other", sex="M")],
        phones=["+93700000001"],
    )  # fmt: skip
    named = person_of(again, 0)
    with django_capture_on_commit_callbacks(execute=True):
        edit_member(actor=alice, person=named, changes={"name": "محمد نبی", "birth": "1360"})
    assert DuplicatePair.objects.filter(score__gte=0.6).count() == 1


# Completing --------------------------------------------------------------------------------
def test_a_group_becomes_individuals_with_nothing_typed_twice(
    alice: User, group: Household
) -> None:
    others = list(group.members.filter(pre_registered=True).order_by("position"))
    edit_members(
        actor=alice,
        household=group,
        changes={each.pk: {"name": name} for each, name in zip(others[:-1], NAMES, strict=False)},
    )
    group.refresh_from_db()
    assert group.level == RegistrationLevel.GROUP  # one is left for later
    edit_member(actor=alice, person=others[-1], changes={"name": "Habib", "birth": "1362"})
    group.refresh_from_db()
    assert group.level == RegistrationLevel.INDIVIDUAL
    girl = others[0]
    girl.refresh_from_db()
    assert (girl.sex, girl.birth_precision) == ("F", BirthPrecision.BRACKET)
    assert not group.members.filter(pre_registered=True).exists()


NAMES = ("Gul", "Malika", "Sohrab", "Bibi", "Habib")


def test_a_row_may_be_corrected_before_anybody_has_a_name(alice: User, group: Household) -> None:
    person = group.members.filter(pre_registered=True).first()
    assert person is not None
    edited = edit_member(actor=alice, person=person, changes={"sex": "M", "bracket": "12-17"})
    assert (edited.pre_registered, edited.sex) == (True, "M")
    today = datetime.now(UTC).date()
    assert age_bracket(edited.birth_earliest, edited.birth_latest, today) == "12-17"
    with pytest.raises(InvalidInput):
        edit_member(actor=alice, person=person, changes={"bracket": "0-4", "birth": "3"})


def test_one_problem_keeps_everybody_as_they_were(alice: User, group: Household) -> None:
    first, second = group.members.filter(pre_registered=True)[:2]
    with pytest.raises(InvalidInput) as refused:
        edit_members(
            actor=alice,
            household=group,
            changes={first.pk: {"name": "Gul"}, second.pk: {"name": "Mali", "birth": "spring"}},
        )
    assert problems(refused.value) == {"members.1.birth": "unreadable"}
    assert group.members.filter(pre_registered=True).count() == 5


people = st.lists(
    st.tuples(st.sampled_from(["F", "M"]), st.sampled_from(BRACKETS), st.integers(0, 3)),
    max_size=5,
    unique_by=lambda each: each[:2],
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(counted=people, data=st.data())
def test_completing_never_changes_how_many_are_in_the_count(
    alice: User, operation: Operation, counted: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    home = groups.make_group(alice, *(counted or [("F", "0-4", 0)]))
    at = make.ARRIVED_AT
    before = (home.members.in_count().count(), figures(operation, at))
    waiting = list(home.members.filter(pre_registered=True))
    data.draw(st.randoms()).shuffle(waiting)
    for left, person in enumerate(waiting):
        home.refresh_from_db()
        assert home.level == RegistrationLevel.GROUP
        edit_member(actor=alice, person=person, changes={"name": f"Name {'ab'[left % 2]}"})
        assert home.members.in_count().count() == before[0]
        # Without other births the ages stay as they were counted.
        assert figures(operation, at) == before[1]
    home.refresh_from_db()
    assert home.level == RegistrationLevel.INDIVIDUAL
    Person.objects.filter(household=home).delete()


def test_an_arrival_long_ago_leaves_no_birth_after_it(alice: User, group: Household) -> None:
    child = group.members.filter(pre_registered=True).first()
    assert child is not None
    with pytest.raises(InvalidInput) as refused:
        edit_member(actor=alice, person=child, changes={"name": "Gul", "birth": "2 months"})
    assert problems(refused.value) == {"birth": "after_arrival"}
    edited = edit_member(actor=alice, person=child, changes={"name": "Gul", "birth": "2021"})
    assert edited.birth_latest == make.ARRIVED_AT.date()


def test_a_person_typed_by_a_member_input_is_recorded_the_same_way(
    alice: User, group: Household
) -> None:
    person = group.members.filter(pre_registered=True).first()
    assert person is not None
    direct = make.make_household(alice, [MemberInput(name="Gul", sex="F", birth="2019-01-01")])
    edited = edit_member(actor=alice, person=person, changes={"name": "Gul", "birth": "2019-01-01"})
    other = person_of(direct)
    assert edited.identity.open() == other.identity.open()
    assert keys_of(edited)[0] == keys_of(other)[0] != []


def test_errors_and_events_say_nothing_of_the_person(alice: User, home: Household) -> None:
    with pytest.raises(DomainError) as refused:
        edit_member(
            actor=alice, person=person_of(home), changes={"birth": "whenever Kanarienvogel"}
        )
    text = str(refused.value) + repr(refused.value.problems) + str(refused.value.message)
    assert "Kanarienvogel" not in text


def test_the_time_of_the_change_moves_with_it(alice: User, home: Household) -> None:
    before = (home.updated_at, person_of(home).updated_at)
    with clock.replaying(clock.now() + timedelta(minutes=5)):
        edit_member(actor=alice, person=person_of(home), changes={"name": "Gul"})
    home.refresh_from_db()
    assert home.updated_at > before[0]
    assert person_of(home).updated_at > before[1]
