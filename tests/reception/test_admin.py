"""The staff pages of reception: what they show, what they do, whom they turn away."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.choices import Role
from reception.choices import ResourceKind
from reception.models import Placement, Site, SiteResource
from tests.factories.accounts import make_user
from tests.factories.reception import (
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
)

pytestmark = pytest.mark.django_db
SITES = reverse("admin:reception_site_changelist")
WAITING = reverse("admin:reception_waiting")


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def page_of(row):
    return reverse(f"admin:reception_{row._meta.model_name}_change", args=[row.pk])


def press(row, name):
    return reverse(f"admin:reception_placement_{name}", args=[row.pk])


def edit_of(site, **changes):
    """What the form of a site sends, with its one measured resource."""
    resource = site.resources.get()
    sent = {
        **{name: getattr(site, name) for name in ("name", "type", "status", "norm_phase")},
        "area": site.area_id,
        "blocked": site.blocked,
        "receives_always": "on",
        "resources-TOTAL_FORMS": 1,
        "resources-INITIAL_FORMS": 1,
        "resources-0-id": resource.pk,
        "resources-0-site": site.pk,
        "resources-0-kind": resource.kind,
        "resources-0-quantity": resource.quantity,
        "resources-0-measured_on": resource.measured_on,
    }
    return {**sent, **changes}


def test_the_list_tells_in_words_how_full_a_site_is(as_user):
    for places, size in ((10, 3), (10, 9), (10, 10)):
        make_placement(make_site(places=places), size=size)
    text = as_user(make_officer()).get(SITES).content.decode()
    for words in ("Has room", "Nearly full", "Full", "0 present, 9 reserved, 1 free"):
        assert words in text


def test_a_site_explains_its_capacity_and_names_who_is_due_and_there(as_user):
    site = make_site(places=10)
    due, here = make_placement(site, size=2), make_placement(site, size=3, status="checked_in")
    text = as_user(make_manager(site)).get(page_of(site)).content.decode()
    assert "10 places, limited by: Beds (one bed a person)." in text
    assert "Not measured, so not counted" in text
    assert due.household.reference in text
    assert here.household.reference in text
    assert press(due, "check_in") in text
    assert press(here, "check_out") in text


def test_who_only_reads_sees_no_buttons(as_user, alice):
    site = make_site()
    due = make_placement(site)
    text = as_user(alice).get(page_of(site)).content.decode()
    assert due.household.reference in text
    assert press(due, "check_in") not in text


def test_a_family_is_checked_in_from_the_page_of_the_site(as_user):
    site = make_site()
    due = make_placement(site)
    answer = as_user(make_manager(site)).post(press(due, "check_in"), {"back": "site"})
    assert (answer.status_code, answer["Location"]) == (302, page_of(site))
    assert Placement.objects.get().status == "checked_in"


def test_a_refused_step_says_why(as_user):
    due = make_placement(make_site())
    answer = as_user(make_officer()).post(press(due, "check_out"), follow=True)
    assert "cannot become" in answer.content.decode()
    assert Placement.objects.get().status == "reserved"


def test_an_edit_and_a_measurement_are_saved_together(as_user):
    site = make_site(places=10)
    sent = edit_of(site, name="School 3", **{"resources-0-quantity": 40})
    answer = as_user(make_manager(site)).post(page_of(site), sent)
    assert answer.status_code == 302, answer.context["errors"]
    now = Site.objects.get(pk=site.pk)
    assert (now.name, now.capacity) == ("School 3", 40)


def test_a_refused_edit_is_shown_in_the_form_and_nothing_is_saved(as_user):
    site = make_site(places=10)
    make_placement(site, size=6)
    sent = edit_of(site, name="School 3", **{"resources-0-quantity": 4})
    answer = as_user(make_manager(site)).post(page_of(site), sent)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "That leaves 4 places, but 6 are taken" in text
    assert 'value="School 3"' in text
    now = Site.objects.get(pk=site.pk)
    assert (now.name, now.capacity) == (site.name, 10)
    assert SiteResource.objects.get(kind=ResourceKind.BEDS).quantity == 10


def test_a_reason_for_blocking_is_asked_for(as_user):
    site = make_site()
    answer = as_user(make_manager(site)).post(page_of(site), edit_of(site, blocked=2))
    assert "Say why places are blocked." in answer.content.decode()
    assert Site.objects.get(pk=site.pk).blocked == 0


def test_a_new_site_gets_its_capacity_from_what_is_measured(as_user):
    like = make_site()
    sent = edit_of(like, code="GYM-1", name="Gym", status="preparing")
    sent |= {"resources-INITIAL_FORMS": 0, "resources-0-id": "", "resources-0-site": ""}
    add = reverse("admin:reception_site_add")
    answer = as_user(make_user(Role.ADMINISTRATOR)).post(add, sent)
    assert answer.status_code == 302, answer.context["errors"]
    assert Site.objects.get(code="GYM-1").capacity == like.capacity


def test_overflow_is_granted_by_who_may_only(as_user):
    site = make_site()
    url = reverse("admin:reception_site_grant_overflow", args=[site.pk])
    sent = {"places": 5, "reason": "storm"}
    assert as_user(make_manager(site)).post(url, sent).status_code == 403
    assert Site.objects.get(pk=site.pk).overflow == 0
    as_user(make_user(Role.ADMINISTRATOR)).post(url, sent)
    assert Site.objects.get(pk=site.pk).overflow == 5


def test_a_waiting_family_is_placed(as_user):
    site, household = make_site("ROOMY", places=10), make_household_of(3)
    small = make_site("SMALL", places=2)
    client = as_user(make_officer())
    assert household.reference in client.get(WAITING).content.decode()
    choose = reverse("admin:reception_place", args=[household.pk])
    text = client.get(choose).content.decode()
    assert "too few free places" in text
    assert text.index("ROOMY") < text.index("SMALL")
    answer = client.post(choose, {"site": site.code, "status": "reserved"})
    assert (answer.status_code, answer["Location"]) == (302, WAITING)
    assert (Placement.objects.get().site, small.taken) == (site, 0)
    assert client.get(WAITING).context["rows"] == []


def test_a_refused_place_is_told_in_the_form(as_user):
    site, household = make_site(places=2), make_household_of(3)
    choose = reverse("admin:reception_place", args=[household.pk])
    client = as_user(make_officer())
    answer = client.post(choose, {"site": site.code, "status": "reserved"})
    assert "2 free places, 3 are needed" in answer.content.decode()
    assert "Choose a site." in client.post(choose, {"status": "reserved"}).content.decode()
    assert not Placement.objects.exists()


def test_a_hidden_site_cannot_be_chosen(as_user):
    safe, household = make_site("SAFE", hidden=True), make_household_of(1)
    choose = reverse("admin:reception_place", args=[household.pk])
    client = as_user(make_officer())
    assert "SAFE" not in client.get(choose).content.decode()
    client.post(choose, {"site": safe.code, "status": "reserved"})
    assert not Placement.objects.exists()
    assert client.get(page_of(safe)).status_code == 302
    assert "SAFE" not in client.get(SITES).content.decode()


def test_a_family_moves_to_another_site(as_user):
    placement, other = make_placement(make_site(), status="checked_in"), make_site()
    client = as_user(make_officer())
    answer = client.post(press(placement, "to_other_site"))
    choose = reverse("admin:reception_placement_transfer", args=[placement.pk])
    assert answer["Location"] == choose
    assert placement.site.code not in client.get(choose).content.decode().split("<fieldset")[1]
    client.post(choose, {"site": other.code, "status": "checked_in"})
    assert other.placements.get().previous == placement


def test_others_are_turned_away(as_user, alice, carol, omar):
    household, placement = make_household_of(1), make_placement(make_site())
    pages = [
        WAITING,
        reverse("admin:reception_place", args=[household.pk]),
        reverse("admin:reception_placement_transfer", args=[placement.pk]),
    ]
    for user in (alice, carol, omar):
        client = as_user(user)
        for page in pages:
            assert client.post(page, {"site": "X", "status": "reserved"}).status_code in (302, 403)
        assert client.post(press(placement, "check_in")).status_code in (302, 403)
    assert Placement.objects.get().status == "reserved"
    stranger = as_user(make_manager(make_site()))
    assert stranger.post(press(placement, "check_in")).status_code == 404
    assert stranger.post(pages[2], {}).status_code == 404
    assert Placement.objects.get().status == "reserved"


def test_lists_take_a_fixed_number_of_queries(as_user, django_assert_max_num_queries):
    client = as_user(make_officer())
    for _ in range(5):
        make_placement(make_site(), size=1)
        make_household_of(2)
    for page in (SITES, WAITING, reverse("admin:reception_placement_changelist")):
        client.get(page)
        with django_assert_max_num_queries(14):
            client.get(page)
