"""Relatives who do not live together: who they are, how well it is known, who said so.

Families are looked for and brought together by people; links only keep what is known
(domain/standards.md, section 3 rule 8, on the families of those whom the authority holds).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidState, NotPermitted, constraints_as_errors
from intake.choices import (
    INVERSE_KIN,
    KIN,
    ExitReason,
    LinkEnd,
    LinkSource,
    LinkStrength,
    Relationship,
)
from intake.models import FamilyLink, Household, Person
from intake.services.checking import invalid
from intake.services.permitted import holds_for, require_editor

P = Permission
_KINDS = frozenset(code for code, _label in KIN)
_LINKED = Conflict("already_linked", _("These two are linked already."))


def link_family(
    *,
    actor: Any,
    person: Person,
    relative: Person,
    kind: str,
    strength: str = LinkStrength.STATED,
    said_by: str = LinkSource.PERSON,
    separated: bool = False,
) -> FamilyLink:
    """Record that `relative` is the `kind` of `person`.

    The actor may change the household of the person and read that of the relative; somebody of
    whom the actor may not know is answered like somebody who does not exist. Where one of the two
    was separated by the authority the link is sealed. Raises InvalidInput by field, Conflict
    `already_linked`.
    """
    with constraints_as_errors({"family_link_one_open_per_pair": _LINKED}), transaction.atomic():
        require_editor(actor, person.household_id)
        person, relative = _locked(person, relative)
        _check(actor, person, relative, {"kind": kind, "strength": strength, "said_by": said_by})
        sealed = _held(person, relative)
        known = FamilyLink.objects.visible_to(actor).open().between(person, relative)
        if known.filter(sealed=sealed).exists():
            raise _LINKED
        return write_link(
            actor=actor,
            person=person,
            relative=relative,
            kind=kind,
            strength=strength,
            said_by=said_by,
            separated=separated,
            sealed=sealed,
        )


def _held(*persons: Person) -> bool:
    return any(person.exit_reason == ExitReason.SEPARATED for person in persons)


def write_link(
    *, actor: Any, person: Person, relative: Person, sealed: bool, **what: Any
) -> FamilyLink:
    """The link itself, for services that have checked who may. Runs in their transaction."""
    link = FamilyLink.objects.create(
        person=person, relative=relative, sealed=sealed, recorded_by=actor, **what
    )
    if not sealed:
        # A sealed link has no event: whoever follows events would learn of it.
        record_event("family.linked", person.household, actor=actor)
    return link


def end_family_link(*, actor: Any, link: FamilyLink, reason: str) -> FamilyLink:
    """Say that a link is no longer followed, and why; it stays readable.

    Raises NotPermitted, InvalidInput (`reason`), InvalidState `link_ended`.
    """
    if reason not in LinkEnd.values:
        raise invalid([_unknown("reason")])
    with transaction.atomic():
        visible = FamilyLink.objects.visible_to(actor).filter(pk=link.pk)
        if not visible.exists() or not _may_change(actor, link):
            raise NotPermitted("not_permitted", _("You may not change family links."))
        return end_link(actor=actor, link=link, reason=reason)


def end_link(*, actor: Any, link: FamilyLink, reason: str) -> FamilyLink:
    """The end itself, for services that have checked who may. Runs in their transaction."""
    link = FamilyLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    if link.ended_at is not None:
        raise InvalidState("link_ended", _("This family link has ended already."))
    link.ended_at, link.end_reason, link.ended_by = clock.now(), reason, actor
    link.save(update_fields=["ended_at", "end_reason", "ended_by"])
    if not link.sealed:
        record_event("family.unlinked", link.person.household, actor=actor)
    return link


def kept_family(*, actor: Any, person: Person) -> list[FamilyLink]:
    """Sealed links between one whom the authority took and each of those who stay.

    The household goes on as one civilian household; who they are to each other is not lost when
    it moves or parts. Called before the person leaves it, in the transaction of the separation.
    """
    staying = list(
        Person.objects.in_count()
        .filter(household_id=person.household_id)
        .exclude(pk=person.pk)
        .exclude(relationship=Relationship.NOT_RELATED)
    )
    links = [
        FamilyLink(
            person=member,
            relative=person,
            kind=_kin(member, person),
            strength=LinkStrength.STATED,
            said_by=LinkSource.STAFF,
            separated=True,
            sealed=True,
            recorded_by=actor,
        )
        for member in staying
    ]
    # Taken, released and taken again: the links of the first time are still open.
    return FamilyLink.objects.bulk_create(links, ignore_conflicts=True)


def _kin(member: Person, taken: Person) -> str:
    """What the one who was taken is to a member, as far as the household says it."""
    if _speaks(taken):
        return INVERSE_KIN.get(member.relationship, Relationship.UNKNOWN)
    if _speaks(member):
        return taken.relationship if taken.relationship in _KINDS else Relationship.UNKNOWN
    both = {member.relationship, taken.relationship}
    return Relationship.SIBLING if both == {Relationship.CHILD} else Relationship.UNKNOWN


def _speaks(person: Person) -> bool:
    return person.relationship == Relationship.HEAD or person.is_focal_point


def _check(actor: Any, person: Person, relative: Person, words: dict[str, str]) -> None:
    problems = []
    allowed: dict[str, Sequence[str] | frozenset[str]] = {
        "kind": _KINDS,
        "strength": LinkStrength.values,
        "said_by": LinkSource.values,
    }
    problems += [_unknown(field) for field, value in words.items() if value not in allowed[field]]
    if not _may_know(actor, person):
        problems.append(_nobody("person"))
    if person.pk == relative.pk:
        problems.append(FieldProblem("relative", "same_person", _("Choose another person.")))
    elif not _may_know(actor, relative):
        problems.append(_nobody("relative"))
    if problems:
        raise invalid(problems)


def _may_know(actor: Any, person: Person) -> bool:
    """Whether the actor may know of a person: who was separated is nobody to most."""
    known = Person.objects.visible_to(actor).filter(pk=person.pk)
    if not holds_for(actor, P.TRACING, person.household_id):
        known = known.exclude(exit_reason=ExitReason.SEPARATED)
    return known.exists()


def _may_change(actor: Any, link: FamilyLink) -> bool:
    households = (link.person.household_id, link.relative.household_id)
    return any(holds_for(actor, P.HOUSEHOLDS_EDIT, pk) for pk in households)


def _locked(*persons: Person) -> list[Person]:
    """The same persons, read behind the locks of their households.

    Two desks that link the same two people, or one that links while another separates, wait for
    each other.
    """
    rows = Household.objects.filter(pk__in={person.household_id for person in persons})
    list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
    return [Person.objects.select_related("household").get(pk=person.pk) for person in persons]


def _unknown(field: str) -> FieldProblem:
    return FieldProblem(
        field, "unknown_code", _("This value is not known: choose one from the list.")
    )


def _nobody(field: str) -> FieldProblem:
    return FieldProblem(
        field, "unknown", _("Nobody of this kind is registered, or not where you may read.")
    )
