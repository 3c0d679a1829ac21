"""Tracing requests: asked by a relative, compared with who registers, decided by a person."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidState, NotPermitted
from common.ids import new_id
from intake.choices import (
    INVERSE_KIN,
    ConsentPurpose,
    LinkEnd,
    LinkSource,
    LinkStrength,
    MatchStatus,
    MoveReason,
    Relationship,
    TracingEnd,
    TracingStatus,
)
from intake.models import (
    Consent,
    FamilyLink,
    Household,
    Person,
    TracingKey,
    TracingMatch,
    TracingRequest,
)
from intake.references import format_reference
from intake.services.checking import invalid
from intake.services.composition import refresh_suggestions
from intake.services.family import end_link, write_link
from intake.services.moves import move_person
from intake.services.permitted import holds_for
from intake.tracing import Sought, check_sought, search, search_new
from intake.tracing.matching import Found
from intake.tracing.sought import tracing_keys

P = Permission
S = TracingStatus
PREFIX = "TRC"
LONGEST_REASON = 500
# A registration that began before the last search may have been written after it.
_OVERLAP = timedelta(minutes=10)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@transaction.atomic
def file_tracing_request(
    *,
    actor: Any,
    asker: Person,
    sought: Sought,
    override_reason: str = "",
    id: uuid.UUID | None = None,
) -> TracingRequest:
    """Write down whom a registered person looks for, and look for them at once.

    The household of the one who asks agreed to be traced for (Consent, tracing), or a protection
    officer says why it is done without. The same `id` with the same content is the same request.
    Raises NotPermitted, InvalidInput by field (`name`, `birth`, `consent`, …), Conflict.
    """
    household = Household.objects.select_for_update().get(pk=asker.household_id)
    officer = holds_for(actor, P.TRACING, household.pk)
    if not (officer or holds_for(actor, P.HOUSEHOLDS_EDIT, household.pk)):
        raise NotPermitted("not_permitted", _("You may not file tracing requests."))
    operation = Operation.current()
    checked = check_sought(sought, said_on=clock.today(operation.zone))
    if id is not None and (known := TracingRequest.objects.filter(pk=id).first()):
        return _same(known, asker, checked)
    if not household.members.in_count().filter(pk=asker.pk).exists():
        detail = _("This person is not in this household, or has left.")
        raise invalid([FieldProblem("asker", "unknown", detail)])
    request = TracingRequest(
        pk=id or new_id(), asker=asker, sealed=checked.to_json(), recorded_by=actor
    )
    _agree(request, override_reason.strip() if officer else "", actor)
    request.reference = format_reference(PREFIX, clock.today(operation.zone).year, _next_serial())
    request.save(force_insert=True)
    TracingKey.objects.bulk_create(tracing_keys(request, checked))
    refresh_suggestions(actor=actor, household=household)
    record_event("tracing.filed", request, actor=actor)
    return find_tracing_candidates(request)


def find_tracing_candidates(request: TracingRequest) -> TracingRequest:
    """Compare a request with everybody who is registered, and offer who may be meant.

    Nothing is looked for once the consent is withdrawn. A candidate that was decided stays
    decided; one still open gets its new score. Nobody is ever confirmed here.
    """
    with transaction.atomic():
        now = clock.now()
        (locked,) = _lock([request.pk])
        if locked.status in (S.OPEN, S.CANDIDATE) and _with_consent([locked]):
            _offer(locked, search(locked))
            locked.searched_at = now
            locked.save(update_fields=["searched_at", "status"])
    return locked


def search_new_registrations() -> int:
    """Compare who registered or changed since the last search with all requests.

    Called by the scheduler; how many requests got a candidate. Each request knows up to when it
    was compared, so that nobody is missed while the worker is away, and registering a household
    costs nothing for it.
    """
    rows = TracingRequest.objects.searching().select_related("asker")
    waiting = {each.pk: each.searched_at for each in _with_consent(list(rows))}
    if not waiting:
        return 0
    now = clock.now()
    found = search_new(min(at or _EVER for at in waiting.values()) - _OVERLAP)
    with transaction.atomic():
        requests = [each for each in _lock(waiting) if each.status in (S.OPEN, S.CANDIDATE)]
        for request in _with_consent(requests):
            if request.pk in found:
                _offer(request, found[request.pk])
                request.save(update_fields=["status"])
        TracingRequest.objects.filter(pk__in=[each.pk for each in requests]).update(searched_at=now)
    return len(found)


@transaction.atomic
def confirm_match(
    *, actor: Any, match: TracingMatch, strength: str = LinkStrength.PROBABLE
) -> TracingRequest:
    """Say that a candidate is the one looked for; they are linked from then on.

    The link is sealed: nobody but tracing officers learns where somebody is before that person
    agrees to be in contact. Then they are reunited, or the officer records a plain link.

    Raises NotPermitted, InvalidInput (`strength`), InvalidState `match_decided` or
    `tracing_<status>` when another officer was quicker.
    """
    if strength not in LinkStrength.values:
        detail = _("This value is not known: choose one from the list.")
        raise invalid([FieldProblem("strength", "unknown_code", detail)])
    # Two requests may mean the same two people: behind the households' locks one link is made.
    request, match = _locked(actor, match, households=True)
    if match.status != MatchStatus.OPEN:
        raise _already_decided()
    request.go_to(S.FOUND)
    _decide(match, MatchStatus.CONFIRMED, actor)
    request.save(update_fields=["status"])
    linked = FamilyLink.objects.open().between(request.asker, match.person)
    if not linked.exists():
        write_link(
            actor=actor,
            person=request.asker,
            relative=match.person,
            kind=Sought.of(request).relation,
            strength=strength,
            said_by=LinkSource.PERSON,
            separated=True,
            sealed=True,
        )
    record_event("tracing.found", request, actor=actor)
    return request


@transaction.atomic
def reject_match(*, actor: Any, match: TracingMatch) -> TracingRequest:
    """Say that a candidate is somebody else, also after confirming by mistake.

    The link made then ends as mistaken; the candidate is not offered again. Raises InvalidState
    `match_decided`, or `tracing_reunited` when they live together by now.
    """
    request, match = _locked(actor, match)
    if match.status == MatchStatus.REJECTED:
        raise _already_decided()
    if match.status == MatchStatus.CONFIRMED:
        if request.status != S.FOUND:
            raise InvalidState(
                f"tracing_{request.status}", _("This tracing request no longer allows that.")
            )
        _end_links(actor, request, match, LinkEnd.MISTAKEN)
    _decide(match, MatchStatus.REJECTED, actor)
    _settle(request)
    request.save(update_fields=["status"])
    return request


@transaction.atomic
def close_tracing_request(*, actor: Any, request: TracingRequest, reason: str) -> TracingRequest:
    """End the search without a reunification, and say why. Links that were made stay.

    Tracing officers and whoever may change the household of the one who asks.
    """
    household_id = request.asker.household_id
    if not any(holds_for(actor, each, household_id) for each in (P.TRACING, P.HOUSEHOLDS_EDIT)):
        raise NotPermitted("not_permitted", _("You may not close tracing requests."))
    if reason not in TracingEnd.values:
        detail = _("This value is not known: choose one from the list.")
        raise invalid([FieldProblem("reason", "unknown_code", detail)])
    (household,) = Household.objects.select_for_update().filter(pk=household_id)
    (request,) = _lock([request.pk])
    request.go_to(S.CLOSED)
    _end(request, reason)
    refresh_suggestions(actor=actor, household=household)
    record_event("tracing.closed", request, actor=actor)
    return request


@transaction.atomic
def reunite(*, actor: Any, match: TracingMatch, move: str, occurred_at: datetime) -> TracingRequest:
    """Let the one who was found (`sought`) or the one who asked (`asker`) move to the other.

    The person keeps their history (HouseholdMove); the household's event names nobody. Both
    households must be the actor's to change. Somebody whom the authority holds, or who left, is
    not moved: InvalidState `already_left`. Raises InvalidInput (`move`, `occurred_at`).
    """
    if move not in ("sought", "asker"):
        detail = _("Choose who moves to whom.")
        raise invalid([FieldProblem("move", "unknown_code", detail)])
    request, match = _locked(actor, match, households=True)
    if match.status != MatchStatus.CONFIRMED:
        raise InvalidState("match_not_confirmed", _("Confirm first that it is the same person."))
    request.go_to(S.REUNITED)
    asker, found = request.asker, match.person
    who, whom = (found, asker) if move == "sought" else (asker, found)
    if whom.left_at is not None:
        raise InvalidState("already_left", _("This person has already left."))
    _end_links(actor, request, match, LinkEnd.REUNITED)
    _end(request, "")
    _end_their_search(actor, asker, found, Sought.of(request).relation)
    move_person(
        actor=actor,
        person=who,
        household=whom.household,
        occurred_at=occurred_at,
        reason=MoveReason.REUNIFICATION,
        relationship=_kin_in_household(request, who, whom),
    )
    record_event("person.reunited", whom.household, actor=actor, occurred_at=occurred_at)
    return request


def _end_their_search(actor: Any, asker: Person, found: Person, relation: str) -> None:
    """End the requests in which the one who was found looked for the one who asked."""
    for theirs in _lock(_requests_between(found, asker)):
        match = theirs.matches.select_for_update(no_key=True).get(person=asker)
        if match.status == MatchStatus.OPEN:
            if not _both_ways(relation, Sought.of(theirs).relation):
                continue
            theirs.go_to(S.FOUND)
            _decide(match, MatchStatus.CONFIRMED, actor)
        theirs.go_to(S.REUNITED)
        _end(theirs, "")


def _both_ways(one: str, other: str) -> bool:
    """Whether two relations may be the same one, told from both ends."""
    vague = (Relationship.UNKNOWN, Relationship.OTHER)
    return one in vague or other in vague or INVERSE_KIN.get(one) in (other, *vague)


def _requests_between(asker: Person, other: Person) -> list[uuid.UUID]:
    """Requests of the first that look for the second: confirmed, or a candidate of the same kind.

    A candidate about whom nobody has decided counts where nobody else is confirmed.
    """
    rows = TracingRequest.objects.followed().filter(asker=asker)
    confirmed = Q(status=S.FOUND, matches__person=other, matches__status=MatchStatus.CONFIRMED)
    waiting = Q(status=S.CANDIDATE, matches__person=other, matches__status=MatchStatus.OPEN)
    return list(rows.filter(confirmed | waiting).values_list("pk", flat=True).distinct())


def _kin_in_household(request: TracingRequest, who: Person, whom: Person) -> str:
    """What the newcomer is to the focal point; known where that is the relative."""
    if not whom.is_focal_point:
        return Relationship.UNKNOWN
    relation = Sought.of(request).relation
    if who.pk == request.asker_id:
        relation = INVERSE_KIN.get(relation, Relationship.UNKNOWN)
    return relation


def _same(known: TracingRequest, asker: Person, sought: Sought) -> TracingRequest:
    # An age was read on the day on which it was said first: the words are compared.
    kept = replace(Sought.of(known), earliest=sought.earliest, latest=sought.latest)
    if known.asker_id != asker.pk or kept.to_json() != sought.to_json():
        raise Conflict("conflict", _("This id was used for a request with other content."))
    return known


def _agree(request: TracingRequest, reason: str, actor: Any) -> None:
    """The household's consent, or why a protection officer looks without one."""
    if reason:
        if len(reason) > LONGEST_REASON:
            too_long = _("Write at most %(count)d letters.") % {"count": LONGEST_REASON}
            raise invalid([FieldProblem("override_reason", "too_long", too_long)])
        request.override_reason, request.override_by = reason, actor
    elif not consenting([request.asker]):
        detail = _(
            "Ask whether we may look for relatives, and record the answer as the household’s "
            "consent first."
        )
        raise invalid([FieldProblem("consent", "required", detail)])


def consenting(people: Sequence[Person]) -> set[uuid.UUID]:
    """Who among these may be traced for: by their own answer, else their household's.

    The rule of intake.consents for the operation itself, for many at once in one query.
    """
    mine = Q(household__in={each.household_id for each in people}, person__isnull=True)
    rows = Consent.objects.filter(
        mine | Q(person__in=[each.pk for each in people]),
        purpose=ConsentPurpose.TRACING,
        recipient="",
    )
    answers: dict[uuid.UUID, bool] = {}
    for household, person, given, ended in rows.values_list(
        "household_id", "person_id", "given", "withdrawn_at"
    ):
        key = person or household
        answers[key] = given if ended is None else answers.get(key, False)
    return {
        each.pk for each in people if answers.get(each.pk, answers.get(each.household_id, False))
    }


def _with_consent(requests: Sequence[TracingRequest]) -> list[TracingRequest]:
    """Requests for which one may look now: a withdrawn consent stops it at once."""
    given = consenting([each.asker for each in requests])
    return [each for each in requests if each.override_by_id or each.asker_id in given]


def _next_serial() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('intake_tracing_serial')")
        return int(cursor.fetchone()[0])


def _lock(ids: Collection[uuid.UUID]) -> list[TracingRequest]:
    rows = TracingRequest.objects.filter(pk__in=ids).select_related("asker__household")
    return list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))


def _locked(
    actor: Any, match: TracingMatch, *, households: bool = False
) -> tuple[TracingRequest, TracingMatch]:
    """The request and the candidate behind the lock of the request, for who may decide.

    Households are locked before requests, everywhere.
    """
    if not TracingMatch.objects.visible_to(actor).filter(pk=match.pk).exists():
        raise NotPermitted("not_permitted", _("You may not decide about candidates."))
    if households:
        ids = {match.request.asker.household_id, match.person.household_id}
        list(Household.objects.filter(pk__in=ids).order_by("pk").select_for_update())
    # With those of the other side, in key order: reunification ends them too.
    others = _requests_between(match.person, match.request.asker) if households else []
    locked = {each.pk: each for each in _lock([match.request_id, *others])}
    request = locked[match.request_id]
    rows = TracingMatch.objects.select_related("person__household")
    return request, rows.select_for_update(of=("self",), no_key=True).get(pk=match.pk)


def _offer(request: TracingRequest, found: Sequence[Found]) -> None:
    """Write the candidates of a locked request; those that are known get their new score."""
    known = {each.person_id: each for each in request.matches.all()}
    new = []
    for each in found:
        match = known.get(each.person_id)
        if match is None:
            new.append(
                TracingMatch(
                    request=request,
                    person_id=each.person_id,
                    score=each.score,
                    reasons=each.reasons,
                )
            )
        elif match.status == MatchStatus.OPEN and match.score != each.score:
            match.score, match.reasons = each.score, each.reasons
            match.save(update_fields=["score", "reasons"])
    TracingMatch.objects.bulk_create(new)
    _settle(request)


def _settle(request: TracingRequest) -> None:
    """Open or candidate, by whether somebody is left to decide about."""
    status = S.CANDIDATE if request.matches.open().exists() else S.OPEN
    if request.status != status:
        request.go_to(status)


def _decide(match: TracingMatch, status: str, actor: Any) -> None:
    match.status, match.decided_by, match.decided_at = status, actor, clock.now()
    match.save(update_fields=["status", "decided_by", "decided_at"])


def _already_decided() -> InvalidState:
    return InvalidState(
        "match_decided", _("Another officer has decided about this candidate. Look at it again.")
    )


def _end_links(actor: Any, request: TracingRequest, match: TracingMatch, reason: str) -> None:
    for link in FamilyLink.objects.open().between(request.asker_id, match.person_id):
        end_link(actor=actor, link=link, reason=reason)


def _end(request: TracingRequest, reason: str) -> None:
    request.closed_at, request.end_reason = clock.now(), reason
    request.save(update_fields=["status", "closed_at", "end_reason"])
