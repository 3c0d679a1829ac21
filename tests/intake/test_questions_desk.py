"""The registration form asks in place; the household's page and the list ask for later."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import AccessRecord
from intake.choices import QuestionStatus
from intake.models import Household, OpenQuestion, Person
from tests.factories.desk import make_entry_points
from tests.factories.intake import make_household
from tests.factories.intake import member as person_input
from tests.intake.test_admin import ADD, signed_in, typed

pytestmark = pytest.mark.django_db
HEAD = {"name": "محبوبه", "birth": "1360", "relationship": "head"}
BORN_AT_NEW_YEAR = {"name": "Zarina", "birth": "1990-01-01", "relationship": "sibling"}
LIST = "/admin/intake/openquestion/"


@pytest.fixture(autouse=True)
def entry_points(operation: Any) -> None:
    """The crossings."""
    make_entry_points()


def choices(page: str) -> dict[str, str]:
    """The questions on a page: the name of each with what is chosen."""
    found = re.findall(r'name="(warning-[0-9a-f]{32})" value="(\w+)"( checked)?', page)
    return {name: value for name, value, checked in found if checked}


def post(client: Client, data: dict[str, Any]) -> tuple[int, str, dict[str, str]]:
    """Send the form: the status, the page and the questions on it."""
    answer = client.post(ADD, data)
    page = answer.content.decode()
    return answer.status_code, page, choices(page)


def test_nothing_doubtful_is_registered_at_once(alice: User) -> None:
    assert signed_in(alice).post(ADD, typed(HEAD, declared_size="1")).status_code == 302


def test_pressing_register_twice_registers_and_leaves_the_questions_open(alice: User) -> None:
    client = signed_in(alice)
    data = typed(HEAD, BORN_AT_NEW_YEAR, declared_size="3")
    status, page, asked = post(client, data)
    assert status == 200
    assert not Household.objects.exists()
    assert set(asked.values()) == {"later"}
    assert len(asked) == 2
    for kept in ("محبوبه", "Zarina", "1990-01-01", "+93700000001", "AF1728 Wakhan"):
        assert kept in page
    assert page.count("autofocus") == 1
    assert "dk-alert-bad" not in page
    # The doubt about Zarina stands in her own row, the one about all above the people.
    household, people = page.split('<div id="people">')
    assert "As told: 3 people. Written down: 2." in household
    first, second = people.split('name="members-1-id"')
    assert "first day of a year" not in first
    assert "first day of a year" in second
    assert post(client, {**data, **asked})[0] == 302
    home = Household.objects.get()
    assert sorted(home.questions.open().values_list("code", flat=True)) == [
        "declared_size_differs",
        "first_of_january",
    ]
    # The browser sends the same again: it is one household.
    assert post(client, {**data, **asked})[0] in (200, 302)


def test_answers_given_in_place_are_stored(alice: User) -> None:
    client = signed_in(alice)
    data = typed(HEAD, BORN_AT_NEW_YEAR, declared_size="3")
    _status, page, asked = post(client, data)
    size, birth = asked
    assert page.index(size) < page.index(birth)
    assert post(client, {**data, size: "right", birth: "year_only"})[0] == 302
    person = Person.objects.get(position=1)
    assert (person.birth_precision, person.identity.open().birth_text) == ("year", "1990")
    question = OpenQuestion.objects.get()
    assert (question.code, question.answer, question.answered_by) == (
        "declared_size_differs",
        "right",
        alice,
    )


def test_a_corrected_field_needs_no_answer_and_another_doubt_is_asked_anew(alice: User) -> None:
    client = signed_in(alice)
    data = typed(HEAD, declared_size="3")
    asked = post(client, data)[2]
    status, page, again = post(client, {**data, "declared_size": "4", **asked})
    assert status == 200
    assert set(again) != set(asked)
    assert "As told: 4 people" in page
    assert post(client, {**data, "declared_size": "1", **asked, **again})[0] == 302
    assert not OpenQuestion.objects.exists()


def test_the_year_alone_may_be_asked_about_at_once(alice: User) -> None:
    """Born on 1 January 2003 she is 18; of the year 2003 she may be 17."""
    client = signed_in(alice)
    wife = {"name": "Zarina", "birth": "2003-01-01", "relationship": "spouse"}
    data = typed(HEAD, wife)
    (birth,) = post(client, data)[2]
    status, page, asked = post(client, {**data, birth: "year_only"})
    assert status == 200
    assert asked[birth] == "year_only"
    assert "may be, under 18" in page
    assert post(client, {**data, **asked})[0] == 302
    assert OpenQuestion.objects.get().code == "spouse_under_18"


def test_errors_come_first_and_choices_are_not_lost(alice: User) -> None:
    client = signed_in(alice)
    data = typed(HEAD, declared_size="3")
    (size,) = post(client, data)[2]
    status, page, asked = post(client, {**data, "arrived_at": "", size: "right"})
    assert status == 422
    assert asked == {}
    assert f'<input type="hidden" name="{size}" value="right">' in page
    adding = {**data, size: "right", "add_person": "1"}
    del adding["save"]
    page = client.post(ADD, adding).content.decode()
    assert f'<input type="hidden" name="{size}" value="right">' in page
    # A birth that cannot be read is an error, not a question.
    status, page, asked = post(client, typed({**HEAD, "birth": "the flood"}, declared_size="3"))
    assert (status, asked) == (422, {})
    assert "dk-alert-bad" in page


@pytest.mark.parametrize("value", ["", "later", "nonsense", "<script>", "year_only"])
def test_what_is_no_answer_leaves_the_question_open(alice: User, value: str) -> None:
    client = signed_in(alice)
    data = typed(HEAD, declared_size="3")
    (size,) = post(client, data)[2]
    assert post(client, {**data, size: value})[0] == 302
    assert OpenQuestion.objects.get().status == QuestionStatus.OPEN


def test_made_up_names_of_questions_are_not_repeated(alice: User) -> None:
    strange = {'warning-"><script>': "right", "warning-" + "f" * 33: "x", "warning-": "y"}
    page = post(signed_in(alice), {**typed(HEAD, declared_size="3"), **strange})[1]
    assert "<script>" not in page.split("<form", 1)[1].split("</form>")[0]
    assert "f" * 33 not in page


def test_a_document_elsewhere_is_counted_linked_only_for_who_sees_it_and_recorded(
    alice: User, bob: User
) -> None:
    papers = {"document_type": "tazkira", "document_number": "77-88"}
    there = typed({**HEAD, **papers}, entry_point="RUZVAI", phones="")
    assert signed_in(alice).post(ADD, there).status_code == 302
    other = Household.objects.get()
    here = typed({**BORN_AT_NEW_YEAR, "birth": "30", **papers}, phones="")
    AccessRecord.objects.all().delete()
    page = post(signed_in(bob), here)[1]
    assert "in 1 other household." in page
    assert other.reference not in page
    assert "محبوبه" not in page
    # Of the number, and of families that may be this one.
    assert list(AccessRecord.objects.values_list("action", flat=True)) == ["search"] * 2
    assert other.reference in post(signed_in(alice), here)[1]


# The household's page ----------------------------------------------------------------------------
def asked_home(actor: User, **fields: Any) -> Household:
    """A household with a question about one of its people and one about all."""
    people = [
        person_input("Nabi", sex="M", birth="1360", relationship="head"),
        person_input("Zarina", birth="1990-01-01"),
    ]
    return make_household(actor, people, declared_size=3, **fields)


def page_of(home: Household) -> str:
    """The address of the household's page."""
    return f"/admin/intake/household/{home.pk}/change/"


def answer_page(home: Household) -> str:
    """Where its questions are answered."""
    return f"/admin/intake/household/{home.pk}/questions/answer/"


def test_the_households_page_asks_and_one_click_answers(alice: User) -> None:
    home = asked_home(alice)
    client = signed_in(alice)
    page = client.get(page_of(home)).content.decode()
    assert "As told: 3 people. Written down: 2." in page
    assert "Only the year is known" in page
    question = home.questions.get(code="first_of_january")
    sent = {"question": question.pk, "answer": "year_only", "note": "She knows 1990 only"}
    answered = client.post(answer_page(home), sent, follow=True)
    assert "Answered." in answered.content.decode()
    assert "She knows 1990 only" in answered.content.decode()
    assert home.members.get(position=1).birth_precision == "year"
    # A second press says that it is answered; nothing else happens.
    other = client.post(answer_page(home), {**sent, "answer": "right"}, follow=True)
    assert "answered already" in other.content.decode()
    assert home.questions.get(pk=question.pk).answer == "year_only"


def test_who_only_reads_sees_no_buttons(alice: User) -> None:
    from accounts.choices import Role
    from tests.factories import accounts

    officer = accounts.make_user(Role.PLACEMENT_OFFICER, username="paula")
    home = asked_home(alice)
    page = signed_in(officer).get(page_of(home)).content.decode()
    assert "As told: 3 people" in page
    assert "questions/answer/" not in page
    sent = {"question": home.questions.first().pk, "answer": "right"}
    assert signed_in(officer).post(answer_page(home), sent).status_code == 403
    assert home.questions.open().count() == 2


def test_nobody_else_answers(alice: User, bob: User, carol: User, omar: User) -> None:
    home = asked_home(alice, entry_point="RUZVAI")
    sent = {"question": home.questions.first().pk, "answer": "right"}
    for user, status in ((bob, 404), (carol, 403), (omar, 302)):
        assert signed_in(user).post(answer_page(home), sent).status_code in (status, 403)
    # Bob puts the question of that household into the address of his own.
    mine = asked_home(bob)
    assert signed_in(bob).post(answer_page(mine), sent).status_code == 404
    for wrong in ("", "x", "0" * 32):
        assert signed_in(bob).post(answer_page(mine), {"question": wrong}).status_code == 404
    assert signed_in(alice).get(answer_page(home)).status_code == 405
    assert OpenQuestion.objects.open().count() == 4


# The list for the day after ----------------------------------------------------------------------
def test_the_list_shows_visible_households_oldest_first_without_names(
    alice: User, bob: User, omar: User
) -> None:
    first, second = asked_home(alice), asked_home(alice, entry_point="RUZVAI")
    page = signed_in(alice).get(LIST).content.decode()
    assert page.index(first.reference) < page.index(second.reference)
    assert "Zarina" not in page
    mine = signed_in(bob).get(LIST).content.decode()
    assert first.reference in mine
    assert second.reference not in mine
    assert signed_in(omar).get(LIST).status_code in (302, 403)
    there = signed_in(alice).get(LIST, {"entry_point": "RUZVAI"}).content.decode()
    assert first.reference not in there
    assert second.reference in there
    sizes = signed_in(alice).get(LIST, {"code__exact": "first_of_january"}).content.decode()
    assert "As told" not in sizes
    question = second.questions.first()
    row = f"{LIST}{question.pk}/change/"
    assert signed_in(alice).get(row).headers["Location"] == f"{page_of(second)}#questions"
    assert signed_in(bob).get(row).status_code in (302, 404)
    assert page_of(second) not in signed_in(bob).get(row).headers.get("Location", "")


def test_the_list_takes_a_fixed_number_of_queries(
    alice: User, django_assert_num_queries: Any
) -> None:
    asked_home(alice)
    client = signed_in(alice)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for _ in range(4):
        asked_home(alice)
    with django_assert_num_queries(len(few)):
        client.get(LIST)
