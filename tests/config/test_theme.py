"""The staff site: contrast, sidebar by role, language, exercise banner, nothing from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import resolve, reverse

from accounts.choices import Role
from accounts.models import User
from config.admin_theme import COLORS
from config.navigation import JOURNEY, navigation
from tests.factories import accounts as make


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_in_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        (COLORS["primary"]["600"], "#ffffff"),
        (COLORS["primary"]["600"], COLORS["base"]["100"]),
        (COLORS["primary"]["500"], COLORS["base"]["900"]),
        (COLORS["base"]["500"], "#ffffff"),
        (COLORS["base"]["500"], COLORS["base"]["50"]),
        (COLORS["base"]["400"], COLORS["base"]["900"]),
    ],
)
def test_text_reaches_aa(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 4.5


def _pages(user: User) -> set[str]:
    request = RequestFactory().get("/admin/")
    request.user = user
    return {item["link"] for group in navigation(request) for item in group["items"]}


def test_the_sidebar_shows_what_a_role_may_open_and_what_exists(
    alice: User, omar: User, operation: Any
) -> None:
    auditor = make.make_user(Role.AUDITOR)
    assert "/admin/audit/event/" in _pages(auditor)
    assert "/admin/audit/event/" not in _pages(alice)
    assert _pages(omar) == {reverse("admin:index")}
    for link in _pages(auditor) | _pages(alice):
        resolve(link.split("?")[0])


def test_every_line_of_the_sidebar_has_a_policy() -> None:
    assert all(item.policy for _, items in JOURNEY for item in items)


@pytest.fixture
def signed_in(alice: User) -> Client:
    client = Client()
    assert client.login(username="alice", password=make.PASSWORD)
    return client


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_pages_offer_every_language_and_load_nothing_from_elsewhere(
    language: str, signed_in: Client
) -> None:
    signed_in.cookies["django_language"] = language
    for client, address in ((signed_in, "/admin/"), (Client(), "/admin/login/")):
        client.cookies["django_language"] = language
        page = client.get(address).content.decode()
        assert f'lang="{language}" dir="{"rtl" if language == "fa-af" else "ltr"}"' in page
        for code, _name in settings.LANGUAGES:
            assert f'name="language" value="{code}"' in page
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


def test_the_language_switch_leads_back(signed_in: Client) -> None:
    answer = signed_in.post("/i18n/setlang/", {"language": "ru", "next": "/admin/"})
    assert answer["Location"] == "/admin/"
    assert answer.cookies["django_language"].value == "ru"


def test_the_banner_shows_the_clock_of_the_operation(
    signed_in: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "panah-exercise" not in signed_in.get("/admin/").content.decode()
    settings.CLOCK_SHIFT_DAYS = -10
    from datetime import UTC, datetime

    from common import context

    monkeypatch.setattr(context.clock, "now", lambda: datetime(2021, 7, 8, 9, 5, tzinfo=UTC))
    for client, address in ((signed_in, "/admin/"), (Client(), "/admin/login/")):
        page = client.get(address).content.decode()
        # 09:05 UTC is 14:05 in Dushanbe.
        assert "the clock of this operation shows 8 July 2021, 14:05" in page
