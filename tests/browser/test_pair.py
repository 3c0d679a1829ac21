"""A pair is decided with one key and a confirmation, and never by a key typed into a field."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import User
from intake.choices import PairStatus
from intake.models import DuplicatePair
from tests.browser.test_household_form import places, wait_for_the_server
from tests.factories.duplicates import registered_twice

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""

__all__ = ["places"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


@pytest.fixture
def pair(places: None, alice: User) -> DuplicatePair:
    """One family registered twice."""
    return registered_twice(alice)


@pytest.fixture
def page(
    live_server: Any, dana: User, pair: DuplicatePair, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A browser in which Dana looks at the pair."""
    from django.test import Client
    from playwright.sync_api import sync_playwright

    # Playwright's own event loop makes Django think that it runs in one.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client = Client()
    client.force_login(dana)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        )
        context = browser.new_context()
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        opened.goto(live_server.url + reverse("admin:intake_duplicatepair_change", args=[pair.pk]))
        yield opened
        browser.close()
        # Inside the browser's event loop Django keeps a connection of its own.
        connection.close()
    wait_for_the_server()


def shown(page: Any) -> list[str]:
    panels = "[...document.querySelectorAll('.pair-panel')].filter(e => !e.hidden).map(e => e.id)"
    return page.evaluate(panels)  # type: ignore[no-any-return]


def test_a_key_shows_what_happens_and_enter_confirms(page: Any) -> None:
    assert shown(page) == []
    page.keyboard.press("d")
    assert shown(page) == ["different"]
    page.keyboard.press("Escape")
    assert shown(page) == []
    page.keyboard.press("a")
    page.locator("#ask textarea").first.press_sequentially("sad dads")
    assert shown(page) == ["ask"]
    assert DuplicatePair.objects.get().status == PairStatus.OPEN
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    assert shown(page) == ["same"]
    assert DuplicatePair.objects.get().status == PairStatus.OPEN
    page.keyboard.press("Enter")
    page.wait_for_url("**/duplicatepair/")
    assert DuplicatePair.objects.get().status == PairStatus.SAME
