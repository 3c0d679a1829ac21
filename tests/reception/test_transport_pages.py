"""Transports and check-in by slip on the staff site: what is shown, done and refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from audit.models import AccessRecord, Event
from common import clock
from intake.models import Household
from intake.services.tokens import replace_token
from reception import services
from reception.models import Placement, Transport
from reception.services import transporting, travelling
from reception.services.transporting import Wanted
from tests.factories.intake import make_household
from tests.factories.reception import (
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
)
from tests.factories.tokens import make_slips
from tests.factories.transports import families_at, listed, make_transport, on_the_road

pytestmark = pytest.mark.django_db
LIST = reverse("admin:reception_transport_changelist")
ADD = reverse("admin:reception_transport_add")


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def officer():
    return make_officer(username="petra")


@pytest.fixture
def here():
    return make_site("HERE", places=20)


@pytest.fixture
def there():
    return make_site("THERE", places=20)


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def page_of(transport):
    return reverse("admin:reception_transport_change", args=[transport.pk])


def families_of(transport):
    return reverse("admin:reception_transport_families", args=[transport.pk])


def list_of(transport):
    return reverse("admin:reception_transport_list", args=[transport.pk])


def check_in_at(site):
    return reverse("admin:reception_check_in", args=[site.code])


def text_of(answer):
    return answer.content.decode()


def family_with_a_slip(alice, site=None, status="reserved"):
    """A registered family with names, and where it has a place."""
    household = make_household(alice)
    if site is None:
        return household, None
    return household, make_placement(site, household=household, status=status)


# Transports ----------------------------------------------------------------------------------
def test_from_the_plan_to_the_arrival_by_the_pages(as_user, officer, here, there):
    client = as_user(officer)
    travels, stays = families_at(here, 3, 2)
    sent = {
        "begins": "site:HERE",
        "to_site": "THERE",
        "planned_departure": f"{clock.now() + timedelta(days=1):%Y-%m-%dT%H:%M}",
        "vehicle": "bus",
        "seats": 10,
        "wheelchair_places": 1,
    }
    transport = None
    answer = client.post(ADD, sent)
    transport = Transport.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, families_of(transport))
    text = text_of(client.get(families_of(transport)))
    assert travels.household.reference in text
    chosen = {"family": [travels.pk, stays.pk], f"wheelchairs_{travels.pk}": "1"}
    assert client.post(families_of(transport), chosen).status_code == 302
    page = page_of(transport)
    first = transport.lines.get(placement=travels)
    second = transport.lines.get(placement=stays)
    assert (first.wheelchairs, first.step_free) == (1, True)
    found = client.post(page, {"step": "scan", "text": travels.household.reference})
    assert "All 3 are on board" in text_of(found)
    assert client.post(page, {"step": "board", "line": first.pk}).status_code == 302
    client.post(page, {"step": "depart", f"why_{second.pk}": "ill"})
    assert transport.lines.get(pk=second.pk).stayed_behind == "ill"
    assert Transport.objects.get().status == "departed"
    manager = as_user(make_manager(there))
    client.post(page, {"step": "arrive"})
    assert "left with this transport and is not checked in" in text_of(manager.get(page))
    manager.post(page, {"step": "arrive_family", "line": first.pk})
    assert Placement.objects.get(pk=first.target_id).status == "checked_in"


def test_a_plan_with_mistakes_is_shown_again(as_user, officer, here):
    answer = as_user(officer).post(ADD, {"begins": "site:HERE", "seats": "0"})
    assert (answer.status_code, Transport.objects.count()) == (422, 0)


def test_too_few_seats_keep_what_was_ticked(as_user, officer, here, there):
    transport = make_transport(here, there, by=officer, seats=2)
    (family,) = families_at(here, 3)
    answer = as_user(officer).post(families_of(transport), {"family": [family.pk]})
    assert answer.status_code == 422
    text = text_of(answer)
    assert "2 free seats" in text
    assert f'value="{family.pk}" data-persons="3" checked' in text
    assert not transport.lines.exists()


@pytest.mark.parametrize(
    "step", ["load", "board", "get_off", "remove", "depart", "arrive_all", "missing", "cancel"]
)
def test_who_only_reads_presses_nothing(as_user, alice, here, there, step):
    transport = make_transport(here, there)
    (line,) = listed(transport, families_at(here, 2))
    client = as_user(alice)
    text = text_of(client.get(page_of(transport)))
    assert line.target.household.reference in text
    assert 'name="step"' not in text
    sent = {"step": step, "line": line.pk, "reason": "snow"}
    assert client.post(page_of(transport), sent).status_code == 403
    assert Transport.objects.get().status == "planned"


def test_outsiders_and_managers_of_other_sites_find_nothing(as_user, omar, carol, here, there):
    transport = make_transport(here, there)
    stranger = make_manager(make_site())
    for user, status in ((omar, 302), (carol, 403), (stranger, 302)):
        answer = as_user(user).get(page_of(transport))
        assert answer.status_code in (status, 403, 404)
        assert transport.reference not in text_of(answer)
        assert as_user(user).get(families_of(transport)).status_code in (302, 403, 404)
        assert as_user(user).post(list_of(transport)).status_code in (302, 403, 404)
    assert Transport.objects.get().copies == 0


def test_the_sender_of_a_hidden_target_reads_another_site(as_user, dana, here):
    secret = make_site("SECRET-9", hidden=True)
    transport = make_transport(here, secret, by=dana)
    (family,) = families_at(here, 2)
    wanted = [Wanted(family.household, family)]
    transporting.add_families(actor=dana, transport=transport, families=wanted)
    client = as_user(make_manager(here))
    site_page = reverse("admin:reception_site_change", args=[here.pk])
    line = transport.lines.get()
    client.post(page_of(transport), {"step": "board", "line": line.pk})
    for answer in (
        client.get(LIST),
        client.get(page_of(transport)),
        client.get(site_page),
        client.post(list_of(transport)),
    ):
        text = text_of(answer)
        assert answer.status_code == 200
        assert "another site" in text
        assert "secret" not in text.lower()
        assert str(line.target_id) not in text


# The list on paper ---------------------------------------------------------------------------
def test_the_list_has_numbers_and_no_names_and_each_copy_has_a_number(
    as_user, officer, alice, here, there
):
    household, placement = family_with_a_slip(alice, here, "checked_in")
    transport = make_transport(here, there, by=officer, contact="Driver Invented")
    transporting.add_families(
        actor=officer,
        transport=transport,
        families=[Wanted(household, placement, escort=True)],
    )
    client = as_user(officer)
    for number in (1, 2):
        text = text_of(client.post(list_of(transport)))
        assert f"Copy {number}" in text
        assert household.reference in text
        assert "medical escort" in text
        assert "Zarina" not in text
    events = Event.objects.filter(kind="transport.manifest_printed").order_by("pk")
    assert [(e.data["copy"], e.data["names"]) for e in events] == [(1, False), (2, False)]


def test_names_need_a_reason_and_are_recorded(as_user, officer, alice, here, there):
    household, placement = family_with_a_slip(alice, here, "checked_in")
    transport = make_transport(here, there, by=officer)
    wanted = [Wanted(household, placement)]
    transporting.add_families(actor=officer, transport=transport, families=wanted)
    client = as_user(officer)
    assert client.post(list_of(transport), {"names": "1"}).status_code == 302
    assert Transport.objects.get().copies == 0
    sent = {"names": "1", "reason": "checkpoint"}
    assert "Zarina" in text_of(client.post(list_of(transport), sent))
    record = AccessRecord.objects.get(action="manifest")
    assert (record.subject_id, record.user) == (household.pk, officer)
    event = Event.objects.get(kind="transport.manifest_printed")
    assert (event.data["names"], event.data["reason"]) == (True, "checkpoint")
    assert "Zarina" not in str(event.data)


# The site's page -----------------------------------------------------------------------------
def test_the_page_of_a_site_shows_what_leaves_and_what_comes(as_user, officer, here, there):
    transport = make_transport(here, there, by=officer)
    listed(transport, families_at(here, 2))
    for site, words in ((here, "leaves for"), (there, "comes from")):
        page = reverse("admin:reception_site_change", args=[site.pk])
        text = text_of(as_user(make_manager(site)).get(page))
        assert transport.reference in text
        assert words in text
        assert check_in_at(site) in text


# Check-in by slip ----------------------------------------------------------------------------
def test_a_slip_shows_who_is_due_and_one_button_checks_all_in(as_user, alice, here):
    household, placement = family_with_a_slip(alice, here)
    client = as_user(make_manager(here))
    text = text_of(client.post(check_in_at(here), {"text": household.token}))
    assert household.reference in text
    assert "Zarina" in text
    assert household.token not in text
    assert AccessRecord.objects.filter(action="scan", subject_id=household.pk).count() == 1
    for _n in range(2):
        sent = {"placement": placement.pk, "all": "1"}
        assert client.post(check_in_at(here), sent).status_code == 302
    assert Placement.objects.get().status == "checked_in"
    assert Event.objects.filter(kind="placement.checked_in").count() == 1
    again = client.post(check_in_at(here), {"text": household.token})
    assert "checked in here already" in text_of(again)


def test_only_those_who_are_ticked_are_checked_in(as_user, here):
    placement = make_placement(here, size=3)
    some = [person.pk for person in placement.household.members.all()[:2]]
    client = as_user(make_manager(here))
    client.post(check_in_at(here), {"placement": placement.pk, "some": "1", "persons": some})
    here.refresh_from_db()
    assert (here.present, here.reserved) == (2, 1)
    answer = client.post(check_in_at(here), {"placement": placement.pk, "some": "1"})
    assert answer.status_code == 422
    late = client.post(check_in_at(here), {"text": placement.household.reference})
    assert "1 person is due here" in text_of(late)


def test_a_family_without_a_place_gets_one_where_it_stands(as_user, officer, alice, here):
    household, _none = family_with_a_slip(alice)
    client = as_user(officer)
    text = text_of(client.post(check_in_at(here), {"text": household.token}))
    assert "has no place yet" in text
    assert client.post(check_in_at(here), {"place": household.token}).status_code == 302
    assert Placement.objects.get(household=household).status == "checked_in"


def test_a_family_expected_elsewhere_is_offered_a_transfer_by_who_may(
    as_user, officer, alice, here, there
):
    household, placement = family_with_a_slip(alice, there)
    text = text_of(as_user(officer).post(check_in_at(here), {"text": household.token}))
    assert "not expected here" in text
    assert there.name in text
    assert reverse("admin:reception_placement_transfer", args=[placement.pk]) in text
    # The manager here may not read that family at all.
    text = text_of(as_user(make_manager(here)).post(check_in_at(here), {"text": household.token}))
    assert "not known at this site" in text
    assert there.name not in text
    assert household.reference not in text


def test_a_family_at_a_hidden_site_is_at_another_site(as_user, officer, alice, dana, here):
    secret = make_site("SECRET-8", hidden=True)
    household = make_household(alice)
    services.place_household(actor=dana, household=household, site=secret)
    text = text_of(as_user(officer).post(check_in_at(here), {"text": household.token}))
    assert "another site" in text
    assert "secret" not in text.lower()


def test_slips_that_do_not_work_say_so(as_user, officer, alice, here):
    household, _placement = family_with_a_slip(alice, here)
    old = household.token
    replace_token(actor=alice, household=household, reason="lost")
    (unused,) = make_slips(alice)
    client = as_user(officer)
    for text, words in (
        (old, "no longer valid"),
        (unused, "not given to anybody"),
        ("0000-0000-0000-0000-0", "not known at this site"),
        ("rubbish", "not a slip"),
        ("", "Scan a slip"),
    ):
        assert words in text_of(client.post(check_in_at(here), {"text": text}))
    assert Placement.objects.get().status == "reserved"


def test_others_do_not_check_in_here(as_user, alice, omar, here, there):
    placement = make_placement(here)
    for user in (alice, omar, make_manager(there)):
        answer = as_user(user).post(check_in_at(here), {"placement": placement.pk, "all": "1"})
        assert answer.status_code in (302, 403, 404)
        assert Placement.objects.get().status == "reserved"


def test_a_manager_of_one_site_goes_straight_there(as_user, officer, here, there):
    choose = reverse("admin:reception_check_in_choose")
    assert as_user(make_manager(here)).get(choose)["Location"] == check_in_at(here)
    text = text_of(as_user(officer).get(choose))
    assert check_in_at(here) in text
    assert check_in_at(there) in text


def test_a_family_on_the_road_is_checked_in_by_its_slip(as_user, officer, here, there):
    transport = make_transport(here, there, by=officer)
    (line,) = on_the_road(transport, families_at(here, 2))
    household = Household.objects.get(pk=line.target.household_id)
    client = as_user(make_manager(there))
    client.post(check_in_at(there), {"placement": line.target_id, "all": "1"})
    assert Transport.objects.get().status == "arrived"
    assert transport.lines.get().state == "arrived"
    assert household.placements.get(site=there).status == "checked_in"


def test_a_transport_scan_names_who_is_not_on_the_list(as_user, officer, here, there):
    transport = make_transport(here, there, by=officer)
    stranger = make_household_of(1)
    listed(transport, families_at(here, 1))
    answer = as_user(officer).post(page_of(transport), {"step": "scan", "text": stranger.reference})
    assert "not on this list" in text_of(answer)
    assert Transport.objects.get().status == travelling.T.PLANNED
