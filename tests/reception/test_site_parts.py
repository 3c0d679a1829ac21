"""Contacts, hours, closed days and pictures of a site."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from PIL import Image

from common.errors import Conflict, InvalidInput, NotPermitted
from reception.choices import ContactRole
from reception.hours import receives_at
from reception.models import Site, SiteClosedDay, SiteContact, SiteHours, SitePhoto
from reception.photos import LONGEST_SIDE, remade
from reception.services import add_photo, edit_site, keep_part, remove_part
from tests.factories.reception import make_manager, make_site

DUSHANBE = ZoneInfo("Asia/Dushanbe")


@pytest.fixture
def site(operation):
    return make_site("HERE")


@pytest.fixture
def manager(site):
    return make_manager(site)


def picture(size=(40, 20), kind="JPEG", **extra):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **extra)
    return out.getvalue()


def at(day, hour, minute=0):
    """July 2021: the 5th is a Monday."""
    return datetime(2021, 7, day, hour, minute, tzinfo=DUSHANBE)


@pytest.mark.django_db
def test_a_site_receives_in_its_hours_past_midnight_and_not_on_closed_days(site, manager):
    assert receives_at(site, at(5, 3))
    keep_part(actor=manager, part=SiteClosedDay(site=site, day=date(2021, 7, 6)))
    assert not receives_at(site, at(6, 12))
    edit_site(actor=manager, site=site, receives_always=False)
    site = Site.objects.get(pk=site.pk)
    assert not receives_at(site, at(5, 12))
    for weekday, opens, closes in (
        (0, time(8), time(12)),
        (0, time(20), time(4)),
        (1, time(8), time(9)),
    ):
        keep_part(
            actor=manager,
            part=SiteHours(site=site, weekday=weekday, opens=opens, closes=closes),
        )
    expected = {(5, 7): False, (5, 8): True, (5, 12): False, (5, 23): True, (6, 3): True}
    expected |= {(6, 4): False, (6, 8): False, (13, 8): True, (13, 3): True, (12, 3): False}
    assert {when: receives_at(site, at(*when)) for when in expected} == expected
    Site.objects.filter(pk=site.pk).update(status="not_receiving")
    assert not receives_at(Site.objects.get(), at(5, 8))


@pytest.mark.django_db
def test_hours_are_refused_with_reasons(site, manager, alice):
    hours = SiteHours(site=site, weekday=0, opens=time(8), closes=time(9))
    with pytest.raises(NotPermitted):
        keep_part(actor=alice, part=hours)
    keep_part(actor=manager, part=hours)
    with pytest.raises(InvalidInput, match="invalid") as refused:
        keep_part(
            actor=manager, part=SiteHours(site=site, weekday=0, opens=time(8), closes=time(10))
        )
    assert "listed already" in str(refused.value.message)
    with pytest.raises(InvalidInput):
        keep_part(
            actor=manager, part=SiteHours(site=site, weekday=8, opens=time(8), closes=time(9))
        )
    with pytest.raises(IntegrityError, match="site_hours_last"), transaction.atomic():
        SiteHours.objects.update(closes=time(8))
    day = SiteClosedDay.objects.create(site=site, day=date(2021, 7, 6))
    day.pk = None
    with pytest.raises(IntegrityError, match="site_closed_day_once"), transaction.atomic():
        SiteClosedDay.objects.create(site=site, day=date(2021, 7, 6))


@pytest.mark.django_db
def test_contacts_are_sealed_and_for_those_who_work_with_the_site(site, manager, alice, dana, omar):
    contact = SiteContact(site=site, role=ContactRole.NIGHT, name="Invented Name", phone="+992000")
    keep_part(actor=manager, part=contact)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, phone FROM reception_sitecontact")
        assert b"Invented" not in b"".join(bytes(each) for each in cursor.fetchone())
    assert str(contact) == "On duty at night"
    for user, seen in (
        (manager, 1),
        (alice, 1),
        (dana, 1),
        (omar, 0),
        (make_manager(make_site()), 0),
    ):
        assert SiteContact.objects.visible_to(user).count() == seen
    with pytest.raises(InvalidInput):
        keep_part(actor=manager, part=SiteContact(site=site, role="night", name=""))
    with pytest.raises(NotPermitted):
        remove_part(actor=alice, part=contact)
    remove_part(actor=manager, part=contact)
    assert not SiteContact.objects.exists()


@pytest.mark.django_db
def test_a_picture_is_kept_without_what_a_camera_wrote_and_sealed(site, manager):
    exif = Image.Exif()
    exif[0x010E] = "taken at a secret place"
    exif[0x0112] = 6  # turned by a quarter
    sent = picture((400, 200), exif=exif, comment=b"secret")
    assert b"secret" in sent
    photo = add_photo(actor=manager, site=site, file=sent, alt="The gate")
    kept = SitePhoto.objects.get().jpeg()
    assert b"secret" not in kept
    opened = Image.open(io.BytesIO(kept))
    assert (opened.format, opened.size, dict(opened.getexif())) == ("JPEG", (200, 400), {})
    assert bytes(SitePhoto.objects.get().image)[:2] != b"\xff\xd8"
    assert (photo.width, photo.height) == (200, 400)


def test_large_pictures_shrink_and_transparent_ones_become_white():
    out = io.BytesIO()
    Image.new("RGBA", (3200, 100), (0, 0, 0, 0)).save(out, "PNG")
    made = remade(out.getvalue())
    assert (made.width, made.height) == (LONGEST_SIDE, 50)
    assert Image.open(io.BytesIO(made.jpeg)).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"\xff\xd8\xff\xe0 not a picture",
        b"GIF89a" + b"\x00" * 30,
        b"%PDF-1.7",
        b"x" * (12 * 1024 * 1024 + 1),
    ],
)
def test_what_is_no_picture_is_refused(file):
    with pytest.raises(InvalidInput) as refused:
        remade(file)
    assert refused.value.problems[0].field == "image"


def test_damaged_pictures_and_bombs_are_refused(monkeypatch):
    for cut in (30, 300, 600):
        with pytest.raises(InvalidInput):
            remade(picture((300, 300), quality=95)[:cut])
    monkeypatch.setattr("reception.photos.MOST_PIXELS", 100)
    with pytest.raises(InvalidInput, match="invalid"):
        remade(picture())


@pytest.mark.django_db
def test_a_picture_needs_words_a_right_and_room(site, manager, alice, monkeypatch):
    with pytest.raises(InvalidInput) as refused:
        add_photo(actor=manager, site=site, file=picture(), alt=" ")
    assert refused.value.problems[0].field == "alt"
    with pytest.raises(NotPermitted):
        add_photo(actor=alice, site=site, file=picture(), alt="The gate")
    monkeypatch.setattr("reception.services.site_parts.PHOTOS_PER_SITE", 1)
    add_photo(actor=manager, site=site, file=picture(), alt="The gate")
    with pytest.raises(Conflict, match="too_many_photos"):
        add_photo(actor=manager, site=site, file=picture(), alt="The yard")
