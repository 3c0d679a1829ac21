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
from intake.models import Household, Person, RegistrationDraft
from tests.factories.desk import make_entry_points

ADD = "/admin/intake/household/add/"
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


# Seven people: name, further fields by what one presses or types, and how the birth is read back.
FAMILY: list[tuple[str, str, str, str]] = [
    ("محمد نبی", "M", "1360", "1981-03-21"),
    ("Зарина", "F", "about 36", "31 to 41 years old"),
    ("Ҷамшед", "M", "18 Aqrab 1396", "2017-11-09"),
    ("گلنار", "F", "۱۲", "12 years old"),
    ("Sohrab", "M", "24/11/2012", "2012-11-24"),
    ("Малика", "F", "13 months", "13 months old"),
    ("بی‌بی عایشه", "F", "about 70", "65 to 75 years old"),
]


@pytest.mark.parametrize(
    ("language", "width", "area"),
    [("en", 1280, "wakh"), ("fa-af", 390, "واخان")],
)
def test_a_family_of_seven_by_keyboard_only(
    live_server: Any, places: None, page: Any, language: str, width: int, area: str
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.context.add_cookies(
        [{"name": "django_language", "value": language, "url": live_server.url}]
    )
    page.goto(f"{live_server.url}{ADD}")
    assert page.evaluate("document.documentElement.dir") == ("rtl" if language != "en" else "ltr")
    press, write = page.keyboard.press, page.keyboard.type
    page.locator("[name=arrived_at]").focus()
    page.keyboard.press("Enter")  # Enter goes on to the next field
    reach(page, "entry_point")
    write("Tem")
    reach(page, "origin_area")
    write(area)
    page.wait_for_selector("[role=option] >> text=Wakhan")
    press("ArrowDown")
    press("ArrowUp")
    press("Enter")
    assert page.input_value("[name=origin_area]") == "AF1728 Wakhan"
    assert focused(page) == "origin_area"
    reach(page, "members-0-name")
    for number, (name, sex, birth, _shown) in enumerate(FAMILY):
        assert focused(page) == f"members-{number}-name"
        write(name)
        reach(page, f"members-{number}-sex")
        press("ArrowDown")
        if sex == "M":
            press("ArrowDown")
        reach(page, f"members-{number}-birth")
        write(birth)
        if number < len(FAMILY) - 1:
            press("Enter")  # the next person
    for number, (*_row, shown) in enumerate(FAMILY):
        if language == "en":
            page.wait_for_function(
                "([number, said]) => document.getElementById(`id_members-${number}-birth`)"
                ".closest('.dk-field').querySelector('[data-understood]').textContent"
                ".includes(said)",
                arg=[number, shown],
            )
    # Back to the first person's mark of the focal point, and on to the second's by an arrow key.
    page.keyboard.press("Shift+Tab")
    reach(page, "focal_point", key="Shift+Tab")
    press("ArrowDown")
    # Nothing is wider than the screen.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    press("Control+Enter")
    page.wait_for_url("**/change/")
    household = Household.objects.get()
    assert household.reference in page.inner_text(".dk-title")
    assert household.origin_area_id == "AF1728"
    assert household.arrivals.get().entry_point.code == "TEM"
    people = household.members.order_by("position")
    assert [person.sex for person in people] == [sex for _name, sex, *_rest in FAMILY]
    names = [person.identity.open().name for person in people]
    assert names == [name for name, *_rest in FAMILY]
    assert [person.is_focal_point for person in people] == [False, True, *[False] * 5]
    assert "≈ Mohammad Nabi" in page.inner_text(".dk")
    assert "≈ Jamshed" in page.inner_text(".dk")
    assert not RegistrationDraft.objects.exists()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_wrong_is_focused_and_nothing_is_lost(
    live_server: Any, places: None, page: Any
) -> None:
    page.goto(f"{live_server.url}{ADD}")
    page.locator("[name=members-0-name]").focus()
    page.keyboard.type("Zia")
    reach(page, "members-0-birth")
    page.keyboard.type("2131-01-01")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[aria-invalid=true]")
    assert focused(page) == "entry_point"
    assert page.locator("#problems li").count() == 3
    page.locator("#problems [href$='members-0-birth']").press("Enter")
    assert focused(page) == "members-0-birth"
    assert page.input_value("[name=members-0-name]") == "Zia"
    assert page.input_value("[name=members-0-birth]") == "2131-01-01"
    assert not Household.objects.exists()


def type_zia(page: Any, url: str) -> None:
    """A household of one, typed and not sent."""
    page.goto(f"{url}{ADD}")
    page.select_option("[name=entry_point]", "TEM")
    page.locator("[name=members-0-name]").focus()
    page.keyboard.type("ضیا")
    page.select_option("[name=members-0-sex]", "M")


def test_a_lost_connection_loses_nothing_and_registers_once(
    live_server: Any, places: None, page: Any
) -> None:
    type_zia(page, live_server.url)
    page.context.set_offline(True)
    page.locator("[name=members-0-birth]").focus()
    page.keyboard.type("1370")
    page.keyboard.press("Enter")
    page.keyboard.type("Малика")
    page.select_option("[name=members-1-sex]", "F")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#connection:not([hidden]) >> text=not registered yet")
    assert page.input_value("[name=members-0-name]") == "ضیا"
    (copy,) = page.evaluate("Object.entries(localStorage).filter(([k]) => k.startsWith('panah'))")
    assert "ضیا" not in copy[1]
    assert "1370" not in copy[1]
    page.context.set_offline(False)
    page.wait_for_selector("#connection >> text=The connection is back")

    # Now the server registers it, and the answer is lost on the way.
    def lose(route: Any) -> None:
        if "save" in (route.request.post_data or "") and "members" in route.request.post_data:
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    page.route(f"**{ADD}", lose)
    page.click("#connection button")
    page.wait_for_selector("#connection:not([hidden]) >> text=not registered yet")
    assert Household.objects.count() == 1
    page.unroute(f"**{ADD}")
    page.keyboard.press("Escape")
    page.click("#connection button")
    page.wait_for_url("**/change/")
    assert (Household.objects.count(), Person.objects.count()) == (1, 2)
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('panah'))") == []


def test_a_closed_browser_and_an_ended_session_lose_nothing(
    live_server: Any, places: None, page: Any
) -> None:
    type_zia(page, live_server.url)
    page.wait_for_selector("#draft-state >> text=Saved as a draft")
    page.close()
    # The browser is opened again: the draft is offered, without a name.
    page = page.context.new_page()
    page.goto(f"{live_server.url}{ADD}")
    assert "1 unfinished registration" in page.inner_text(".dk-drafts")
    assert "ضیا" not in page.content()
    page.click(".dk-drafts a")
    assert page.input_value("[name=members-0-name]") == "ضیا"
    # Signed in anew in another window: this page's token is void, and renewed.
    page.context.clear_cookies(name="csrftoken")
    page.locator("[name=members-0-birth]").focus()
    page.keyboard.type("1370")
    page.wait_for_selector("#draft-state >> text=Saved as a draft")
    # The session ends while one types: what was typed is kept on the device.
    (session,) = [each for each in page.context.cookies() if each["name"] == "sessionid"]
    page.context.clear_cookies(name="sessionid")
    page.locator("[name=members-0-father_name]").focus()
    page.keyboard.type("رحیم")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#connection:not([hidden]) >> text=signed out")
    page.click("#connection a")
    page.wait_for_selector("[name=username]")
    # Signed in again, the later copy of this device is offered and goes on where it was.
    page.context.add_cookies([session])
    page.goto(f"{live_server.url}{ADD}")
    page.click("#kept-here button >> text=Yes, continue")
    page.wait_for_url("**/add/?draft=*")
    assert page.input_value("[name=members-0-father_name]") == "رحیم"
    assert page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('panah'))") == []
    # Signing out takes this user's copies with it, and leaves those of others.
    owner = page.get_attribute("#registration", "data-draft-owner")
    page.evaluate(f"localStorage['panah-draft:{owner}:x'] = '{{}}'")
    page.evaluate("localStorage['panah-draft:other:x'] = '{}'")
    page.evaluate("document.getElementById('logout-form').requestSubmit()")
    page.wait_for_url("**/logout/")
    left = page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('panah'))")
    assert left == ["panah-draft:other:x"]


def focused(page: Any) -> str:
    """The name of the field that has the focus."""
    return str(page.evaluate("document.activeElement.name"))


def reach(page: Any, name: str, key: str = "Tab") -> None:
    """Press Tab until a field has the focus, as a person without a mouse does."""
    for _ in range(60):
        if focused(page) == name:
            return
        page.keyboard.press(key)
    raise AssertionError(f"{name} cannot be reached with the {key} key")
