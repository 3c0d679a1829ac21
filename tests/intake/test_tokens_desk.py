"""Slips at the desk: scanning, sheets, the slip in two languages, and replacing it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.choices import Role, ScopeKind
from accounts.models import RoleAssignment, User
from audit.models import AccessRecord, Event
from intake.models import Household, SlipToken, TokenSheet
from intake.references import new_token
from intake.services.tokens import find_by_token, replace_token, revoke_token
from tests.factories import accounts
from tests.factories import intake as make
from tests.factories.tokens import make_slips
from tests.intake.test_admin import ADD, MOTHER, signed_in, typed

SCAN = "/admin/intake/household/scan/"
SHEETS = "/admin/intake/tokensheet/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossings(operation: Any) -> None:
    """Two crossings: Bob's, and another."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


def scan(user: User, text: str, **fields: str) -> Any:
    """What the page answers to a scanner."""
    return signed_in(user).post(SCAN, {"text": text, **fields})


# Scanning ------------------------------------------------------------------------------------
def test_the_scan_page_is_reached_from_the_sidebar(alice: User) -> None:
    assert reverse("admin:intake_scan") == SCAN
    html = signed_in(alice).get(SCAN).content.decode()
    assert html.count(f'href="{SCAN}"') == 1
    assert "autofocus" in html


@pytest.mark.parametrize("what", ["token", "reference"])
def test_a_scan_opens_the_household_in_one_step(alice: User, what: str) -> None:
    home = make.make_household(alice)
    answer = scan(alice, f" {getattr(home, what).lower()}\r\n")
    assert answer.status_code == 302
    assert answer["Location"] == f"/admin/intake/household/{home.pk}/change/"
    record = AccessRecord.objects.get(action="scan")
    assert (record.user, record.subject_id) == (alice, home.pk)


def test_a_slip_of_nobody_leads_to_the_form_with_its_token(alice: User) -> None:
    (token,) = make_slips(alice)
    browser = signed_in(alice)
    html = browser.post(SCAN, {"text": token}).content.decode()
    assert "not given to anybody yet" in html
    answer = browser.post(SCAN, {"text": token, "register": "1"})
    assert answer["Location"] == ADD  # the token is in no address
    form = browser.get(ADD).content.decode()
    assert re.search(rf'name="token" value="{token}"', form)
    assert token not in browser.get(ADD).content.decode()  # the next household has another slip
    answer = browser.post(ADD, typed(MOTHER, token=token.lower()))
    assert answer.status_code == 302
    assert Household.objects.get().token == token


def test_the_form_says_which_slip_cannot_be_given_and_loses_nothing(alice: User) -> None:
    token = make.make_household(alice).token
    answer = signed_in(alice).post(ADD, typed(MOTHER, token=token))
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "belongs to a household already" in html
    assert token in html
    assert MOTHER["name"] in html
    assert Household.objects.count() == 1


def test_who_only_places_families_is_told_where_to_send_them(alice: User) -> None:
    officer = accounts.make_user(Role.PLACEMENT_OFFICER)
    (token,) = make_slips(alice)
    html = scan(officer, token).content.decode()
    assert "registration desk" in html
    assert 'name="register"' not in html
    assert scan(officer, token, register="1").status_code == 200


def test_a_revoked_slip_says_so_and_shows_its_household_only_to_who_may_read_it(
    alice: User, bob: User
) -> None:
    home = make.make_household(alice, entry_point="RUZVAI")
    old = home.token
    replace_token(actor=alice, household=home, reason="stolen")
    shown = scan(alice, old)
    assert shown.status_code == 200  # it opens nothing
    assert "no longer valid" in shown.content.decode()
    assert home.reference in shown.content.decode()
    hidden = scan(bob, old).content.decode()
    assert "no longer valid" in hidden
    assert "Stolen" in hidden
    for secret in (home.reference, str(home.pk), Household.objects.get().token):
        assert secret not in hidden


def test_what_is_mistyped_unknown_or_elsewhere(alice: User, bob: User) -> None:
    home = make.make_household(alice, entry_point="RUZVAI")
    unknown = scan(bob, new_token())
    words = "This is not known here."
    assert words in unknown.content.decode()
    for text in (home.token, home.reference, "PNH-21-999999-0"):
        html = scan(bob, text).content.decode()
        assert words in html or "Compare the reference" in html
        assert str(home.pk) not in html
    last = "0" if home.token[-1] != "0" else "1"
    for text, said in (
        (home.token[:-1] + last, "Compare the token"),
        ("PNH-26-000427-A", "Compare the reference"),
        ("hello", "not a slip"),
        ('"><script>alert(1)</script>', "not a slip"),
        ("", "Scan a slip"),
        ("\x00", "not a slip"),
    ):
        answer = scan(alice, text)
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert "<script>alert" not in answer.content.decode()
    assert not AccessRecord.objects.filter(action="scan").exists()


def test_outsiders_do_not_scan(carol: User, omar: User) -> None:
    for nobody in (carol, omar):
        assert scan(nobody, new_token()).status_code in (302, 403)
        assert signed_in(nobody).get(SCAN).status_code in (302, 403)


def test_a_token_in_an_address_is_not_read(alice: User) -> None:
    home = make.make_household(alice)
    answer = signed_in(alice).get(SCAN, {"text": home.token})
    assert answer.status_code == 200
    assert home.reference not in answer.content.decode()


# Sheets --------------------------------------------------------------------------------------
def make_sheet(user: User, **fields: str) -> Any:
    """What the page answers."""
    return signed_in(user).post(f"{SHEETS}add/", {"count": "25", "entry_point": "TEM", **fields})


def test_a_sheet_is_made_printed_and_printed_again(alice: User) -> None:
    browser = signed_in(alice)
    answer = browser.post(f"{SHEETS}add/", {"count": "25", "entry_point": "TEM", "note": "night"})
    sheet = TokenSheet.objects.get()
    assert answer["Location"] == f"{SHEETS}{sheet.pk}/change/"
    page = browser.get(answer["Location"]).content.decode()
    tokens = list(sheet.tokens.order_by("pk").values_list("token", flat=True))
    assert not any(token in page for token in tokens)
    first = f"{SHEETS}{sheet.pk}/do/print-first/"
    assert browser.get(first).status_code == 405
    printed = browser.post(first).content.decode()
    assert all(f"{token[:10]}<br>{token[10:]}" in printed for token in tokens)
    assert printed.count('class="cell"') == 25
    assert printed.count('class="page"') == 2
    assert "Printed again" not in printed
    make.make_household(alice, token=tokens[0])
    again = browser.post(f"{SHEETS}{sheet.pk}/do/print-again/").content.decode()
    assert "Printed again: copy 2" in again
    assert again.count('class="cell"') == 24
    assert tokens[0][:10] not in again
    assert [each.data["copy"] for each in Event.objects.filter(kind="slips.printed")] == [1, 2]
    listed = browser.get(SHEETS).content.decode()
    assert "night" in listed


def test_a_lost_sheet_is_revoked_from_its_page(alice: User) -> None:
    tokens = make_slips(alice, 2)
    sheet = TokenSheet.objects.get()
    answer = signed_in(alice).post(
        f"{SHEETS}{sheet.pk}/do/revoke-unused/", {"reason": "stolen"}, follow=True
    )
    assert "2 slips no longer work." in answer.content.decode()
    assert {find_by_token(alice, token).state for token in tokens} == {"revoked"}


def test_sheets_are_the_desks_own(alice: User, bob: User, carol: User, dana: User) -> None:
    make_slips(alice, 2, entry_point="RUZVAI")
    sheet = TokenSheet.objects.get()
    browser = signed_in(bob)
    assert f"{sheet.pk}" not in browser.get(SHEETS).content.decode()
    assert browser.post(f"{SHEETS}{sheet.pk}/do/print-first/").status_code == 404
    assert make_sheet(bob, entry_point="RUZVAI").status_code == 422
    assert make_sheet(bob, entry_point="").status_code == 422
    assert make_sheet(bob).status_code == 302
    for nobody in (carol, dana):
        assert make_sheet(nobody).status_code in (302, 403)
        assert signed_in(nobody).get(SHEETS).status_code in (302, 403)
    assert TokenSheet.objects.count() == 2
    assert make_sheet(alice, count="501").status_code == 422


# The slip ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("spoken", "staff", "languages"),
    [
        ("prs", "ru", [("fa-af", "rtl"), ("ru", "ltr")]),
        ("pus", "en", [("fa-af", "rtl"), ("en", "ltr")]),
        ("tgk", "fa-af", [("tg", "ltr"), ("fa-af", "rtl")]),
        ("rus", "ru", [("ru", "ltr")]),
        ("urd", "tg", [("en", "ltr"), ("tg", "ltr")]),
        ("", "en", [("fa-af", "rtl"), ("en", "ltr")]),
    ],
)
def test_a_slip_speaks_the_familys_language_and_the_staffs(
    alice: User, spoken: str, staff: str, languages: list[tuple[str, str]]
) -> None:
    home = make.make_household(alice, preferred_language=spoken)
    html = signed_in(alice, staff).get(f"/admin/intake/household/{home.pk}/slip/").content.decode()
    slip = html[html.index('<article class="slip">') : html.index("</article>")]
    assert re.findall(r'class="slip-said" lang="([\w-]+)" dir="(\w+)"', slip) == languages
    assert home.reference in slip
    assert home.token in slip
    for member in make.FAMILY:
        assert member["name"] not in slip
    assert "TEM" not in slip.upper().split()
    assert AccessRecord.objects.filter(action="slip").count() == 1


def test_every_language_of_the_list_has_a_slip(alice: User) -> None:
    from django.conf import settings

    from intake.admin.slips import languages_of
    from intake.models import Language

    ours = {code for code, _name in settings.LANGUAGES}
    for language in Language.objects.all():
        spoken = languages_of(Household(preferred_language=language), "en")
        assert set(spoken) <= ours
        assert spoken[-1] == "en"


def test_a_slip_is_replaced_at_the_desk(alice: User) -> None:
    home = make.make_household(alice)
    path = f"/admin/intake/household/{home.pk}/slip/replace/"
    browser = signed_in(alice)
    assert path in browser.get(f"/admin/intake/household/{home.pk}/change/").content.decode()
    assert browser.get(path).status_code == 200
    nothing = browser.post(path, {"reason": ""})
    assert nothing.status_code == 422
    wrong = browser.post(path, {"reason": "lost", "token": "hello"})
    assert wrong.status_code == 422
    assert 'value="hello"' in wrong.content.decode()
    assert not SlipToken.objects.exists()
    old = home.token
    answer = browser.post(path, {"reason": "lost"})
    assert answer["Location"] == f"/admin/intake/household/{home.pk}/slip/"
    home.refresh_from_db()
    assert home.token != old
    page = browser.get(f"/admin/intake/household/{home.pk}/change/").content.decode()
    assert old in page
    assert "Lost" in page
    (ahead,) = make_slips(alice)
    answer = browser.post(path, {"reason": "damaged", "token": ahead})
    assert answer["Location"] == f"/admin/intake/household/{home.pk}/change/"
    assert find_by_token(alice, ahead).household == home


def test_who_may_not_change_the_household_does_not_replace_its_slip(
    alice: User, bob: User, omar: User
) -> None:
    home = make.make_household(alice, entry_point="RUZVAI")
    path = f"/admin/intake/household/{home.pk}/slip/replace/"
    for nobody in (bob, omar, accounts.make_user(Role.PLACEMENT_OFFICER)):
        assert signed_in(nobody).post(path, {"reason": "lost"}).status_code in (302, 403, 404)
    # A registrar of one place who reads everywhere by another role still edits at that place only.
    both = accounts.make_user(Role.PLACEMENT_OFFICER)
    RoleAssignment.objects.create(
        user=both, role=Role.REGISTRAR, scope_kind=ScopeKind.ENTRY_POINT, scope_code="TEM"
    )
    assert path not in (
        signed_in(both).get(f"/admin/intake/household/{home.pk}/change/").content.decode()
    )
    assert signed_in(both).post(path, {"reason": "lost"}).status_code == 422
    assert not SlipToken.objects.exists()


def test_a_revoked_slip_of_nobody_is_not_given(alice: User) -> None:
    (token,) = make_slips(alice)
    revoke_token(actor=alice, token=token, reason="misprinted")
    html = scan(alice, token, register="1").content.decode()
    assert "no longer valid" in html
    answer = signed_in(alice).post(ADD, typed(MOTHER, token=token))
    assert answer.status_code == 422
