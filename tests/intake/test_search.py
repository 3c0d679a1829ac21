"""People are found as somebody types, from any spelling, best first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from audit.models import AccessRecord
from intake.duplicates import surviving
from intake.models import Household
from intake.references import CROCKFORD, InvalidTokenError, normalise_token
from intake.searching import MOST_OPENED, SearchFilters, search_people
from tests.factories.intake import ARRIVED_AT, make_household, member
from tests.factories.search import found_names, make_person

pytestmark = pytest.mark.django_db


def codes(found: object) -> list[list[str]]:
    return [[reason["code"] for reason in hit.reasons] for hit in found.hits]  # type: ignore[attr-defined]


@pytest.fixture
def people(alice: User) -> None:
    """Eight people with fathers, phones and documents."""
    make_person(alice, "Zahra", father_name="Ghulam Sakhi", phones=("+992 93 000 0007",))
    make_person(alice, "محمد نبی", father_name="عبدالله", sex="M", birth="1360")
    make_person(alice, "Муҳаммадкарим", father_name="Сафар", sex="M", birth="1999")
    make_person(alice, "Hashim", father_name="Zahir", sex="M", birth="about 40")
    make_person(alice, "Gul Bahar", documents=[])
    make_person(alice, "لاله", father_name="نظر محمد")
    make_person(alice, "Салоҳиддин", father_name="Нуруллоҳ", sex="M")
    make_person(alice, "Shahrbanu", father_name="Mohammad Nabi")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("zah", "Zahra"),
        ("зах", "Zahra"),
        ("زهرا", "Zahra"),
        ("ZAHRAH", "Zahra"),
        ("has", "Hashim"),
        ("hash", "Hashim"),
        ("ҳош", "Hashim"),
        ("nab", "محمد نبی"),
        ("наб", "محمد نبی"),
        ("Haji Mohd Nabi", "محمد نبی"),
        ("nabi mohammad", "محمد نبی"),
        ("nabi abdull", "محمد نبی"),
        ("Абдулло Наби", "محمد نبی"),
        ("kar moh", "Муҳаммадкарим"),
        ("محمدكر", "Муҳаммадкарим"),
        ("mohammadka", "Муҳаммадкарим"),
        ("gulb", "Gul Bahar"),
        ("bah", "Gul Bahar"),
        ("lal", "لاله"),
        ("salahud", "Салоҳиддин"),
        ("nurulla sal", "Салоҳиддин"),
        ("sha", "Shahrbanu"),
        ("شهرب", "Shahrbanu"),
        ("930000007", "Zahra"),
        ("۰۹۳۰۰۰۰۰۰۷", "Zahra"),
        ("+992930000007", "Zahra"),
        ("zahra 93 000 0007", "Zahra"),
    ],
)
def test_found_from_any_spelling(people: None, alice: User, text: str, first: str) -> None:
    found = search_people(user=alice, text=text)
    assert found_names(found)[:1] == [first]
    assert found.hits[0].reasons


def test_whole_names_come_before_beginnings_and_own_before_the_fathers(alice: User) -> None:
    for name, father in (
        ("Nabizada", ""),
        ("Rustam", "Nabizada"),
        ("Rustam", "Nabi"),
        ("Nabi", ""),
    ):
        make_person(alice, name, father_name=father, sex="M")
    found = search_people(user=alice, text="nabi")
    assert codes(found) == [["exact"], ["father"], ["begins"], ["father"]]
    scores = [hit.score for hit in found.hits]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4


def test_who_came_last_is_first_of_equals(alice: User) -> None:
    made = [
        make_person(alice, "Zahra", household={"arrived_at": ARRIVED_AT + timedelta(hours=hours)})
        for hours in (1, 3, 2)
    ]
    found = search_people(user=alice, text="zahra")
    assert [hit.person.household for hit in found.hits] == [made[1], made[2], made[0]]


def test_three_letters_are_needed(people: None, alice: User) -> None:
    for text in ("", "za", "-- z a --", "\0\0\0"):
        found = search_people(user=alice, text=text)
        assert found.too_short
        assert found.hits == []
    assert not search_people(user=alice, text="zah").too_short


def test_nobody_is_shown_without_a_reason(people: None, alice: User) -> None:
    assert search_people(user=alice, text="Wxqtprk").hits == []
    assert search_people(user=alice, text="zahra wxqtprk").hits == []
    assert all(hit.reasons for hit in search_people(user=alice, text="zar").hits)


def test_a_reference_read_aloud_finds_the_family(alice: User) -> None:
    household = make_household(alice)
    spoken = household.reference.lower().replace("-", " ").replace("0", "o")
    found = search_people(user=alice, text=spoken)
    assert {hit.person.household_id for hit in found.hits} == {household.pk}
    assert len(found.hits) == 5
    assert codes(found)[0] == ["reference"]
    token = household.token.lower().replace("-", "").replace("0", "o")
    assert codes(search_people(user=alice, text=token)) == [["token"]] * 5


def test_a_mistyped_reference_is_told_apart_from_a_name(alice: User) -> None:
    reference = make_household(alice).reference
    wrong = reference[:-1] + ("A" if reference[-1] != "A" else "B")
    found = search_people(user=alice, text=wrong)
    assert found.mistyped
    assert found.hits == []


def test_a_name_that_could_be_a_token_is_still_a_name(alice: User) -> None:
    name = "Zahra Abdrahmanza"  # sixteen letters of which a token could be made
    token = next(
        text
        for text in (f"{name}{last}" for last in CROCKFORD[10:])
        if "U" not in text.upper() and _is_token(text)
    )
    make_person(alice, token)
    assert found_names(search_people(user=alice, text=token)) == [token]


def _is_token(text: str) -> bool:
    try:
        normalise_token(text)
    except InvalidTokenError:
        return False
    return True


def test_a_document_with_and_without_dashes(alice: User) -> None:
    from intake.inputs import DocumentInput

    make_person(alice, "Zahra", documents=[DocumentInput(type="tazkira", number="1234-567-89")])
    for text in ("123456789", "1234 567 89", "۱۲۳۴-۵۶۷-۸۹"):
        found = search_people(user=alice, text=text)
        assert codes(found) == [["document"]], text


def test_filters_narrow(people: None, alice: User) -> None:
    def names(**fields: object) -> set[str]:
        filters = SearchFilters(**fields)  # type: ignore[arg-type]
        return set(found_names(search_people(user=alice, text="zah", filters=filters)))

    assert names() == {"Zahra", "Hashim"}
    assert names(sex="M") == {"Hashim"}
    assert names(entry_point="TEM") == {"Zahra", "Hashim"}
    assert names(entry_point="XXX") == set()
    assert names(site="XXX") == set()
    assert names(arrived_from=ARRIVED_AT) == {"Zahra", "Hashim"}
    assert names(arrived_before=ARRIVED_AT) == set()
    assert names(age_from=60) == set()
    assert names(age_to=5) == set()
    assert names(age_from=20, age_to=70) == {"Zahra", "Hashim"}


def test_more_than_fit_are_said_and_the_rest_is_not_opened(alice: User) -> None:
    make_household(alice, [member("Zahra", birth="1990") for _each in range(30)])
    found = search_people(user=alice, text="zahra", limit=20)
    assert len(found.hits) == 20
    assert found.more
    assert MOST_OPENED == 300
    assert not search_people(user=alice, text="zahra", limit=30).more


def test_each_search_is_recorded_without_its_text(people: None, alice: User) -> None:
    found = search_people(user=alice, text="zahra")
    record = AccessRecord.objects.get(user=alice, action="search")
    assert record.count == len(found.hits) == 2
    assert "zahra" not in str(vars(record)).lower()


def test_a_merged_reference_leads_to_who_answers_for_it(alice: User, dana: User) -> None:
    from intake.duplicates import decide_pair, find_duplicates

    survivor, repeat = make_household(alice), make_household(alice)
    (pair,) = find_duplicates([repeat.pk])
    decide_pair(actor=dana, pair=pair, same=True)
    repeat = Household.objects.get(pk=repeat.pk if surviving(survivor) == survivor else survivor.pk)
    repeat.refresh_from_db()
    merged = repeat if repeat.merged_into_id else survivor
    found = search_people(user=alice, text=merged.reference)
    assert {hit.person.household_id for hit in found.hits} == {merged.merged_into_id}


def test_a_common_part_tells_apart_who_fit_equally_well(alice: User) -> None:
    for father in ("Ghulam", "Rustam"):
        make_person(alice, "Zahra", father_name=father)
    found = search_people(user=alice, text="zahra ghulam")
    assert [hit.identity.father_name for hit in found.hits] == ["Ghulam", "Rustam"]
