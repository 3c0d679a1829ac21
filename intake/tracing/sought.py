"""Who is looked for, as a relative told it, and what may be written down of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from common.errors import FieldProblem
from intake.births import BirthError, parse_birth
from intake.choices import KIN, Relationship, Sex
from intake.keys import FATHER, NAME, PAIR, PART, Subject, every_digest, person_values
from intake.lookups import codes
from intake.models import TracingKey, TracingRequest
from intake.models.persons import IdentityData
from intake.names import is_blank
from intake.services.checking import LONGEST_NAME, LONGEST_NOTE, invalid

MOST_NAMES = 5
_KINDS = frozenset(code for code, _label in KIN)


@dataclass(frozen=True, kw_only=True)
class Sought:
    """Who is looked for. Personal data: kept sealed only.

    `birth` and `last_seen_when` are the words that were said; `relation` is what the one looked
    for is to the one who asks; `last_seen_area` is a P-code. `earliest` and `latest` (ISO days)
    are read from `birth` when the request is filed.
    """

    name: str
    relation: str = Relationship.UNKNOWN
    father_name: str = ""
    also_known_as: Sequence[str] = ()
    sex: str = Sex.UNKNOWN
    birth: str = ""
    last_seen_area: str = ""
    last_seen_when: str = ""
    notes: str = ""
    earliest: str = ""
    latest: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is sealed."""
        return {**asdict(self), "also_known_as": list(self.also_known_as)}

    @classmethod
    def of(cls, request: TracingRequest) -> Sought:
        """Opened. Whoever shows it records the access."""
        return cls(**request.sealed)

    @property
    def names(self) -> list[str]:
        """All names by which the person is known."""
        return [self.name, *self.also_known_as]

    @property
    def born(self) -> tuple[date, date] | None:
        """First and last possible day of birth; None when nobody could say."""
        if not self.earliest:
            return None
        return date.fromisoformat(self.earliest), date.fromisoformat(self.latest)


def check_sought(sought: Sought, *, said_on: date) -> Sought:
    """What may be written down, its birth read; InvalidInput with every problem by field."""
    problems: list[FieldProblem] = []
    if is_blank(sought.name):
        problems.append(FieldProblem("name", "required", _("Write the name; one name is enough.")))
    for field, longest in (
        ("name", LONGEST_NAME),
        ("father_name", LONGEST_NAME),
        ("last_seen_when", LONGEST_NAME),
        ("notes", LONGEST_NOTE),
    ):
        if len(getattr(sought, field)) > longest:
            detail = _("Write at most %(count)d letters.") % {"count": longest}
            problems.append(FieldProblem(field, "too_long", detail))
    if len(sought.also_known_as) > MOST_NAMES or any(
        len(name) > LONGEST_NAME for name in sought.also_known_as
    ):
        problems.append(
            FieldProblem("also_known_as", "too_long", _("Write at most five other names."))
        )
    for field, value, allowed in (
        ("sex", sought.sex, Sex.values),
        ("relation", sought.relation, _KINDS),
        ("last_seen_area", sought.last_seen_area or None, codes().areas),
    ):
        if value is not None and value not in allowed:
            problems.append(
                FieldProblem(
                    field, "unknown_code", _("This value is not known: choose one from the list.")
                )
            )
    checked = _with_birth(sought, said_on, problems)
    if problems:
        raise invalid(problems)
    return checked


def _with_birth(sought: Sought, said_on: date, problems: list[FieldProblem]) -> Sought:
    plain = replace(
        sought,
        name=sought.name.strip(),
        father_name=sought.father_name.strip(),
        also_known_as=tuple(name.strip() for name in sought.also_known_as if not is_blank(name)),
        birth=sought.birth.strip(),
        earliest="",
        latest="",
    )
    if not plain.birth:
        return plain
    try:
        birth = parse_birth(plain.birth, said_on=said_on)
    except BirthError as error:
        problems.append(FieldProblem("birth", error.code, error.message))
        return plain
    return replace(plain, earliest=birth.earliest.isoformat(), latest=birth.latest.isoformat())


def tracing_keys(request: TracingRequest, sought: Sought) -> list[TracingKey]:
    """Unsaved keys by which people who register are compared with a request."""
    data = IdentityData(
        name=sought.name,
        father_name=sought.father_name,
        also_known_as=list(sought.also_known_as),
    )
    values = person_values(Subject(data)).of(NAME, PART, FATHER, PAIR)
    # Under every secret: keys of people that are not made anew yet are found as well.
    return [
        TracingKey(request=request, kind=kind, digest=digest)
        for kind, value in values
        for digest in every_digest([(kind, value)])
    ]
