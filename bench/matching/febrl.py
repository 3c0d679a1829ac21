"""FEBRL 1 to 3: Australian records with slips of the hand, each a household of one.

What becomes of their fields: given name and surname are the name, the date of birth is the birth,
`soc_sec_id` is the number of a document (in a run of its own: it alone nearly solves the task).
Left out: street number, addresses, suburb, postcode and state, for which Panah has no field (its
origins are a code list of another country). There is no father's name, sex, phone or family, which
carry most of the weight at a border. A date that does not exist becomes its year, as a registrar
would write it. A record with neither given name nor surname cannot be registered: its pairs count
as missed.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from bench.matching import beside, ours
from bench.matching.scores import Pair, Quality, best, pair_of, quality, right_in_top
from bench.registry import Row, World, bench
from bench.world import ENTRY_POINTS
from common import clock
from intake.choices import Sex
from intake.inputs import DocumentInput, HouseholdInput, MemberInput

# Long enough ago that nobody of the data, born from 1900 on, is older than the service accepts.
AGO = timedelta(days=3650)
NAMESPACE = uuid.UUID("0f7b1c52-6a54-5a0e-9a52-5d2a1f0f0b1e")
TOOLS = {
    "recordlinkage (guide)": "recordlinkage-guide",
    "recordlinkage (ECM)": "recordlinkage",
    "Splink": "splink",
}
# With and without the document, and how the yardsticks do with an address as well.
PLANS = {"febrl": "name and birth", "febrl-document": "… and document"}
ALL = ("febrl-all", "… and address, which we do not ask for")


def household_id(record: str) -> uuid.UUID:
    """The id under which a record is registered; the same in every run."""
    return uuid.uuid5(NAMESPACE, record)


def birth_of(text: str) -> str:
    """`19560409` as a registrar writes it; the year alone of a date that does not exist."""
    if len(text) != 8 or not text.isdigit():
        return ""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        return text[:4] if "1900" <= text[:4] < "2000" else ""


def household_of(
    record: dict[str, str], arrived_at: datetime, *, document: bool
) -> HouseholdInput | None:
    """A record as a household of one, or None for one without any name."""
    name = " ".join(filter(None, (record["given_name"].strip(), record["surname"].strip())))
    if not name:
        return None
    number = record["soc_sec_id"].strip() if document else ""
    member = MemberInput(
        name=name,
        sex=Sex.UNKNOWN,
        birth=birth_of(record["date_of_birth"].strip()),
        documents=[DocumentInput(type="other", number=number)] if number else [],
    )
    return HouseholdInput(
        id=household_id(record["id"]),
        entry_point=ENTRY_POINTS[0],
        arrived_at=arrived_at,
        members=[member],
    )


def households(
    records: Sequence[dict[str, str]], arrived_at: datetime, *, document: bool
) -> Iterator[HouseholdInput]:
    """All that can be registered."""
    for record in records:
        if (found := household_of(record, arrived_at, document=document)) is not None:
            yield found


@bench("febrl")
def febrl(world: World) -> list[Row]:
    """Each data set with each set of fields, by us and by both yardsticks."""
    rows = []
    with tempfile.TemporaryDirectory() as place:
        beside.export_febrl(Path(place))
        for number in (1, 2, 3):
            folder = Path(place) / f"febrl{number}"
            for plan, words in PLANS.items():
                what = f"FEBRL {number}, {words}"
                rows += [_ours(folder, what, document=plan == "febrl-document")]
                rows += [_yardstick(folder, plan, tool, what) for tool in TOOLS]
            what = f"FEBRL {number}, {ALL[1]}"
            rows += [_yardstick(folder, ALL[0], tool, what) for tool in TOOLS]
    ours.emptied()
    return rows


def _ours(folder: Path, what: str, *, document: bool) -> Row:
    records, truth = beside.read_records(folder), beside.read_truth(folder)
    ids = {str(household_id(record["id"])): record["id"] for record in records}
    ours.emptied()
    ours.registered(households(records, clock.now() - AGO, document=document))
    known = [uuid.UUID(key) for key in sorted(ids)]

    def named(pair: Pair) -> Pair:
        return pair_of(ids[pair[0]], ids[pair[1]])

    found = {named(pair): score for pair, score in ours.queue(known).items()}
    looked_at = {named(pair) for pair in ours.candidates(known)}
    return row_of(
        f"{what}: Panah",
        quality(found, truth),
        best(found, truth),
        quality(looked_at, truth),
        right_in_top(found, truth, len(truth)),
    )


def _yardstick(folder: Path, plan: str, tool: str, what: str) -> Row:
    truth = beside.read_truth(folder)
    linked = beside.run(TOOLS[tool], plan, folder)
    return row_of(
        f"{what}: {tool}",
        quality(linked.offered, truth),
        best(linked.scored, truth),
        Quality(linked.candidates, linked.true, len(truth)),
        right_in_top(linked.scored, truth, len(truth)),
    )


def row_of(what: str, own: Quality, hindsight: Quality, candidates: Quality, top: float) -> Row:
    """Offered at the tool's own threshold, at the best one, and what was compared at all."""
    return Row(
        what,
        f"offered: {own.words}; right are {top:.3f} of the first {own.true:,};"
        f" candidates: recall {candidates.recall:.3f} with {candidates.found:,} pairs",
        f"at the best threshold: {hindsight.words}",
    )
