"""The pages of a proposal and of what must hold for a family's place."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from reception import services
from reception.models import (
    AllocationRun,
    KeepApart,
    Placement,
    PlacementPolicy,
    PlacementRequirement,
)
from reception.services import proposing
from tests.factories.allocations import first_fit, line_of
from tests.factories.intake import make_household, member
from tests.factories.reception import make_household_of, make_officer, make_placement, make_site

pytestmark = pytest.mark.django_db
ASK = reverse("admin:reception_ask")


@pytest.fixture(autouse=True)
def _known_answer(operation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "_solve", first_fit)


@pytest.fixture
def officer(operation: Any) -> Any:
    return make_officer(username="petra")


@pytest.fixture
def desk(client: Any, officer: Any) -> Any:
    client.force_login(officer)
    return client


def at(name: str, run: AllocationRun, *more: Any) -> str:
    return reverse(f"admin:reception_proposal{name}", args=[run.pk, *more])


def test_from_the_waiting_list_to_confirmed_places(desk: Any) -> None:
    make_site("A", places=4)
    small, large = make_household_of(2), make_household_of(5)
    assert ASK in desk.get(reverse("admin:reception_waiting")).content.decode()
    assert small.reference in desk.get(ASK).content.decode()
    answer = desk.post(ASK, {"scope": "waiting"})
    run = AllocationRun.objects.get()
    assert answer.headers["Location"] == at("", run)
    page = desk.get(at("", run)).content.decode()
    assert page.index(large.reference) < page.index(small.reference)
    assert "Site A" in page
    answer = desk.post(at("_confirm", run), {"status": "confirmed"}, follow=True)
    assert "1 family has a place now." in answer.content.decode()
    assert Placement.objects.get().status == "confirmed"


def test_chosen_families_only(desk: Any) -> None:
    make_site("A")
    one, _other = make_household_of(2), make_household_of(2)
    answer = desk.post(ASK, {"scope": "chosen", "household": [str(one.pk), "nonsense"]})
    assert answer.status_code == 302
    assert [line.household for line in AllocationRun.objects.get().lines.all()] == [one]
    assert desk.post(ASK, {"scope": "chosen"}).status_code == 400
    assert desk.post(ASK, {"scope": "arrivals"}).status_code == 400


def test_change_keep_and_ask_again(desk: Any, officer: Any) -> None:
    make_site("A", places=4), make_site("B", places=4), make_site("C", places=1)
    household = make_household_of(2)
    run = services.ask_allocation(actor=officer, asked=proposing.Asked())
    line = line_of(run, household)
    page = desk.get(at("_line", run, line.pk)).content.decode()
    assert "Site C has 1 free place for them, 2 are needed." in page
    assert desk.post(at("_line", run, line.pk), {"site": "C"}).status_code == 400
    assert desk.post(at("_line", run, line.pk), {"site": "nowhere"}).status_code == 400
    desk.post(at("_line", run, line.pk), {"site": "B"})
    desk.post(at("_keep", run, line.pk))
    desk.post(at("_again", run))
    line = line_of(run, household)
    assert (line.site.code, line.locked, line.state) == ("B", True, "changed")  # type: ignore[union-attr]
    desk.post(at("_line", run, line.pk), {"site": "-"})
    assert line_of(run, household).state == "left_out"
    desk.post(at("_withdraw", run))
    assert AllocationRun.objects.get().status == "withdrawn"


def test_a_refused_confirmation_offers_the_others(desk: Any, officer: Any) -> None:
    make_site("A")
    one, _other = make_household_of(2), make_household_of(2)
    run = services.ask_allocation(actor=officer, asked=proposing.Asked())
    make_placement(make_site("B"), household=one, by=officer)
    answer = desk.post(at("_confirm", run), {"status": "reserved"})
    assert answer.status_code == 409
    assert f"{one.reference}</bdi>: This family has found a place meanwhile." in (
        answer.content.decode()
    )
    desk.post(at("_confirm", run), {"status": "reserved", "only_possible": "1"})
    assert Placement.objects.count() == 2
    assert "No longer possible" in desk.get(at("", run)).content.decode()


def test_a_run_that_is_worked_out_reloads_by_itself(desk: Any, officer: Any) -> None:
    make_site("A")
    make_household_of(2)
    run = services.ask_allocation(actor=officer, asked=proposing.Asked())
    AllocationRun.objects.update(status="asked")
    assert 'http-equiv="refresh"' in desk.get(at("", run)).content.decode()


def test_others_see_no_proposal(client: Any, officer: Any, alice: Any, omar: Any) -> None:
    make_site("A")
    household = make_household_of(2)
    run = services.ask_allocation(actor=officer, asked=proposing.Asked())
    line = line_of(run, household)
    for user in (alice, omar):
        client.force_login(user)
        for address in (ASK, at("", run), at("_line", run, line.pk)):
            assert client.get(address).status_code in (302, 403, 404)
        for address in (at("_confirm", run), at("_keep", run, line.pk), at("_again", run)):
            assert client.post(address).status_code in (302, 403, 404)
    assert not Placement.objects.exists()


def test_what_must_hold_is_set_on_the_households_page(
    client: Any, officer: Any, dana: Any, alice: Any
) -> None:
    household, other = make_household(alice, [member()]), make_household_of(1)
    page = reverse("admin:intake_household_place_rules", args=[household.pk])
    shown = reverse("admin:intake_household_change", args=[household.pk])
    client.force_login(dana)
    sent = {"do": "apart", "apart-other": other.reference, "apart-reason": "an old feud"}
    assert client.post(page, sent).status_code == 302
    assert client.post(page, {**sent, "apart-other": "TST-21-999999-X"}).status_code == 422
    assert "an old feud" in client.get(shown).content.decode()
    client.force_login(officer)
    text = client.get(shown).content.decode()
    assert other.reference in text
    assert "an old feud" not in text
    assert client.post(page, {**sent}).status_code == 422
    assert client.post(page, {"do": "require", "kind": "medical"}).status_code == 422
    client.post(page, {"do": "require", "kind": "medical", "minutes": "20"})
    row = PlacementRequirement.objects.get()
    assert "at most 20 minutes" in client.get(shown).content.decode()
    client.post(page, {"do": "near", "near-other": other.reference})
    client.post(page, {"do": "end_requirement", "row": row.pk})
    client.post(page, {"do": "end_near"})
    assert not PlacementRequirement.objects.in_force().exists()
    client.post(page, {"do": "end_apart", "row": KeepApart.objects.get().pk})
    assert KeepApart.objects.in_force().exists()


def test_a_policy_is_decided_on_its_page(client: Any, operation: Any, officer: Any) -> None:
    from accounts.choices import Role
    from reception.gathering import current_policy
    from tests.factories.accounts import make_user

    site = make_site("NEAR", border_km=3)
    page = reverse("admin:reception_placementpolicy_add")
    client.force_login(make_user(Role.ADMINISTRATOR))
    sent = {"near_border_km": 40, "first_nights": 3, "sites": [site.pk], "decision": ""}
    assert client.post(page, sent).status_code == 200
    assert current_policy().near_border_km == 50
    assert client.post(page, {**sent, "decision": "Commission, no. 12"}).status_code == 302
    policy = current_policy()
    assert (policy.near_border_km, policy.near_border_sites) == (40, {"NEAR"})
    client.force_login(officer)
    assert client.get(page).status_code == 403


def test_the_choice_by_hand_shows_the_rules_too(desk: Any, officer: Any, dana: Any) -> None:
    site, near = make_site("A"), make_site("NEAR", border_km=3)
    PlacementPolicy.objects.create(decided_by=dana)
    one, other = make_household_of(1), make_household_of(1)
    services.keep_apart(actor=dana, household=one, other=other, reason="x")
    make_placement(site, household=other, by=officer)
    page = reverse("admin:reception_place", args=[one.pk])
    text = desk.get(page).content.decode()
    assert "must be kept apart" in text
    assert "3 km from the border" in text
    sent = {"site": near.code, "status": "reserved"}
    assert desk.post(page, sent).status_code == 400
    assert desk.post(page, {**sent, "override_reason": "no road"}).status_code == 302
    assert Placement.objects.get(household=one).site == near
