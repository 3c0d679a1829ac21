"""Generated populations: the same each time, true to what they say, and of invented people."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest

from demo.population import CHUNK, ENTRY_POINTS, Generated, chunks, generate, generate_chunk
from demo.population import errors as mistakes
from demo.population.errors import HOUSEHOLD_KINDS, PERSON_KINDS, RATES
from demo.population.hands import CYRILLIC, SCRIPTS, Hand
from demo.population.households import PHONE_RANGES, UNTIL, family_of
from demo.population.lexicon import ARABIC, LATIN, MEN, ROOTS, RUSSIAN, TAJIK, WOMEN
from demo.population.names import ABDUL, PAIR, SINGLE, UDDIN, ULLAH, URRAHMAN, Name, draw, shortened
from demo.population.plan import dice_of, plan
from intake.births import parse_birth

SEED = 11


@pytest.fixture(scope="module")
def people() -> list[Generated]:
    """Thirty thousand persons, half of all households twice, so that each error is seen."""
    return list(generate(30_000, SEED, 0.5))


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    first = list(generate(3_000, SEED))
    assert first == list(generate(3_000, SEED))
    others = list(generate(3_000, SEED + 1))
    assert not {each.id for each in first} & {each.id for each in others}
    assert first[0].data.members[0].name != others[0].data.members[0].name


def test_chunks_make_the_same_people_in_any_order() -> None:
    whole = list(generate(2 * CHUNK + 100, SEED))
    parts = {
        chunk: list(generate_chunk(chunk, size, SEED))
        for chunk, size in reversed(chunks(2 * CHUNK + 100))
    }
    assert whole == parts[0] + parts[1] + parts[2]


@pytest.mark.parametrize("persons", [1, 2, 7, 100, CHUNK, CHUNK + 1, 12_345])
def test_exactly_as_many_persons_as_were_asked_for(persons: int) -> None:
    ids = [member.id for each in generate(persons, 3, 0.2) for member in each.data.members]
    assert len(ids) == len(set(ids)) == persons


def test_it_streams_and_keeps_nothing() -> None:
    assert isinstance(generate(10**9, SEED), Iterator)
    assert len(list(islice(generate(10**9, SEED), 5))) == 5

    def peak(persons: int) -> int:
        tracemalloc.reset_peak()
        for _ in generate(persons, SEED):
            pass
        return tracemalloc.get_traced_memory()[1]

    peak(CHUNK)
    tracemalloc.start()
    try:
        one, many = peak(CHUNK), peak(4 * CHUNK)
    finally:
        tracemalloc.stop()
    assert many < 1.5 * one


def test_a_household_is_like_those_of_the_founding_case() -> None:
    first = list(generate(30_000, SEED, 0))
    sizes = Counter(len(each.data.members) for each in first)
    assert set(sizes) == set(range(1, 13))
    assert 5.1 < 30_000 / len(first) < 5.5
    men = sum(
        member.sex == "M"
        and parse_birth(member.birth, said_on=each.data.arrived_at.date()).latest.year < 2008
        for each in first
        for member in each.data.members
    )
    assert men / 30_000 < 0.2  # most are women, children and elderly


def test_brothers_and_sisters_share_the_name_of_their_father() -> None:
    for place in plan(SEED, 0, 2_000, 0):
        family = family_of(SEED, place)
        children = [each for each in family.members if each.relationship == "child"]
        assert {each.father for each in children} <= {family.base.man}
        assert {each.grandfather for each in children} <= {family.base.father}
        assert len({each.name for each in children}) == len(children)


def test_the_truth_points_to_what_came_before(people: list[Generated]) -> None:
    seen: dict[object, Generated] = {}
    repeated: set[object] = set()
    for each in people:
        seen[each.id] = each
        if each.repeats is None:
            assert (each.same, each.kinds, each.person_kinds) == ((), (), ())
            continue
        original = seen[each.repeats]  # it came before
        assert original.repeats is None
        assert each.repeats not in repeated
        repeated.add(each.repeats)
        assert each.data.arrived_at > original.data.arrived_at
        mine = {member.id for member in each.data.members}
        theirs = {member.id for member in original.data.members}
        assert {new for new, _old in each.same} <= mine
        assert {old for _new, old in each.same} <= theirs
        assert len({old for _new, old in each.same}) == len(each.same) == len(each.person_kinds)
        assert 2 * len(each.same) >= len(theirs)
        assert (len(mine) > len(each.same)) == ("members_added" in each.kinds)
        assert (len(theirs) > len(each.same)) == ("members_missing" in each.kinds)
        assert set(each.kinds) <= {*HOUSEHOLD_KINDS, *PERSON_KINDS}


def test_who_is_the_same_is_alike_but_for_the_errors_that_are_told(
    people: list[Generated],
) -> None:
    members = {member.id: member for each in people for member in each.data.members}
    for each in people:
        for (new, old), wrong in zip(each.same, each.person_kinds, strict=True):
            again, first = members[new], members[old]
            assert (again.sex != first.sex) == ("sex" in wrong)
            if not {"document_missing", "document_mistyped"} & set(wrong):
                assert again.documents == first.documents
            elif "document_mistyped" in wrong:
                (one,), (other,) = again.documents, first.documents
                assert one.number != other.number
            named = {"slip", "title", "spelling", "part_dropped", "part_joined"}
            if not named & set(wrong) and "script" not in each.kinds:
                assert again.name == first.name


def test_every_error_happens_at_about_its_rate(people: list[Generated]) -> None:
    repeats = [each for each in people if each.repeats is not None]
    persons = [wrong for each in repeats for wrong in each.person_kinds]
    of_households = Counter(kind for each in repeats for kind in each.kinds)
    of_persons = Counter(kind for wrong in persons for kind in wrong)
    assert set(of_households) >= set(HOUSEHOLD_KINDS)
    assert set(of_persons) == set(PERSON_KINDS)

    def near(count: int, of: int, rate: float) -> bool:
        return abs(count / of - rate) < 5 * (rate * (1 - rate) / of) ** 0.5

    assert of_households["later"] == len(repeats)
    for kind in ("script", "entry_point"):
        assert near(of_households[kind], len(repeats), RATES[kind])
    originals = {each.id: each for each in people}
    papers = sum(
        bool(member.documents)
        for each in repeats
        for member in originals[each.repeats].data.members  # type: ignore[index]
        if member.id in {old for _new, old in each.same}
    )
    assert near(of_persons["document_missing"], papers, RATES["document_missing"])
    assert near(of_persons["sex"], len(persons), RATES["sex"])
    assert near(of_persons["birth_missing"], len(persons), RATES["birth_missing"])


def test_other_scripts_are_written_in_other_letters(people: list[Generated]) -> None:
    def letters(text: str) -> str:
        first = next(each for each in text if each.isalpha())
        return ARABIC if first >= "\u0600" else CYRILLIC if first >= "\u0400" else LATIN

    names = {m.id: m.name for each in people for m in each.data.members}
    found: Counter[tuple[str, str]] = Counter()
    for each in people:
        for new, old in each.same:
            differ = letters(names[new]) != letters(names[old])
            assert differ == ("script" in each.kinds)
            found[letters(names[old]), letters(names[new])] += 1
    assert len(found) == 9  # each of the three beside each


def test_look_alikes_are_told_and_are_others(people: list[Generated]) -> None:
    by_id = {each.id: each for each in people}
    kinds: Counter[str] = Counter()
    for each in people:
        for kind, other in each.alike:
            kinds[kind] += 1
            assert other != each.id
            assert by_id[other].repeats is None
            if kind == "shared_phone":
                assert each.data.phones == by_id[other].data.phones
    assert set(kinds) == {"brother", "cousin", "namesake", "shared_phone"}


def test_no_phone_or_document_can_be_a_real_one(people: list[Generated]) -> None:
    for each in people:
        for phone in each.data.phones:
            assert phone.startswith((*PHONE_RANGES, "00"))
        for member in each.data.members:
            for document in member.documents:
                assert document.number.startswith(("000-", "0000-", "XX"))


def test_names_come_from_the_lexicon_alone() -> None:
    assert len(MEN) >= 250
    assert len(WOMEN) >= 200
    for root in ROOTS:
        assert set(root.spellings) == {ARABIC, TAJIK, RUSSIAN, LATIN}
        assert all(each[0] >= "\u0600" for each in root.spellings[ARABIC])
        for script in (TAJIK, RUSSIAN):
            for spelling in root.spellings[script]:
                assert all("\u0400" <= each <= "\u04ff" for each in spelling), spelling
        assert all(each.isascii() for each in root.spellings[LATIN])


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_a_hand_writes_a_name_in_one_way_and_hands_differ(script: str) -> None:
    dice = dice_of(SEED, 0, 1, 0)
    names = [draw(dice, sex, "dari") for sex in "MF" for _ in range(200)]
    hand, other = (Hand(dice_of(SEED, 0, number, 0), script) for number in (2, 3))
    written = [hand.write(name) for name in names]
    assert written == [hand.write(name) for name in names]
    assert written != [other.write(name) for name in names]
    assert not any("{" in each for each in written)


@pytest.mark.parametrize("script", sorted(SCRIPTS))
@pytest.mark.parametrize("form", [PAIR, ABDUL, ULLAH, UDDIN, URRAHMAN])
def test_parts_can_stand_apart_or_together(script: str, form: str) -> None:
    name = Name(form, 3, 5 if form == PAIR else -1)
    signs = " -\u200c"
    for number in range(30):
        hand = Hand(dice_of(SEED, 0, number, 0), script)
        usual, other = hand.write(name), hand.write(name, otherwise_joined=True)
        assert usual != other
        assert any(each in usual for each in signs) != any(each in other for each in signs) or (
            sum(map(usual.count, signs)) != sum(map(other.count, signs))
        )
        assert shortened(name, hand.dice).form == SINGLE


@pytest.mark.parametrize(
    ("script", "text"), [(ARABIC, "عبدالکریم"), (LATIN, "Nabi"), (TAJIK, "Қудратулло")]
)
def test_a_slip_changes_one_letter(script: str, text: str) -> None:
    dice = dice_of(SEED, 0, 5, 0)
    found = {mistakes.slip(dice, text, script) for _ in range(300)}
    assert len(found) > 8
    assert {len(each) - len(text) for each in found} <= {-1, 0, 1}
    assert mistakes.slip(dice, "Al", LATIN) == "Al"


def test_infants_are_told_in_months_and_all_births_can_be_read(people: list[Generated]) -> None:
    precisions: Counter[str] = Counter()
    january = days = 0
    for each in people:
        on = each.data.arrived_at.date()
        for member in each.data.members:
            if member.birth:
                birth = parse_birth(member.birth, said_on=on)
                precisions[birth.precision] += 1
                if birth.precision == "day" and birth.calendar == "gregorian":
                    days += 1
                    january += (birth.earliest.month, birth.earliest.day) == (1, 1)
    assert set(precisions) == {"day", "year", "age", "age_months", "age_estimate"}
    assert 0.4 < january / days < 0.8  # the birthday of a generation


def test_all_come_before_the_end_and_at_the_crossings_given() -> None:
    for each in generate(2_000, SEED, 0.3, entry_points=("A", "B")):
        assert each.data.entry_point in {"A", "B"}
        assert each.data.arrived_at <= UNTIL
    assert {each.data.entry_point for each in generate(2_000, SEED)} == set(ENTRY_POINTS)
