"""Drafts of registrations: their owner's only, for a week, and gone once they are registered."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import AccessRecord
from common import clock
from common.errors import Conflict, InvalidInput, NotPermitted
from intake.draft_keys import browser_key, owner_tag
from intake.models import Household, RegistrationDraft
from intake.services.drafts import (
    LARGEST,
    MOST_DRAFTS,
    discard_draft,
    forget_expired,
    save_draft,
)
from intake.tasks import forget_drafts
from tests.factories.accounts import make_user
from tests.factories.desk import make_entry_points
from tests.intake.test_admin import ADD, MOTHER, SON, signed_in, typed

pytestmark = pytest.mark.django_db

SAVE = "/admin/intake/household/drafts/"
OPEN = "/admin/intake/household/drafts/open/"
ID = uuid.UUID("01970000-0000-7000-8000-00000000000d")
FIELDS = [
    ["entry_point", "TEM"],
    ["members-TOTAL_FORMS", "2"],
    ["members-INITIAL_FORMS", "0"],
    ["focal_point", "members-1"],
    ["members-0-name", "محبوبه"],
    ["members-0-birth", "about"],
    ["members-0-needs", "PG-LC"],
    ["members-0-needs", "SP-PT"],
    ["members-1-name", "Ҷамшед"],
]


@pytest.fixture(autouse=True)
def entry_points(operation: Any) -> None:
    """The crossings."""
    make_entry_points()


def kept(client: Client, draft_id: Any = ID, fields: Any = FIELDS) -> Any:
    """The answer to a page that saves its draft."""
    body = json.dumps({"id": str(draft_id), "fields": fields})
    return client.post(SAVE, body, content_type="application/json")


def test_a_draft_is_kept_listed_without_names_and_continued(alice: User) -> None:
    client = signed_in(alice)
    assert kept(client).status_code == 200
    listed = client.get(ADD).content.decode()
    assert "You have 1 unfinished registration" in listed
    assert "Tem" in listed
    assert "2 people" in listed
    assert "محبوبه" not in listed
    page = client.get(f"{ADD}?draft={ID}").content.decode()
    for value in ("محبوبه", "Ҷамшед", 'value="about"', str(ID)):
        assert value in page
    assert page.count("checked") == 3  # two needs and the focal point
    assert "unfinished registration" not in page
    assert AccessRecord.objects.filter(user=alice, action="read", subject_id=ID).exists()


def test_saving_again_replaces_it_and_begins_the_week_anew(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = save_draft(actor=alice, draft_id=ID, fields=FIELDS)
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    again = save_draft(actor=alice, draft_id=ID, fields=FIELDS[:-1])
    assert RegistrationDraft.objects.count() == 1
    assert again.expires_at == later + timedelta(days=7) > first.expires_at
    assert again.people == 1


def test_what_was_typed_lies_sealed(alice: User) -> None:
    save_draft(actor=alice, draft_id=ID, fields=FIELDS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM intake_registrationdraft")
        stored = b" ".join(
            bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode()
            for value in cursor.fetchone()
        )
    for secret in ("محبوبه", "Ҷамшед", "about", "members-0-name"):
        assert secret.encode() not in stored


def test_nobody_else_reads_replaces_discards_or_hears_of_it(
    alice: User, bob: User, dana: User, omar: User
) -> None:
    save_draft(actor=alice, draft_id=ID, fields=FIELDS)
    other = signed_in(bob)
    assert "unfinished" not in other.get(ADD).content.decode()
    page = other.get(f"{ADD}?draft={ID}").content.decode()
    assert "محبوبه" not in page
    assert f'value="{ID}"' not in page
    assert kept(other, fields=[["members-0-name", "Zia"]]).status_code == 409
    discard = reverse("admin:intake_household_draft_discard", args=[ID])
    assert other.post(discard).status_code == 404
    for user in (dana, omar):
        assert kept(signed_in(user)).status_code in (302, 403)
        assert signed_in(user).post(discard).status_code in (302, 403)
        with pytest.raises(NotPermitted):
            save_draft(actor=user, draft_id=ID, fields=FIELDS)
        with pytest.raises(NotPermitted):
            discard_draft(actor=user, draft_id=ID)
    draft = RegistrationDraft.objects.get()
    assert draft.owner == alice
    assert draft.content["fields"] == FIELDS
    assert kept(Client()).status_code == 302


def test_who_may_register_no_more_sees_no_drafts(alice: User) -> None:
    save_draft(actor=alice, draft_id=ID, fields=FIELDS)
    alice.role_assignments.all().delete()
    assert not RegistrationDraft.objects.visible_to(User.objects.get(pk=alice.pk)).exists()


@pytest.mark.parametrize(
    "fields",
    [
        None,
        "members-0-name",
        [["members-0-name"]],
        [["members-0-name", 7]],
        [["members-0-name", "a\x00b"]],
        [["members-0-name", "a\ud800b"]],
        [["entry_point", "\ud800"]],
        [["members-0-name", "x" * 5001]],
        [["__proto__", "x"]],
        [["members-0-name\n", "x"]],
        [["a", "b"]] * 3001,
    ],
)
def test_what_is_no_form_is_refused(alice: User, fields: Any) -> None:
    with pytest.raises(InvalidInput):
        save_draft(actor=alice, draft_id=ID, fields=fields)
    assert kept(signed_in(alice), fields=fields).status_code == 400
    assert not RegistrationDraft.objects.exists()


@pytest.mark.parametrize("body", ["", "[]", "{", "null", '{"id": "x", "fields": []}', "[" * 9000])
def test_what_cannot_be_read_is_refused(alice: User, body: str) -> None:
    answer = signed_in(alice).post(SAVE, body, content_type="application/json")
    assert answer.status_code == 400


def test_a_draft_is_at_most_256_kilobytes(alice: User) -> None:
    client = signed_in(alice)
    big = [[f"members-{n}-notes", "x" * 4900] for n in range(60)]
    assert kept(client, fields=big).status_code == 413
    # A length that was not told truly changes nothing.
    body = b" " * (LARGEST + 10)
    answer = client.generic("POST", SAVE, body, content_type="application/json", CONTENT_LENGTH="5")
    assert answer.status_code in (400, 413)
    assert not RegistrationDraft.objects.exists()


def test_the_secret_token_of_a_form_is_never_kept(alice: User) -> None:
    save_draft(actor=alice, draft_id=ID, fields=[["csrfmiddlewaretoken", "x"], ["save", "1"]])
    assert RegistrationDraft.objects.get().content == {"fields": []}


def test_a_registrar_has_at_most_fifty(alice: User) -> None:
    for _each in range(MOST_DRAFTS):
        save_draft(actor=alice, draft_id=uuid.uuid4(), fields=FIELDS)
    with pytest.raises(Conflict, match="too_many"):
        save_draft(actor=alice, draft_id=ID, fields=FIELDS)


def test_get_changes_and_tells_nothing(alice: User) -> None:
    save_draft(actor=alice, draft_id=ID, fields=FIELDS)
    client = signed_in(alice)
    for url in (SAVE, OPEN, reverse("admin:intake_household_draft_discard", args=[ID])):
        assert client.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    assert kept(strict).status_code == 403


def test_registering_leaves_no_draft(alice: User) -> None:
    client = signed_in(alice)
    kept(client)
    data = typed(MOTHER, SON, id=str(ID))
    answer = client.post(ADD, data, headers={"X-Panah-Script": "1"})
    household = Household.objects.get()
    assert answer.json() == {"location": f"/admin/intake/household/{household.pk}/change/"}
    assert not RegistrationDraft.objects.exists()
    # A save that was on its way meanwhile is told where the household is.
    late = kept(client)
    assert late.status_code == 409
    assert late.json()["location"] == answer.json()["location"]
    assert client.post(OPEN, {"id": str(ID)}).json()["registered"] == answer.json()["location"]


def test_a_draft_that_was_overtaken_is_not_offered_and_is_deleted(alice: User) -> None:
    signed_in(alice).post(ADD, typed(MOTHER, id=str(ID)))
    now = clock.now()
    RegistrationDraft.objects.create(
        pk=ID, owner=alice, saved_at=now, expires_at=now + timedelta(days=7)
    )
    assert not RegistrationDraft.objects.visible_to(alice).exists()
    assert forget_expired() == 1


def test_drafts_are_discarded_by_their_owner(alice: User) -> None:
    save_draft(actor=alice, draft_id=ID, fields=FIELDS)
    url = reverse("admin:intake_household_draft_discard", args=[ID])
    page = signed_in(alice).post(url, follow=True).content.decode()
    assert "is discarded" in page
    assert not RegistrationDraft.objects.exists()


def test_drafts_are_deleted_after_a_week(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    save_draft(actor=alice, draft_id=ID, fields=FIELDS)
    almost = clock.now() + timedelta(days=6, hours=23)
    monkeypatch.setattr(clock, "now", lambda: almost)
    save_draft(actor=alice, draft_id=uuid.uuid4(), fields=FIELDS)
    after = almost + timedelta(hours=2)
    monkeypatch.setattr(clock, "now", lambda: after)
    assert RegistrationDraft.objects.visible_to(alice).count() == 1
    assert forget_drafts() == 1
    assert not RegistrationDraft.objects.filter(pk=ID).exists()


def test_a_draft_expires_after_it_was_saved(alice: User) -> None:
    now = clock.now()
    with (
        pytest.raises(IntegrityError, match="draft_expires_after_it_was_saved"),
        transaction.atomic(),
    ):
        RegistrationDraft.objects.create(owner=alice, saved_at=now, expires_at=now)


def test_the_key_of_a_browsers_copy_is_this_users_and_this_drafts(alice: User, bob: User) -> None:
    key = signed_in(alice).post(OPEN, {"id": str(ID)}).json()["key"]
    assert key == browser_key(alice, ID)
    other = uuid.uuid4()
    assert len({key, browser_key(bob, ID), browser_key(alice, other)}) == 3
    assert owner_tag(alice) != owner_tag(bob)
    assert signed_in(alice).post(OPEN, {"id": "nonsense"}).status_code == 400
    form = signed_in(alice).get(ADD).content.decode()
    assert owner_tag(alice) in form
    assert key not in form


def test_sent_again_after_a_lost_answer_it_is_the_same_household(alice: User) -> None:
    client = signed_in(alice)
    ids = {"id": "01970000-0000-7000-8000-0000000000a1"}
    data = typed({**MOTHER, **ids}, id=str(ID), focal_point="members-0")
    places = {client.post(ADD, data, headers={"X-Panah-Script": "1"}).content for _ in range(2)}
    assert len(places) == 1
    assert Household.objects.count() == 1


def test_changed_after_it_was_registered_it_leads_to_the_household(alice: User) -> None:
    client = signed_in(alice)
    client.post(ADD, typed(MOTHER, id=str(ID)))
    household = Household.objects.get()
    answer = client.post(ADD, typed({**MOTHER, "name": "Zarina"}, id=str(ID)))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "registered already" in page
    assert f'<a href="/admin/intake/household/{household.pk}/change/">' in page
    assert "Zarina" in page
    assert Household.objects.count() == 1
    # Whoever did not register it is told nothing of it.
    eve = make_user("registrar", username="eve")
    assert (
        household.reference
        not in signed_in(eve).post(ADD, typed(MOTHER, id=str(ID))).content.decode()
    )


def test_draft_ids_that_are_none_open_an_empty_form(alice: User) -> None:
    client = signed_in(alice)
    for text in ("nonsense", str(uuid.uuid4()), "'; --"):
        assert client.get(ADD, {"draft": text}).status_code == 200


def test_signing_out_is_tidied_up_on_every_page_of_registrars(alice: User, dana: User) -> None:
    for user, expected in ((alice, True), (dana, False)):
        page = signed_in(user).get("/admin/").content.decode()
        assert ("intake/signout" in page) is expected
