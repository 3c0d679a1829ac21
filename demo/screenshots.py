"""Pictures of the running demonstration, for the README and for looking at every page.

`python -m demo.screenshots [OUT]` reads var/demo/credentials.json and writes PNG files; with
`--all`, every page of PAGES at desk and phone width, in English and Dari.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CREDENTIALS = Path("var/demo/credentials.json")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}


@dataclass(frozen=True)
class Page:
    """One page as one of the demonstration's people sees it."""

    name: str
    path: str
    user: str


PAGES = (
    Page("dashboard", "/admin/", "placement_officer"),
    Page("household-form", "/admin/intake/household/add/", "registrar"),
    Page("households", "/admin/intake/household/", "registrar"),
    Page("imports", "/admin/intake/importbatch/", "registrar"),
    Page("duplicates", "/admin/intake/duplicatepair/", "protection_officer"),
    Page("sites", "/admin/reception/site/", "site_manager"),
    Page("placements", "/admin/reception/placement/", "placement_officer"),
    Page("aid-requests", "/admin/aid/aidrequest/", "aid_coordinator"),
    Page("agency-requests", "/admin/aid/aidrequest/", "akhs_staff"),
    Page("report", "/reports/latest/", "reporting_officer"),
    Page("reports", "/admin/reports/situationreport/", "reporting_officer"),
    Page("users", "/admin/accounts/user/", "administrator"),
    Page("events", "/admin/audit/event/", "auditor"),
)
README_PAGES = ("dashboard", "household-form")


def chromium() -> str | None:
    """Where Chromium is, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    return None


def _contexts(browser: Any, base_url: str, language: str, width: str) -> Iterator[Any]:
    size = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=1,
        is_mobile=width == "phone",
    )
    context.add_cookies([{"name": "django_language", "value": language, "url": base_url}])
    yield context
    context.close()


def sign_in(page: Any, base_url: str, login: dict[str, str]) -> None:
    """Sign in on the staff site's own page."""
    page.goto(f"{base_url}/admin/login/")
    page.fill("input[name=username]", login["username"])
    page.fill("input[name=password]", login["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state("networkidle")


def take(
    browser: Any,
    credentials: dict[str, Any],
    pages: tuple[Page, ...],
    out: Path,
    *,
    language: str,
    width: str,
) -> None:
    """Write one picture per page; the whole page, not only what fits the window."""
    base_url = credentials["base_url"]
    for user in dict.fromkeys(page.user for page in pages):
        for context in _contexts(browser, base_url, language, width):
            tab = context.new_page()
            sign_in(tab, base_url, credentials["users"][user])
            for page in (each for each in pages if each.user == user):
                tab.goto(base_url + page.path)
                tab.wait_for_load_state("networkidle")
                name = f"{page.name}-{width}-{language}.png"
                tab.screenshot(path=str(out / name), full_page=width == "phone")
                sys.stdout.write(f"{name}\n")


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("docs/images"))
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    browser_path = chromium()
    if browser_path is None:
        sys.stderr.write("Chromium is not installed: install the package chromium.\n")
        return 1
    if not CREDENTIALS.exists():
        sys.stderr.write("The demonstration is not running: start it with `make demo`.\n")
        return 1
    from playwright.sync_api import sync_playwright

    credentials = json.loads(CREDENTIALS.read_text(encoding="utf-8"))
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        if options.all:
            for language in ("en", "fa-af"):
                for width in WIDTHS:
                    take(browser, credentials, PAGES, options.out, language=language, width=width)
        else:
            pages = tuple(page for page in PAGES if page.name in README_PAGES)
            take(browser, credentials, pages, options.out, language="en", width="desktop")
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
