"""Finding people by what they say or show: a reference, a slip, a name, a phone, a document.

Names are found from any spelling in any script and from the beginnings of their parts. The
database narrows a million people down by keyed hashes of what was typed (search_terms); a few
hundred are then opened and put in order by how well their names agree with it (`search_people`).

Every statement is about people whom the user may know of, and how many statements there are
depends on what those found: who is hidden changes no answer, no count and no number of statements.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Operation
from audit.access import record_access
from common import clock
from intake import slots
from intake.keys import (
    DOCUMENT,
    NAME,
    PHONE,
    WORD,
    document_key,
    every_digest,
    pair_values,
    phone_key,
)
from intake.models import Household, Identity, IdentityIndex, Person
from intake.models.persons import IdentityData
from intake.names import skeleton
from intake.ranking import Asked, Reason, rank, splits
from intake.references import (
    InvalidReferenceError,
    InvalidTokenError,
    normalise_token,
    parse_reference,
)
from intake.search_terms import Step, steps

Rows = TypeVar("Rows", Household, Person)
_Row = tuple[uuid.UUID, "bytes | memoryview", datetime]

FEWEST_LETTERS = 3
# Of a longer text the rest is left alone.
MOST_LETTERS = 200
# Opened and ranked for a search at most. Who is further down is found with another letter.
MOST_OPENED = 300
MOST_SHOWN = 20
# Names that only begin alike are looked at while fewer than so many were found, and so many.
_FEW, _MOST_ALIKE = 10, 100


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
    """Somebody found: how well it fits (0 to 1) and why, as codes (intake.ranking.describe).

    `identity` is opened already. Personal data.
    """

    person: Person
    score: float
    reasons: list[Reason]
    identity: IdentityData


@dataclass(frozen=True)
class Found:
    """What a search found, best first. `more`: others fit as well, another letter narrows it.

    `mistyped`: a reference or a token with a wrong character.
    """

    hits: list[Hit] = field(default_factory=list)
    more: bool = False
    too_short: bool = False
    mistyped: bool = False


def search_people(
    *, user: Any, text: str, filters: SearchFilters | None = None, limit: int = MOST_SHOWN
) -> Found:
    """Who may be meant, among those the user may know of, best first. The search is recorded.

    The text is nowhere kept. Three letters are needed of a name; `too_short` says so. A reference
    or a slip finds the members of the household that answers for it now.
    """
    filters = filters or SearchFilters()
    text = " ".join(text[:MOST_LETTERS].replace("\0", " ").split())
    rows = _narrowed(Person.objects.known_to(user), filters, user)
    said = _Said.of(text)
    found = Found()
    if said.code:
        found = _by_code(rows, said, limit)
    if not found.hits:
        # A name of seventeen letters may look like a token, a name with a phone like a reference.
        coded = said.has_digits and bool(said.code or said.mistyped)
        found = _by_words(rows, text, limit, numbers_only=coded)
        if said.mistyped and not found.hits:
            found = Found(mistyped=True)
    record_access(user, "search", Person, count=len(found.hits))
    return found


@dataclass(frozen=True)
class _Said:
    """What a text is beside a name: a `reference` or a `token` (its `code`), or one mistyped."""

    kind: str = ""
    code: str = ""
    mistyped: bool = False
    has_digits: bool = False

    @classmethod
    def of(cls, text: str) -> _Said:
        digits = any(character.isdigit() for character in text)
        wrong = False
        for kind, read in (("reference", parse_reference), ("token", normalise_token)):
            try:
                return cls(kind, read(text), has_digits=digits)
            except (InvalidReferenceError, InvalidTokenError) as error:
                wrong = wrong or error.code == "check"
        return cls(mistyped=wrong and digits, has_digits=digits)


def _by_code(rows: QuerySet[Person], said: _Said, limit: int) -> Found:
    """Members of the household with a reference or a slip, or of the one it was merged into."""
    households = Household.objects.filter(**{said.kind: said.code})
    answering = households.annotate(now=Coalesce("merged_into_id", "pk")).values("now")
    people = (
        rows.filter(household__in=answering)
        .select_related("household", "identity")
        .order_by("left_at", "-is_focal_point", "position")
    )
    found = list(people[: limit + 1])
    reasons: list[Reason] = [{"code": said.kind}]
    hits = [Hit(each, 1.0, reasons, each.identity.open()) for each in found[:limit]]
    return Found(hits, more=len(found) > limit)


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


def _has(column: str, kind: str, values: Sequence[str]) -> Q:
    """Rows of the index that have one of these values, under any secret of the ring."""
    found = every_digest([(kind, value) for value in values])
    return Q(**{f"{column}__{'contains' if len(found) == 1 else 'overlap'}": found})


def _whole(text: str) -> Q | None:
    whole = skeleton(text)
    return _has("words", NAME, [whole]) if whole else None


def _with_father(text: str) -> Q | None:
    """Rows with an own and a father's name, wherever in the text the one ends."""
    values = {each for own, father in splits(text) for each in pair_values(own, father)}
    return Q(blocks__overlap=every_digest(sorted(values))) if values else None


def _holds(step: Step) -> Q:
    """Rows of the index in which all terms of a step hold."""
    return reduce(
        and_,
        (
            reduce(
                or_,
                (reduce(and_, (_has("words", WORD, words) for words in way), Q()) for way in term),
            )
            for term in step
        ),
    )


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
    wholly = [_holds(step) for step in steps(text)[:1]]
    conditions = [each for each in (_numbers(text), _whole(text), *wholly) if each is not None]
    if not conditions:
        return Person.objects.none().values("pk")
    return IdentityIndex.objects.filter(reduce(or_, conditions)).values("person_id")


def _narrowed(persons: QuerySet[Person], filters: SearchFilters, user: Any) -> QuerySet[Person]:
    if filters.sex:
        persons = persons.filter(sex=filters.sex)
    today = _today(filters)
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


def _today(filters: SearchFilters) -> date:
    if filters.age_from is None and filters.age_to is None:
        return date.min
    return clock.today(Operation.current().zone)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years) - timedelta(days=1)


def _by_words(rows: QuerySet[Person], text: str, limit: int, *, numbers_only: bool) -> Found:
    if sum(character.isalnum() for character in text) < FEWEST_LETTERS:
        return Found(too_short=True)
    opened, numbered, more = _opened(rows, text, numbers_only)
    asked = Asked.of(text)
    ranked: list[tuple[float, float, uuid.UUID, list[Reason], IdentityData]] = []
    for pk, sealed, arrived_at in opened:
        identity = Identity.opened(pk, sealed)
        score, reasons = rank(asked, identity, by_number=pk in numbered)
        if reasons:
            ranked.append((-score, -arrived_at.timestamp(), pk, reasons, identity))
    ranked.sort(key=lambda each: each[:3])
    shown = ranked[:limit]
    people = Person.objects.select_related("household").in_bulk([each[2] for each in shown])
    hits = [
        Hit(people[pk], -score, reasons, identity)
        for score, _arrived, pk, reasons, identity in shown
        if pk in people
    ]
    return Found(hits, more=more or len(ranked) > limit)


def _opened(
    rows: QuerySet[Person], text: str, numbers_only: bool
) -> tuple[list[_Row], set[uuid.UUID], bool]:
    """Who may be meant, with the sealed identity; whom a number found; whether there are more.

    Whole names first: they are the rarer ones, and the better hits. Each condition is one
    statement; the next is asked while the one before did not find more than can be opened.
    """
    opened: dict[uuid.UUID, _Row] = {}
    numbered: set[uuid.UUID] = set()
    for kind, condition in _conditions(text):
        if (numbers_only and kind != "number") or (kind == "alike" and len(opened) >= _FEW):
            break
        most = _MOST_ALIKE if kind == "alike" else MOST_OPENED
        meant = IdentityIndex.objects.filter(condition).values("person_id")
        people = rows.filter(pk__in=meant).values_list("pk", "identity__sealed", "arrived_at")
        found = list(people[: most + 1])
        for row in found[:most]:
            if len(opened) < MOST_OPENED:
                opened.setdefault(row[0], row)
        if kind == "number":
            numbered = set(opened)
        if len(found) > most and kind != "alike":
            return list(opened.values()), numbered, True
    return list(opened.values()), numbered, False


def _conditions(text: str) -> Iterator[tuple[str, Q]]:
    """What to look for, the surest first."""
    if (numbers := _numbers(text)) is not None:
        yield "number", numbers
    wanted = steps(text)
    if (pair := _with_father(text)) is not None:
        yield "pair", pair
    if (whole := _whole(text)) is not None:
        yield "whole", whole
    for step, kind in zip(wanted, ("whole", "begun", "alike"), strict=False):
        yield kind, _holds(step)
