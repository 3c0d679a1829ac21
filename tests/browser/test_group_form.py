"""A group is counted and then completed by keyboard alone, on a phone, in both directions."""

from __future__ import annotations

from typing import Any

import pytest

from intake.models import Household
from tests.browser import test_household_form as household_form
from tests.browser.test_household_form import focused, reach

pytestmark = household_form.pytestmark
page, places = household_form.page, household_form.places


@pytest.mark.parametrize("language", ["en", "fa-af"])
def test_a_group_is_counted_and_completed_by_keyboard_only(
    live_server: Any, places: None, page: Any, language: str
) -> None:
    page.context.add_cookies(
        [{"name": "django_language", "value": language, "url": live_server.url}]
    )
    page.goto(f"{live_server.url}/admin/intake/household/add-group/")
    assert focused(page) == "focal-name"
    typed, press = page.keyboard.type, page.keyboard.press
    typed("محبوبه")
    reach(page, "focal-sex")
    press("ArrowDown")
    press("Enter")  # the next field, not the end of the form
    assert focused(page) == "focal-birth"
    typed("1360")
    reach(page, "counts-F_0-4")
    typed("۲")
    press("Enter")
    assert focused(page) == "counts-M_0-4"
    reach(page, "counts-M_18-59")
    typed("1")
    assert page.inner_text("[data-total]") == "4"
    reach(page, "declared_size")
    typed("5")
    assert page.is_visible("[data-differs]")
    press("Backspace")
    typed("4")
    assert not page.is_visible("[data-differs]")
    reach(page, "entry_point")
    typed("Tem")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    press("Control+Enter")
    page.wait_for_url("**/change/")
    home = Household.objects.get()
    assert (home.level, home.members.count()) == ("group", 4)

    page.goto(f"{live_server.url}/admin/intake/household/{home.pk}/complete/")
    assert focused(page) == "members-1-name"  # the focal point has a name already
    typed("Gul")
    press("Enter")
    assert focused(page) == "members-2-name"
    typed("Malika")
    reach(page, "members-2-birth")
    typed("1397")
    page.wait_for_function(
        "document.querySelector('#id_members-2-birth').closest('.dk-field')"
        ".querySelector('[data-understood]').textContent.includes('2018')"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    press("Control+Enter")
    page.wait_for_url("**/change/")
    assert home.members.filter(pre_registered=True).count() == 1
    assert home.members.count() == 4
