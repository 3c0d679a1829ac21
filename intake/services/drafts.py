"""Drafts of registrations: kept for their owner until they are registered, or for a week."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, access_of
from common import clock
from common.errors import Conflict, FieldProblem, NotPermitted
from intake.models import EntryPoint, Household, RegistrationDraft
from intake.names import is_blank
from intake.services.checking import invalid

KEPT_FOR = timedelta(days=7)
LARGEST = 256 * 1024  # bytes of one draft as it is sent
MOST_DRAFTS = 50  # of one registrar
MOST_FIELDS = 3000
LONGEST_VALUE = 5000

# Names that the registration form uses; a draft is a form and nothing else.
_FIELD = re.compile(r"(?:members-\d{1,2}-)?[a-z][a-z_]{0,39}\Z|members-[A-Z_]{5,20}\Z", re.ASCII)
_NEVER = frozenset({"csrfmiddlewaretoken", "save", "add_person"})
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL and lone surrogates are no text
_NAME = re.compile(r"members-\d{1,2}-name\Z", re.ASCII)

Fields = list[tuple[str, str]]


def save_draft(*, actor: Any, draft_id: uuid.UUID, fields: Any) -> RegistrationDraft:
    """Keep what was typed: `fields` are pairs of the form's field names and their texts.

    Saving again replaces it and begins the week anew. Raises NotPermitted, InvalidInput, or
    Conflict: "registered" when the household is there already, "too_many" drafts, or "conflict"
    when the id is another's.
    """
    _require_registrar(actor)
    kept = checked_fields(fields)
    now = clock.now()
    codes = [value for name, value in kept if name == "entry_point"]
    values: dict[str, Any] = {
        "saved_at": now,
        "updated_at": now,
        "expires_at": now + KEPT_FOR,
        "entry_point": EntryPoint.objects.filter(code__in=codes[-1:]).first(),
        "people": sum(1 for name, value in kept if _NAME.match(name) and not is_blank(value)),
        "content": {"fields": kept},
    }
    with transaction.atomic():
        if Household.objects.filter(pk=draft_id).exists():
            raise Conflict("registered", _("This household is registered already."))
        own = RegistrationDraft.objects.filter(pk=draft_id, owner=actor)
        if not own.update(**values):
            _make(actor, draft_id, values)
        return own.defer("content").get()


def _make(actor: Any, draft_id: uuid.UUID, values: dict[str, Any]) -> None:
    if RegistrationDraft.objects.filter(owner=actor).count() >= MOST_DRAFTS:
        raise Conflict(
            "too_many", _("You have too many unfinished registrations: finish or discard some.")
        )
    try:
        with transaction.atomic():
            RegistrationDraft.objects.create(pk=draft_id, owner=actor, **values)
    except IntegrityError as error:
        # Saved a moment ago from another window, or the id is somebody else's.
        if not RegistrationDraft.objects.filter(pk=draft_id, owner=actor).update(**values):
            raise Conflict("conflict", _("This id is in use: open the form anew.")) from error


def checked_fields(fields: Any) -> Fields:
    """The pairs that are fields of the form; InvalidInput when it is no form at all."""
    if not isinstance(fields, list) or len(fields) > MOST_FIELDS:
        raise _not_a_form()
    kept: Fields = []
    for each in fields:
        if not (isinstance(each, list | tuple) and len(each) == 2):
            raise _not_a_form()
        name, value = each
        if not (isinstance(name, str) and isinstance(value, str) and _FIELD.match(name)):
            raise _not_a_form()
        if len(value) > LONGEST_VALUE or _UNSTORABLE.search(value):
            raise _not_a_form()
        if name not in _NEVER:
            kept.append((name, value))
    return kept


def _not_a_form() -> Exception:
    return invalid(
        [FieldProblem("fields", "unreadable", _("This is no registration form: open it anew."))]
    )


def discard_draft(*, actor: Any, draft_id: uuid.UUID) -> bool:
    """Delete one's own draft; whether there was one."""
    _require_registrar(actor)
    found, _rows = RegistrationDraft.objects.filter(pk=draft_id, owner=actor).delete()
    return bool(found)


def forget_registered(household_ids: Iterable[uuid.UUID]) -> None:
    """Delete the drafts of households that are registered now."""
    RegistrationDraft.objects.filter(pk__in=list(household_ids)).delete()


def forget_expired() -> int:
    """Delete the drafts whose week is over or whose household is registered; how many."""
    found, _rows = RegistrationDraft.objects.outdated().delete()
    return found


def _require_registrar(actor: Any) -> None:
    if not access_of(actor).can(Permission.HOUSEHOLDS_REGISTER):
        raise NotPermitted("not_permitted", _("Only registrars register households."))
