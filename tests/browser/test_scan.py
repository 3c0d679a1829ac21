"""A slip is scanned: by a scanner that types, and by the camera."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import segno
from django.db import connection

from accounts.models import User
from audit.models import AccessRecord
from intake.models import Household
from tests.browser.test_household_form import places, wait_for_the_server
from tests.factories import intake as make
from tests.factories.tokens import make_slips

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
SIZE, MARGIN = 480, 6

__all__ = ["places"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
    pytest.mark.django_db(transaction=True, serialized_rollback=False),
]


def film_of(token: str, path: Path) -> Path:
    """A film of one second that shows a slip's code, for a camera that is a file."""
    matrix = list(segno.make(token, error="m", micro=False).matrix_iter(border=MARGIN))
    scale = SIZE // len(matrix)
    rows = []
    for row in matrix:
        line = b"".join((b"\x10" if dark else b"\xeb") * scale for dark in row)
        rows += [line.ljust(SIZE, b"\xeb")] * scale
    luma = b"".join(rows).ljust(SIZE * SIZE, b"\xeb")
    frame = b"FRAME\n" + luma + b"\x80" * (SIZE * SIZE // 2)
    path.write_bytes(f"YUV4MPEG2 W{SIZE} H{SIZE} F10:1 Ip A1:1 C420\n".encode() + frame * 10)
    return path


@pytest.fixture
def household(places: None, alice: User) -> Household:
    """A family with a slip."""
    return make.make_household(alice)


@pytest.fixture
def page(
    live_server: Any,
    alice: User,
    household: Household,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """A phone in which Alice is signed in, before whose camera lies the family's slip."""
    from django.test import Client
    from playwright.sync_api import sync_playwright

    # Playwright's own event loop makes Django think that it runs in one.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    client = Client()
    client.force_login(alice)
    film = film_of(household.token, tmp_path / "slip.y4m")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ],
        )
        context = browser.new_context(viewport={"width": 390, "height": 844})
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        opened = context.new_page()
        opened.set_default_timeout(20_000)
        opened.goto(f"{live_server.url}/admin/intake/household/scan/")
        yield opened
        browser.close()
        # Inside the browser's event loop Django keeps a connection of its own.
        connection.close()
    wait_for_the_server()


def test_a_keyboard_scanner_opens_the_household(page: Any, household: Household) -> None:
    page.keyboard.type(household.token)  # nothing is clicked: the field waits for it
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{household.pk}/change/")
    assert household.reference in page.inner_text(".dk-title")
    assert AccessRecord.objects.filter(action="scan", subject_id=household.pk).count() == 1
    assert household.token not in page.url


def test_a_slip_printed_ahead_is_scanned_into_the_form(page: Any, alice: User) -> None:
    (token,) = make_slips(alice)
    page.keyboard.type(token.replace("-", "").lower())
    page.keyboard.press("Enter")
    page.get_by_text("not given to anybody yet").wait_for()
    assert page.evaluate("document.activeElement.id") == "text"  # ready for the next slip
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("[name=register]")
    page.wait_for_url("**/household/add/")
    assert page.input_value("[name=token]") == token


def test_the_camera_opens_the_household(page: Any, household: Household) -> None:
    assert page.locator("script[src*=jsqr]").count() == 0  # a decoder comes only when needed
    page.click("#camera")
    page.wait_for_url(f"**/{household.pk}/change/")
    assert household.reference in page.inner_text(".dk-title")


def test_without_a_camera_there_is_the_keyboard(page: Any) -> None:
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    page.click("#camera")
    page.locator("#camera-problem").wait_for()
    assert "may not be used" in page.inner_text("#camera-problem")
    assert page.evaluate("document.activeElement.id") == "text"
