"""A generated population with what is true of it, and its persons as the yardsticks read them."""

from __future__ import annotations

import csv
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol

from bench.matching.scores import Pair, pair_of
from intake.births import BirthError, parse_birth
from intake.inputs import HouseholdInput, MemberInput
from intake.keys import document_key, phone_key
from intake.names import romanise, script_of, skeleton

NAMES = ("raw", "romanised")
_START = 4  # letters by which a yardstick finds names whose ends differ


class Generated(Protocol):
    """What `demo.population.generate` yields: a household, and of a repeat what it repeats."""

    @property
    def data(self) -> HouseholdInput:
        """As it is sent, with ids."""

    @property
    def repeats(self) -> uuid.UUID | None:
        """The household that this is, registered again."""

    @property
    def same(self) -> Sequence[tuple[uuid.UUID, uuid.UUID]]:
        """Members here, and who of the original household each is."""

    @property
    def kinds(self) -> Sequence[str]:
        """How the second registration differs from the first."""

    @property
    def person_kinds(self) -> Sequence[Sequence[str]]:
        """The same of each person of `same`."""


@dataclass(frozen=True)
class Asked:
    """Somebody who is looked for by the words of the other registration."""

    person: str  # id in the first registration
    repeat: str  # id in the second, which is no answer to the question
    name: str
    father: str
    across: bool  # the first registration is in another script


@dataclass
class Truth:
    """What is true, household by household as they come.

    `asked` holds everybody who stands in two registrations and has a name in both. `called`
    counts how many persons have a name alone, and with a father's name, by their skeletons.
    """

    households: list[uuid.UUID] = field(default_factory=list)
    pairs: set[Pair] = field(default_factory=set)
    kinds: dict[str, set[Pair]] = field(default_factory=lambda: defaultdict(set))
    script: dict[str, str] = field(default_factory=dict)
    home: dict[str, str] = field(default_factory=dict)
    same: set[Pair] = field(default_factory=set)
    person_kinds: dict[str, set[Pair]] = field(default_factory=lambda: defaultdict(set))
    asked: list[Asked] = field(default_factory=list)
    called: Counter[str] = field(default_factory=Counter)
    _names: dict[str, str] = field(default_factory=dict)

    def add(self, found: Generated) -> None:
        """Note a household."""
        data = found.data
        household = str(data.id)
        self.households.append(data.id or uuid.UUID(int=0))
        self.script[household] = script_of("".join(member.name for member in data.members))
        for member in data.members:
            self.home[str(member.id)] = household
            self._names[str(member.id)] = member.name
            for name in names_of(member.name, member.father_name):
                self.called[name] += 1
        if found.repeats is None:
            return
        pair = pair_of(found.repeats, data.id)
        self.pairs.add(pair)
        for kind in found.kinds:
            self.kinds[kind].add(pair)
        for (here, there), kinds in zip(found.same, found.person_kinds, strict=True):
            persons = pair_of(here, there)
            self.same.add(persons)
            for kind in kinds:
                self.person_kinds[kind].add(persons)
        self._ask(data, {str(here): str(there) for here, there in found.same})

    def _ask(self, data: HouseholdInput, same: dict[str, str]) -> None:
        for member in data.members:
            there = same.get(str(member.id), "")
            if not (member.name and self._names.get(there)):
                continue
            scripts = (script_of(member.name), script_of(self._names[there]))
            self.asked.append(
                Asked(
                    there,
                    str(member.id),
                    member.name,
                    member.father_name,
                    across=scripts[0] != scripts[1],
                )
            )

    def across(self, pairs: Iterable[Pair]) -> set[Pair]:
        """Those of the pairs whose two households are written in different scripts."""
        return {pair for pair in pairs if self.script[pair[0]] != self.script[pair[1]]}


def names_of(name: str, father: str) -> tuple[str, str]:
    """A name as it is counted: alone, and with the father's name."""
    own = skeleton(name)
    return own, f"{own} {skeleton(father)}"


def noted(source: Iterable[Generated], truth: Truth, folder: Path) -> Iterator[HouseholdInput]:
    """The households to register; on the way they are noted and written for the yardsticks.

    With names as written in `folder/raw`, and romanised in `folder/romanised`.
    """
    with ExitStack() as stack:
        writers = {}
        for names in NAMES:
            (folder / names).mkdir(parents=True, exist_ok=True)
            path = folder / names / "records.csv"
            file = stack.enter_context(path.open("w", newline="", encoding="utf-8"))
            writers[names] = csv.DictWriter(file, COLUMNS)
            writers[names].writeheader()
        for found in source:
            truth.add(found)
            for names, writer in writers.items():
                writer.writerows(records(found.data, romanised=names == "romanised"))
            yield found.data
    for names in NAMES:
        with (folder / names / "truth.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(sorted(truth.pairs))


COLUMNS = (
    "id", "household", "name", "father", "name_start", "father_start", "sex", "birth",
    "birth_year", "document", "phone", "origin",
)  # fmt: skip


def records(household: HouseholdInput, *, romanised: bool) -> Iterator[dict[str, str]]:
    """The members as rows for a yardstick, with empty text for what nobody stated.

    A birth that is a range becomes the day in its middle; a person without a phone has the
    household's. Documents and phones are brought to one form in both.
    """
    on = household.arrived_at.date()
    household_phone = next(iter(household.phones), "")
    for member in household.members:
        name, father = member.name.strip(), member.father_name.strip()
        if romanised:
            name, father = romanise(name), romanise(father)
        born = middle(member, on)
        yield {
            "id": str(member.id),
            "household": str(household.id),
            "name": name,
            "father": father,
            "name_start": name[:_START],
            "father_start": father[:_START],
            "sex": member.sex if member.sex in ("F", "M") else "",
            "birth": born,
            "birth_year": born[:4],
            "document": document_key(next((each.number for each in member.documents), "")),
            "phone": phone_key(next(iter(member.phones), household_phone)),
            "origin": household.origin_area,
        }


def middle(member: MemberInput, on: date) -> str:
    """The day in the middle of the range that was said, as ISO text; empty for none."""
    if not member.birth.strip():
        return ""
    try:
        birth = parse_birth(member.birth, said_on=on)
    except BirthError:
        return ""
    return (birth.earliest + (birth.latest - birth.earliest) / 2).isoformat()
