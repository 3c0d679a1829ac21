"""Correcting and completing people who are registered, with what was recorded before kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, access_of
from audit.events import record_event
from common import clock
from common.errors import FieldProblem, InvalidInput, InvalidState, NotPermitted
from intake.births import Birth
from intake.choices import BirthPrecision, ExitReason, NeedStatus
from intake.duplicates.finding import find_duplicates
from intake.hooks import household_changed
from intake.inputs import DocumentInput, MemberInput
from intake.models import (
    Household,
    Identity,
    IdentityVersion,
    Person,
    SpecificNeed,
)
from intake.models.persons import IdentityData
from intake.names import is_blank
from intake.services.checking import Context, check_member, context_for, invalid
from intake.services.composition import refresh_suggestions
from intake.services.permitted import require_editor
from intake.services.rows import build_need, identity_data

SEALED_FIELDS = (
    "name",
    "father_name",
    "grandfather_name",
    "also_known_as",
    "phones",
    "documents",
    "notes",
)
PLAIN_FIELDS = ("sex", "relationship", "nationality", "marital_status", "birth_source")
# `birth` and `bracket` are ways to say one thing; the others are not kept with the identity.
EDITABLE = frozenset(
    {*SEALED_FIELDS, *PLAIN_FIELDS, "birth", "bracket", "specific_needs", "is_focal_point"}
)
_KEPT_OF_PERSON = (
    "sex",
    "relationship",
    "nationality_id",
    "marital_status",
    "birth_source",
    "birth_earliest",
    "birth_latest",
    "birth_precision",
    "birth_calendar",
    "pre_registered",
)
# A repeat may be found, or found no more, when one of these changes.
_FOUND_BY = frozenset(
    {"name", "father_name", "also_known_as", "sex", "birth", "bracket", "documents", "phones"}
)

# Called with the locked household and person before anything is written; raises to refuse.
Check = Callable[[Household, Person], None]


@dataclass
class _Edit:
    """One person's change: what is recorded, what is to be, and which fields differ."""

    person: Person
    before: IdentityData
    after: IdentityData
    sent: Mapping[str, Any]
    birth: Birth | None = None
    changed: set[str] = field(default_factory=set)


def edit_member(
    *, actor: Any, person: Person, changes: Mapping[str, Any], check: Check | None = None
) -> Person:
    """Change what is recorded of a person; only the fields in `changes`, of `EDITABLE`.

    `birth` is what is said today, `bracket` an age group for who is still counted only,
    `specific_needs` codes that are added, `documents` all documents. Whoever gets a name is no
    longer counted only. Raises InvalidInput by field, NotPermitted, InvalidState.
    """
    try:
        (edited,) = edit_members(
            actor=actor, household=person.household, changes={person.pk: changes}, check=check
        )
    except InvalidInput as error:
        raise invalid(
            [
                FieldProblem(p.field.removeprefix("members.0."), p.code, p.detail)
                for p in error.problems
            ]
        ) from None
    return edited


@transaction.atomic
def edit_members(
    *,
    actor: Any,
    household: Household,
    changes: Mapping[uuid.UUID, Mapping[str, Any]],
    check: Check | None = None,
) -> list[Person]:
    """Change several people of one household, all or nobody: the completion of a group.

    Problems are named `members.<place in changes>.<field>`. The level of the household follows;
    who is in the count never changes here.
    """
    household = _locked(actor, household)
    context = context_for(actor, ())
    persons = _members(actor, household, changes)
    problems: list[FieldProblem] = []
    edits = []
    for index, (person, sent) in enumerate(zip(persons, changes.values(), strict=True)):
        if check is not None:
            check(household, person)
        edits.append(_planned(person, sent, context, f"members.{index}", problems))
    if problems:
        raise invalid(problems)
    for edit in edits:
        _write(actor, household, edit, context)
    _follow_up(actor, household, {name for edit in edits for name in edit.changed})
    return persons


@transaction.atomic
def make_focal_point(*, actor: Any, person: Person, check: Check | None = None) -> Person:
    """This person speaks for the household from now on, and is found by its phones."""
    return edit_member(actor=actor, person=person, changes={"is_focal_point": True}, check=check)


@transaction.atomic
def restore_version(*, actor: Any, version: IdentityVersion, check: Check | None = None) -> Person:
    """Put back what was recorded before a correction; what is recorded now is kept like it."""
    person = version.person
    household = _locked(actor, person.household)
    (person,) = _members(actor, household, {person.pk: {}})
    if check is not None:
        check(household, person)
    changed = _put_back(actor, household, person, version.open())
    _follow_up(actor, household, changed | {"name"} if changed else set())
    return person


def _put_back(
    actor: Any, household: Household, person: Person, kept: Mapping[str, Any]
) -> set[str]:
    """Record what was kept; which fields differ from what stood there."""
    before, after = person.identity.open(), IdentityData(**kept["identity"])
    edit = _Edit(person, before, after, {})
    edit.changed = _differing(vars(before), vars(after), SEALED_FIELDS)
    was = _of_person(person)
    edit.changed |= {name.removesuffix("_id") for name in was if was[name] != kept["person"][name]}
    if before.birth_text != after.birth_text:
        edit.changed.add("birth")
    _keep(actor, edit)
    for name, value in kept["person"].items():
        day = name in ("birth_earliest", "birth_latest") and value
        setattr(person, name, date.fromisoformat(value) if day else value)
    _save(household, edit)
    return edit.changed


def take_over(*, actor: Any, person: Person, source: Person) -> IdentityVersion | None:
    """Who was counted only becomes who was named when the family was registered a second time.

    Part of a merge, in its transaction and under its locks; the version that leads back, or None
    when there was nothing to take over.
    """
    if not person.pre_registered or source.pre_registered:
        return None
    edit = _Edit(person, person.identity.open(), source.identity.open(), {})
    version = _keep(actor, edit)
    for name in _KEPT_OF_PERSON:
        setattr(person, name, getattr(source, name))
    _save(person.household, edit)
    return version


def give_back(*, actor: Any, version: IdentityVersion) -> None:
    """Undo `take_over`, unless somebody corrected the person since: that stays."""
    person = version.person
    newest = IdentityVersion.objects.filter(person=person).order_by("replaced_at", "pk").last()
    if newest is not None and newest.pk == version.pk:
        _put_back(actor, person.household, person, version.open())


def _locked(actor: Any, household: Household) -> Household:
    require_editor(actor, household.pk)
    locked = Household.objects.select_for_update().get(pk=household.pk)
    if locked.merged_into_id is not None:
        raise InvalidState("household_closed", _("This household is closed."))
    return locked


def _members(actor: Any, household: Household, wanted: Mapping[uuid.UUID, Any]) -> list[Person]:
    """The persons in the order asked for, locked. Who was separated is nobody of this household
    for those without the screening permission."""
    rows = household.members.filter(pk__in=list(wanted))
    if not access_of(actor).can(Permission.SCREENING):
        rows = rows.exclude(exit_reason=ExitReason.SEPARATED)
    locked = rows.select_for_update(of=("self",), no_key=True).order_by("pk")
    found = {person.pk: person for person in locked.select_related("identity")}
    if len(found) < len(wanted):
        raise NotPermitted("not_permitted", _("This person is not in this household."))
    return [found[pk] for pk in wanted]


def current_input(person: Person, opened: IdentityData) -> MemberInput:
    """A person as they would be typed now, without birth and needs: the start of a form."""
    return MemberInput(
        name=opened.name,
        father_name=opened.father_name,
        grandfather_name=opened.grandfather_name,
        also_known_as=tuple(opened.also_known_as),
        sex=person.sex,
        relationship=person.relationship,
        nationality=person.nationality_id or "",
        marital_status=person.marital_status,
        birth_source=person.birth_source,
        documents=tuple(DocumentInput(**each) for each in opened.documents),
        phones=tuple(opened.phones),
        notes=opened.notes,
    )


def _planned(
    person: Person,
    sent: Mapping[str, Any],
    context: Context,
    path: str,
    problems: list[FieldProblem],
) -> _Edit:
    """What would be written; what is wrong with the fields that were sent joins `problems`."""
    if unknown := set(sent) - EDITABLE:
        raise TypeError(f"not editable: {sorted(unknown)}")
    before = person.identity.open()
    current = current_input(person, before)
    typed = {name: value for name, value in sent.items() if name != "is_focal_point"}
    wanted = replace(current, **typed)
    found: list[FieldProblem] = []
    today = clock.today(context.operation.zone)
    birth = check_member(wanted, context, path, today, found, unnamed=person.pre_registered)
    # What was recorded before and is not touched is not questioned now.
    problems += [each for each in found if _root(each.field, path) in sent]
    birth = _not_after_arrival(birth, person, context, path, sent, problems)
    _check_focal_point(person, wanted, sent, path, problems)
    after = identity_data(wanted)
    if not typed.get("birth", "").strip():
        after.birth_text = "" if "bracket" in sent or "birth" in sent else before.birth_text
    edit = _Edit(person, before, after, sent, birth)
    edit.changed = _differing(vars(before), vars(after), SEALED_FIELDS)
    edit.changed |= {
        name for name in PLAIN_FIELDS if getattr(wanted, name) != getattr(current, name)
    }
    if _birth_differs(person, birth, before, after, sent):
        edit.changed.add("birth")
    return edit


def _root(name: str, path: str) -> str:
    return name.removeprefix(f"{path}.").split(".")[0]


def _differing(
    before: Mapping[str, Any], after: Mapping[str, Any], names: Sequence[str]
) -> set[str]:
    return {name for name in names if before[name] != after[name]}


def _birth_differs(
    person: Person,
    birth: Birth | None,
    before: IdentityData,
    after: IdentityData,
    sent: Mapping[str, Any],
) -> bool:
    if not {"birth", "bracket"} & set(sent):
        return False
    if before.birth_text and before.birth_text == after.birth_text:
        return False  # the same words: an age that was said at the arrival is not said again
    was = (person.birth_earliest, person.birth_latest, before.birth_text)
    return was != (
        birth.earliest if birth else None,
        birth.latest if birth else None,
        after.birth_text,
    )


def _not_after_arrival(
    birth: Birth | None,
    person: Person,
    context: Context,
    path: str,
    sent: Mapping[str, Any],
    problems: list[FieldProblem],
) -> Birth | None:
    """The birth as far as it lies before the arrival: later ones are births at the site."""
    arrived_on = person.arrived_at.astimezone(context.operation.zone).date()
    if birth is None or birth.earliest <= arrived_on:
        return birth and replace(birth, latest=min(birth.latest, arrived_on))
    name = "birth" if sent.get("birth") else "bracket"
    detail = _("The birth lies after the arrival: check it, or record a birth instead.")
    problems.append(FieldProblem(f"{path}.{name}", "after_arrival", detail))
    return birth


def _check_focal_point(
    person: Person,
    wanted: MemberInput,
    sent: Mapping[str, Any],
    path: str,
    problems: list[FieldProblem],
) -> None:
    focal = sent.get("is_focal_point")
    detail = None
    if focal is False and person.is_focal_point:
        detail = _("Choose another person as focal point instead.")
    elif focal and person.left_at is not None:
        detail = _("This person has left: choose somebody who is here.")
    elif focal and is_blank(wanted.name):
        detail = _("Write the name first: a focal point is called by name.")
    if detail is not None:
        problems.append(FieldProblem(f"{path}.is_focal_point", "invalid", detail))


def _of_person(person: Person) -> dict[str, Any]:
    """The plain columns that are kept with an earlier version, as JSON."""
    values = {name: getattr(person, name) for name in _KEPT_OF_PERSON}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }


def snapshot(person: Person, opened: IdentityData) -> dict[str, Any]:
    """What is kept of a person as they stand, as JSON. Personal data."""
    return {"identity": vars(opened), "person": _of_person(person)}


def _keep(actor: Any, edit: _Edit) -> IdentityVersion:
    version = IdentityVersion(person=edit.person, replaced_by=actor, replaced_at=clock.now())
    version.seal(snapshot(edit.person, edit.before))
    version.save(force_insert=True)
    return version


def _write(actor: Any, household: Household, edit: _Edit, context: Context) -> None:
    person = edit.person
    if edit.changed:
        _keep(actor, edit)
        for name in edit.changed & {*PLAIN_FIELDS}:
            column = "nationality_id" if name == "nationality" else name
            setattr(person, column, edit.sent[name] or (None if name == "nationality" else ""))
        if "birth" in edit.changed:
            _set_birth(person, edit.birth)
        if not is_blank(edit.after.name):
            person.pre_registered = False
        _save(household, edit)
    if edit.sent.get("is_focal_point") and not person.is_focal_point:
        _switch_focal_point(household, person, edit)
    if _add_needs(actor, person, edit.sent.get("specific_needs", ()), context):
        edit.changed.add("specific_needs")


def _set_birth(person: Person, birth: Birth | None) -> None:
    person.birth_earliest = birth.earliest if birth else None
    person.birth_latest = birth.latest if birth else None
    person.birth_precision = birth.precision if birth else BirthPrecision.UNKNOWN
    if birth is not None:
        person.birth_calendar = birth.calendar


def _save(household: Household, edit: _Edit) -> None:
    """The person and the identity sealed anew; keys follow with the household's change."""
    person = edit.person
    person.save()
    person.identity.sealed = Identity.sealing(person, edit.after).sealed
    person.identity.save(update_fields=["sealed"])


def _switch_focal_point(household: Household, person: Person, edit: _Edit) -> None:
    former = household.members.filter(is_focal_point=True).select_related("identity").first()
    if former is not None:
        former.is_focal_point = False
        former.save(update_fields=["is_focal_point"])
    person.is_focal_point = True
    person.save(update_fields=["is_focal_point"])
    edit.changed.add("is_focal_point")


def _add_needs(actor: Any, person: Person, codes: Sequence[str], context: Context) -> bool:
    """Needs that are said now; a suggestion that is confirmed by it becomes one of them."""
    known = {need.type_id: need for need in SpecificNeed.objects.open().filter(person=person)}
    added = False
    for code in dict.fromkeys(codes):
        confirmed = context.codes.needs[code] in context.tiers
        status = NeedStatus.CONFIRMED if confirmed else NeedStatus.PENDING_REVIEW
        need = known.get(code)
        if need is None:
            build_need(actor, person, code, status).save(force_insert=True)
        elif need.status == NeedStatus.SUGGESTED:
            need.status, need.recorded_by = status, actor
            need.save(update_fields=["status", "recorded_by"])
        else:
            continue
        added = True
    return added


def _follow_up(actor: Any, household: Household, changed: set[str]) -> None:
    """What follows from a change: suggestions, the level, the event, another look for repeats."""
    if not changed:
        return
    # Also when the level stays: who follows changes by `updated_since` must learn of them.
    household.save(update_fields=["level"])
    refresh_suggestions(actor=actor, household=household)
    household_changed(household, actor)
    record_event("household.changed", household, actor=actor, fields=sorted(changed))
    if changed & _FOUND_BY:
        # After commit: deciding about a pair locks the pair first and then the households.
        transaction.on_commit(partial(find_duplicates, [household.pk]), robust=True)
