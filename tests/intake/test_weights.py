"""Weights of features: estimated from decided pairs, by EM, used, and taken back."""

from __future__ import annotations

import io
from collections.abc import Callable
from math import isclose
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from audit.models import Event
from common.errors import InvalidState
from intake.choices import PairStatus
from intake.duplicates import estimating, find_duplicates, weights
from intake.duplicates.estimating import (
    FEATURES,
    apply_estimates,
    estimate_by_mixture,
    estimate_from_decisions,
    forget_estimates,
    smoothed,
)
from intake.duplicates.mixture import Pattern, Table, counted, told_apart
from intake.inputs import MemberInput
from intake.models import DuplicatePair, Household, MatchWeight
from tests.factories import intake as make

NAMES = ("Zarina", "Malika", "Golnaz", "Farida", "Shirin", "Nigora")
FATHERS = ("Davlat", "Rustam", "Sohrab", "Qodir", "Amin", "Nazar")


@pytest.fixture(autouse=True)
def fresh() -> Any:
    """Nothing kept in the process."""
    weights.forget()
    yield
    weights.forget()


@pytest.fixture
def decided(alice: User) -> list[DuplicatePair]:
    """Six women registered twice, the second time all with another day of birth of the year."""
    for name, father in zip(NAMES, FATHERS, strict=True):
        for birth in ("1990-05-04", "1990-11-20"):
            person = MemberInput(name=name, father_name=father, sex="F", birth=birth)
            make.make_household(alice, [person], origin_area="AF1723")
    find_duplicates(Household.objects.values_list("pk", flat=True))
    pairs = list(DuplicatePair.objects.all())
    assert len(pairs) == len(NAMES)
    DuplicatePair.objects.update(
        status=PairStatus.SAME, decided_by=alice, decided_at=make.ARRIVED_AT
    )
    return pairs


def row(estimates: Any, feature: str, level: str) -> Any:
    """One row of the table."""
    (found,) = [e for e in estimates.rows if (e.feature, e.level) == (feature, level)]
    return found


# From decisions -----------------------------------------------------------------------------------
@pytest.mark.django_db
def test_too_few_decisions_are_refused(alice: User) -> None:
    with pytest.raises(InvalidState) as refused:
        estimate_from_decisions()
    assert refused.value.code == "too_few_pairs"
    with pytest.raises(CommandError, match="Only 0 pairs"):
        call_command("estimate_match_weights", "--apply")
    assert not MatchWeight.objects.exists()


@pytest.mark.django_db
def test_what_officers_decided_moves_the_table_and_only_a_little(
    decided: list[DuplicatePair],
) -> None:
    found = estimate_from_decisions(fewest=6)
    birth = row(found, "birth", "near")
    assert (birth.seen_m, birth.old_m) == (6, 0.14)
    assert birth.old_m < birth.m < 0.3, "six pairs do not outweigh the shipped table"
    assert isclose(birth.m, (6 + 50 * 0.14) / 56)
    assert row(found, "birth", "overlap").m < row(found, "birth", "overlap").old_m
    assert row(found, "name", "same").u is None, "that follows from how common the name is"
    assert row(found, "document", "same").u == pytest.approx(1e-7, rel=0.01)
    assert row(found, "origin", "same").u > 0.12, "here everybody comes from one district"
    assert found.source.startswith("estimated from 6 decided pairs on ")
    assert not MatchWeight.objects.exists(), "nothing is used before it is asked for"


@pytest.mark.django_db
def test_estimates_are_used_recorded_and_forgotten(decided: list[DuplicatePair]) -> None:
    before = weights.weights().bits("birth", "near", 0.01)
    found = estimate_from_decisions(fewest=6)
    apply_estimates(found)
    weights.forget()
    kept = MatchWeight.objects.get(feature="birth", level="near")
    assert (kept.m, kept.source) == (row(found, "birth", "near").m, found.source)
    assert kept.estimated_at is not None
    assert weights.weights().bits("birth", "near", 0.01) > before
    event = Event.objects.get(kind="match_weights.changed")
    assert event.data["pairs"] == 6
    apply_estimates(found)  # again: the same rows
    assert MatchWeight.objects.count() == len(weights.first_weights())
    assert forget_estimates() == len(weights.first_weights())
    weights.forget()
    assert weights.weights().bits("birth", "near", 0.01) == before
    assert Event.objects.filter(kind="match_weights.changed").count() == 3


@pytest.mark.django_db
def test_the_command_prints_numbers_and_nobody(decided: list[DuplicatePair]) -> None:
    said = io.StringIO()
    call_command("estimate_match_weights", "--min-pairs", "6", stdout=said)
    text = said.getvalue()
    assert "Nothing is changed" in text
    assert "no key brought together" in text
    assert not any(name in text for name in (*NAMES, *FATHERS, "1990"))
    assert not MatchWeight.objects.exists()
    call_command("estimate_match_weights", "--min-pairs", "6", "--apply", stdout=said)
    assert MatchWeight.objects.exists()
    call_command("estimate_match_weights", "--forget", stdout=said)
    assert not MatchWeight.objects.exists()


@pytest.mark.django_db
def test_merged_people_are_counted_too(decided: list[DuplicatePair], dana: User) -> None:
    """After a decision the later record of a person is out of the count, and out of the search."""
    DuplicatePair.objects.update(status=PairStatus.OPEN, decided_by=None, decided_at=None)
    from intake.duplicates import decide_pair

    for pair in DuplicatePair.objects.all():
        decide_pair(actor=dana, pair=pair, same=True)
    assert row(estimate_from_decisions(fewest=6), "name", "same").seen_m == 6


@pytest.mark.django_db
@pytest.mark.parametrize(
    "values", [{"m": 0.0}, {"m": 1.0}, {"m": 0.5, "u": 0.0}, {"m": 0.5, "u": 1}]
)
def test_a_weight_is_a_probability(values: dict[str, float]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        MatchWeight.objects.create(feature="name", level="same", source="x", **values)


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(1e-7, 0.999), st.floats(1, 1e7))
def test_a_smoothed_share_lies_between_what_was_seen_and_what_was_shipped(
    seen: float, others: float, shipped: float, prior: float
) -> None:
    of = seen + others
    share = smoothed(seen, of, shipped, prior)
    low, high = sorted((seen / of if of else shipped, shipped))
    assert low - 1e-9 <= share <= high + 1e-9
    assert 0 < share < 1


# By EM --------------------------------------------------------------------------------------------
LEVELS = ("same", "alike", "different")


@st.composite
def tables(draw: st.DrawFn, features: int) -> Table:
    """Shares of levels, each above 0."""
    found = []
    for _feature in range(features):
        shares = [draw(st.floats(0.05, 1)) for _level in LEVELS]
        found.append({k: v / sum(shares) for k, v in zip(LEVELS, shares, strict=True)})
    return found


patterns = st.dictionaries(
    st.tuples(*[st.sampled_from([*LEVELS, ""])] * 3), st.integers(1, 500), min_size=1, max_size=30
)


@settings(max_examples=80, deadline=None)
@given(patterns, tables(3), tables(3), st.floats(0.01, 0.9))
def test_the_likelihood_never_falls(
    found: dict[Any, int], m: Table, u: Table, share: float
) -> None:
    mixture = told_apart({key: float(n) for key, n in found.items()}, m, u, share, rounds=40)
    steps = zip(mixture.likelihoods, mixture.likelihoods[1:], strict=False)
    assert all(after >= before - 1e-7 * abs(before) - 1e-9 for before, after in steps)
    assert 0 <= mixture.share <= 1
    for table in (mixture.m, mixture.u):
        assert all(isclose(sum(levels.values()), 1, abs_tol=1e-9) for levels in table)
    total = sum(sum(levels.values()) for levels in (*mixture.counts_m, *mixture.counts_u))
    assert isclose(total, sum(n * sum(map(bool, key)) for key, n in found.items()), rel_tol=1e-9)


def test_two_kinds_are_told_apart() -> None:
    """Of a thousand pairs a tenth agrees nearly always, the others hardly ever."""
    repeats = {("same",) * 3: 80.0, ("same", "same", "different"): 20.0}
    others = {("different",) * 3: 800.0, ("same", "different", "different"): 100.0}
    guess = {"same": 0.6, "alike": 0.1, "different": 0.3}
    chance = {"same": 0.2, "alike": 0.1, "different": 0.7}
    pairs: dict[Pattern, float] = {**repeats, **others}
    found = told_apart(pairs, [guess] * 3, [chance] * 3, 0.3)
    assert isclose(found.share, 0.1, abs_tol=0.02)
    assert found.m[1]["same"] > 0.95
    assert found.u[1]["same"] < 0.02
    assert len(found.likelihoods) > 2


def test_nothing_counted_changes_nothing() -> None:
    guess = [{"same": 0.6, "different": 0.4}]
    found = told_apart(counted([]), guess, guess, 0.3)
    assert (found.share, found.m, found.u) == (0.3, guess, guess)


@pytest.mark.django_db
def test_em_estimates_without_a_decision(decided: list[DuplicatePair]) -> None:
    DuplicatePair.objects.update(status=PairStatus.OPEN, decided_by=None, decided_at=None)
    found = estimate_by_mixture()
    assert "EM" in found.source
    assert row(found, "birth", "near").m > row(found, "birth", "near").old_m
    said = io.StringIO()
    call_command("estimate_match_weights", "--em", stdout=said)
    assert not any(name in said.getvalue() for name in (*NAMES, *FATHERS))


def test_every_feature_of_people_is_in_the_shipped_table() -> None:
    rows = weights.first_weights()
    assert {feature for feature, _level in rows} == {*FEATURES, estimating.ABSENT[0]}
    run: Callable[..., Table] = estimating._guess
    for column in (0, 1):
        guess = run(rows, column)
        assert all(isclose(sum(levels.values()), 1) for levels in guess)
        assert all(0 < share < 1 for levels in guess for share in levels.values())
