"""Known already? The page with and without its script, and the search over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import AccessRecord, IdempotentReply
from intake.choices import ExitReason
from intake.duplicates import decide_pair
from intake.services import record_exit
from tests.factories.duplicates import named, registered_twice
from tests.factories.intake import ARRIVED_AT, make_household
from tests.factories.search import make_person

pytestmark = pytest.mark.django_db
API = Callable[[User | None], APIClient]
SEARCH = "/api/v1/persons/search/"
PAGE = "/admin/intake/household/search/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(user: User, **posted: Any) -> str:
    answer = signed_in(user).post(PAGE, posted)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_is_in_the_navigation_and_asks_by_post_only(alice: User) -> None:
    client = signed_in(alice)
    assert reverse("admin:intake_search") == PAGE
    assert PAGE in client.get("/admin/").content.decode()
    assert PAGE in client.get("/admin/intake/household/").content.decode()
    assert PAGE in client.get("/admin/intake/household/add/").content.decode()
    make_person(alice, "Zahra")
    page = client.get(PAGE, {"text": "zahra"}).content.decode()
    assert "Zahra" not in page
    assert 'method="post"' in page
    assert client.put(PAGE).status_code == 405


def test_a_hit_says_who_where_and_why(alice: User) -> None:
    home = make_person(
        alice, "زهرا", father_name="Ghulam Sakhi", birth="1990-05-04", sex="F", phones=()
    )
    page = shown(alice, text="zah")
    for part in ("زهرا", "≈", "Ghulam Sakhi", home.reference, "Tem", "2021-07-05", "*1990"):
        assert part in page, part
    assert "the beginning of the name" in page
    assert f"/admin/intake/household/{home.pk}/change/" in page
    assert "1 person found" in page


def test_the_script_gets_the_hits_alone_and_nothing_is_kept(alice: User) -> None:
    make_person(alice, "Zahra")
    answer = signed_in(alice).post(PAGE, {"text": "zah"}, headers={"X-Panah-Hits": "1"})
    assert "<html" not in answer.content.decode()
    assert "Zahra" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_nobody_found_offers_to_register(alice: User, dana: User) -> None:
    assert "/admin/intake/household/add/" in shown(alice, text="Wxqtprk").split("search-hits")[-1]
    assert "Nobody was found" in shown(dana, text="Wxqtprk")
    assert "at least three letters" in shown(alice, text="za")


def test_more_and_mistyped_are_said(alice: User) -> None:
    household = make_household(alice)
    wrong = household.reference[:-1] + ("A" if household.reference[-1] != "A" else "B")
    assert "One of the characters" in shown(alice, text=wrong)
    for _each in range(21):
        make_person(alice, "Zahra")
    assert "More than 20 people fit" in shown(alice, text="zahra")


def test_who_left_is_marked(alice: User) -> None:
    home = make_person(alice, "Zahra")
    record_exit(
        actor=alice,
        person=home.members.get(),
        reason=ExitReason.VOLUNTARY_RETURN,
        occurred_at=ARRIVED_AT,
    )
    page = shown(alice, text="zahra")
    assert "search-left" in page
    assert "Voluntary return, confirmed" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sex", "Zaynab"),
        ("age_from", "-1"),
        ("age_from", "old"),
        ("age_to", "999"),
        ("entry_point", "XXX"),
        ("site", "XXX"),
        ("arrived_from", "yesterday"),
        ("arrived_to", "2021-13-01"),
        ("text", "z" * 201),
    ],
)
def test_a_wrong_filter_is_said_at_its_field(alice: User, field: str, value: str) -> None:
    client = signed_in(alice)
    answer = client.post(PAGE, {"text": "zahra", field: value})
    assert answer.status_code == 422
    assert f'id="search_{field}_error"' in answer.content.decode()
    hits = client.post(PAGE, {"text": "zahra", field: value}, headers={"X-Panah-Hits": "1"})
    assert f'data-field="{field}"' in hits.content.decode()
    assert not AccessRecord.objects.filter(action="search").exists()


def test_ranges_the_wrong_way_round(alice: User) -> None:
    answer = signed_in(alice).post(PAGE, {"text": "zahra", "age_from": "40", "age_to": "20"})
    assert 'id="search_age_to_error"' in answer.content.decode()


def test_the_last_day_is_included(alice: User) -> None:
    make_person(alice, "Zahra")  # arrived on 2021-07-05 at 04:30, local time
    assert "1 person found" in shown(
        alice, text="zahra", arrived_from="2021-07-05", arrived_to="2021-07-05"
    )
    assert "Nobody" in shown(alice, text="zahra", arrived_to="2021-07-04")
    assert "Nobody" in shown(alice, text="zahra", arrived_from="2021-07-06")


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_the_last_and_the_first_day_of_the_calendar_are_days(alice: User, day: str) -> None:
    make_person(alice, "Zahra")
    assert ("Zahra" in shown(alice, text="zahra", arrived_to=day)) == (day > "2021")
    assert ("Zahra" in shown(alice, text="zahra", arrived_from=day)) == (day < "2021")


def test_rest_says_who_answers_for_a_repeat(alice: User, dana: User, api: API) -> None:
    pair = registered_twice(alice)
    (one, _other) = api(alice).post(SEARCH, {"text": "Rawshanak"}).json()["results"]
    assert one["merged_into"] is None
    decide_pair(actor=dana, pair=pair, same=True)
    found = api(alice).post(SEARCH, {"text": "Rawshanak"}).json()["results"]
    stands = str(named(pair.first, 1).pk)
    assert {(each["id"], each["merged_into"]) for each in found} == {
        (stands, None),
        (str(named(pair.second, 1).pk), stands),
    }


def test_rest_finds_and_says_why(alice: User, api: API) -> None:
    home = make_person(alice, "Zahra", father_name="Ghulam", sex="F")
    asked = {
        "text": "zah",
        "sex": "F",
        "age_from": 10,
        "age_to": 60,
        "entry_point": "TEM",
        "arrived_from": "2021-07-01T00:00:00+05:00",
        "arrived_before": "2021-07-06T00:00:00+05:00",
        "limit": 5,
    }
    answer = api(alice).post(SEARCH, asked, format="json")
    assert answer.status_code == 200, answer.content
    body = answer.json()
    (found,) = body["results"]
    assert (found["name"], found["household"]) == ("Zahra", home.reference)
    assert found["reasons"] == ["the beginning of the name"]
    assert found["reason_codes"] == ["begins"]
    assert 0.5 < found["score"] < 1
    assert (body["more"], body["too_short"]) == (False, False)
    record = AccessRecord.objects.get(action="search")
    assert (record.user, record.count) == (alice, 1)


def test_rest_names_every_wrong_field(alice: User, api: API) -> None:
    bad = {"text": "zahra", "sex": "Q", "age_from": "x", "limit": 0, "arrived_from": "no"}
    answer = api(alice).post(SEARCH, bad, format="json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    fields = {each["field"] for each in answer.json()["errors"]}
    assert fields == {"sex", "age_from", "limit", "arrived_from"}
    codes = {"text": "zahra", "entry_point": "XXX", "site": "YYY", "age_from": 9, "age_to": 3}
    answer = api(alice).post(SEARCH, codes, format="json")
    assert {each["field"] for each in answer.json()["errors"]} == {"entry_point", "site", "age_to"}
    assert "YYY" not in answer.content.decode()
    assert api(alice).get(SEARCH).status_code == 405


def test_rest_keeps_no_answer_for_a_key(alice: User, api: API) -> None:
    make_person(alice, "Zahra")
    client = api(alice)
    before = IdempotentReply.objects.count()
    answers = [
        client.post(SEARCH, {"text": text}, format="json", headers={"Idempotency-Key": "k"})
        for text in ("zahra", "zahr")
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert IdempotentReply.objects.count() == before


def test_too_short_over_rest(alice: User, api: API) -> None:
    body = api(alice).post(SEARCH, {"text": "za"}, format="json").json()
    assert body == {"results": [], "more": False, "too_short": True}


def test_a_fixed_number_of_queries_for_any_number_of_hits(
    alice: User, django_assert_max_num_queries: Any
) -> None:
    for _each in range(15):
        make_person(alice, "Zahra")
    client = signed_in(alice)
    client.post(PAGE, {"text": "zahra"})
    with django_assert_max_num_queries(40):
        client.post(PAGE, {"text": "zahra"}, headers={"X-Panah-Hits": "1"})
