"""The pages on which possible duplicates are decided, and the field is asked."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role, ScopeKind
from accounts.models import User
from audit.models import AccessRecord
from intake.choices import PairStatus
from intake.duplicates import Ask, ask_in_field, decide_pair
from intake.models import DuplicatePair, FieldQuestion, Household
from reports.dashboard import dashboard
from tests.factories import accounts
from tests.factories.duplicates import (
    AGAIN,
    STRANGERS,
    UNCLE,
    family,
    offered,
    registered_twice,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:intake_duplicatepair_changelist")


@pytest.fixture
def pair(alice: User) -> DuplicatePair:
    """One family registered twice, the second time with an uncle more."""
    return registered_twice(alice, [*AGAIN, UNCLE])


def page_of(pair: DuplicatePair) -> str:
    return reverse("admin:intake_duplicatepair_change", args=[pair.pk])


def decide_of(pair: DuplicatePair) -> str:
    return reverse("admin:intake_duplicatepair_decide", args=[pair.pk])


def read(client: Client, user: User, path: str, **data: Any) -> str:
    client.force_login(user)
    answer = client.get(path, data)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_aligns_the_people_and_says_what_differs(
    pair: DuplicatePair, dana: User, client: Client
) -> None:
    html = read(client, dana, page_of(pair))
    rows = re.findall(r"<tr>(.*?)</tr>", html.split("pair-table")[1], re.S)[1:]
    assert len(rows) == 4
    assert "Amir Khan" in rows[0]
    assert "امیر خان" in rows[0]
    assert "Name written otherwise" in rows[0]
    assert 'class="pair-differs"' in rows[0]
    # Who came only the second time stands last, and beside nobody.
    assert "Farhad" in rows[3]
    assert "Nobody in this household" in rows[3]
    assert "Only in one household" in rows[3]
    looked = AccessRecord.objects.filter(user=dana, action="read")
    assert set(looked.values_list("subject_id", flat=True)) == {pair.first_id, pair.second_id}


def test_the_page_says_what_the_same_would_do(
    pair: DuplicatePair, dana: User, client: Client
) -> None:
    html = read(client, dana, page_of(pair))
    assert f"{pair.first.reference} stays. {pair.second.reference} is closed" in html
    assert "3 people are the same and are counted once." in html
    assert f"Came only later and joins {pair.first.reference}: Farhad." in html
    assert not Household.objects.filter(merged_into__isnull=False).exists()


@pytest.mark.parametrize("decision", ["same", "different"])
def test_after_a_decision_comes_the_next_pair(
    pair: DuplicatePair, alice: User, dana: User, client: Client, decision: str
) -> None:
    homes = [family(alice, STRANGERS, days=n) for n in range(2)]
    other = DuplicatePair.objects.create(first=homes[0], second=homes[1], score=0.62)
    client.force_login(dana)
    answer = client.post(decide_of(pair), {"decision": decision})
    assert answer.url == page_of(other)
    assert DuplicatePair.objects.get(pk=pair.pk).status == decision
    answer = client.post(decide_of(other), {"decision": "different"})
    assert answer.url == LIST
    client.post(decide_of(pair), {"decision": "undo"})
    assert DuplicatePair.objects.get(pk=pair.pk).status == PairStatus.OPEN


def test_nothing_is_decided_without_a_choice_or_by_a_link(
    pair: DuplicatePair, dana: User, client: Client
) -> None:
    client.force_login(dana)
    assert client.get(decide_of(pair), {"decision": "same"}).status_code == 405
    assert client.post(decide_of(pair), {"decision": "s"}).url == page_of(pair)
    assert DuplicatePair.objects.get().status == PairStatus.OPEN


def test_asked_answered_and_shown_beside_the_household(
    pair: DuplicatePair, alice: User, dana: User, client: Client
) -> None:
    client.force_login(dana)
    prefix = f"ask-{pair.second_id}"
    sent = {"decision": "ask", f"{prefix}-wanted": "on", f"{prefix}-topic": "registered_before"}
    typed = {**sent, f"{prefix}-note": f"Are they {pair.first.reference}?"}
    refused = client.post(decide_of(pair), typed)
    assert "Do not name the other household" in refused.content.decode()
    assert f"Are they {pair.first.reference}?" in refused.content.decode()  # nothing is lost
    assert client.post(decide_of(pair), sent).url == LIST
    assert pair.first.reference not in read(client, dana, LIST)
    assert pair.first.reference in read(client, dana, LIST, status="asked")
    home = reverse("admin:intake_household_change", args=[pair.second_id])
    assert "Please ask this family" in read(client, alice, home)
    question = FieldQuestion.objects.get()
    said = {"question": question.pk, "answer": "registered_before", "note": "At Tem on 5 July"}
    answer = reverse("admin:intake_household_field_question_answer", args=[pair.second_id])
    assert client.post(answer, said).status_code == 302
    assert "Please ask this family" not in read(client, alice, home)
    html = read(client, dana, page_of(pair))
    assert "At Tem on 5 July" in html
    assert pair.first.reference in read(client, dana, LIST)


def test_the_task_tells_nothing_of_the_other_household(
    alice: User, bob: User, dana: User, client: Client
) -> None:
    first = family(alice, entry_point="ISHKOSHIM")
    pair = offered(family(alice, AGAIN, days=1, entry_point="TEM"))
    asks = [Ask(pair.first, "names", "Ask the driver"), Ask(pair.second, "names")]
    ask_in_field(actor=dana, pair=pair, asks=asks)
    tasks = reverse("admin:intake_fieldquestion_changelist")
    home = reverse("admin:intake_household_change", args=[pair.second_id])
    for html in (read(client, bob, home), read(client, bob, tasks)):
        assert pair.second.reference in html
        for told in (first.reference, str(first.pk), str(pair.pk), "the driver"):
            assert told not in html
    assert "Possibly known already" not in read(client, bob, home)
    theirs = reverse("admin:intake_household_field_question_answer", args=[first.pk])
    question = pair.questions.get(household=first)
    assert client.post(theirs, {"question": question.pk, "answer": "x"}).status_code == 404
    own = reverse("admin:intake_household_field_question_answer", args=[pair.second_id])
    assert client.post(own, {"question": question.pk, "answer": "x"}).status_code == 404


def test_a_hidden_pair_leaves_no_trace(alice: User, bob: User, client: Client) -> None:
    first = family(alice, entry_point="ISHKOSHIM")
    pair = offered(family(alice, AGAIN, days=1, entry_point="TEM"))
    officer = accounts.make_user(Role.PROTECTION_OFFICER, scope=ScopeKind.ENTRY_POINT, code="TEM")
    home = reverse("admin:intake_household_change", args=[pair.second_id])
    for user in (bob, officer):
        html = read(client, user, home)
        assert "Possibly known already" not in html
        assert first.reference not in html
    for filters in ({}, {"status": "all"}, {"status": "all", "document": "same"}):
        html = read(client, officer, LIST, **filters)
        assert str(pair.pk) not in html
    assert client.get(page_of(pair)).status_code == 404
    assert client.post(decide_of(pair), {"decision": "same"}).status_code == 404
    assert "Possibly known already" in read(client, alice, home)


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "omar"])
def test_others_do_not_decide(
    pair: DuplicatePair, client: Client, who: str, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(who))
    for path in (LIST, page_of(pair)):
        assert client.get(path).status_code in (302, 403, 404)
    for decision in ("same", "different", "ask", "undo"):
        answer = client.post(decide_of(pair), {"decision": decision})
        assert answer.status_code in (302, 403, 404)
    assert DuplicatePair.objects.get().status == PairStatus.OPEN
    assert not FieldQuestion.objects.exists()


def test_the_queue_is_narrowed(
    pair: DuplicatePair, alice: User, dana: User, client: Client
) -> None:
    homes = [family(alice, STRANGERS, days=n, entry_point="ISHKOSHIM") for n in range(2)]
    other = DuplicatePair.objects.create(
        first=homes[0], second=homes[1], score=1, reasons=[{"code": "documents", "count": 1}]
    )
    DuplicatePair.objects.filter(pk=pair.pk).update(score=0.9)
    both = read(client, dana, LIST)
    assert both.index(str(other.pk)) < both.index(str(pair.pk))
    there = read(client, dana, LIST, entry_point="ISHKOSHIM")
    shown = read(client, dana, LIST, document="same")
    for html in (there, shown):
        assert str(other.pk) in html
        assert str(pair.pk) not in html


def test_precision_is_on_the_first_page_of_who_decides(
    pair: DuplicatePair, alice: User, dana: User, rf: Any
) -> None:
    def tiles(user: User) -> dict[str, Any]:
        request = rf.get("/")
        request.user = User.objects.get(pk=user.pk)
        return {each.label: each for each in dashboard(request, {})["tiles"]}

    assert tiles(dana)["Possible duplicates to decide"].value == 1
    assert tiles(dana)["Offered and the same, last 30 days"].value == "–"
    decide_pair(actor=dana, pair=pair, same=True)
    assert tiles(dana)["Offered and the same, last 30 days"].value == "100 %"
    assert not {each for each in tiles(alice) if "uplicates" in each or "Offered" in each}
