"""Somebody is looked for while a registrar types: by keyboard, and on a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from audit.models import AccessRecord
from intake.models import Household
from tests.browser.test_household_form import places, wait_for_the_server
from tests.factories.search import make_person

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""

__all__ = ["places"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


@pytest.fixture
def known(places: None, alice: User) -> list[Household]:
    """Two women with one name, of whom the second came as late as the first."""
    return [
        make_person(alice, "Zahra", father_name="Ghulam Sakhi", sex="F"),
        make_person(alice, "زهرا", father_name="نبی", sex="F"),
    ]


@pytest.fixture
def page(
    live_server: Any, alice: User, known: list[Household], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A phone in which Alice is signed in, on the page of the search."""
    from django.test import Client
    from playwright.sync_api import sync_playwright

    # Playwright's own event loop makes Django think that it runs in one.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client = Client()
    client.force_login(alice)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic"],
        )
        context = browser.new_context(viewport={"width": 390, "height": 844})
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        opened.goto(f"{live_server.url}/admin/intake/household/search/")
        yield opened
        browser.close()
        # Inside the browser's event loop Django keeps a connection of its own.
        connection.close()
    wait_for_the_server()


def test_found_by_keyboard_alone_and_kept_nowhere(page: Any, known: list[Household]) -> None:
    page.keyboard.type("zah")  # nothing is clicked: the field waits for it
    page.locator("[data-hit]").nth(1).wait_for()
    page.wait_for_function("document.getElementById('search-said').textContent.includes('2')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement === document.querySelectorAll('[data-hit]')[1]")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.name") == "text"
    assert "zah" not in page.url
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])").find("zah") < 0
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/")
    page.go_back()
    assert page.input_value("#search_text") == ""
    assert page.locator("[data-hit]").count() == 0


def test_one_search_for_what_was_typed_in_one_go(page: Any, alice: User) -> None:
    page.keyboard.type("zahra sakhi", delay=30)
    page.get_by_text("1 person found").first.wait_for()
    assert AccessRecord.objects.filter(user=alice, action="search").count() == 1


def test_filters_fold_on_a_phone_and_a_wrong_one_is_said(page: Any) -> None:
    assert not page.is_visible("#search_sex")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click(".search-filters summary")
    page.select_option("#search_sex", "M")
    page.fill("#search_text", "zahra")
    page.get_by_text("Nobody was found").first.wait_for()
    page.fill("#search_age_from", "400")
    page.locator("#search_age_from_error").wait_for()
    assert page.get_attribute("#search_age_from", "aria-invalid") == "true"
    page.click("#search-clear")
    page.locator("[data-hit]").first.wait_for()
    assert page.locator(".dk-error").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
