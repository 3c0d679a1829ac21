"""What every service of aid shares: the lock, the sides, the trace of a step."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, access_of
from aid.models import AidRequest, StatusChange
from audit.events import record_event
from common.errors import FieldProblem, InvalidInput, NotPermitted, Text

MAX_TEXT = 4000
MAX_QUANTITY = Decimal("9999999999.99")


def lock_request(request: AidRequest) -> AidRequest:
    """The row as it is now, locked until the transaction ends."""
    rows = AidRequest.objects.filter(pk=request.pk).order_by("pk").select_related("agency")
    (row,) = rows.select_for_update(of=("self",), no_key=True)
    return row


def require_agency(actor: Any, request: AidRequest) -> None:
    """Only the addressed agency answers; NotPermitted otherwise."""
    scopes = access_of(actor).scopes(Permission.AID_RESPOND)
    if not (scopes.everywhere or request.agency.code in scopes.agencies):
        raise NotPermitted("not_permitted", _("Only the agency that was asked can do this."))


def require_requester(actor: Any, request: AidRequest) -> None:
    """Only coordination, within what it sees, takes a request back; NotPermitted otherwise."""
    permitted = access_of(actor).can(Permission.AID_REQUEST)
    if not (permitted and AidRequest.objects.visible_to(actor).filter(pk=request.pk).exists()):
        raise NotPermitted("not_permitted", _("Only those who ask for aid can do this."))


def invalid(field: str, code: str, detail: Text) -> InvalidInput:
    """An error about one field."""
    return InvalidInput("invalid", detail, problems=[FieldProblem(field, code, detail)])


def require_text(field: str, value: str, missing: Text) -> str:
    """The text without blanks around it; InvalidInput when there is none or far too much."""
    text = value.strip()
    if not text:
        raise invalid(field, "required", missing)
    return limited_text(field, text)


def limited_text(field: str, value: str) -> str:
    """The text without blanks around it, at most MAX_TEXT characters."""
    text = value.strip()
    if len(text) > MAX_TEXT:
        raise invalid(field, "too_long", _("Write at most 4,000 characters."))
    return text


def positive_quantity(field: str, value: Any) -> Decimal:
    """A quantity above zero with at most two decimals; InvalidInput otherwise."""
    try:
        quantity = Decimal(str(value))
    except InvalidOperation as error:
        raise invalid(field, "invalid", _("Write a number.")) from error
    if not quantity.is_finite() or quantity <= 0:
        raise invalid(field, "not_positive", _("The quantity must be more than zero."))
    if quantity > MAX_QUANTITY or quantity != round(quantity, 2):
        raise invalid(field, "out_of_range", _("Write at most ten digits and two decimals."))
    return quantity


def trace_step(
    request: AidRequest, *, actor: Any, from_status: str, note: str, kind: str = ""
) -> None:
    """One row of history and one event for the step that was just saved."""
    StatusChange.objects.create(
        request=request,
        from_status=from_status,
        to_status=request.status,
        note=note,
        changed_by=actor,
    )
    tell(request, actor=actor, kind=kind or request.status)


def tell(request: AidRequest, *, actor: Any, kind: str) -> None:
    """Write the event `aid_request.<kind>`: a reference, a level and a status, never a need."""
    record_event(
        f"aid_request.{kind}",
        request,
        actor=actor,
        agency_code=request.agency.code,
        reference=request.reference,
        level=request.level,
        status=request.status,
    )
