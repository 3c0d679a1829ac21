"""A head count on a phone whose network goes away: nothing that was counted is lost."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from django.db import connection

from reception.models import HeadCount
from tests.browser.test_household_form import places, wait_for_the_server
from tests.factories.head_counts import make_count
from tests.factories.reception import make_officer, make_site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""

__all__ = ["places"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


def test_what_was_counted_without_network_is_sent_later(
    live_server: Any, places: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.test import Client
    from playwright.sync_api import sync_playwright

    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    officer = make_officer()
    count = make_count(officer, 2, 5, site=make_site())
    two, five = count.lines.select_related("household").order_by("expected")
    client = Client()
    client.force_login(officer)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        context = browser.new_context(viewport={"width": 390, "height": 844})
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(20_000)
        address = f"{live_server.url}/admin/reception/headcount/{count.pk}/counting/"
        page.goto(address)
        context.set_offline(True)
        page.keyboard.type(two.household.token)
        page.keyboard.press("Enter")
        page.fill(f"#seen-{five.pk}", "4")
        page.keyboard.press("Enter")
        page.get_by_text("Waiting to be sent: 2").wait_for()
        page.close()  # the phone is switched off, and on again where there is a network
        context.set_offline(False)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(address)
        page.get_by_text("Everything is sent.").wait_for()
        page.locator("#hc-counted", has_text="6").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("Object.keys(localStorage).every((key) => !key.includes('count'))")
        browser.close()
        connection.close()
    wait_for_the_server()
    assert sorted(HeadCount.objects.get().lines.values_list("expected", "seen")) == [(2, 2), (5, 4)]
