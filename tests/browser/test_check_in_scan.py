"""Families are checked in on a phone, slip after slip, without a hand on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from intake.models import Household
from reception.models import Placement, Site
from tests.browser.test_household_form import places, wait_for_the_server
from tests.browser.test_scan import CHROMIUM
from tests.factories import intake as make
from tests.factories.reception import make_manager, make_placement, make_site

__all__ = ["places"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


@pytest.fixture
def site(places: None) -> Site:
    """Where families come."""
    return make_site("HERE", places=40)


@pytest.fixture
def families(site: Site, alice: User) -> list[Household]:
    """Two families with slips, who are due."""
    households = [make.make_household(alice) for _n in range(2)]
    for household in households:
        make_placement(site, household=household, by=make_manager(site))
    return households


@pytest.fixture
def page(
    live_server: Any, site: Site, families: list[Household], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """The phone of the site's manager, on the page for checking in."""
    from django.test import Client
    from playwright.sync_api import sync_playwright

    # Playwright's own event loop makes Django think that it runs in one.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client = Client()
    client.force_login(make_manager(site))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        context = browser.new_context(viewport={"width": 390, "height": 844})
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        opened.goto(f"{live_server.url}/admin/reception/placement/check-in/HERE/")
        yield opened
        browser.close()
        connection.close()
    wait_for_the_server()


def scan(page: Any, household: Household) -> None:
    """As a scanner does: it types, and presses Enter."""
    page.keyboard.type(household.token)
    page.keyboard.press("Enter")
    page.locator("#found", has_text=household.reference).wait_for()


def test_slip_after_slip_by_keyboard_only(page: Any, families: list[Household]) -> None:
    first, second = families
    scan(page, first)
    assert page.evaluate("document.activeElement.id") == "found"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # The next slip is scanned before the button was pressed: nobody is checked in by it.
    scan(page, second)
    assert not Placement.objects.filter(status="checked_in").exists()
    page.keyboard.press("Tab")
    # Also where the button is in focus a scan goes to the field.
    scan(page, first)
    assert not Placement.objects.filter(status="checked_in").exists()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("5 persons are checked in").wait_for()
    assert Placement.objects.get(household=first).status == "checked_in"
    assert Placement.objects.get(household=second).status == "reserved"
    assert page.evaluate("document.activeElement.id") == "text"  # ready for the next slip
    assert first.token not in page.content()
