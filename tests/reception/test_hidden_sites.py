"""A hidden site looks as if it did not exist, wherever one looks who may not know of it."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
from django.urls import reverse
from PIL import Image

from accounts.choices import Role, ScopeKind
from audit.models import Event
from common import clock
from reception import services
from reception.choices import ContactRole
from reception.desk import site_names
from reception.models import Site, SiteClosedDay, SiteContact, SiteHours
from reception.selectors import published_sites
from tests.factories.accounts import make_user
from tests.factories.reception import (
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
)

pytestmark = pytest.mark.django_db
SECRET, CODE = "Quiet House", "QUIET-7"
API = "/api/v1"


@pytest.fixture
def hidden(operation):
    """A hidden site with everything that can belong to one, and a family in it."""
    site = make_site(CODE, name=SECRET, hidden=True, latitude="37.12345", longitude="71.54321")
    manager = make_manager(site, username="mina")
    room = services.create_unit(
        actor=manager, site=site, code="QR-1", name="Quiet room", capacity=9
    )
    services.block_places(actor=manager, site=site, unit=room, places=2, reason="repair")
    for part in (
        SiteContact(site=site, role=ContactRole.NIGHT, name="Invented Contact"),
        SiteHours(site=site, weekday=0, opens="08:00", closes="09:00"),
        SiteClosedDay(site=site, day=date(2021, 7, 6)),
    ):
        services.keep_part(actor=manager, part=part)
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    services.add_photo(actor=manager, site=site, file=out.getvalue(), alt="Quiet gate")
    make_placement(site, status="checked_in", by=manager)
    return Site.objects.get(pk=site.pk)


@pytest.fixture
def cast(hidden, omar):
    """Those who may read other sites, all sites but hidden ones, or none."""
    return [
        make_officer(),
        make_manager(make_site("OPEN-1")),
        make_user(Role.ADMINISTRATOR),
        make_user(Role.AUDITOR),
        omar,
    ]


def traces(text):
    words = (SECRET, CODE, "QR-1", "Quiet", "Invented Contact", "37.12345")
    return [word for word in words if word in text]


def page(name, *args):
    return reverse(f"admin:{name}", args=args)


LISTS = ("site", "unit", "siteblock", "sitecontact", "sitehours", "siteclosedday", "sitephoto")


def test_no_page_names_it(client, cast, hidden):
    pages = [page(f"reception_{model}_changelist") for model in (*LISTS, "placement")]
    pages += [f"{page('reception_site_changelist')}?q=quiet", page("reception_map")]
    pages += [page("index"), page("audit_event_changelist"), page("intake_household_changelist")]
    pages += [page("intake_search"), page("aid_aidrequest_add"), page("reception_siteblock_add")]
    opened = 0
    for user in cast:
        client.force_login(user)
        for address in pages:
            answer = client.get(address)
            opened += answer.status_code == 200
            assert not traces(answer.content.decode()), (user.username, address)
    assert opened > 25


def test_the_right_to_hidden_sites_shows_it(client, hidden, dana):
    client.force_login(dana)
    for address in (page("reception_site_changelist"), page("reception_map")):
        assert SECRET in client.get(address).content.decode()


def test_its_pages_are_absent_like_any_that_never_were(client, cast, hidden):
    photo = hidden.photos.get()
    never = "01a00000-0000-7000-8000-000000000000"
    rows = {"site": hidden, "unit": hidden.units.get(), "siteblock": hidden.blocks.get()}
    rows |= {"sitecontact": hidden.contacts.get(), "sitehours": hidden.hours.get()}
    rows |= {"placement": hidden.placements.get(), "sitephoto": photo}
    for user in cast:
        client.force_login(user)
        for model, row in rows.items():
            real = client.get(page(f"reception_{model}_change", row.pk))
            absent = client.get(page(f"reception_{model}_change", never))
            assert real.status_code == absent.status_code != 200, (user.username, model)
            where = real.get("Location", "").replace(str(row.pk), never)
            assert where == absent.get("Location", "")
        image = client.get(page("reception_sitephoto_image", photo.pk))
        assert image.status_code == client.get(page("reception_sitephoto_image", never)).status_code
        assert image.status_code != 200


def test_the_picture_is_for_those_who_may_know(client, hidden, dana):
    client.force_login(dana)
    answer = client.get(page("reception_sitephoto_image", hidden.photos.get().pk))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def told(answer):
    """What an answer says, without what the asker wrote."""
    return answer.status_code, answer.content.decode().replace(CODE, "X").replace("NEVER-7", "X")


def test_guessing_its_code_over_rest_answers_as_for_a_code_that_never_was(api, cast, hidden):
    household = make_household_of(2)
    elsewhere = make_placement(make_site("OPEN-2"))
    block = hidden.blocks.get().pk
    for user in cast:
        ask = api(user)
        for way in ("", "occupancy/", "units/", "units/QR-1/", "blocks/", f"blocks/{block}/"):
            real, never = (ask.get(f"{API}/sites/{code}/{way}") for code in (CODE, "NEVER-7"))
            assert told(real) == told(never), (user.username, way)
            assert real.status_code in (403, 404)
        for call, body in (
            (f"{API}/placements/", {"household": household.reference}),
            (f"{API}/placements/{elsewhere.pk}/transfer/", {}),
        ):
            real, never = (ask.post(call, {**body, "site": code}) for code in (CODE, "NEVER-7"))
            assert told(real) == told(never), (user.username, call)
        real, never = (
            ask.post(f"{API}/aid-requests/", {"beneficiary": {"site": code}})
            for code in (CODE, "NEVER-7")
        )
        assert told(real) == told(never)
        for change in ({"name": "x"}, {"blocked": 1}):
            real, never = (ask.patch(f"{API}/sites/{code}/", change) for code in (CODE, "NEVER-7"))
            assert told(real) == told(never)
        for query in ("sites/?type=collective_centre", f"placements/?site={CODE}", "sites/"):
            assert not traces(ask.get(f"{API}/{query}").content.decode())
        assert len(ask.get(f"{API}/placements/?site={CODE}").json().get("results", [])) == 0
    assert Site.objects.get(pk=hidden.pk).name == SECRET


def test_a_placement_does_not_point_back_to_it(api, hidden, dana):
    moved = services.transfer_placement(
        actor=dana, placement=hidden.placements.get(), site=make_site("OPEN-3")
    )
    answer = api(make_officer()).get(f"{API}/placements/{moved.pk}/")
    assert (answer.status_code, answer.json()["previous"]) == (200, None)


def test_reports_leave_it_out_of_the_table_and_of_the_totals(hidden, operation):
    from reports import selectors
    from reports.selectors import Moment

    make_site("OPEN-4", places=7)
    make_site("JAIL", type="separated_facility", places=9)
    for as_of in (None, clock.now()):
        assert [row["code"] for row in published_sites(as_of)] == ["OPEN-4"]
    rows = published_sites()
    assert sum(row["free"] for row in rows) == 7
    figures = selectors.figures(
        Moment(as_of=clock.now(), zone=operation.zone), since=operation_start()
    )
    assert not traces(json.dumps(figures, default=str))
    assert figures["key_figures"]["sites_open"] == 1
    assert figures["key_figures"]["places_free"] == 7


def operation_start():
    from datetime import timedelta

    return clock.now() - timedelta(days=1)


def test_events_of_it_are_for_auditors_who_may_know_it(hidden):
    auditor = make_user(Role.AUDITOR)
    seen = Event.objects.visible_to(auditor)
    assert seen.count() < Event.objects.count()
    assert not [e for e in seen if CODE in (e.subject_reference, *map(str, e.data.values()))]
    both = make_user(Role.AUDITOR)
    from accounts.models import RoleAssignment

    RoleAssignment.objects.create(
        user=both, role=Role.PROTECTION_OFFICER, scope_kind=ScopeKind.OPERATION
    )
    assert Event.objects.visible_to(both).count() == Event.objects.count()


def test_a_household_page_and_the_search_do_not_name_it(hidden, alice, dana):
    household = hidden.placements.get().household
    assert site_names([household.pk], alice) == {}
    assert site_names([household.pk], dana) == {household.pk: SECRET}
    from reception.apps import known_sites, staying_at

    assert (CODE, SECRET) not in known_sites(alice)
    assert list(staying_at(alice, CODE)) == list(staying_at(alice, "NEVER-7")) == []


def test_notifications_of_it_carry_no_name(hidden):
    from notifications.models import Notification

    for row in Notification.objects.values():
        assert not traces(str(row))
