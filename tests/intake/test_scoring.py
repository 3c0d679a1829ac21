"""What two households having in common says: bits for and against, and what counts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.ids import new_id
from intake.duplicates.people import Member, Rates, pair_of
from intake.duplicates.scoring import OFFERED_FROM, compare, prior, probability
from intake.duplicates.weights import Weights, first_weights
from intake.frequencies import Frequencies
from intake.keys import FATHER, NAME, digest_of
from intake.names import skeleton


def rates(persons: int = 100_000, **bearers: int) -> Rates:
    """The shipped weights, and a count of so many people with the names as said."""
    counts = {digest_of(kind, skeleton(name)): n for name, n in bearers.items() for kind in KINDS}
    return Rates(Weights(first_weights()), Frequencies(persons, persons // 20_000, counts))


KINDS = (NAME, FATHER)


def somebody(name: str = "Rustam", **more: Any) -> Member:
    """A man of whom name, father and year are known."""
    known: dict[str, Any] = {
        "father": "Farhad",
        "sex": "M",
        "earliest": date(1980, 3, 21),
        "latest": date(1981, 3, 20),
        "seen": date(2021, 7, 5),
    }
    return Member(new_id(), name, **{**known, **more})


def bits(a: Member, b: Member, known: Rates | None = None) -> float:
    return pair_of(a, b, known or rates()).bits


# One person -----------------------------------------------------------------------------------
def test_a_common_name_says_less_than_a_rare_one() -> None:
    rare, common = rates(), rates(Rustam=5_000)
    assert bits(somebody(), somebody(), rare) > bits(somebody(), somebody(), common) + 5


def test_a_common_fathers_name_says_less_than_a_rare_one() -> None:
    assert bits(somebody(), somebody()) > bits(somebody(), somebody(), rates(Farhad=5_000)) + 5


def test_a_day_says_more_than_a_year_and_a_year_more_than_an_estimate() -> None:
    def born(earliest: date, latest: date) -> float:
        return bits(
            somebody(earliest=earliest, latest=latest), somebody(earliest=earliest, latest=latest)
        )

    day = born(date(1980, 5, 17), date(1980, 5, 17))
    year = born(date(1980, 1, 1), date(1980, 12, 31))
    estimate = born(date(1975, 1, 1), date(1985, 12, 31))
    assert day > year + 5
    assert year > estimate + 2


def test_the_first_of_january_says_no_more_than_a_year() -> None:
    first = somebody(earliest=date(1980, 1, 1), latest=date(1980, 1, 1))
    year = somebody(earliest=date(1980, 1, 1), latest=date(1980, 12, 31))
    assert bits(first, replace(first, id=new_id())) == pytest.approx(bits(year, year), abs=0.1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "Рустам"}, "same"),
        ({"name": "رستم"}, "same"),
        ({"name": "Nargis"}, "different"),
    ],
)
def test_a_name_is_weighed_in_any_script(change: dict[str, Any], says: str) -> None:
    assert pair_of(somebody(), somebody(**change), rates()).name == says


@pytest.mark.parametrize(
    "change",
    [
        {"sex": "F"},
        {"father": "Karim"},
        {"earliest": date(2001, 1, 1), "latest": date(2001, 12, 31)},
        {"name": "Rustem Ali"},
    ],
)
def test_each_difference_speaks_against(change: dict[str, Any]) -> None:
    assert bits(somebody(), somebody(**change)) < bits(somebody(), somebody())


@pytest.mark.parametrize("what", ["father", "earliest", "sex"])
def test_what_nobody_said_speaks_neither_way(what: str) -> None:
    unsaid: dict[str, Any] = {"father": "", "earliest": None, "sex": "unknown"}
    same, said = somebody(), somebody(**{what: unsaid[what]})
    opposite: dict[str, Any] = {"father": "Karim", "earliest": date(1999, 1, 1), "sex": "F"}
    apart = somebody(**{what: opposite[what], "latest": date(1999, 12, 31)})
    assert bits(same, apart) < bits(same, said) < bits(same, same)


# Households -----------------------------------------------------------------------------------
def family(*names: str) -> list[Member]:
    """Children of one father, two years apart."""
    return [
        somebody(name, earliest=date(1990 + 2 * n, 3, 21), latest=date(1991 + 2 * n, 3, 20))
        for n, name in enumerate(names)
    ]


NAMES = ("Rustam", "Suhrob", "Homayun", "Zafar", "Khurshed")


def test_co_members_who_match_are_the_strongest_sign() -> None:
    found = [
        compare(family(*NAMES[:count]), family(*NAMES[:count]), rates()).bits
        for count in range(1, 6)
    ]
    assert found == sorted(found)
    assert found[4] > found[0] + 30


def test_the_name_of_the_father_counts_once_in_a_family() -> None:
    same, known = family(*NAMES[:3]), rates()
    once = compare(same, family(*NAMES[:3]), known).bits
    fathers = [
        replace(each, father=f"{name}uddin") for each, name in zip(same, NAMES, strict=False)
    ]
    apart = compare(fathers, [replace(each, id=new_id()) for each in fathers], known).bits
    assert apart > once + 10


def test_a_member_without_a_counterpart_speaks_against() -> None:
    whole = compare(family(*NAMES[:3]), family(*NAMES[:3]), rates())
    strangers = [*family(*NAMES[:2]), somebody("Abdulhakim", earliest=date(1950, 1, 1))]
    assert compare(family(*NAMES[:3]), strangers, rates()).bits < whole.bits


def test_one_namesake_is_no_repeat_among_a_million_and_may_be_one_among_a_thousand() -> None:
    one, other = [somebody()], [somebody(father="")]
    assert compare(one, other, rates(1_000_000)).score < OFFERED_FROM
    assert prior(rates(1_000_000)) < prior(rates(1_000)) - 9


def test_a_phone_alone_is_no_repeat() -> None:
    phone = frozenset({7})
    one, other = somebody("Zafar", phones=phone), somebody("Homayun", phones=phone)
    assert compare([one], [other], rates()).score < OFFERED_FROM


def test_one_document_under_two_names_is_shown_to_an_officer() -> None:
    paper = frozenset({7})
    one, other = somebody("Zafar", documents=paper), somebody("Homayun", documents=paper)
    found = compare([one], [other], rates())
    assert found.score >= OFFERED_FROM
    assert {"code": "documents", "count": 1} in found.reasons


def test_common_names_are_said_to_be_common() -> None:
    found = compare([somebody()], [somebody()], rates(Rustam=5_000))
    assert {"code": "common"} in found.reasons
    assert {"code": "common"} not in compare([somebody()], [somebody()], rates()).reasons


def test_who_shares_a_key_decides_whether_the_others_are_compared() -> None:
    a, b = family(*NAMES[:3]), family(*NAMES[:3])
    whole = compare(a, b, rates())
    assert compare(a, b, rates(), {(a[0].id, b[0].id)}) == whole
    stranger = [somebody("Nargis", sex="F"), *b]
    assert compare(a, stranger, rates(), {(a[0].id, stranger[0].id)}).matches == []


@settings(max_examples=200, deadline=None)
@given(st.floats(-200, 200), st.floats(-200, 200))
def test_more_bits_are_never_less_likely(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert 0 <= probability(less) <= probability(more) <= 1


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(4)), st.permutations(range(4)))
def test_the_order_of_members_means_nothing(one: list[int], other: list[int]) -> None:
    a, b = family(*NAMES[:4]), family(*NAMES[:4])
    found = compare([a[n] for n in one], [b[n] for n in other], rates())
    assert found.bits == pytest.approx(compare(a, b, rates()).bits)
    assert set(found.matches) == {(a[n].id, b[n].id) for n in range(4)}
