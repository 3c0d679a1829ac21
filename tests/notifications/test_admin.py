"""The pages: one's own list, who is told, and what was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Agency, User
from notifications.choices import Channel, NotificationStatus
from notifications.models import Notification, Subscription
from tests.factories import accounts as make
from tests.factories.notifications import make_email, make_notification, make_webhook

pytestmark = pytest.mark.django_db
SITE = Callable[[User], Client]


@pytest.fixture
def site() -> SITE:
    """A browser in which a user is signed in."""

    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def admin(operation: Any) -> User:
    """An administrator."""
    return make.make_user("administrator", username="admin")


@pytest.fixture
def message(dana: User) -> Notification:
    """An unread message to Dana."""
    own = Subscription.objects.create(user=dana, channel=Channel.IN_APP)
    made = make_notification(own)
    Notification.objects.update(status=NotificationStatus.SENT)
    return made


def url(name: str, *args: Any) -> str:
    """An admin page of notifications."""
    return reverse(f"admin:notifications_{name}", args=args)


def test_the_list_is_ones_own_also_for_administrators(
    site: SITE, dana: User, admin: User, message: Notification
) -> None:
    page = site(dana).get(url("ownmessage_changelist")).content.decode()
    assert "AID-21-000001-1" in page
    assert "Mark 1 message as read" in page
    assert "AID-21" not in site(admin).get(url("ownmessage_changelist")).content.decode()
    assert site(admin).get(url("ownmessage_open", message.pk)).status_code == 404
    message.refresh_from_db()
    assert message.read_at is None


def test_opening_a_message_marks_it_as_read_and_goes_there(
    site: SITE, dana: User, message: Notification
) -> None:
    answer = site(dana).get(url("ownmessage_open", message.pk))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/")
    message.refresh_from_db()
    assert message.read_at is not None


def test_reading_all_and_email_take_a_post(site: SITE, dana: User, message: Notification) -> None:
    browser = site(dana)
    for name in ("ownmessage_read_all", "ownmessage_email"):
        assert browser.get(url(name)).status_code == 403
    browser.post(url("ownmessage_read_all"))
    message.refresh_from_db()
    assert message.read_at is not None
    assert "Tell me by email too" in browser.get(url("ownmessage_changelist")).content.decode()
    browser.post(url("ownmessage_email"), {"on": "1"})
    assert Subscription.objects.get(channel=Channel.EMAIL).is_active
    assert "Stop telling me" in browser.get(url("ownmessage_changelist")).content.decode()
    browser.post(url("ownmessage_email"), {"on": "0"})
    assert not Subscription.objects.get(channel=Channel.EMAIL).is_active


def test_an_administrator_adds_several_addresses_and_turns_one_off(
    site: SITE, admin: User, agency: Agency
) -> None:
    browser = site(admin)
    for address in ("one@agency.example", "two@agency.example"):
        answer = browser.post(
            url("subscription_add"),
            {
                "agency": str(agency.pk),
                "target": address,
                "language": "tg",
                "kinds": ["aid_request.submitted"],
            },
        )
        assert answer.status_code == 302, answer.content.decode()[-3000:]
    rows = list(Subscription.objects.order_by("id"))
    assert [each.address for each in rows] == ["one@agency.example", "two@agency.example"]
    assert rows[0].spoken == "tg"
    assert rows[0].kinds == ["aid_request.submitted"]
    page = browser.get(url("subscription_change", rows[0].pk)).content.decode()
    assert "one@agency.example" in page
    browser.post(url("subscription_off", rows[0].pk))
    rows[0].refresh_from_db()
    assert not rows[0].is_active


@pytest.mark.parametrize("extra", [{}, {"target": "x@y.example"}])
def test_an_address_without_an_owner_is_refused_on_the_page(
    site: SITE, admin: User, extra: dict[str, str]
) -> None:
    answer = site(admin).post(url("subscription_add"), extra)
    assert answer.status_code == 200
    assert "Name an agency or a user" in answer.content.decode()
    assert not Subscription.objects.exists()


def test_what_was_given_up_is_sent_again_under_its_own_id(
    site: SITE, admin: User, agency: Agency
) -> None:
    made = make_notification(make_webhook(agency, "https://akhs.example/hook"))
    Notification.objects.update(status=NotificationStatus.FAILED, attempts=10)
    page = site(admin).get(url("notification_change", made.pk)).content.decode()
    assert "Send again" in page
    site(admin).post(url("notification_again", made.pk))
    assert Notification.objects.get().status == NotificationStatus.WAITING


def test_an_agency_sees_its_own_and_no_others(site: SITE, carol: User, agency: Agency) -> None:
    own = make_notification(make_webhook(agency, "https://akhs.example/hook"))
    wfp = make_email(agency=make.make_agency("WFP"), target="a@b.example")
    other = make_notification(wfp)
    browser = site(carol)
    assert browser.get(url("notification_change", own.pk)).status_code == 200
    assert browser.get(url("notification_change", other.pk)).status_code == 302
    assert browser.post(url("notification_again", other.pk)).status_code == 404
    assert browser.post(url("subscription_off", wfp.pk)).status_code == 404
    assert browser.get(url("subscription_add")).status_code == 403
    wfp.refresh_from_db()
    assert wfp.is_active


def test_who_manages_nothing_sees_neither(
    site: SITE, alice: User, dana: User, agency: Agency, message: Notification
) -> None:
    make_notification(make_webhook(agency, "https://akhs.example/hook"))
    for user in (alice, dana):
        for name in ("notification_changelist", "subscription_changelist"):
            assert site(user).get(url(name)).status_code == 403
