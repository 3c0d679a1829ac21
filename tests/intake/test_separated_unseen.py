"""Who was separated by the authority is nobody to those without the screening permission."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.choices import Role
from accounts.models import User
from intake.choices import ExitReason, MoveReason, ScreeningOutcomeKind
from intake.inputs import ConsentInput
from intake.models import Consent, Household, Person, SpecificNeed
from intake.services import move_people, record_exit, record_return, separate_person
from intake.services.consents import give_consent
from intake.services.needs import add_need
from intake.services.tracing import file_tracing_request
from tests.factories.accounts import make_user
from tests.factories.family import CONSENT, sought_brother
from tests.factories.intake import ARRIVED_AT, make_household, member

pytestmark = pytest.mark.django_db
API = Callable[[User | None], APIClient]
NAME = "محمد نبی"


def at(hours: float) -> Any:
    return ARRIVED_AT + timedelta(hours=hours)


def hold(dana: User, person: Person, hours: float = 10) -> None:
    separate_person(
        actor=dana,
        person=person,
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=at(hours),
        record={"authority": "border service"},
    )


@pytest.fixture
def home(alice: User, dana: User) -> Household:
    """A family that agreed to be traced for; the father is held."""
    made = make_household(alice, consents=[CONSENT])
    hold(dana, made.members.get(position=0))
    return made


def man_of(home: Household) -> Person:
    return home.members.get(position=0)


def page(user: User, path: str, **query: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(f"/admin/intake/{path}", query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.SITE_MANAGER, Role.PLACEMENT_OFFICER])
def test_the_households_page_does_not_show_him(home: Household, dana: User, role: str) -> None:
    shown = page(make_user(role), f"household/{home.pk}/change/")
    assert "Зарина" in shown
    assert NAME not in shown
    assert str(man_of(home).pk) not in shown
    assert str(ExitReason.SEPARATED.label) not in shown
    assert NAME in page(dana, f"household/{home.pk}/change/")


def test_the_list_of_persons_does_not_show_him(home: Household, alice: User, dana: User) -> None:
    man = man_of(home)
    listed = page(alice, "person/")
    assert str(man.pk)[-8:] not in listed
    assert str(home.members.get(position=1).pk)[-8:] in listed
    assert str(ExitReason.SEPARATED.label) not in listed
    client = Client()
    client.force_login(alice)
    assert client.get(f"/admin/intake/person/{man.pk}/change/").status_code in (302, 403, 404)
    by_reason = page(alice, "person/", exit_reason__exact=ExitReason.SEPARATED)
    assert str(man.pk) not in by_reason
    assert str(man.pk)[-8:] in page(dana, "person/")


def test_sending_him_again_as_a_follower_does_not_open_him(
    home: Household, api: API, alice: User
) -> None:
    man = man_of(home)
    body = {
        "entry_point": "TEM",
        "arrived_at": ARRIVED_AT.isoformat(),
        "members": [{"id": str(man.pk), "name": "x", "sex": "M", "birth": "1360"}],
    }
    answer = api(alice).post(f"/api/v1/households/{home.reference}/arrivals/", body, format="json")
    assert answer.status_code == 409
    assert NAME not in answer.content.decode()
    assert ExitReason.SEPARATED not in answer.content.decode()


def test_followers_sent_again_with_other_content_are_refused(
    home: Household, api: API, alice: User
) -> None:
    path = f"/api/v1/households/{home.reference}/arrivals/"
    one = {"id": "01975d5e-0000-7000-8000-000000000001", "name": "Habib", "sex": "M", "birth": "20"}
    body = {"entry_point": "TEM", "arrived_at": at(20).isoformat(), "members": [one]}
    assert api(alice).post(path, body, format="json").status_code == 201
    assert api(alice).post(path, body, format="json").status_code == 201
    assert home.arrivals.count() == 2
    other = {**body, "members": [{**one, "name": "Hamid"}]}
    assert api(alice).post(path, other, format="json").status_code == 409


def test_his_search_for_relatives_is_not_shown(alice: User, dana: User) -> None:
    home = make_household(alice, consents=[CONSENT])
    man = man_of(home)
    made = file_tracing_request(actor=alice, asker=man, sought=sought_brother())
    assert made.reference in page(alice, f"household/{home.pk}/change/")
    hold(dana, man)
    assert made.reference not in page(alice, f"household/{home.pk}/change/")
    assert made.reference in page(dana, f"household/{home.pk}/change/")
    client = Client()
    client.force_login(alice)
    client.post(
        f"/admin/intake/household/{home.pk}/tracing/close/",
        {"request": made.pk, "reason": "withdrawn"},
    )
    made.refresh_from_db()
    assert made.closed_at is None


def test_his_moves_name_nobody(alice: User, bob: User, dana: User) -> None:
    home, other = make_household(alice), make_household(alice, entry_point="RUZVAI")
    man = man_of(home)
    move_people(
        actor=alice,
        persons=[man],
        household=other,
        occurred_at=at(5),
        reason=MoveReason.JOINED,
    )
    assert other.reference in page(alice, f"household/{home.pk}/change/")
    man.refresh_from_db()
    hold(dana, man)
    assert other.reference not in page(alice, f"household/{home.pk}/change/")
    assert home.reference not in page(alice, f"household/{other.pk}/change/")


def test_moves_do_not_name_households_that_one_may_not_read(alice: User, bob: User) -> None:
    home, other = make_household(alice, entry_point="RUZVAI"), make_household(alice)
    woman = other.members.get(position=1)
    move_people(
        actor=alice, persons=[woman], household=home, occurred_at=at(5), reason=MoveReason.JOINED
    )
    home.arrivals.exclude(entry_point__code="RUZVAI").delete()
    assert home.reference not in page(bob, f"household/{other.pk}/change/")


def test_his_own_answers_are_not_withdrawn_by_others(api: API, alice: User, dana: User) -> None:
    home = make_household(alice)
    man = man_of(home)
    own = give_consent(
        actor=alice, household=home, person=man, data=ConsentInput(purpose="assistance", given=True)
    )
    hold(dana, man)
    path = f"/api/v1/households/{home.reference}/consents/{own.pk}/withdraw/"
    assert api(alice).post(path, {}, format="json").status_code == 404
    client = Client()
    client.force_login(alice)
    client.post(f"/admin/intake/household/{home.pk}/consents/withdraw/", {"consent": own.pk})
    assert Consent.objects.get(pk=own.pk).stands


def test_his_needs_are_not_decided_by_others(alice: User, dana: User) -> None:
    home = make_household(alice)
    man = man_of(home)
    need = add_need(actor=alice, person=man, code="DS-BD")
    hold(dana, man)
    client = Client()
    client.force_login(alice)
    client.post(
        f"/admin/intake/household/{home.pk}/needs/",
        {"act": "close", "need": need.pk, "reason": "mistake"},
    )
    assert SpecificNeed.objects.get(pk=need.pk).status != "closed"


def test_exits_before_his_own_are_not_shown(home: Household, api: API, alice: User) -> None:
    other = make_household(alice)
    man = man_of(other)
    exit_ = record_exit(actor=alice, person=man, reason="voluntary_return", occurred_at=at(2))
    record_return(actor=alice, person=man, occurred_at=at(4))
    dana = make_user(Role.PROTECTION_OFFICER)
    man.refresh_from_db()
    hold(dana, man)
    told = api(alice).get(f"/api/v1/households/{other.reference}/exits/").content.decode()
    assert str(exit_.pk) not in told


def test_his_name_does_not_find_his_family(home: Household, alice: User, dana: User) -> None:
    assert home.reference not in page(alice, "household/", q=NAME)
    assert home.reference in page(alice, "household/", q="Зарина")
    assert home.reference in page(dana, "household/", q=NAME)


def test_his_note_is_moved_by_nobody_else(alice: User, dana: User) -> None:
    home = make_household(alice, [member(), member("Habib", sex="M", birth="1360", notes="rifle")])
    man = home.members.get(position=1)
    hold(dana, man)
    client = Client()
    client.force_login(alice)
    client.post(f"/admin/intake/household/{home.pk}/notes/seal/", {"person": man.pk})
    man.refresh_from_db()
    assert man.identity.open().notes == "rifle"
