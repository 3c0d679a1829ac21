"""Asking for aid: what is accepted, what is refused, what is written."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from stdnum.iso7064 import mod_37_36

from accounts.choices import Role, ScopeKind
from accounts.models import Agency, User
from aid import services
from aid.models import AidRequest
from audit.models import Event
from common.errors import Conflict, InvalidInput, NotPermitted
from intake.choices import ExitReason
from tests.factories import accounts as make
from tests.factories.aid import MEALS, leave, make_household, make_request, make_site


def fields_at_fault(error: pytest.ExceptionInfo[InvalidInput]) -> dict[str, str]:
    return {each.field: each.code for each in error.value.problems}


def test_a_request_is_written_with_one_change_and_one_event(
    coordinator: User, agency: Agency
) -> None:
    request = make_request(coordinator, agency, sector="NFI")
    assert request.sector_id == "core_relief_items"
    assert request.reference.startswith("AID-")
    assert mod_37_36.is_valid(request.reference.replace("-", ""))
    change = request.changes.get()
    assert (change.from_status, change.to_status) == ("", "submitted")
    event = Event.objects.get(subject_id=request.pk)
    assert (event.kind, event.agency_code) == ("aid_request.submitted", agency.code)
    assert event.data == {"reference": request.reference, "level": "urgent", "status": "submitted"}


def test_every_field_at_fault_is_named(coordinator: User, agency: Agency) -> None:
    agency.is_active = False
    agency.save()
    with pytest.raises(InvalidInput) as error:
        make_request(
            coordinator,
            agency,
            sector="magic",
            level="soon",
            summary=" ",
            items=[*MEALS, {"item": "rice", "quantity": 0, "unit": "kg"}],
        )
    assert fields_at_fault(error) == {
        "agency": "inactive",
        "sector": "unknown",
        "level": "invalid",
        "summary": "required",
        "items.1.quantity": "not_positive",
    }
    assert not AidRequest.objects.exists()


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", -1, "many", "1e30", "0.001", None])
def test_senseless_quantities_are_refused(quantity: Any, coordinator: User, agency: Agency) -> None:
    items = [{"item": "rice", "quantity": quantity, "unit": "kg"}]
    with pytest.raises(InvalidInput) as error:
        make_request(coordinator, agency, items=items)
    assert list(fields_at_fault(error)) == ["items.0.quantity"]


def test_only_who_may_ask_asks(carol: User, alice: User, omar: User, agency: Agency) -> None:
    for user in (carol, alice, omar):
        with pytest.raises(NotPermitted):
            make_request(user, agency)
    assert not Event.objects.exists()


def test_a_site_manager_asks_for_the_own_site_only(agency: Agency) -> None:
    here, there = make_site("HERE"), make_site("THERE")
    manager = make.make_user(Role.SITE_MANAGER, scope=ScopeKind.SITE, code="HERE")
    request = make_request(manager, agency, beneficiary=here)
    assert AidRequest.objects.visible_to(manager).get() == request
    for unseen in (there, make_household()):
        with pytest.raises(InvalidInput) as error:
            make_request(manager, agency, beneficiary=unseen)
        assert fields_at_fault(error) == {"beneficiary": "unknown"}


def test_hidden_sites_are_unknown_to_coordination(
    coordinator: User, dana: User, agency: Agency
) -> None:
    hidden = make_site(hidden=True)
    with pytest.raises(InvalidInput):
        make_request(coordinator, agency, beneficiary=hidden)
    assert make_request(dana, agency, beneficiary=hidden).site == hidden


@pytest.mark.parametrize(
    ("sector", "level", "allowed"),
    [
        ("health", "life", True),
        ("health", "emergency", True),
        ("health", "urgent", False),
        ("food_security", "life", False),
    ],
)
def test_only_emergency_care_for_who_was_separated(
    sector: str, level: str, allowed: bool, coordinator: User, agency: Agency
) -> None:
    person = leave(make_household().members.earliest("position"))
    given = {"beneficiary": person, "sector": sector, "level": level}
    if allowed:
        assert make_request(coordinator, agency, **given).person == person
        return
    with pytest.raises(InvalidInput) as error:
        make_request(coordinator, agency, **given)
    assert fields_at_fault(error) == {"beneficiary.person": "not_in_register"}


def test_the_refusal_does_not_say_who_was_separated(coordinator: User, agency: Agency) -> None:
    said = set()
    for reason in (ExitReason.SEPARATED, ExitReason.DEPARTED, ExitReason.DECEASED):
        person = leave(make_household().members.earliest("position"), reason)
        with pytest.raises(InvalidInput) as error:
            make_request(coordinator, agency, beneficiary=person)
        said.add(str(error.value.message))
    assert len(said) == 1


def test_a_repeat_is_answered_by_the_household_it_was_merged_into(
    coordinator: User, agency: Agency
) -> None:
    kept, repeat = make_household(), make_household()
    repeat.merged_into, repeat.status = kept, "closed"
    repeat.save()
    assert make_request(coordinator, agency, beneficiary=repeat).household == kept


def test_the_same_id_is_the_same_request(coordinator: User, agency: Agency) -> None:
    pk, site = uuid.uuid4(), make_site()
    first = make_request(coordinator, agency, beneficiary=site, request_id=pk)
    again = make_request(coordinator, agency, beneficiary=site, request_id=pk)
    assert first == again
    assert Event.objects.filter(kind="aid_request.submitted").count() == 1
    with pytest.raises(Conflict):
        make_request(coordinator, agency, beneficiary=site, request_id=pk, summary="Other")


def test_deliveries(coordinator: User, carol: User, rival: User, agency: Agency) -> None:
    request = make_request(coordinator, agency)
    given: dict[str, Any] = {
        "request": request,
        "item": "hot meals",
        "quantity": "250.5",
        "unit": "meal",
        "persons_reached": 60,
        "households_reached": 12,
        "breakdown": {"F": {"0-4": 12}},
    }
    with pytest.raises(Exception, match="invalid_state"):
        services.record_delivery(actor=carol, **given)
    services.accept(actor=carol, request=request)
    with pytest.raises(NotPermitted):
        services.record_delivery(actor=rival, **given)
    with pytest.raises(NotPermitted):
        services.record_delivery(actor=coordinator, **given)
    pk = uuid.uuid4()
    first = services.record_delivery(actor=carol, delivery_id=pk, **given)
    assert services.record_delivery(actor=carol, delivery_id=pk, **given) == first
    with pytest.raises(Conflict):
        services.record_delivery(actor=carol, delivery_id=pk, **{**given, "persons_reached": 61})
    assert request.deliveries.count() == 1
    assert Event.objects.filter(kind="aid_request.delivery_recorded").count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"breakdown": {"F": {"0-4": 61}}}, "breakdown"),
        ({"breakdown": {"girls": {"0-4": 1}}}, "breakdown"),
        ({"breakdown": {"F": {"0-3": 1}}}, "breakdown.F"),
        ({"breakdown": {"F": {"0-4": -1}}}, "breakdown.F.0-4"),
        ({"persons_reached": -1}, "persons_reached"),
        ({"quantity": 0}, "quantity"),
        ({"item": " "}, "item"),
    ],
)
def test_wrong_deliveries_name_the_field(
    change: dict[str, Any], field: str, coordinator: User, carol: User, agency: Agency
) -> None:
    request = make_request(coordinator, agency)
    services.accept(actor=carol, request=request)
    given = {"item": "meals", "quantity": 1, "unit": "meal", "persons_reached": 60, **change}
    with pytest.raises(InvalidInput) as error:
        services.record_delivery(actor=carol, request=request, **given)
    assert list(fields_at_fault(error)) == [field]
    assert not request.deliveries.exists()
