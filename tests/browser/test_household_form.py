"""A family is registered by keyboard alone, left to right and right to left."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from accounts.models import Operation, User
from intake.models import Household, Person
from tests.factories.desk import make_entry_points

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


@pytest.fixture
def page(live_server: Any, alice: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A browser page in which Alice is signed in."""
    from django.test import Client
    from playwright.sync_api import sync_playwright

    # Playwright's own event loop makes Django think that it runs in one.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        context = browser.new_context(viewport={"width": 390, "height": 844})
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        yield opened
        browser.close()
        # Inside the browser's event loop Django keeps a connection of its own.
        connection.close()
    wait_for_the_server()


def wait_for_the_server() -> None:
    """Until the threads of the live server have given back their database connections."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(query, [connection.connection.info.backend_pid])
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.05)


@pytest.fixture
def places(operation: Operation) -> None:
    """The crossings, and the lists that a transactional test emptied."""
    from common import codelists

    for codelist in codelists.registered():
        codelists.load(codelist)
    make_entry_points()


@pytest.mark.parametrize("language", ["en", "fa-af"])
def test_a_family_by_keyboard_only(
    live_server: Any, places: None, page: Any, language: str
) -> None:
    page.context.add_cookies(
        [{"name": "django_language", "value": language, "url": live_server.url}]
    )
    page.goto(f"{live_server.url}/admin/intake/household/add/")
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language != "en" else "ltr")
    press = page.keyboard.press
    page.locator("[name=arrived_at]").focus()
    reach(page, "entry_point")
    page.keyboard.type("Tem")
    reach(page, "members-0-name")
    page.keyboard.type("محمد نبی")
    reach(page, "members-0-sex")
    press("ArrowDown")
    press("ArrowDown")
    reach(page, "members-0-birth")
    page.keyboard.type("1360")
    page.wait_for_function(
        "document.querySelector('[data-understood]').textContent.includes('1981-03-21')"
    )
    press("Enter")  # the next person
    assert focused(page) == "members-1-name"
    page.keyboard.type("Малика")
    reach(page, "members-1-sex")
    press("ArrowDown")
    reach(page, "members-1-birth")
    page.keyboard.type("about 36")
    press("Control+Enter")
    page.wait_for_url("**/change/")
    household = Household.objects.get()
    assert household.reference in page.inner_text(".dk-title")
    assert Person.objects.count() == 2
    assert household.arrivals.get().entry_point.code == "TEM"
    # Nothing is wider than the phone.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_wrong_is_focused_and_nothing_is_lost(
    live_server: Any, places: None, page: Any
) -> None:
    page.goto(f"{live_server.url}/admin/intake/household/add/")
    page.locator("[name=members-0-name]").focus()
    page.keyboard.type("Zia")
    reach(page, "members-0-birth")
    page.keyboard.type("2131-01-01")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[aria-invalid=true]")
    assert focused(page) == "entry_point"
    assert page.input_value("[name=members-0-name]") == "Zia"
    assert page.input_value("[name=members-0-birth]") == "2131-01-01"
    assert not Household.objects.exists()


def focused(page: Any) -> str:
    """The name of the field that has the focus."""
    return str(page.evaluate("document.activeElement.name"))


def reach(page: Any, name: str) -> None:
    """Press Tab until a field has the focus, as a person without a mouse does."""
    for _ in range(40):
        if focused(page) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached with the Tab key")
