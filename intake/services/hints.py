"""Free text that may endanger somebody: a hint to people, and the way into the sealed record.

Never a score, never stored, never in the way of registering.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from common.errors import FieldProblem, InvalidState
from intake.inputs import HouseholdInput
from intake.models import Household, Identity, IdentityVersion, Person, ScreeningOutcome
from intake.names import sealed_hint
from intake.services.checking import invalid
from intake.services.permitted import require_editor
from intake.services.screening import sealed_remark

CODE = "move_to_sealed_record"


def hints_of(data: HouseholdInput) -> list[dict[str, str]]:
    """Which notes of what was sent may belong into the sealed record: field and code only."""
    fields = {"notes": data.notes}
    fields |= {f"members.{n}.notes": member.notes for n, member in enumerate(data.members)}
    return [{"field": field, "code": CODE} for field, text in fields.items() if sealed_hint(text)]


@dataclass(frozen=True)
class HintedNote:
    """A note that may belong into the sealed record; of the household when `person` is None.

    Personal data: `name` and `text`; lives for one response.
    """

    person: Person | None
    name: str
    text: str


def hinted_notes(household: Household) -> list[HintedNote]:
    """Notes of a household and its members, as they stand now, that mention arms or service."""
    notes = [HintedNote(None, "", str(household.contact.get("notes", "")))]
    members = household.members.in_count().select_related("identity").order_by("position")
    for person in members:
        identity = person.identity.open()
        notes.append(HintedNote(person, identity.name, identity.notes))
    return [note for note in notes if sealed_hint(note.text)]


@transaction.atomic
def move_note(
    *, actor: Any, household: Household, person: Person | None = None
) -> ScreeningOutcome:
    """Move the note of a member, or of the household, into the sealed record and out of the note.

    A household's note goes to the record of its focal point. Raises NotPermitted, InvalidInput
    (`person`), InvalidState `no_note` when somebody moved it already.
    """
    require_editor(actor, household.pk)
    household = Household.objects.select_for_update().get(pk=household.pk)
    owner = _owner(household, person)
    text = _take_out(household) if person is None else _take_out_of(owner)
    sealed = sealed_remark(actor=actor, person=owner, text=text)
    if sealed is None:
        raise InvalidState("no_note", _("There is no note any more."))
    return sealed


def _owner(household: Household, person: Person | None) -> Person:
    members = household.members.order_by("-is_focal_point", "position")
    found = [each for each in members if person is None or each.pk == person.pk]
    if not found:
        detail = _("This person is not in this household.")
        raise invalid([FieldProblem("person", "unknown", detail)])
    return found[0]


def _take_out(household: Household) -> str:
    text = str(household.contact.get("notes", ""))
    household.contact = {**household.contact, "notes": ""}
    household.save(update_fields=["contact"])
    return text


def _take_out_of(person: Person) -> str:
    identity = Identity.objects.select_for_update().get(pk=person.pk)
    data = identity.open()
    texts = [*_take_out_of_versions(person), data.notes]
    data.notes = ""
    identity.sealed = Identity.sealing(person, data).sealed
    identity.save(update_fields=["sealed"])
    person.save(update_fields=[])  # who follows changes learns of it
    return "\n".join(text for text in dict.fromkeys(texts) if text)


def _take_out_of_versions(person: Person) -> list[str]:
    """The one change that is made to earlier versions: what endangers somebody leaves them too."""
    texts = []
    versions = IdentityVersion.objects.select_for_update().filter(person=person)
    for version in versions.order_by("replaced_at"):
        content = version.open()
        notes = str(content["identity"].get("notes", ""))
        if sealed_hint(notes):
            texts.append(notes)
            content["identity"]["notes"] = ""
            version.seal(content)
            version.save(update_fields=["sealed"])
    return texts
