"""The household's page: what comes first, and that no button leads to a closed door."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from common import clock
from intake.admin import sections
from intake.choices import ScreeningOutcomeKind
from intake.models import Household, Person
from intake.services import separate_person
from intake.templatetags.desk import latin, whole_dates
from tests.factories.groups import make_group
from tests.factories.intake import make_household, member
from tests.factories.reception import make_manager, make_placement, make_site

pytestmark = pytest.mark.django_db


def page_of(household: Household) -> str:
    return reverse("admin:intake_household_change", args=[household.pk])


def shown_to(user: User, household: Household) -> tuple[Client, str]:
    client = Client()
    client.force_login(user)
    answer = client.get(page_of(household))
    assert answer.status_code == 200
    return client, unescape(answer.content.decode())


def ways_out(page: str) -> set[str]:
    """Links and forms of the household's own pages."""
    found = set(re.findall(r'(?:href|action)="(/admin/intake/household/[^"#]+)"', page))
    return {each for each in found if re.search(r"[0-9a-f-]{36}/[a-z]", each)}


def test_a_site_manager_sees_no_button_that_is_refused(alice: User) -> None:
    household, site = make_household(alice), make_site("HERE")
    make_placement(site, household=household)
    client, page = shown_to(make_manager(site), household)
    ways = ways_out(page)
    assert any(each.endswith("/leave/") for each in ways)
    assert not any("correct" in each or "replace" in each for each in ways)
    for way in ways:
        assert client.get(way).status_code in (200, 405), way


def test_every_button_of_a_registrar_and_a_protection_officer_opens(
    alice: User, dana: User
) -> None:
    household = make_household(alice)
    for user in (alice, dana):
        client, page = shown_to(user, household)
        ways = ways_out(page)
        assert {"leave", "move", "correct"} <= {each.rstrip("/").split("/")[-1] for each in ways}
        for way in ways - {each for each in ways if each.endswith("washington-group/")}:
            assert client.get(way).status_code in (200, 405), way
        asked = reverse("admin:intake_household_washington_group", args=[household.pk])
        person = household.members.get(position=0)
        assert client.get(asked, {"person": str(person.pk)}).status_code == 200


def test_people_come_before_buttons_and_buttons_before_the_rest(alice: User) -> None:
    household = make_household(alice)
    _client, page = shown_to(alice, household)
    order = [page.index(f"<h2>{each}</h2>") for each in ("People", "Record a change", "Consent")]
    assert order == sorted(order)


def test_urgent_sections_stand_apart(rf: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sections,
        "_sections",
        {
            "late": (sections.URGENT_BELOW, lambda request, household: "late"),
            "soon": (sections.URGENT_BELOW - 1, lambda request, household: "soon"),
            "silent": (0, lambda request, household: ""),
        },
    )
    assert sections.shown_sections(None, None) == (["soon"], ["late"])  # type: ignore[arg-type]


def test_who_was_taken_by_the_authority_is_not_named_to_a_registrar(
    alice: User, dana: User
) -> None:
    household = make_household(alice, [member("Habib", sex="M", birth="1360"), member("Zarina")])
    person: Person = household.members.get(position=0)
    separate_person(
        actor=dana,
        person=person,
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=clock.now(),
        record={"authority": "border service"},
    )
    assert "Habib" not in shown_to(alice, household)[1]
    assert "Habib" in shown_to(dana, household)[1]


def test_a_document_is_named_in_words(alice: User) -> None:
    from intake.inputs import DocumentInput

    papers = (DocumentInput(type="e_tazkira", number="1400-0101-12345"),)
    household = make_household(alice, [member("Zarina", documents=papers)])
    _client, page = shown_to(alice, household)
    assert "Electronic tazkira" in page
    assert "e_tazkira" not in page


def test_one_without_needs_is_one_name_in_one_line(alice: User) -> None:
    household = make_household(
        alice, [member("Zarina"), member("Habib", sex="M", birth="1360", relationship="spouse")]
    )
    _client, page = shown_to(alice, household)
    needs = page[page.index('id="needs"') :]
    assert needs.count("Add a need") == 1
    assert re.search(r"No needs recorded:.*Habib", needs)


def test_a_record_of_a_repeat_offers_nothing_to_write(alice: User) -> None:
    first, repeat = make_household(alice), make_household(alice)
    Household.objects.filter(pk=repeat.pk).update(merged_into=first, status="closed")
    _client, page = shown_to(alice, repeat)
    assert ways_out(page) == {page_of(first)}


def test_people_without_a_name_are_told_apart_by_sex_and_age(alice: User) -> None:
    household = make_group(alice, ("M", "0-4", 1), ("F", "5-11", 1))
    client, page = shown_to(alice, household)
    with translation.override("fa-af"):
        placeholder = str(_("Not yet named"))
        assert latin(placeholder) == ""
    leaving = reverse("admin:intake_household_leave", args=[household.pk])
    for shown in (page[page.index('id="needs"') :], client.get(leaving).content.decode()):
        # The counts were made years ago on this clock: only the shape of the ages is sure.
        assert re.search(r"(?:Boy|Man), \W?\d+–\d+", shown)
        assert re.search(r"(?:Girl|Woman), \W?\d+–\d+", shown)


def test_a_date_is_not_broken_and_what_is_no_date_is_escaped() -> None:
    shown = whole_dates("<b> 1399-09-14 3545-6145")
    assert shown == '&lt;b&gt; <span class="dk-whole">1399-09-14</span> 3545-6145'
