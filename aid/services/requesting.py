"""Asking an agency for aid, and passing a request on to another agency."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, Operation
from accounts.policies import Permission, access_of
from aid.beneficiaries import Beneficiary, beneficiary_of, visible_beneficiary
from aid.choices import DEADLINES, Level, RequestStatus, is_emergency_care
from aid.models import AidRequest, AidRequestItem, Sector
from aid.sectors import known_sector
from aid.services.base import (
    invalid,
    limited_text,
    lock_request,
    positive_quantity,
    require_requester,
    require_text,
    trace_step,
)
from aid.services.steps import move
from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput, InvalidState, NotPermitted
from common.ids import new_id
from intake.choices import NEVER_COUNTED, ExitReason
from intake.models import Household, Person
from intake.references import format_reference
from reception.models import Site

S = RequestStatus
PREFIX = "AID"
MAX_ITEMS = 50


@dataclass(frozen=True)
class Item:
    """One thing asked for, in a unit such as kg, kit or person."""

    item: str
    quantity: Decimal
    unit: str


@dataclass(frozen=True)
class _Content:
    agency: Agency
    sector: Sector
    level: str
    beneficiary: Beneficiary
    items: tuple[Item, ...]
    summary: str


def request_aid(
    *,
    actor: Any,
    agency: Agency,
    sector: str | Sector,
    level: str,
    beneficiary: Beneficiary,
    items: Iterable[Item | Mapping[str, Any]],
    summary: str,
    request_id: uuid.UUID | None = None,
) -> AidRequest:
    """Ask `agency` for aid for one person, household or site.

    `items` are `Item`s or mappings with item, quantity and unit. With `request_id` the same
    request sent again is the same row; with other content Conflict. InvalidInput names every
    field at fault; NotPermitted when the actor may not ask for aid.
    """
    if not access_of(actor).can(Permission.AID_REQUEST):
        raise NotPermitted("not_permitted", _("You may not ask agencies for aid."))
    content = _checked(actor, agency, sector, level, beneficiary, items, summary)
    pk = request_id or new_id()
    try:
        with transaction.atomic():
            if request_id is not None and (known := _known(request_id)) is not None:
                return _same_or_conflict(known, content, actor)
            _require_may_receive(actor, content)
            return _create(content, pk=pk, actor=actor)
    except IntegrityError:
        # The same id was written by another call at the same time.
        if request_id is None or (known := _known(request_id)) is None:
            raise
        return _same_or_conflict(known, content, actor)


@transaction.atomic
def reroute(*, actor: Any, request: AidRequest, agency: Agency, note: str = "") -> AidRequest:
    """Pass a request that is unanswered or declined on to another agency: the new request.

    The deadlines of the new one run from now. Sent again it answers the same new request.
    """
    row = lock_request(request)
    require_requester(actor, row)
    if row.rerouted_to is not None and row.rerouted_to.agency_id == agency.pk:
        return row.rerouted_to
    if not row.may_become(S.REROUTED):
        raise InvalidState(
            "invalid_state",
            _("Only a request that is unanswered or declined can be passed on."),
            current=row.status,
        )
    if row.agency_id == agency.pk:
        raise invalid("agency", "same_agency", _("Name another agency."))
    content = _Content(
        agency=_active(agency),
        sector=row.sector,
        level=row.level,
        beneficiary=beneficiary_of(row),
        items=tuple(Item(each.item, each.quantity, each.unit) for each in row.items.all()),
        summary=row.summary,
    )
    _require_may_receive(actor, content)
    note = limited_text("note", note)
    new = _create(content, pk=new_id(), actor=actor)
    row.rerouted_to, before = new, row.status
    move(row, S.REROUTED, clock.now())
    trace_step(row, actor=actor, from_status=before, note=note)
    return new


def _checked(
    actor: Any,
    agency: Agency,
    sector: str | Sector,
    level: str,
    beneficiary: Beneficiary,
    items: Iterable[Item | Mapping[str, Any]],
    summary: str,
) -> _Content:
    """The content of a request; InvalidInput with every problem found, not just the first."""
    problems: list[FieldProblem] = []
    found: dict[str, Any] = {"level": level}
    checks: dict[str, Callable[[], Any]] = {
        "agency": lambda: _active(agency),
        "sector": lambda: known_sector(sector),
        "beneficiary": lambda: visible_beneficiary(actor, beneficiary),
        "items": lambda: _items(items),
        "summary": lambda: require_text("summary", summary, _("Say what is needed.")),
    }
    if level not in Level.values:
        problems.append(
            FieldProblem("level", "invalid", _("Choose life, emergency, urgent or normal."))
        )
    for name, check in checks.items():
        try:
            found[name] = check()
        except InvalidInput as error:
            problems.extend(error.problems)
    if problems:
        detail = _("Correct the fields named in errors and send it again.")
        raise InvalidInput("invalid", detail, problems=problems)
    return _Content(**found)


def _active(agency: Agency) -> Agency:
    if not Agency.objects.filter(pk=agency.pk, is_active=True).exists():
        raise invalid("agency", "inactive", _("This agency takes no requests now."))
    return agency


def _items(items: Iterable[Item | Mapping[str, Any]]) -> tuple[Item, ...]:
    rows = list(items)
    if not rows:
        raise invalid("items", "required", _("Name at least one thing that is needed."))
    if len(rows) > MAX_ITEMS:
        raise invalid("items", "too_many", _("Name at most 50 things."))
    return tuple(_item(row, f"items.{index}") for index, row in enumerate(rows))


def _item(row: Item | Mapping[str, Any], at: str) -> Item:
    given = vars(row) if isinstance(row, Item) else row
    missing = _("This is required.")
    item = require_text(f"{at}.item", str(given.get("item", "")), missing)
    unit = require_text(f"{at}.unit", str(given.get("unit", "")), missing)
    for field, value, length in (("item", item, 100), ("unit", unit, 30)):
        if len(value) > length:
            raise invalid(f"{at}.{field}", "too_long", _("This is too long."))
    return Item(item, positive_quantity(f"{at}.quantity", given.get("quantity")), unit)


def _require_may_receive(actor: Any, content: _Content) -> None:
    """Who is not in the civilian register is not named to agencies, save for emergency care.

    The message is the same for every reason of exit: it must not say who was separated.
    """
    person = content.beneficiary
    if not isinstance(person, Person) or person.left_at is None:
        return
    emergency = is_emergency_care(content.level, content.sector.code)
    beyond_help = person.exit_reason in (*NEVER_COUNTED, ExitReason.DECEASED)
    if emergency and not beyond_help:
        return
    detail = _(
        "This person is no longer in the register. Only health care of the levels life and "
        "emergency can be asked for."
    )
    raise invalid("beneficiary.person", "not_in_register", detail)


def _known(pk: uuid.UUID) -> AidRequest | None:
    rows = AidRequest.objects.select_related("agency", "sector")
    return rows.prefetch_related("items").filter(pk=pk).first()


def _same_or_conflict(known: AidRequest, content: _Content, actor: Any) -> AidRequest:
    items = sorted((each.item, each.quantity, each.unit) for each in known.items.all())
    before = (known.agency_id, known.sector_id, known.level, known.summary, known.requested_by_id)
    after = (
        content.agency.pk,
        content.sector.pk,
        content.level,
        content.summary,
        actor.pk,
    )
    beneficiary = known.person_id or known.household_id or known.site_id
    wanted = sorted((each.item, each.quantity, each.unit) for each in content.items)
    if before == after and beneficiary == content.beneficiary.pk and items == wanted:
        return known
    raise Conflict("conflict", _("Another request already has this id."))


def _create(content: _Content, *, pk: uuid.UUID, actor: Any) -> AidRequest:
    now = clock.now()
    acknowledge, act = DEADLINES[content.level]
    target = content.beneficiary
    request = AidRequest(
        pk=pk,
        reference=_next_reference(),
        agency=content.agency,
        sector=content.sector,
        level=content.level,
        person=target if isinstance(target, Person) else None,
        household=target if isinstance(target, Household) else None,
        site=target if isinstance(target, Site) else None,
        summary=content.summary,
        submitted_at=now,
        acknowledge_by=now + acknowledge,
        act_by=now + act,
        requested_by=actor,
    )
    request.save(force_insert=True)
    AidRequestItem.objects.bulk_create(
        [
            AidRequestItem(request=request, item=each.item, quantity=each.quantity, unit=each.unit)
            for each in content.items
        ]
    )
    trace_step(request, actor=actor, from_status="", note="")
    return request


def _next_reference() -> str:
    """A reference such as AID-26-000012-X, of the operation's present year."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('aid_request_serial')")
        serial = int(cursor.fetchone()[0])
    return format_reference(PREFIX, clock.today(Operation.current().zone).year, serial)
