"""Every beginning of three letters or more of a name in its own script finds the name."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.population.lexicon import MEN, WOMEN
from intake.keys import Subject, person_values
from intake.models.persons import IdentityData
from intake.names import normalise, typed_words
from intake.ranking import Asked, describe, rank
from intake.search_terms import MOST_WORDS, Step, steps

GROUPS = [
    row["spellings"].split("|")
    for row in csv.DictReader(
        (Path(__file__).parent / "data" / "names.csv").read_text(encoding="utf-8").splitlines()
    )
]
NAMES = sorted(
    {name for group in GROUPS for name in group}
    | {name for root in (*MEN, *WOMEN) for names in root.spellings.values() for name in names}
)


def kept(name: str) -> set[str]:
    return {value for _kind, value in person_values(Subject(IdentityData(name=name))).words}


def holds(step: Step, words: set[str]) -> bool:
    """What the database does with the hashes of the words."""
    return all(
        any(all(any(word in words for word in group) for group in way) for way in term)
        for term in step
    )


def begun(name: str, letters: int) -> list[str]:
    """The beginnings of the telling words of a name, of at least so many letters."""
    return [word[:size] for word in typed_words(name) for size in range(letters, len(word) + 1)]


def test_every_beginning_of_every_known_spelling_finds_it() -> None:
    assert len(NAMES) > 4000
    lost = [
        (name, text)
        for name in NAMES
        for text in begun(name, 3)
        if not any(holds(step, kept(name)) for step in steps(text))
    ]
    assert lost == []


def test_whoever_is_found_by_a_beginning_is_shown_with_a_reason() -> None:
    lost = [
        (name, text)
        for name in NAMES
        for text in begun(name, 3)
        if not describe(rank(Asked.of(text), IdentityData(name=name))[1])
    ]
    assert lost == []


def test_the_beginning_of_one_spelling_finds_the_other_spellings() -> None:
    """Four letters in another spelling or script: nineteen of twenty."""
    tried = [
        (text, other)
        for group in GROUPS
        for name in group
        for text in (normalise(name)[:4].strip(),)
        for other in group
        if len(text.replace(" ", "")) > 3 and " " not in text
    ]
    found = [
        (text, other) for text, other in tried if any(holds(s, kept(other)) for s in steps(text))
    ]
    assert len(found) / len(tried) > 0.95


LETTERS = "abdefghijklmnoprstuyz", "абдезиклмнорстуфҳҷшғ", "ابدرزسشعفقکگلمنوهیخ"


@given(
    st.sampled_from(LETTERS).flatmap(lambda script: st.text(script, min_size=3, max_size=10)),
    st.data(),
)
def test_invented_names_are_found_by_their_beginnings(name: str, data: st.DataObject) -> None:
    size = data.draw(st.integers(3, len(name)))
    text = normalise(name)[:size]
    if text not in begun(name, 3) or not kept(name):
        return
    assert any(holds(step, kept(name)) for step in steps(text)), (name, text)


@given(st.text(max_size=80))
def test_any_text_at_all_can_be_searched_for(text: str) -> None:
    made = steps(text)
    assert len(made) in (0, 3)
    assert all(0 < len(step) <= MOST_WORDS for step in made)
    score, _reasons = rank(Asked.of(text), IdentityData(name="Zahra", father_name="محمد نبی"))
    assert 0 <= score <= 1


@pytest.mark.parametrize("text", ["haji nabi", "Nabi Haji", "ustad nabi", "حاجی نبی"])
def test_titles_say_nothing(text: str) -> None:
    assert [word for word in typed_words(text) if word not in ("nabi", "نبی")] == []
