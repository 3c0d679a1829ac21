"""Who may not be seen leaks by no hit, no count and no number of statements. As an opponent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.choices import Role, ScopeKind
from accounts.models import User
from audit.models import AccessRecord
from intake.choices import ScreeningOutcomeKind
from intake.models import Identity
from intake.searching import SearchFilters, search_people
from intake.services import separate_person
from tests.factories.accounts import make_user
from tests.factories.intake import ARRIVED_AT, make_household, member
from tests.factories.reception import make_site
from tests.factories.search import found_names, make_person

pytestmark = pytest.mark.django_db
API = Callable[[User | None], APIClient]
SEARCH = "/api/v1/persons/search/"
PAGE = "/admin/intake/household/search/"
TEXTS = ("zahra", "zah", "зах", "0700000001", "zahra gh", "1234567", "Zxrhz")


class Watched:
    """What one search did: its answer, its statements, how many identities it opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = 0
        real = Identity.opened

        def counted(*args: Any) -> Any:
            self.opened += 1
            return real(*args)

        monkeypatch.setattr(Identity, "opened", staticmethod(counted))

    def of(self, user: User, text: str, **filters: Any) -> tuple[Any, ...]:
        self.opened = 0
        fresh = User.objects.get(pk=user.pk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = search_people(user=fresh, text=text, filters=SearchFilters(**filters))
        return found_names(found), found.more, found.too_short, len(queries), self.opened


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def hidden_person(alice: User, **household: Any) -> Any:
    """Someone who fits every one of the texts."""
    return make_person(
        alice, "Zahra", father_name="Ghulam", phones=("0700000001",), household=household
    )


@pytest.mark.parametrize("text", TEXTS)
def test_of_another_entry_point_nothing_is_seen(
    alice: User, bob: User, watched: Watched, text: str
) -> None:
    make_person(alice, "Zahra Bibi")
    before = watched.of(bob, text)
    hidden = hidden_person(alice, entry_point="ISH")
    assert watched.of(bob, text) == before
    assert watched.of(bob, hidden.reference)[:2] == ([], False)
    assert watched.of(alice, "zahra ghulam")[0] != before[0]


@pytest.mark.parametrize("text", TEXTS)
def test_who_was_separated_is_not_there(
    alice: User, dana: User, watched: Watched, text: str
) -> None:
    make_person(alice, "Zahra Bibi")
    before = watched.of(alice, text)
    hidden = hidden_person(alice)
    separate_person(
        actor=dana,
        person=hidden.members.get(),
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=ARRIVED_AT,
        record={"authority": "border service"},
    )
    assert watched.of(alice, text) == before
    nobody = watched.of(alice, "PNH-26-999999-" + "0")
    assert watched.of(alice, hidden.reference)[:3] == ([], False, False)
    assert nobody[0] == []
    assert "Zahra" in watched.of(dana, "zahra")[0]


def test_more_says_nothing_of_the_hidden(alice: User, bob: User) -> None:
    make_person(alice, "Zahra")
    make_household(alice, [member("Zahra") for _each in range(40)], entry_point="ISH")
    assert search_people(user=alice, text="zahra").more
    found = search_people(user=bob, text="zahra")
    assert (len(found.hits), found.more) == (1, False)


@pytest.mark.parametrize("scope", [(ScopeKind.SITE, "NOWHERE"), (ScopeKind.ENTRY_POINT, "ISH")])
def test_a_site_manager_and_another_post_see_nobody(
    alice: User, scope: tuple[str, str], watched: Watched
) -> None:
    role = Role.SITE_MANAGER if scope[0] == ScopeKind.SITE else Role.REGISTRAR
    user = make_user(role, scope=scope[0], code=scope[1])
    before = watched.of(user, "zahra")
    hidden_person(alice)
    assert watched.of(user, "zahra") == before
    assert before[0] == []


def test_a_hidden_site_is_answered_like_one_that_there_is_not(alice: User, api: API) -> None:
    make_site("SHELTER", hidden=True)
    answers = []
    for code in ("SHELTER", "NOWHERE"):
        answer = api(alice).post(SEARCH, {"text": "zahra", "site": code}, format="json")
        assert answer.status_code == 400
        assert code not in answer.content.decode()
        answers.append(answer.json())
    assert answers[0] == answers[1]
    client = Client()
    client.force_login(alice)
    assert "SHELTER" not in client.get(PAGE).content.decode()
    pages = [
        client.post(PAGE, {"text": "zahra", "site": code}, headers={"X-Panah-Hits": "1"})
        for code in ("SHELTER", "NOWHERE")
    ]
    assert pages[0].status_code == pages[1].status_code == 422
    assert pages[0].content == pages[1].content


def test_agencies_outsiders_and_nobody_do_not_search(
    alice: User, carol: User, omar: User, api: API
) -> None:
    hidden_person(alice)
    for user, status in ((carol, 403), (omar, 403), (None, 401)):
        answer = api(user).post(SEARCH, {"text": "zahra"}, format="json")
        assert answer.status_code == status
        assert "Zahra" not in answer.content.decode()
    for user in (carol, omar):
        client = Client()
        client.force_login(user)
        page = client.post(PAGE, {"text": "zahra"})
        assert page.status_code in (302, 403)
        assert "Ghulam" not in page.content.decode()
    assert not AccessRecord.objects.filter(action="search").exists()


HOSTILE = "Zahra<script>alert(1)</script>%s{}'\";--Qqcanary"


def test_the_text_is_in_no_log_and_nowhere_else(
    alice: User, api: API, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, logger="")
    logging.getLogger("django.db.backends").setLevel(logging.INFO)
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    answer = client.post(PAGE, {"text": HOSTILE})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert api(alice).post(SEARCH, {"text": HOSTILE}, format="json").status_code in (200, 400)
    long = client.post(PAGE, {"text": HOSTILE * 9}, headers={"X-Panah-Hits": "1"})
    assert long.status_code == 422
    assert "canary" not in long.content.decode()

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr("intake.admin.search.search_people", broken)
    failed = client.post(PAGE, {"text": HOSTILE})
    assert failed.status_code == 500
    assert "canary" not in failed.content.decode()
    assert "canary" not in caplog.text
    for record in AccessRecord.objects.all():
        assert "canary" not in str(vars(record))
