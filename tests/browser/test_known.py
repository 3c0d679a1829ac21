"""The form says, by keyboard and on a phone, that a family may be registered already."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from audit.models import AccessRecord
from intake.models import Household
from tests.browser import test_household_form as household_form
from tests.browser.test_household_form import ADD, focused
from tests.factories import intake as make
from tests.intake.test_known import AGAIN, FAMILY, members

pytestmark = household_form.pytestmark
page, places = household_form.page, household_form.places

PLACE = "[data-known-url]"


@pytest.fixture
def family(places: None, alice: User) -> Household:
    """A family that is registered."""
    return make.make_household(alice, members(*FAMILY))


def type_family(page: Any, url: str) -> None:
    """The same family by keyboard, in another script; the cursor stays in the last name."""
    page.goto(url)
    for number, person in enumerate(AGAIN):
        if number:
            page.click("[name=add_person]")
        page.select_option(f"[name=members-{number}-sex]", person["sex"])
        for name in ("birth", "father_name", "name"):
            page.fill(f"[name=members-{number}-{name}]", person[name])


@pytest.mark.parametrize("language", ["en", "fa-af"])
def test_the_panel_appears_while_typing_and_what_was_seen_is_not_asked_again(
    live_server: Any, family: Household, page: Any, language: str
) -> None:
    page.context.add_cookies(
        [{"name": "django_language", "value": language, "url": live_server.url}]
    )
    asked = []
    page.on("request", lambda each: asked.append(each) if "/known/" in each.url else None)
    type_family(page, f"{live_server.url}{ADD}")
    page.wait_for_selector(f"{PLACE} >> text={family.reference}")
    assert focused(page) == "members-2-name", "the panel takes nobody's place"
    assert all(each.method == "POST" and "?" not in each.url for each in asked)
    assert not any(name in each.url for each in asked for name in ("Nabi", "%D"))
    # Below the screen of a phone it was not seen yet.
    assert page.locator("input[name=known-seen]:not([disabled])").count() == 0
    link = page.locator(f"{PLACE} a")
    assert link.get_attribute("target") == "_blank"
    link.focus()  # as Tab comes by it
    page.wait_for_selector("input[name=known-seen]:not([disabled])", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/change/")
    assert Household.objects.count() == 2
    assert AccessRecord.objects.filter(action="search").exists()


def test_who_registers_faster_than_the_panel_is_asked_and_one_key_registers(
    live_server: Any, family: Household, page: Any
) -> None:
    page.route("**/household/known/", lambda route: route.abort())
    type_family(page, f"{live_server.url}{ADD}")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-known-anyway]")
    page.wait_for_function("document.activeElement.hasAttribute('data-known-anyway')")
    assert Household.objects.count() == 1
    assert page.input_value("[name=members-2-name]") == AGAIN[2]["name"]
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/")
    assert Household.objects.count() == 2


def test_what_was_told_of_another_family_goes_away(
    live_server: Any, family: Household, page: Any
) -> None:
    type_family(page, f"{live_server.url}{ADD}")
    page.wait_for_selector(f"{PLACE} >> text={family.reference}")
    for number in range(3):
        page.fill(f"[name=members-{number}-name]", "Gulbahor")
        page.fill(f"[name=members-{number}-father_name]", "Davlat")
    page.wait_for_function("document.querySelector('[data-known-url]').textContent.trim() === ''")
