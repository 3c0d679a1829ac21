"""The pages of a head count: with and without a script, for whom, and what they keep."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.urls import reverse

from reception import services
from reception.models import HeadCount, Placement
from tests.factories.head_counts import make_count, make_present
from tests.factories.reception import make_manager, make_officer, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def page(name, row):
    return reverse(f"admin:reception_{name}", args=[row.pk])


def test_a_count_from_the_page_of_the_site_to_its_last_difference(as_user):
    site = make_site()
    first, second = make_present(site, 2), make_present(site, 3)
    client = as_user(make_manager(site))
    start = page("count_at", site)
    assert start in client.get(page("site_change", site)).content.decode()
    assert "Begin the count" in client.get(start).content.decode()
    client.post(start, {"method": "scan"})
    count = HeadCount.objects.get()
    counting = page("counting", count)
    assert first.household.reference in client.get(counting).content.decode()
    client.post(counting, {"text": first.household.token})
    assert count.lines.get(placement=first).seen == 2
    client.post(page("count_end", count), {"do": "close"})
    text = client.get(page("count_differences", count)).content.decode()
    assert "nobody of 3 seen" in text
    difference = count.differences.get()
    sent = {"difference": difference.pk, "answer": "absent:hospital"}
    client.post(page("count_differences", count), sent)
    second.refresh_from_db()
    assert (second.status, second.absence_reason) == ("absent", "hospital")
    assert (
        "Every difference is resolved."
        in client.get(page("count_differences", count)).content.decode()
    )
    assert "2 of 5 counted" in client.get(page("site_change", site)).content.decode()


def test_what_cannot_be_counted_is_said_and_the_typing_is_kept(as_user):
    count = make_count(make_officer(), 2, 3)
    lines = list(count.lines.order_by("expected"))
    client = as_user(make_manager(count.site))
    sent = {f"seen-{lines[0].pk}": "2", f"seen-{lines[1].pk}": "three", "text": "who?"}
    answer = client.post(page("counting", count), sent)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "This is not a slip" in text
    assert 'value="who?"' in text
    assert 'value="three"' in text
    assert [line.seen for line in count.lines.order_by("expected")] == [2, None]
    client.post(page("counting", count), {"all": lines[1].pk})
    client.post(page("counting", count), {"unit-": "6"})
    assert count.lines.get(pk=lines[1].pk).seen == 3
    assert count.tallies.get().seen == 6


def test_the_script_sends_lines_and_gets_the_figures(as_user):
    count = make_count(make_officer(), 2)
    line, key = count.lines.get(), str(uuid4())
    client = as_user(make_manager(count.site))

    def send(*lines):
        body = json.dumps({"lines": lines})
        return client.post(page("count_scanned", count), body, content_type="application/json")

    sent = {"key": key, "text": line.household.token, "ago": 60000, "how": "scan"}
    for _ in range(2):
        told = send(sent).json()
        assert (told["answers"][0]["status"], told["counted"], told["expected"]) == (
            "counted",
            2,
            2,
        )
    told = send({"key": str(uuid4()), "line": str(line.pk), "seen": 1}).json()
    assert (told["answers"][0]["status"], told["counted"]) == ("counted", 1)
    for wrong in ({}, {"key": "x"}, {"key": key, "ago": "soon"}, {"key": key, "line": "x"}, 7):
        assert send(wrong).status_code == 400
    assert client.get(page("count_scanned", count)).status_code == 405


def test_the_paper_has_references_and_boxes_and_no_names(as_user):
    count = make_count(make_officer(), 2)
    text = as_user(make_manager(count.site)).get(page("count_paper", count)).content.decode()
    assert count.lines.get().household.reference in text
    assert 'class="box"' in text


def test_readers_see_the_count_and_others_nothing(as_user, alice, carol, omar):
    count = make_count(make_officer(), 2)
    client = as_user(alice)
    assert client.get(page("count_differences", count)).status_code == 200
    assert client.get(page("counting", count)).status_code == 403
    assert client.post(page("count_at", count.site)).status_code == 403
    assert client.post(page("count_end", count), {"do": "drop"}).status_code == 403
    for user in (carol, omar, make_manager(make_site())):
        client = as_user(user)
        for name in ("counting", "count_differences", "count_paper", "count_end", "count_scanned"):
            assert client.post(page(name, count)).status_code in (302, 403, 404)
        assert client.get(page("count_at", count.site)).status_code in (302, 403, 404)
    hidden = make_site(hidden=True)
    secret = make_count(make_manager(hidden), site=hidden)
    client = as_user(make_officer())
    for name in ("counting", "count_differences", "count_paper"):
        assert client.get(page(name, secret)).status_code == 404
    assert client.get(page("count_at", hidden)).status_code == 404
    assert (
        hidden.name
        not in client.get(reverse("admin:reception_headcount_changelist")).content.decode()
    )
    assert HeadCount.objects.count() == 2


def test_a_refused_answer_is_said_and_changes_nothing(as_user):
    count = make_count(make_officer(), 2)
    officer = make_officer()
    services.count_unit(actor=officer, count=count, unit=None, seen=1)
    services.close_head_count(actor=officer, count=count)
    sent = {"difference": count.differences.get().pk, "answer": "other", "note": ""}
    text = as_user(officer).post(page("count_differences", count), sent, follow=True)
    assert "Write in a few words" in text.content.decode()
    assert count.differences.open().count() == 1
    assert Placement.objects.get().status == "checked_in"
