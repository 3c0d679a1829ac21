"""Keys made anew with another secret or other rules: everybody is found at every moment."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings

from accounts.models import User
from common import clock
from common.errors import Conflict
from common.ids import new_id
from intake import frequencies, keys, searching
from intake.duplicates import candidates_for, find_duplicates
from intake.duplicates.asking_first import known_already
from intake.inputs import DocumentInput, HouseholdInput, MemberInput
from intake.models import (
    Household,
    IdentityIndex,
    KeyCount,
    KeyRebuild,
    Person,
    TracingKey,
    TracingMatch,
)
from intake.names import skeleton
from intake.services import rebuilding, register_household
from intake.services.members import edit_member
from intake.services.rebuilding import count_keys, rebuild_some
from intake.services.tracing import file_tracing_request, search_new_registrations
from intake.tasks import rebuild_keys
from tests.factories import intake as make
from tests.factories.family import (
    asking_household,
    first,
    found_household,
    make_request,
    sought_brother,
)
from tests.intake.test_known import AGAIN, FAMILY, members, typed

pytestmark = pytest.mark.django_db

OLD, NEW = b"o" * 32, b"n" * 32
ONLY_OLD, BOTH, ONLY_NEW = {"k0": OLD}, {"k1": NEW, "k0": OLD}, {"k1": NEW}
PEOPLE = ("Zarina", "محمد نبی", "Ҷамшед", "Golnaz", "Rustam", "Шукрона")


WOMAN = MemberInput(name="", father_name="Davlat", sex="F", birth="1990-05-04")


def document(number: int) -> DocumentInput:
    """Of the woman with this number."""
    return DocumentInput(type="tazkira", number=f"77-0{number}")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One household a transaction, and nothing kept in the process."""
    monkeypatch.setattr(rebuilding, "_CHUNK", 1)
    frequencies.forget()
    yield
    frequencies.forget()


@pytest.fixture
def homes(alice: User) -> list[Household]:
    """Six households under the old secret, each with a document and a phone."""
    with override_settings(LOOKUP_KEYS=ONLY_OLD):
        rebuild_some(seconds=60)
        return [
            make.make_household(
                alice,
                [replace(WOMAN, name=name, documents=[document(number)])],
                phones=[f"+99290000000{number}"],
            )
            for number, name in enumerate(PEOPLE)
        ]


def chunks(count: int) -> KeyRebuild:
    """So many steps of the rebuild."""
    rebuild = rebuild_some(seconds=0)
    for _step in range(count):
        rebuild = rebuilding._rebuild_chunk(rebuild.pk)
    return rebuild


def found(text: str, user: User) -> set[uuid.UUID]:
    """The households that a search finds."""
    return {hit.person.household_id for hit in searching.search_people(user=user, text=text).hits}


def everybody_is_found(homes: list[Household], user: User) -> None:
    """By name, document and phone, and as a possible duplicate before it is saved."""
    for number, (name, home) in enumerate(zip(PEOPLE, homes, strict=True)):
        for text in (name, f"77-0{number}", f"+992 90 000 000{number}"):
            assert home.pk in found(text, user), text
        again = replace(WOMAN, name=name, documents=[document(number)])
        data = HouseholdInput(entry_point="", arrived_at=make.ARRIVED_AT, members=[again])
        (candidate, *_rest) = known_already(actor=user, data=data)
        assert candidate.household == home
        assert {"code": "documents", "count": 1} in candidate.reasons


def test_everybody_is_found_at_every_step_and_after_the_old_secret_is_gone(
    homes: list[Household], alice: User
) -> None:
    with override_settings(LOOKUP_KEYS=BOTH):
        rebuild = chunks(0)
        made = []
        while rebuild.finished_at is None:
            rebuild = rebuilding._rebuild_chunk(rebuild.pk)
            made.append(IdentityIndex.objects.filter(made_with="1:k1").count())
            if len(made) in (1, 3, 6):
                everybody_is_found(homes, alice)
        assert made[:6] == [1, 2, 3, 4, 5, 6], "one household a step"
        assert (rebuild.done, rebuild.total) == (6, 6)
        everybody_is_found(homes, alice)
    with override_settings(LOOKUP_KEYS=ONLY_NEW):
        everybody_is_found(homes, alice)


def test_without_the_rebuild_nobody_would_be_found(homes: list[Household], alice: User) -> None:
    with override_settings(LOOKUP_KEYS=ONLY_NEW):
        assert found("Zarina", alice) == set()
        assert known_already(actor=alice, data=typed({"name": "Zarina", "sex": "F"})) == []


def test_pairs_are_found_across_both_secrets(alice: User) -> None:
    """One record is made anew and the other not yet, in either order; documents agree too."""
    held: list[dict[str, Any]] = [{**each} for each in FAMILY]
    held[0]["documents"] = [DocumentInput(type="tazkira", number="1234-5678")]
    with override_settings(LOOKUP_KEYS=ONLY_OLD):
        old = make.make_household(alice, members(*held), phones=["+992900000001"])
    with override_settings(LOOKUP_KEYS=BOTH):
        new = make.make_household(alice, members(*held), phones=["+992900000001"])
        for one, other in ((old, new), (new, old)):
            (candidate,) = candidates_for(one, user=alice)
            assert candidate.household == other
            codes = {each["code"] for each in candidate.reasons}
            assert {"documents", "phones"} <= codes
        assert len(find_duplicates([old.pk])) == 1


def test_new_and_changed_households_get_new_keys_meanwhile(
    homes: list[Household], alice: User
) -> None:
    with override_settings(LOOKUP_KEYS=BOTH):
        chunks(2)
        make.make_household(alice, members(*AGAIN))
        last = homes[-1].members.get()
        edit_member(actor=alice, person=last, changes={"name": "Mehrangez"})
        made = dict(IdentityIndex.objects.values_list("person__household_id", "made_with"))
        assert made[homes[-1].pk] == "1:k1"
        assert made[homes[3].pk] == "1:k0"
        assert rebuild_some(seconds=60).finished_at is not None
    with override_settings(LOOKUP_KEYS=ONLY_NEW):
        assert found("Mehrangez", alice) == {homes[-1].pk}
        assert not IdentityIndex.objects.exclude(made_with="1:k1").exists()


def test_an_id_that_sorts_behind_the_cursor_is_done_at_the_end(
    homes: list[Household], alice: User
) -> None:
    """A device of an older server wrote old keys under an id of its own, behind the cursor."""
    with override_settings(LOOKUP_KEYS=BOTH):
        chunks(4)
        with override_settings(LOOKUP_KEYS=ONLY_OLD):
            early = uuid.UUID("00000000-0000-7000-8000-000000000001")
            behind = make.make_household(alice, members(*AGAIN), id=early)
        assert rebuild_some(seconds=60).finished_at is not None
        made = behind.members.values_list("index__made_with", flat=True)
        assert set(made) == {"1:k1"}


def test_workers_by_turns_and_a_stop_lose_and_repeat_nothing(homes: list[Household]) -> None:
    with override_settings(LOOKUP_KEYS=BOTH):
        first = chunks(2)
        again = chunks(2)  # another worker, after the first was stopped
        assert (again.pk, again.done, again.finished_at) == (first.pk, 4, None)
        assert rebuild_keys() is True
        assert rebuild_keys() is True
        done = KeyRebuild.objects.get(made_with="1:k1")
        assert done.done == 6
        assert KeyRebuild.objects.count() == 2, "that of the old secret, and this one"


def test_a_secret_that_comes_back_is_made_anew_again(homes: list[Household], alice: User) -> None:
    with override_settings(LOOKUP_KEYS=BOTH):
        rebuild_some(seconds=60)
    with override_settings(LOOKUP_KEYS={"k0": OLD, "k1": NEW}):
        rebuild = rebuild_some(seconds=60)
        assert (rebuild.made_with, rebuild.done) == ("1:k0", 6)
    with override_settings(LOOKUP_KEYS=ONLY_OLD):
        everybody_is_found(homes, alice)


def test_other_rules_make_all_keys_anew(
    homes: list[Household], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(LOOKUP_KEYS=ONLY_OLD):
        monkeypatch.setattr(keys, "RULES", keys.RULES + 1)
        assert rebuild_some(seconds=60).done == 6
        assert set(IdentityIndex.objects.values_list("made_with", flat=True)) == {
            f"{keys.RULES}:k0"
        }
        everybody_is_found(homes, alice)


def test_a_device_s_repeat_is_known_under_the_old_secret(alice: User) -> None:
    make.make_entry_point()
    data = make.household_input(members(*FAMILY), id=new_id())
    with override_settings(LOOKUP_KEYS=ONLY_OLD):
        made = register_household(actor=alice, data=data)
    with override_settings(LOOKUP_KEYS=BOTH):
        rebuild_some(seconds=60)
        again = register_household(actor=alice, data=data)
        assert (again.created, again.household) == (False, made.household)
        with pytest.raises(Conflict):
            register_household(actor=alice, data=replace(data, declared_size=9))
    assert Household.objects.count() == 1


@pytest.mark.parametrize("moment", ["half", "after"])
def test_who_is_looked_for_is_found_when_they_come(
    alice: User, dana: User, homes: list[Household], moment: str
) -> None:
    with override_settings(LOOKUP_KEYS=ONLY_OLD):
        request = file_tracing_request(
            actor=alice, asker=first(asking_household(alice)), sought=sought_brother()
        )
        before = set(TracingKey.objects.values_list("digest", flat=True))
    with override_settings(LOOKUP_KEYS=BOTH):
        chunks(2 if moment == "half" else 60)
    with override_settings(LOOKUP_KEYS=BOTH if moment == "half" else ONLY_NEW):
        brother = found_household(alice)
        assert search_new_registrations() == 1
        assert TracingMatch.objects.get(request=request).person == first(brother)
    assert before < set(TracingKey.objects.values_list("digest", flat=True))


def test_who_came_before_the_new_secret_is_found_by_a_new_request(
    alice: User, homes: list[Household]
) -> None:
    with override_settings(LOOKUP_KEYS=ONLY_OLD):
        brother = found_household(alice)
    with override_settings(LOOKUP_KEYS=BOTH):
        chunks(2)
        request = file_tracing_request(
            actor=alice, asker=first(asking_household(alice)), sought=sought_brother()
        )
        assert TracingMatch.objects.get(request=request).person == first(brother)


def test_who_had_no_keys_after_an_upgrade_is_compared_with_requests_at_the_end(
    alice: User,
) -> None:
    """The scheduler compared before the keys were there, and noted that it had."""
    request = make_request(alice, first(asking_household(alice)))
    brother = found_household(alice)
    IdentityIndex.objects.all().delete()
    TracingKey.objects.all().delete()
    assert search_new_registrations() == 0
    Person.objects.update(updated_at=clock.now() - timedelta(days=1))
    rebuild_some(seconds=60)
    search_new_registrations()
    assert TracingMatch.objects.get(request=request).person == first(brother)


def test_names_are_counted_anew_at_the_end(homes: list[Household]) -> None:
    with override_settings(LOOKUP_KEYS=ONLY_OLD):
        count_keys()
        frequencies.forget()
        common = frequencies.frequencies().share(keys.FATHER, skeleton("Davlat"))
        rare = frequencies.frequencies().share(keys.FATHER, "zzz")
        assert common > rare
    with override_settings(LOOKUP_KEYS=BOTH):
        assert frequencies.frequencies().share(keys.FATHER, skeleton("Davlat")) == common
        rebuild_some(seconds=60)
        frequencies.forget()
        assert frequencies.frequencies().share(keys.FATHER, skeleton("Davlat")) == common
    assert KeyCount.objects.count() >= 2


def test_the_command_says_how_far_it_is(homes: list[Household]) -> None:
    said = io.StringIO()
    with override_settings(LOOKUP_KEYS=BOTH):
        call_command("rebuild_keys", stdout=said)
    assert "6 households" in said.getvalue()
    assert "k1" in said.getvalue()
    assert not any(name in said.getvalue() for name in PEOPLE)


def test_nobody_at_all_is_soon_done() -> None:
    assert rebuild_some(seconds=60).finished_at is not None
    assert Person.objects.count() == 0
