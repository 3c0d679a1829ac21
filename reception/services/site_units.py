"""Rooms and tents of a site: making and changing them, not who sleeps where."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.policies import Permission
from audit.events import record_event
from common.errors import Conflict, FieldProblem, InvalidInput
from reception.models import Site, Unit
from reception.policies import require_at
from reception.services.locks import lock_site, lock_unit

UNIT_EDITABLE = ("name", "kind", "section", "accessible", "capacity")


@transaction.atomic
def create_unit(
    *, actor: Any, site: Site, code: str, unit_id: uuid.UUID | None = None, **fields: Any
) -> Unit:
    """A new room or tent. Raises NotPermitted, InvalidInput, Conflict `unit_code_taken`.

    The sum of the units may be more or less than the site's capacity: the site decides how many
    people come, the unit where they sleep.
    """
    require_at(actor, Permission.SITES_EDIT, site)
    site = lock_site(site.pk)
    unit = Unit(site=site, code=code.strip().upper(), **_known(fields))
    unit.id = unit_id or unit.id
    _check(unit)
    if site.units.filter(code=unit.code).exists() or Unit.objects.filter(pk=unit.pk).exists():
        detail = _("This site has a unit with this code already.")
        raise Conflict("unit_code_taken", detail, problems=[FieldProblem("code", "unique", detail)])
    unit.save(force_insert=True)
    record_event("site.unit_created", site, actor=actor, unit=unit.code, places=unit.capacity)
    return unit


@transaction.atomic
def edit_unit(*, actor: Any, unit: Unit, **changes: Any) -> Unit:
    """Change fields of a room or tent. Raises NotPermitted, InvalidInput.

    Conflict `unit_below_taken` when fewer places would be left than are taken or blocked.
    """
    require_at(actor, Permission.SITES_EDIT, unit.site)
    site = lock_site(unit.site_id)
    unit = lock_unit(unit.pk)
    for name, value in _known(changes).items():
        setattr(unit, name, value)
    _check(unit)
    if unit.free < 0:
        detail = _(
            "That leaves %(capacity)d places, but %(taken)d are taken and %(blocked)d are "
            "blocked. Move people to another room first."
        ) % {"capacity": unit.capacity, "taken": unit.taken, "blocked": unit.blocked}
        raise Conflict(
            "unit_below_taken", detail, problems=[FieldProblem("capacity", "too_few", detail)]
        )
    unit.save(update_fields=[*changes])
    if changes:
        record_event("site.unit_changed", site, actor=actor, unit=unit.code, fields=sorted(changes))
    return unit


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(fields) - set(UNIT_EDITABLE):
        raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
    return fields


def _check(unit: Unit) -> None:
    try:
        unit.full_clean(exclude=["site"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        problems = [
            FieldProblem(field, "invalid", " ".join(texts))
            for field, texts in error.message_dict.items()
        ]
        raise InvalidInput("invalid", _("Correct the fields named."), problems=problems) from error
