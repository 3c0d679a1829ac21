"""Webhooks over REST: an agency's own and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from oauth2_provider.models import AccessToken
from rest_framework.test import APIClient

from accounts.models import Agency, User
from common.errors import InvalidState
from notifications import delivery, subscriptions
from notifications.models import Notification, Subscription
from tests.factories import accounts as make
from tests.factories.notifications import (
    make_email,
    make_notification,
    make_webhook,
    receiving,
)

API = Callable[[User | None], APIClient]
HOOKS = "/api/v1/webhooks/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def hook(agency: Agency) -> Subscription:
    """Carol's agency's webhook."""
    return make_webhook(agency, "https://akhs.example/hook")


@pytest.fixture
def stranger(operation: Any) -> User:
    """Staff of another agency."""
    return make.make_agency_user(make.make_agency("WFP"), username="stranger")


def test_a_webhook_is_made_read_changed_and_removed(api: API, carol: User) -> None:
    client = api(carol)
    made = client.post(
        HOOKS, {"url": "https://akhs.example/hook", "kinds": ["aid_request.submitted"]}
    )
    assert made.status_code == 201
    body = made.json()
    assert body["secret"].startswith("whsec_")
    path = f"{HOOKS}{body['id']}/"
    assert "secret" not in client.get(path).json()
    assert client.get(HOOKS).json()["results"][0]["url"] == "https://akhs.example/hook"
    changed = client.patch(path, {"kinds": [], "is_active": False})
    assert changed.json()["is_active"] is False
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    gone = Subscription.objects.get()
    assert (gone.target, gone.secret) == ("", "")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"url": "not a url"}, "url"),
        ({"url": "https://u:p@akhs.example/"}, "url"),
        ({}, "url"),
        ({"url": "https://akhs.example/", "kinds": ["aid.everything"]}, "kinds"),
    ],
)
def test_bad_input_names_the_field(api: API, carol: User, sent: dict[str, Any], field: str) -> None:
    answer = api(carol).post(HOOKS, sent)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field
    assert not Subscription.objects.exists()


def test_another_agencys_webhook_is_answered_like_none(
    api: API, stranger: User, hook: Subscription
) -> None:
    message = make_notification(hook)
    client = api(stranger)
    assert client.get(HOOKS).json()["results"] == []
    for verb, suffix, data in (
        ("get", "", None),
        ("patch", "", {"is_active": False}),
        ("delete", "", None),
        ("post", "rotate-secret/", None),
        ("get", "deliveries/", None),
        ("post", "redeliver/", {"delivery": str(message.pk)}),
        ("post", "test/", None),
    ):
        answers = [
            getattr(client, verb)(f"{HOOKS}{pk}/{suffix}", data) for pk in (hook.pk, uuid4())
        ]
        assert [each.status_code for each in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    before = Subscription.objects.get()
    assert (before.secret, before.is_active, before.updated_at) == (
        hook.secret,
        True,
        hook.updated_at,
    )
    assert Notification.objects.count() == 1


def test_staff_and_outsiders_are_denied(
    api: API, alice: User, omar: User, dana: User, hook: Subscription
) -> None:
    for user in (alice, omar, dana):
        assert api(user).get(HOOKS).status_code == 403
        assert api(user).post(HOOKS, {"url": "https://x.example/"}).status_code == 403
    assert api(None).get(HOOKS).status_code == 401
    assert Subscription.objects.count() == 1


def test_a_message_of_another_webhook_is_not_sent_again(
    api: API, carol: User, hook: Subscription
) -> None:
    other = make_notification(make_webhook(make.make_agency("WHO"), "https://who.example/"))
    answer = api(carol).post(f"{HOOKS}{hook.pk}/redeliver/", {"delivery": str(other.pk)})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "delivery"


def test_deliveries_show_each_attempt_and_can_be_sent_again(
    api: API, carol: User, agency: Agency
) -> None:
    with receiving() as receiver:
        hook = make_webhook(agency, receiver.url)
        message = make_notification(hook)
        receiver.answers = [503]
        delivery.deliver(message.pk)
        (entry,) = api(carol).get(f"{HOOKS}{hook.pk}/deliveries/").json()["results"]
        assert entry["status"] == "waiting"
        assert entry["attempts"][0]["status_code"] == 503
        again = api(carol).post(f"{HOOKS}{hook.pk}/redeliver/", {"delivery": entry["id"]})
        assert again.status_code == 202
        assert delivery.deliver(message.pk)
        assert receiver.ids == [str(message.pk)] * 2


def test_a_ping_is_a_signed_message_like_any_other(api: API, carol: User, agency: Agency) -> None:
    with receiving() as receiver:
        hook = make_webhook(agency, receiver.url)
        sent = api(carol).post(f"{HOOKS}{hook.pk}/test/")
        assert sent.status_code == 202
        assert delivery.deliver(sent.json()["id"])
        assert b'"type":"webhook.ping"' in receiver.received[0][1]


def test_the_list_takes_a_fixed_number_of_statements(
    api: API, carol: User, hook: Subscription, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        delivery.deliver(make_notification(hook).pk)
    with django_assert_max_num_queries(6):
        api(carol).get(f"{HOOKS}{hook.pk}/deliveries/")


def test_the_same_webhook_sent_again_is_one_webhook(api: API, carol: User, stranger: User) -> None:
    sent = {"id": str(uuid4()), "url": "https://akhs.example/hook", "kinds": []}
    first, again = (api(carol).post(HOOKS, sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "secret": ""}
    for client, body in (
        (api(carol), {**sent, "url": "https://akhs.example/other"}),
        (api(stranger), sent),
    ):
        answer = client.post(HOOKS, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    api(carol).delete(f"{HOOKS}{sent['id']}/")
    assert api(carol).post(HOOKS, sent).status_code == 409
    assert Subscription.objects.count() == 1


def test_an_edit_of_something_that_changed_meanwhile_is_refused(
    api: API, carol: User, hook: Subscription
) -> None:
    client, path = api(carol), f"{HOOKS}{hook.pk}/"
    tag = client.get(path)["ETag"]
    changed = client.patch(path, {"is_active": False}, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag
    stale = client.patch(path, {"is_active": True}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert client.get(path).json()["is_active"] is False


def test_an_edit_leaves_a_secret_that_was_rotated_meanwhile(
    carol: User, hook: Subscription
) -> None:
    """Both services got the row as it was before either of them wrote."""
    before = Subscription.objects.get(pk=hook.pk)
    secret = subscriptions.rotate_secret(actor=carol, subscription=hook)
    subscriptions.change_webhook(actor=carol, subscription=before, kinds=[])
    assert Subscription.objects.get().secret == secret
    subscriptions.remove_webhook(actor=carol, subscription=hook)
    with pytest.raises(InvalidState):
        subscriptions.change_webhook(actor=carol, subscription=before, is_active=True)
    assert Subscription.objects.get().target == ""


def test_what_is_off_is_neither_tested_nor_sent_again(
    api: API, carol: User, agency: Agency
) -> None:
    off = make_webhook(agency, "https://akhs.example/hook", is_active=False)
    message = make_notification(off)
    Notification.objects.update(status="sent")
    for suffix, data in (("test/", None), ("redeliver/", {"delivery": str(message.pk)})):
        answer = api(carol).post(f"{HOOKS}{off.pk}/{suffix}", data)
        assert (answer.status_code, answer.json()["code"]) == (409, "subscription_is_off")
    assert Notification.objects.get().status == "sent"


def test_an_agency_has_so_many_webhooks_and_no_more(
    api: API, carol: User, hook: Subscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST_WEBHOOKS", 2)
    codes = [api(carol).post(HOOKS, {"url": f"https://x.example/{n}"}) for n in range(2)]
    assert [each.status_code for each in codes] == [201, 409]


def test_a_client_needs_the_scope(agency: Agency, hook: Subscription) -> None:
    for scopes, expected in (("webhooks", 200), ("aid-requests:read", 403)):
        client = make.make_client(
            scopes=scopes, role="agency_staff", scope="agency", code=agency.code, agency=agency
        )
        token = AccessToken.objects.create(
            application=client,
            token=uuid4().hex,
            scope=scopes,
            expires=timezone.now() + timedelta(hours=1),
        )
        api = APIClient(headers={"Authorization": f"Bearer {token.token}"})
        assert api.get(HOOKS).status_code == expected


def test_deliveries_are_paged_by_cursor(api: API, carol: User, hook: Subscription) -> None:
    made = [str(make_notification(hook).pk) for _ in range(5)]
    client, found = api(carol), []
    link: str | None = f"{HOOKS}{hook.pk}/deliveries/?page_size=2"
    while link:
        page = client.get(link).json()
        found += [entry["id"] for entry in page["results"]]
        link = page["next"]
    assert found == made[::-1]


def test_email_addresses_of_the_agency_are_not_webhooks(
    api: API, carol: User, agency: Agency
) -> None:
    email = make_email(agency=agency, target="a@b.example")
    assert api(carol).get(HOOKS).json()["results"] == []
    assert api(carol).delete(f"{HOOKS}{email.pk}/").status_code == 404
