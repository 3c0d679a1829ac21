"""Rooms, blocks, contacts, hours, pictures and the map: pages and REST."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from common.ids import new_id
from config import environment
from reception import services
from reception.models import Site, SiteBlock, SiteContact, SitePhoto, Unit
from tests.factories.reception import make_manager, make_placement, make_site

API = "/api/v1/sites"


@pytest.fixture
def site(operation):
    return make_site("HERE", places=10, name="School <b>3</b>", latitude="37.5", longitude="71.5")


@pytest.fixture
def manager(site):
    return make_manager(site, username="mina")


@pytest.fixture
def as_manager(client, manager):
    client.force_login(manager)
    return client


def page(name, *args):
    return reverse(f"admin:reception_{name}", args=args)


def image():
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "blue").save(out, "PNG")
    return SimpleUploadedFile("gate.png", out.getvalue())


@pytest.mark.django_db
def test_a_room_is_added_and_changed_from_the_page_of_the_site(as_manager, site):
    new = {"site": site.pk, "code": "r-1", "name": "Room 1", "kind": "room", "section": "any"}
    answer = as_manager.post(page("unit_add"), {**new, "capacity": 4})
    assert (answer.status_code, answer["Location"]) == (302, page("site_change", site.pk))
    room = Unit.objects.get()
    text = as_manager.get(page("site_change", site.pk)).content.decode()
    for words in (
        "Room 1",
        "0 of 4 taken",
        "Places in rooms and tents: 4. Places of the site: 10.",
    ):
        assert words in text
    Unit.objects.update(taken=3)
    changed = {"name": "Small", "kind": "room", "section": "any", "capacity": 2}
    answer = as_manager.post(page("unit_change", room.pk), changed)
    assert answer.status_code == 200
    assert "Move people to another room first." in answer.content.decode()
    assert Unit.objects.get().name == "Room 1"
    answer = as_manager.post(page("unit_add"), {**new, "capacity": 4})
    assert "has a unit with this code already" in answer.content.decode()


@pytest.mark.django_db
def test_places_are_blocked_and_given_back_by_pages(as_manager, site):
    make_placement(site, size=6)
    sent = {"site": site.pk, "places": 5, "reason": "repair", "text": "roof"}
    refused = as_manager.post(page("siteblock_add"), sent)
    assert "Only 4 places are free here" in refused.content.decode()
    assert not SiteBlock.objects.exists()
    assert as_manager.post(page("siteblock_add"), {**sent, "places": 4}).status_code == 302
    assert Site.objects.get().blocked == 4
    text = as_manager.get(page("site_change", site.pk)).content.decode()
    assert "Being repaired: roof" in text
    answer = as_manager.post(page("siteblock_end", SiteBlock.objects.get().pk))
    assert answer["Location"] == page("site_change", site.pk)
    assert Site.objects.get().blocked == 0


@pytest.mark.django_db
def test_contacts_hours_and_pictures_have_their_forms(as_manager, site):
    for name, sent in (
        ("sitecontact", {"role": "night", "name": "Invented Name", "phone": "+992", "position": 1}),
        ("sitehours", {"weekday": 0, "opens": "08:00", "closes": "16:00"}),
        ("siteclosedday", {"day": "2021-07-06", "text": "holiday"}),
        ("sitephoto", {"alt": "The gate", "file": image()}),
    ):
        answer = as_manager.post(page(f"{name}_add"), {"site": site.pk, **sent})
        assert answer.status_code == 302, answer.context["errors"]
    Site.objects.update(receives_always=False)
    text = as_manager.get(page("site_change", site.pk)).content.decode()
    for words in ("Invented Name", "Monday", "holiday", 'alt="The gate"'):
        assert words in text
    photo = SitePhoto.objects.get()
    assert as_manager.get(page("sitephoto_image", photo.pk)).content[:2] == b"\xff\xd8"
    bad = {"site": site.pk, "alt": "x", "file": SimpleUploadedFile("a.jpg", b"<svg/>")}
    assert (
        "no picture that can be read"
        in as_manager.post(page("sitephoto_add"), bad).content.decode()
    )
    contact = SiteContact.objects.get()
    as_manager.post(page("sitecontact_delete", contact.pk), {"post": "yes"})
    assert not SiteContact.objects.exists()


@pytest.mark.django_db
def test_others_cannot_change_what_belongs_to_a_site(client, site, manager, alice):
    room = services.create_unit(actor=manager, site=site, code="R", name="Room", capacity=3)
    block = services.block_places(actor=manager, site=site, places=1, reason="repair")
    for user in (alice, make_manager(make_site("OTHER"))):
        client.force_login(user)
        client.post(page("siteblock_end", block.pk))
        client.post(page("unit_change", room.pk), {"name": "Mine", "capacity": 1})
        sent = {"site": site.pk, "places": 1, "reason": "repair"}
        assert client.post(page("siteblock_add"), sent).status_code in (200, 403)
    assert SiteBlock.objects.get().state == "in_force"
    assert Unit.objects.get().name == "Room"


@pytest.mark.django_db
def test_the_map_says_in_words_what_it_shows_and_escapes(as_manager, site):
    make_site("NOWHERE", name="No place")
    text = as_manager.get(page("map")).content.decode()
    for words in ("Has room", "School &lt;b&gt;3&lt;/b&gt;", "Show on the map"):
        assert words in text
    assert "<b>3</b>" not in text
    points = json.loads(re.search(r'id="map-points"[^>]*>(.*?)</script>', text, re.S)[1])
    assert [(p["name"], p["latitude"]) for p in points] == [("School <b>3</b>", 37.5)]


@pytest.mark.django_db
def test_the_form_of_a_site_takes_its_name_in_other_languages(as_manager, site):
    from tests.reception.test_admin import edit_of

    sent = edit_of(site, names_tg="Мактаб", latitude="37.5", longitude="71.5")
    answer = as_manager.post(page("site_change", site.pk), sent)
    assert answer.status_code == 302, answer.context["errors"]
    assert Site.objects.get().names == {"tg": "Мактаб"}
    text = as_manager.get(page("site_change", site.pk)).content.decode()
    assert 'value="Мактаб"' in text
    found = as_manager.get(page("site_changelist"), {"q": "мактаб"}).content.decode()
    assert page("site_change", site.pk) in found
    assert "Source and edition" in text


@pytest.mark.django_db
def test_rooms_over_rest(api, site, manager, alice, omar):
    ask, body = api(manager), {"code": "ROOM-1", "name": "Room 1", "capacity": 4}
    made = ask.post(f"{API}/HERE/units/", body)
    assert made.status_code == 201, made.json()
    assert made.json()["free"] == 4
    assert ask.post(f"{API}/HERE/units/", body).json()["code"] == "unit_code_taken"
    changed = ask.patch(f"{API}/HERE/units/ROOM-1/", {"section": "women"})
    assert (changed.status_code, changed.json()["section"]) == (200, "women")
    Unit.objects.update(taken=2)
    refused = ask.patch(f"{API}/HERE/units/ROOM-1/", {"capacity": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "unit_below_taken")
    assert refused.json()["errors"][0]["field"] == "capacity"
    assert len(api(alice).get(f"{API}/HERE/units/").json()["results"]) == 1
    for user in (alice, omar):
        assert api(user).post(f"{API}/HERE/units/", body).status_code == 403
    outsider = make_manager(make_site("OTHER"))
    assert api(outsider).patch(f"{API}/HERE/units/ROOM-1/", {"name": "x"}).status_code == 404


@pytest.mark.django_db
def test_blocks_over_rest(api, site, manager, alice, omar):
    services.create_unit(actor=manager, site=site, code="R-1", name="Room", capacity=3)
    ask, key = api(manager), str(new_id())
    body = {"id": key, "unit": "R-1", "places": 2, "reason": "no_heating", "text": "boiler"}
    made = ask.post(f"{API}/HERE/blocks/", body)
    assert made.status_code == 201, made.json()
    assert (made.json()["id"], made.json()["unit"], made.json()["state"]) == (
        key,
        "R-1",
        "in_force",
    )
    assert ask.get(f"{API}/HERE/occupancy/").json()["blocked"] == 2
    assert ask.post(f"{API}/HERE/blocks/", body).json()["id"] == key
    refused = ask.post(f"{API}/HERE/blocks/", {"places": 9, "reason": "repair"})
    assert (refused.status_code, refused.json()["code"]) == (409, "places_taken")
    absent = ask.post(f"{API}/HERE/blocks/", {**body, "id": None, "unit": "NO"})
    assert absent.status_code in (400, 404)
    for bad in ({"places": 0}, {"reason": "x"}, {"until": "2001-01-01T00:00:00Z"}):
        answer = ask.post(f"{API}/HERE/blocks/", {"places": 1, "reason": "repair", **bad})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == next(iter(bad))
    for user in (alice, omar):
        assert api(user).post(f"{API}/HERE/blocks/{key}/end/").status_code == 403
    assert ask.post(f"{API}/HERE/blocks/{key}/end/").json()["state"] == "ended"
    assert ask.post(f"{API}/HERE/blocks/{key}/end/").status_code == 409
    assert len(api(alice).get(f"{API}/HERE/blocks/").json()["results"]) == 1


@pytest.mark.django_db
def test_older_clients_block_by_a_number(api, site, manager):
    sent = {"blocked": 3, "blocked_reason": "paint"}
    answer = api(manager).patch(f"{API}/HERE/", sent)
    assert (answer.status_code, answer.json()["blocked"], answer.json()["blocked_reason"]) == (
        200,
        3,
        "paint",
    )
    answer = api(manager).patch(f"{API}/HERE/", {"blocked": 0, "names": {"ru": "Школа 3"}})
    assert (answer.json()["blocked"], answer.json()["names"]) == (0, {"ru": "Школа 3"})


def test_an_address_of_tiles_is_checked():
    good = "https://tiles.example.org/{z}/{x}/{y}.png"
    assert environment.tile_address({"T": good}, "T") == good
    assert environment.tile_address({}, "T") == ""
    for bad in ("javascript:{z}{x}{y}", "https://tiles.example.org/"):
        with pytest.raises(ImproperlyConfigured):
            environment.tile_address({"T": bad}, "T")
