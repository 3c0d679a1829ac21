"""What is measured of matching: the figures themselves, and how data comes to both sides."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.matching import beside, febrl
from bench.matching.finding import rank
from bench.matching.matching import by_kind, linked_rows
from bench.matching.population import Truth, noted
from bench.matching.scores import (
    Pair,
    Quality,
    best,
    grouped,
    pair_of,
    pairs_within,
    quality,
    right_in_top,
)
from bench.matching.yardsticks.files import read_truth, write_pairs, write_summary
from bench.matching.yardsticks.plans import PLANS
from intake.inputs import DocumentInput, HouseholdInput, MemberInput

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
SCORES = st.dictionaries(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("fghij")), st.sampled_from((0.1, 0.5, 0.9))
)
TRUTH = st.sets(st.tuples(st.sampled_from("abcde"), st.sampled_from("fghij")))


def test_precision_and_recall_are_shares_of_what_was_found_and_of_what_is_true() -> None:
    """Two of three found are true, two of four true ones were found."""
    found = quality(
        {("a", "b"), ("c", "d"), ("e", "f")}, {("a", "b"), ("c", "d"), ("g", "h"), ("i", "j")}
    )
    assert (found.precision, found.recall) == (pytest.approx(2 / 3), 0.5)
    assert found.f1 == pytest.approx(4 / 7)


def test_nothing_found_has_no_precision() -> None:
    """A line with precision 1.000 would flatter whoever finds nothing."""
    assert Quality(0, 0, 7).words == "precision –, recall 0.000, F1 0.000"


def test_a_threshold_takes_all_pairs_of_a_score_or_none() -> None:
    """A tie cannot be cut in favour of the true one."""
    scored = {("a", "b"): 0.9, ("a", "c"): 0.9, ("a", "d"): 0.4}
    assert best(scored, {("a", "b")}) == Quality(2, 1, 1)


@given(SCORES, TRUTH)
def test_the_best_threshold_is_the_best(scored: dict[Pair, float], truth: set[Pair]) -> None:
    """No other score gives a higher F1."""
    chosen = best(scored, truth)
    for score in scored.values():
        offered = {pair for pair, each in scored.items() if each >= score}
        assert quality(offered, truth).f1 <= chosen.f1


@given(SCORES, TRUTH, st.integers(1, 30))
def test_the_top_is_the_expectation_of_every_order_of_ties(
    scored: dict[Pair, float], truth: set[Pair], count: int
) -> None:
    """It lies between the kindest and the unkindest order; an empty place holds no true pair."""
    kind = sorted(scored, key=lambda pair: (-scored[pair], pair not in truth))[:count]
    unkind = sorted(scored, key=lambda pair: (-scored[pair], pair in truth))[:count]
    found = count * right_in_top(scored, truth, count)
    assert quality(unkind, truth).right <= found + 1e-9
    assert found <= quality(kind, truth).right + 1e-9
    if count >= len(scored):
        assert found == pytest.approx(quality(scored, truth).right)


def test_everybody_registered_three_times_is_three_pairs() -> None:
    """All pairs within a group, the smaller id first."""
    assert pairs_within([["c", "a", "b"], ["d"]]) == {("a", "b"), ("a", "c"), ("b", "c")}


def test_members_evidence_adds_up_and_nobody_counts_twice() -> None:
    """Two members who match are twice the evidence; a second match of one of them is none."""
    home = {"a1": "A", "a2": "A", "b1": "B", "b2": "B", "c1": "C"}
    scored = {
        ("a1", "b1"): 4.0,
        ("a2", "b2"): 3.0,
        ("a1", "b2"): 3.5,
        ("a1", "a2"): 9.0,
        ("a1", "c1"): -2.0,
    }
    assert grouped(scored, home) == {("A", "B"): 7.0, ("A", "C"): -2.0}


def test_the_other_registration_is_no_answer() -> None:
    """It is found as well, and must neither count as a find nor push the answer down."""
    assert rank("x", "again", ["again", "y", "x"]) == 2
    assert rank("x", "again", ["again", "y"]) == 0


@pytest.mark.parametrize(
    ("told", "written"),
    [
        ("19560409", "1956-04-09"),
        ("19561309", "1956"),
        ("19560231", "1956"),
        ("39560231", ""),
        ("", ""),
        ("1956", ""),
    ],
)
def test_a_date_that_does_not_exist_becomes_its_year(told: str, written: str) -> None:
    """As a registrar would write it."""
    assert febrl.birth_of(told) == written


def _record(**values: str) -> dict[str, str]:
    empty = dict.fromkeys(("given_name", "surname", "date_of_birth", "soc_sec_id"), "")
    return empty | {"id": "rec-1-org"} | values


def test_a_febrl_record_becomes_a_household_of_one() -> None:
    """With the document only in the run that is to have it."""
    record = _record(given_name="anna", surname="lund", soc_sec_id="1234567")
    found = febrl.household_of(record, NOON, document=True)
    assert found is not None
    (member,) = found.members
    assert (member.name, member.father_name, member.sex) == ("anna lund", "", "unknown")
    assert member.documents == [DocumentInput(type="other", number="1234567")]
    without = febrl.household_of(record, NOON, document=False)
    assert without is not None
    assert without.members[0].documents == []
    assert without.id == found.id == febrl.household_id("rec-1-org")


def test_a_febrl_record_without_a_name_cannot_be_registered() -> None:
    """Its pairs stay in the truth and are missed."""
    assert febrl.household_of(_record(surname=" "), NOON, document=True) is None


@dataclass(frozen=True)
class Made:
    """A generated household, as far as the bench reads it."""

    data: HouseholdInput
    repeats: uuid.UUID | None = None
    same: Sequence[tuple[uuid.UUID, uuid.UUID]] = ()
    kinds: Sequence[str] = ()
    person_kinds: Sequence[Sequence[str]] = ()


def _household(*members: MemberInput) -> HouseholdInput:
    return HouseholdInput(
        id=uuid.uuid4(),
        entry_point="TEM",
        arrived_at=NOON,
        members=members,
        phones=["+93 0 1234 5678"],
        origin_area="AF1723",
    )


@pytest.fixture
def twice() -> list[Made]:
    """A man and a child who come again, written in another script; the child has no name there."""
    first = _household(
        MemberInput(id=uuid.uuid4(), name="محمد نبی", father_name="Karim", sex="M", birth="1360"),
        MemberInput(id=uuid.uuid4(), name="Zarina", sex="F"),
    )
    again = _household(
        MemberInput(id=uuid.uuid4(), name="Муҳаммаднабӣ", father_name="Карим", sex="M"),
        MemberInput(id=uuid.uuid4(), name="", sex="F"),
    )
    same = [
        (there.id, here.id)
        for there, here in zip(again.members, first.members, strict=True)
        if there.id and here.id
    ]
    return [Made(first), Made(again, first.id, same, ("script", "spelling"), (("spelling",), ()))]


def test_what_is_true_is_noted_while_it_streams(twice: list[Made], tmp_path: Path) -> None:
    """Pairs, kinds, and whom one can ask for by the other registration's words."""
    truth = Truth()
    assert list(noted(twice, truth, tmp_path)) == [each.data for each in twice]
    pair = pair_of(twice[0].data.id, twice[1].data.id)
    assert truth.pairs == truth.across({pair}) == {pair}
    assert dict(truth.kinds) == {"script": {pair}, "spelling": {pair}}
    assert len(truth.same) == 2
    assert [len(pairs) for pairs in truth.person_kinds.values()] == [1]
    (asked,) = truth.asked
    assert asked.person == str(twice[0].data.members[0].id)
    assert asked.repeat == str(twice[1].data.members[0].id)
    assert (asked.name, asked.father, asked.across) == ("Муҳаммаднабӣ", "Карим", True)


def test_the_yardsticks_read_the_same_people(twice: list[Made], tmp_path: Path) -> None:
    """Raw as written, and romanised; births as the middle of their range; pairs as the truth."""
    truth = Truth()
    list(noted(twice, truth, tmp_path))
    raw = beside.read_records(tmp_path / "raw")
    latin = beside.read_records(tmp_path / "romanised")
    assert [row["name"] for row in raw[:2]] == ["محمد نبی", "Zarina"]
    assert latin[0]["name"].isascii()
    assert latin[2]["name"].startswith("m")
    assert latin[0]["birth_year"] == "1981"
    assert latin[0]["phone"] == latin[3]["phone"] == "012345678"
    assert {row["household"] for row in latin} == set(truth.home.values())
    assert beside.read_truth(tmp_path / "raw") == read_truth(tmp_path / "raw") == truth.pairs


def test_what_was_found_comes_back_with_its_own_threshold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More likely than not is offered; the rest is only scored."""
    write_pairs(tmp_path, [("b", "a", 0.9, 3.2), ("c", "d", 0.5, 0.0)])
    write_summary(tmp_path, candidates=5, true=1, seconds=0.1)
    monkeypatch.setattr(beside, "_call", lambda *arguments: None)
    linked = beside.run("splink", "febrl", tmp_path)
    assert linked.scored == {("a", "b"): 3.2, ("c", "d"): 0.0}
    assert linked.offered == {("a", "b")}
    assert (linked.candidates, linked.true) == (5, 1)


def test_rows_say_what_the_issue_asks_for(twice: list[Made], tmp_path: Path) -> None:
    """Offered, the top of the list, and the same across scripts with the figure to reach."""
    truth = Truth()
    list(noted(twice, truth, tmp_path))
    scored = dict.fromkeys(truth.pairs, 0.9)
    whole, across = linked_rows("population of 4: Panah", truth, scored, set(scored), None)
    assert "precision 1.000, recall 1.000" in whole.figure
    assert "right are 1.000 of the first 1" in whole.figure
    assert across.target == "recall 0.95, precision 0.90"


def test_the_worst_kind_comes_first() -> None:
    """Recall of the pairs of each kind, with how many there are."""
    kinds = {"slip": {("a", "b")}, "title": {("a", "b"), ("c", "d")}}
    assert by_kind(kinds, {("a", "b")}) == "title 0.500 of 2, slip 1.000 of 1"


def test_every_field_of_a_plan_is_there(tmp_path: Path, twice: list[Made]) -> None:
    """A yardstick without a field would be compared unfairly, or fail after an hour."""
    list(noted(twice, Truth(), tmp_path))
    with (tmp_path / "raw" / "records.csv").open(encoding="utf-8") as file:
        columns = set(next(csv.reader(file)))
    plan = PLANS["population"]
    needed = {*plan.fields, plan.apart}
    for fields in (*plan.blocks, *plan.deterministic, *plan.trained_on):
        needed |= set(fields)
    assert needed <= columns
