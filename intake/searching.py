"""Finding people by what they say or show: a reference, a slip, a name, a phone, a document.

Names are found from any spelling in any script and from the beginnings of their parts. The
database narrows a million people down by keyed hashes of what was typed; a few hundred are then
opened and put in order by how well their names agree with it (`search_people`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from audit.access import record_access
from common import clock
from intake import slots
from intake.keys import (
    BEGINNINGS,
    DOCUMENT,
    NAME,
    PHONE,
    STOP,
    WORD,
    document_key,
    every_digest,
    phone_key,
)
from intake.models import Household, Identity, IdentityIndex, Person
from intake.names import is_blank, name_parts, says_little, skeleton
from intake.ranking import Asked, Reason, rank
from intake.references import (
    InvalidReferenceError,
    InvalidTokenError,
    normalise_token,
    parse_reference,
)

Rows = TypeVar("Rows", Household, Person)

FEWEST_LETTERS = 3
# Opened and ranked for a search at most. Who is further down is found with another letter.
MOST_OPENED = 300
MOST_SHOWN = 20


@dataclass(frozen=True)
class SearchFilters:
    """What narrows a search beside the text; empty fields narrow nothing.

    `age_from` and `age_to` are completed years today: who may be that old is shown. `site` is
    where the household stays, of the sites the searcher may know of. Days are inclusive.
    """

    sex: str = ""
    age_from: int | None = None
    age_to: int | None = None
    entry_point: str = ""
    site: str = ""
    arrived_from: datetime | None = None
    arrived_before: datetime | None = None


@dataclass(frozen=True)
class Hit:
    """Somebody found: how well it fits (0 to 1) and why, as codes (intake.ranking.describe)."""

    person: Person
    score: float
    reasons: list[Reason]


@dataclass(frozen=True)
class Found:
    """What a search found, best first. `more`: others fit as well, another letter narrows it."""

    hits: list[Hit] = field(default_factory=list)
    more: bool = False
    too_short: bool = False


def search_people(
    *, user: Any, text: str, filters: SearchFilters | None = None, limit: int = MOST_SHOWN
) -> Found:
    """Who may be meant, among those the user may know of, best first. The search is recorded.

    The text is nowhere kept. Three letters are needed of a name; `too_short` says so.
    """
    filters = filters or SearchFilters()
    text = " ".join(text.split())
    rows = _narrowed(Person.objects.known_to(user), filters, user)
    if (exact := _exact(text, "household__")) is not None:
        people = list(exact(rows).select_related("household", "identity")[:limit])
        found = Found([Hit(person, 1.0, [{"code": _kind_of(text)}]) for person in people])
    else:
        found = _by_words(rows, text, limit)
    record_access(user, "search", Person, count=len(found.hits))
    return found


def find_households(
    households: QuerySet[Household], text: str, *, user: Any
) -> QuerySet[Household]:
    """Those of `households` that the text means. Nothing when it means nothing.

    A reference or a token finds exactly one (that of a repeat the household that answers for it);
    otherwise one of the members must be meant whom
    `user` may know of.
    """
    if (exact := _exact(text)) is not None:
        return exact(households)
    known = Person.objects.known_to(user).filter(pk__in=_meant(text))
    return households.filter(members__in=known)


def find_persons(persons: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Those of `persons` that the text means: every part of a name, a phone or a document."""
    if (exact := _exact(text, "household__")) is not None:
        return exact(persons)
    return persons.filter(pk__in=_meant(text))


def _exact(text: str, prefix: str = "") -> Callable[[QuerySet[Any]], QuerySet[Any]] | None:
    """What narrows rows to those of the household that a reference or a token names.

    That of a repeat names who answers for it; the repeat itself to those who may not see more.
    """
    try:
        said = {"reference": parse_reference(text)}
    except InvalidReferenceError:
        try:
            said = {"token": normalise_token(text)}
        except InvalidTokenError:
            return None
    repeats = Household.objects.filter(**said, merged_into__isnull=False).values("merged_into")
    own = Q(**{f"{prefix}{name}": value for name, value in said.items()})
    stands = own & Q(**{f"{prefix}merged_into__isnull": True}) | Q(**{f"{prefix}pk__in": repeats})

    def narrowed(rows: QuerySet[Any]) -> QuerySet[Any]:
        standing = rows.filter(stands)
        return standing if standing.exists() else rows.filter(own)

    return narrowed


def _kind_of(text: str) -> str:
    try:
        parse_reference(text)
    except InvalidReferenceError:
        return "token"
    return "reference"


def _has(column: str, kind: str, values: Sequence[str]) -> Q:
    """Rows of the index that have one of these values, under any secret of the ring."""
    found = every_digest([(kind, value) for value in values])
    return Q(**{f"{column}__{'contains' if len(found) == 1 else 'overlap'}": found})


def _whole(text: str) -> Q | None:
    whole = skeleton(text)
    return _has("words", NAME, [whole]) if whole else None


def _all_words(text: str, *, beginnings: bool) -> Q | None:
    """Rows that have every part of a name; None where the text has no part that can be found.

    Parts that many names have (Mohammad, Gul) are asked for only where nothing else was typed:
    they come and go between two registrations of one person.
    """
    words = [word for word in text.split() if not is_blank(word)]
    telling = [word for word in words if not says_little(word)] or words
    parts = dict.fromkeys(part for word in telling for part in name_parts(word))
    conditions = [_has("words", WORD, _values(part, beginnings)) for part in parts]
    return reduce(and_, conditions) if conditions else None


def _values(part: str, beginnings: bool) -> list[str]:
    """The word itself, or what begins like it as far as beginnings are kept."""
    longest = BEGINNINGS.stop - 1
    if not beginnings or len(part) < BEGINNINGS.start:
        return [part + STOP]
    return [part[:longest]]


def _numbers(text: str) -> Q | None:
    """Rows with the phone or the document that the text is."""
    conditions = []
    if phone := phone_key(text):
        conditions.append(_has("blocks", PHONE, [phone]))
    if any(character.isdigit() for character in text) and (number := document_key(text)):
        conditions.append(_has("blocks", DOCUMENT, [number]))
    return reduce(or_, conditions) if conditions else None


def _meant(text: str) -> Any:
    """Persons with all parts of the name, or with the phone or document that the text is."""
    steps = (_numbers(text), _whole(text), _all_words(text, beginnings=False))
    conditions = [condition for condition in steps if condition is not None]
    if not conditions:
        return Person.objects.none().values("pk")
    return IdentityIndex.objects.filter(reduce(or_, conditions)).values("person_id")


def _narrowed(persons: QuerySet[Person], filters: SearchFilters, user: Any) -> QuerySet[Person]:
    if filters.sex:
        persons = persons.filter(sex=filters.sex)
    today = clock.now().date()
    if filters.age_from is not None:
        born = _years_before(today, filters.age_from)
        persons = persons.filter(Q(birth_earliest__isnull=True) | Q(birth_earliest__lte=born))
    if filters.age_to is not None:
        born = _years_before(today, filters.age_to + 1)
        persons = persons.filter(Q(birth_latest__isnull=True) | Q(birth_latest__gt=born))
    if filters.entry_point:
        persons = persons.filter(arrival__entry_point__code=filters.entry_point)
    if filters.arrived_from is not None:
        persons = persons.filter(arrived_at__gte=filters.arrived_from)
    if filters.arrived_before is not None:
        persons = persons.filter(arrived_at__lt=filters.arrived_before)
    if filters.site:
        persons = persons.filter(household__in=slots.staying_at(user, filters.site))
    return persons


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years) - timedelta(days=1)


def _by_words(rows: QuerySet[Person], text: str, limit: int) -> Found:
    letters = sum(character.isalnum() for character in text)
    if letters < FEWEST_LETTERS:
        return Found(too_short=True)
    opened, more = _opened(rows, text)
    asked = Asked.of(text)
    ranked = sorted(
        (
            (*rank(asked, Identity.opened(pk, sealed)), arrived_at, pk)
            for pk, sealed, arrived_at in opened
        ),
        key=lambda each: (-each[0], -each[2].timestamp(), each[3]),
    )
    shown = ranked[:limit]
    people = Person.objects.select_related("household", "identity").in_bulk(
        [pk for _score, _reasons, _arrived, pk in shown]
    )
    hits = [Hit(people[pk], score, reasons) for score, reasons, _arrived, pk in shown]
    return Found(hits, more=more or len(ranked) > limit)


def _opened(
    rows: QuerySet[Person], text: str
) -> tuple[list[tuple[uuid.UUID, bytes | memoryview, datetime]], bool]:
    """Who may be meant, with the sealed identity, and whether there are more than are opened.

    Whole names first: they are the rarer ones, and the better hits.
    """
    opened: dict[uuid.UUID, tuple[uuid.UUID, bytes | memoryview, datetime]] = {}
    for condition in (
        _numbers(text),
        _whole(text),
        _all_words(text, beginnings=False),
        _all_words(text, beginnings=True),
    ):
        if condition is None:
            continue
        meant = IdentityIndex.objects.filter(condition).values("person_id")
        people = rows.filter(pk__in=meant).values_list("pk", "identity__sealed", "arrived_at")
        found = list(people[: MOST_OPENED + 1])
        for row in found:
            if len(opened) < MOST_OPENED:
                opened.setdefault(row[0], row)
        if len(found) > MOST_OPENED:
            return list(opened.values()), True
    return list(opened.values()), False
