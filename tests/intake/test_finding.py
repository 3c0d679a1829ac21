"""Which households are looked at, by what they have in common, and by whom."""

from __future__ import annotations

from datetime import date
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from common import clock
from intake import frequencies
from intake.choices import ScreeningOutcomeKind
from intake.duplicates import candidates_for, decide_pair, find_duplicates
from intake.duplicates.finding import REGISTERED, _rarest, candidate_pairs
from intake.keys import BORN, HOME, OWN_BORN, PAIR, Subject, household_values, person_values
from intake.models import DuplicatePair, Household, Identity, IdentityIndex
from intake.models.persons import IdentityData
from intake.services import record_exit, separate_person
from intake.services.batches import look_for_duplicates
from intake.services.rebuilding import count_keys
from tests.factories import intake as make
from tests.factories.duplicates import (
    AGAIN,
    STRANGERS,
    UNCLE,
    family,
    named,
    registered_twice,
)

pytestmark = pytest.mark.django_db


def blocks(name: str, father: str = "", **more: Any) -> set[tuple[str, str]]:
    return person_values(Subject(IdentityData(name=name, father_name=father), **more)).blocks


def born(first: str, last: str = "") -> dict[str, Any]:
    return {"born": (date.fromisoformat(first), date.fromisoformat(last or first))}


# Keys -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "father"),
    [
        ("محمد نبی", "غلام سخی"),
        ("Mohammad Nabi", "Ghulam Sakhi"),
        ("Муҳаммаднабӣ", "Ғуломсахӣ"),
        ("Nabi", "Sakhi"),
        ("Haji Mohammad Nabi", "Gholam-Sakhi"),
    ],
)
def test_own_and_fathers_name_meet_in_any_script_and_without_common_parts(
    name: str, father: str
) -> None:
    known = {value for kind, value in blocks("Mohammad Nabi", "Ghulam Sakhi") if kind == PAIR}
    assert known & {value for kind, value in blocks(name, father) if kind == PAIR}


@pytest.mark.parametrize("year", [1979, 1980, 1981])
def test_a_year_off_shares_a_band(year: int) -> None:
    here = {v for k, v in blocks("Rustam", **born("1980-05-04")) if k == OWN_BORN}
    there = {v for k, v in blocks("Rustam", **born(f"{year}-05-04")) if k == OWN_BORN}
    assert here & there


def test_an_estimate_of_ten_years_has_no_band_and_the_first_of_january_no_day() -> None:
    kinds = {kind for kind, _value in blocks("Rustam", **born("1975-01-01", "1985-12-31"))}
    assert OWN_BORN not in kinds
    assert BORN not in {kind for kind, _value in blocks("Rustam", **born("1980-01-01"))}
    assert BORN in {kind for kind, _value in blocks("Rustam", **born("1980-01-02"))}


def test_two_members_are_a_key_of_their_household_in_any_order() -> None:
    def home(*names: str) -> set[tuple[str, str]]:
        found = household_values([Subject(IdentityData(name=name)) for name in names])
        return {value for each in found for value in each.blocks if value[0] == HOME}

    assert home("Zarina", "Rustam", "Lola") == home("Лола", "زرینه", "رستم")
    assert home("Zarina", "Rustam", "Lola") & home("Zarina", "Lola", "Rustam", "Farhad")


# Who sees what --------------------------------------------------------------------------------
def registered(actor: User, entry_point: str) -> Household:
    """The same family at an entry point."""
    members = [
        make.member("Rustam", father_name="Farhad", birth="1360", relationship="head"),
        make.member("Zarina", father_name="Karim", birth="1364", sex="F", relationship="spouse"),
    ]
    return make.make_household(actor, members, entry_point=entry_point)


def test_a_repeat_elsewhere_is_neither_told_nor_opened_to_who_may_not_read_it(
    alice: User, bob: User
) -> None:
    there = registered(alice, "ISHKOSHIM")
    home = registered(alice, "TEM")
    with patch.object(Identity, "opened", wraps=Identity.opened) as opened:
        assert candidates_for(home, user=bob) == []
    assert not opened.called
    assert [each.household for each in candidates_for(home, user=alice)] == [there]


def test_it_takes_as_many_statements_with_a_hidden_repeat_as_without(
    alice: User, bob: User
) -> None:
    home = registered(alice, "TEM")
    stranger = make.make_household(alice, [make.member("Nobody")], entry_point="ISHKOSHIM")
    assert stranger.pk
    candidates_for(home, user=bob)  # reads how common names are, and what bob may do, once
    with CaptureQueriesContext(connection) as without:
        candidates_for(home, user=bob)
    registered(alice, "ISHKOSHIM")
    with CaptureQueriesContext(connection) as beside:
        candidates_for(home, user=bob)
    assert [each["sql"].split()[:4] for each in beside] == [
        each["sql"].split()[:4] for each in without
    ]


def test_a_worker_compares_with_everybody_afterwards(alice: User, bob: User) -> None:
    there = registered(alice, "ISHKOSHIM")
    home = registered(bob, "TEM")
    assert candidates_for(home, user=bob, offer=True) == []
    assert not DuplicatePair.objects.exists()
    look_for_duplicates(Event.objects.filter(kind=REGISTERED).latest("recorded_at"))
    pair = DuplicatePair.objects.get()
    assert {pair.first_id, pair.second_id} == {there.pk, home.pk}


def test_who_was_separated_is_compared_with_nobody(alice: User, dana: User) -> None:
    one = make.make_household(alice, [make.member("Rustam", father_name="Farhad", birth="1360")])
    man = one.members.get()
    record = {"authority": "border service"}
    separate_person(
        actor=dana,
        person=man,
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=man.arrived_at,
        record=record,
    )
    two = make.make_household(alice, [make.member("Rustam", father_name="Farhad", birth="1360")])
    assert candidate_pairs([one.pk, two.pk]) == set()


@pytest.mark.parametrize("several", [False, True])
def test_a_household_that_was_merged_is_offered_no_more(
    alice: User, dana: User, settings: Any, several: bool
) -> None:
    """Somebody who left before the merge, and is in the closed record only."""
    if several:
        settings.LOOKUP_KEYS = {"k1": b"n" * 32, **settings.LOOKUP_KEYS}
    pair = registered_twice(alice, [*AGAIN, UNCLE])
    repeat = pair.second
    uncle = named(repeat, 3)
    record_exit(actor=alice, person=uncle, reason="voluntary_return", occurred_at=clock.now())
    decide_pair(actor=dana, pair=pair, same=True)
    family(alice, [UNCLE, *STRANGERS], days=2)
    assert named(repeat, 3).household_id == repeat.pk
    assert candidate_pairs([repeat.pk]) == set()


def test_nobody_is_a_candidate_of_their_own(alice: User) -> None:
    home = registered(alice, "TEM")
    assert find_duplicates([home.pk]) == []


def test_keys_that_very_many_have_are_not_followed(alice: User, monkeypatch: Any) -> None:
    homes = [make.make_household(alice, [make.member("Rustam", birth="1360")]) for _ in range(4)]
    assert candidate_pairs([homes[0].pk])
    monkeypatch.setattr("intake.duplicates.finding.MOST_SHARING", 3)
    count_keys()
    frequencies.forget()
    assert candidate_pairs([homes[0].pk]) == set()


def test_a_very_large_household_follows_every_key_that_is_rare() -> None:
    rare, common = set(range(400)), {1000 + n: 100 + n for n in range(5)}
    followed = _rarest([*rare, *common], common)
    assert rare <= set(followed)
    assert set(followed) - rare == {1000, 1001}


def test_the_row_of_keys_holds_numbers_only(alice: User) -> None:
    registered(alice, "TEM")
    for row in IdentityIndex.objects.all():
        assert row.words
        assert row.blocks
        assert all(isinstance(each, int) for each in (*row.words, *row.blocks))
