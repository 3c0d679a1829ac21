"""The registration form: the focal point, every field, areas in any script, rows and problems."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from common.errors import InvalidInput
from intake.areas import area_code, find_areas
from intake.models import Household, Person
from intake.services.registration import add_member, register_household
from tests.factories.desk import make_entry_points
from tests.factories.intake import household_input, make_household, member
from tests.intake.test_admin import ADD, MOTHER, SON, signed_in, typed

pytestmark = pytest.mark.django_db

AREAS = "/admin/intake/household/areas/search/"
PREVIEW = "/admin/intake/household/births/preview/"


@pytest.fixture(autouse=True)
def entry_points(operation: Any) -> None:
    """The crossings."""
    make_entry_points()


def test_every_field_of_the_form_is_kept(alice: User) -> None:
    mother = {
        **MOTHER,
        "grandfather_name": "Қодир",
        "also_known_as": "محبوبه جان، Mahbuba",
        "marital_status": "widowed",
        "birth_source": "document",
        "phones": "+93700000009",
    }
    extra = {
        "livestock": "4 cows",
        "legal_basis": "public_interest",
        "notes": "Came on foot.",
        "declared_size": "2",
    }
    client = signed_in(alice)
    answer = client.post(ADD, typed(mother, SON, **extra), follow=True)
    household = Household.objects.get()
    assert household.livestock == "4 cows"
    assert household.legal_basis == "public_interest"
    assert household.contact["notes"] == "Came on foot."
    person = household.members.get(is_focal_point=True)
    assert (person.marital_status, person.birth_source) == ("widowed", "document")
    identity = person.identity.open()
    assert identity.grandfather_name == "Қодир"
    assert identity.also_known_as == ["محبوبه جان", "Mahbuba"]
    assert identity.phones == ["+93700000009"]
    page = answer.content.decode()
    for shown in ("4 cows", "Came on foot.", "Қодир", "محبوبه جان", "≈ Mahbuba", "≈ Qodir"):
        assert shown in page


def test_the_next_form_repeats_what_families_of_a_day_share(alice: User) -> None:
    client = signed_in(alice)
    client.post(ADD, typed({**MOTHER, "nationality": "AFG"}))
    page = client.get(ADD).content.decode()
    assert 'value="AF1728 Wakhan"' in page
    assert '<option value="TEM" selected>' in page
    assert '<option value="AFG" selected>' in page
    assert "محبوبه" not in page


# The focal point ----------------------------------------------------------------------------------
def test_the_focal_point_is_who_was_marked_whatever_the_relationship(alice: User) -> None:
    data = household_input(
        [member("Zia", sex="M", relationship="head"), member("Gul", focal_point=True)]
    )
    made = register_household(actor=alice, data=data)
    assert [person.is_focal_point for person in made.members] == [False, True]


def test_two_focal_points_are_refused_at_the_second(alice: User) -> None:
    data = household_input([member("Zia", focal_point=True), member("Gul", focal_point=True)])
    with pytest.raises(InvalidInput) as refused:
        register_household(actor=alice, data=data)
    (problem,) = refused.value.problems
    assert (problem.field, problem.code) == ("members.1.is_focal_point", "several")
    assert not Household.objects.exists()


def test_a_late_member_is_no_second_focal_point(alice: User) -> None:
    household = make_household(alice)
    with pytest.raises(InvalidInput) as refused:
        add_member(actor=alice, household=household, data=member("Gul", focal_point=True))
    assert refused.value.problems[0].field == "is_focal_point"
    assert household.members.count() == 5


def test_devices_mark_the_focal_point(alice: User, api: Any) -> None:
    body = {
        "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
        "members": [
            {"name": "محمد نبی", "sex": "M", "relationship": "head"},
            {"name": "Zarina", "sex": "F", "is_focal_point": True},
        ],
    }
    answer = api(alice).post("/api/v1/households/", body, format="json")
    assert answer.status_code == 201
    members = answer.json()["members"]
    assert [each["is_focal_point"] for each in members] == [False, True]
    assert [each["latin_name"] for each in members] == ["Mohammad Nabi", ""]
    again = api(alice).get(f"/api/v1/households/{answer.json()['reference']}/").json()
    assert [each["latin_name"] for each in again["members"]] == ["Mohammad Nabi", ""]


def test_the_form_marks_one_row_and_its_person_heads_the_household(alice: User) -> None:
    client = signed_in(alice)
    first = {**MOTHER, "relationship": ""}
    client.post(ADD, typed(first, {**SON, "relationship": ""}, focal_point="members-1"))
    people = Person.objects.order_by("position")
    assert [person.is_focal_point for person in people] == [False, True]
    assert [person.relationship for person in people] == ["unknown", "head"]


def test_rows_left_out_keep_the_order_and_the_mark(alice: User) -> None:
    empty = {"sex": "", "nationality": "AFG"}
    wrong = {**SON, "birth": "soon"}
    data = typed(empty, MOTHER, empty, wrong, focal_point="members-3")
    page = signed_in(alice).post(ADD, data).content.decode()
    assert page.count("data-person>") == 3  # two people and the blank one for the script
    assert page.index("محبوبه") < page.index("Ҷамшед")
    assert 'value="members-1" checked' in page
    mother = {**MOTHER, "relationship": "parent"}
    data = typed(empty, mother, empty, SON, focal_point="members-3")
    signed_in(alice).post(ADD, data)
    people = Person.objects.order_by("position")
    assert [person.is_focal_point for person in people] == [False, True]


@pytest.mark.parametrize("count", ["", "-1", "abc", "99999999999999999999", "61", "٣"])
def test_a_number_of_rows_that_is_none_is_no_failure(alice: User, count: str) -> None:
    data = {**typed(MOTHER), "members-TOTAL_FORMS": count}
    assert signed_in(alice).post(ADD, data).status_code in (302, 422)
    del data["save"]
    assert signed_in(alice).post(ADD, data).status_code == 200


def test_rows_that_come_without_ids_get_them_before_they_are_sent(alice: User) -> None:
    data = typed(MOTHER)
    del data["save"]
    page = signed_in(alice).post(ADD, data).content.decode()
    assert 'name="members-1-id" value=""' not in page
    assert 'name="members-0-id" value="' in page


def test_problems_are_listed_with_the_way_to_each_field(alice: User) -> None:
    data = typed(
        MOTHER, {**SON, "sex": "", "birth": "soon"}, entry_point="", origin_area="Atlantis"
    )
    page = signed_in(alice).post(ADD, data).content.decode()
    summary = page[
        page.index('id="problems"') : page.index('<form method="post" id="registration"')
    ]
    for target in ("id_entry_point", "id_origin_area", "id_members-1-sex", "id_members-1-birth"):
        assert f'href="#{target}"' in summary
        assert f'id="{target}"' in page
    assert "Person 2: Sex" in summary
    assert summary.count("<li>") == 4


# Areas --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("AF1728", "AF1728"),
        ("wakh", "AF1728"),
        ("Вахон", "AF1728"),
        ("واخان", "AF1728"),
        ("بدخشان", "AF17"),
        ("Бадахшон", "AF17"),
        ("af17", "AF17"),
    ],
)
def test_areas_are_found_by_code_and_in_any_script(text: str, first: str) -> None:
    assert find_areas(text)[0].code == first


def test_what_is_no_area_is_none() -> None:
    assert find_areas("") == []
    assert find_areas("???") == []
    assert area_code("Atlantis") is None
    assert area_code("  ") == ""
    assert area_code("AF1728 anything") == "AF1728"
    assert area_code("واخان") == "AF1728"


def test_areas_are_searched_by_registrars_by_post_only(alice: User, dana: User, omar: User) -> None:
    client = signed_in(alice)
    answer = client.post(AREAS, {"text": "واخان"}).json()
    assert answer["areas"][0] == {"value": "AF1728 Wakhan", "within": "Badakhshan"}
    assert client.get(AREAS, {"text": "wakhan"}).status_code == 405
    assert signed_in(omar).post(AREAS, {"text": "wakhan"}).status_code in (302, 403)
    assert Client().post(AREAS, {"text": "wakhan"}).status_code == 302
    assert client.post(AREAS, {"text": "x" * 5000}).status_code == 200


# Births -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("13 months", ("2020-05", "13 months old")),
        ("۱۳ ماه", ("13 months old",)),
        ("about 40", ("1975 – 1986", "1354 – 1365", "35 to 45 years old")),
        ("۱۸ عقرب ۱۳۹۶", ("2017-11-09", "1396-08-18", "3 years old")),
        ("18 ноября 2017", ("2017-11-18", "3 years old")),
        ("9 November 2017", ("2017-11-09",)),
        ("1403-01-01 q", ("1982-10",)),
        ("2021-06-20", ("0 months old",)),
        ("17", ("17 years old",)),
    ],
)
def test_births_are_read_back_in_both_calendars_and_as_an_age(
    alice: User, said: str, shown: tuple[str, ...]
) -> None:
    answer = signed_in(alice).post(PREVIEW, {"birth": said, "arrived_at": "2021-07-05T08:21"})
    text = answer.json()["text"]
    assert answer.json()["ok"] is True, text
    for part in shown:
        assert part in text.replace("\u2066", "").replace("\u2069", "")


def test_who_may_be_under_18_is_said_to_be_treated_as_a_child(alice: User) -> None:
    client = signed_in(alice)
    straddles = {"birth": "about 18", "arrived_at": "2021-07-05T08:21"}
    assert "treated as a child" in client.post(PREVIEW, straddles).json()["text"]
    for clear in ("12", "about 40"):
        answer = client.post(PREVIEW, {**straddles, "birth": clear}).json()
        assert "treated as a child" not in answer["text"]


def test_people_whom_another_operation_sends_are_no_arrivals(alice: User) -> None:
    data = typed(MOTHER, transferred_from="Operation South")
    assert signed_in(alice).post(ADD, data).status_code == 302
    assert Person.objects.get().entry == "transfer"
