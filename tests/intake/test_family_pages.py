"""Relatives, tracing, the sealed record and the hint on the desk's pages, and over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import AccessRecord, Event
from common import clock
from intake.choices import ExitReason, ScreeningOutcomeKind, TracingStatus
from intake.models import (
    FamilyLink,
    Household,
    Person,
    ScreeningOutcome,
    TracingMatch,
    TracingRequest,
)
from intake.services.family import link_family
from intake.services.screening import record_outcome
from tests.factories.family import (
    asking_household,
    first,
    found_household,
    make_match,
    make_request,
    sought_brother,
)
from tests.factories.intake import ARRIVED_AT, make_household, member

pytestmark = pytest.mark.django_db
API = Callable[[User | None], APIClient]
K = ScreeningOutcomeKind
REQUESTS = "/api/v1/tracing-requests/"


def signed_in(user: User) -> Client:
    """A browser in which `user` is signed in."""
    client = Client()
    client.force_login(user)
    return client


def page(user: User, household: Household, sub: str = "change/") -> str:
    """A page of the household as a user sees it."""
    answer = signed_in(user).get(f"/admin/intake/household/{household.pk}/{sub}")
    assert answer.status_code == 200
    return answer.content.decode()


def hold(dana: User, person: Person) -> None:
    """The border service holds somebody."""
    taken = {"occurred_at": ARRIVED_AT, "authority": "Border service"}
    record_outcome(actor=dana, person=person, outcome=K.HELD, **taken)


# Family links ----------------------------------------------------------------------------------
def test_two_relatives_are_linked_on_the_page(alice: User) -> None:
    home, other = asking_household(alice), found_household(alice)
    client = signed_in(alice)
    url = f"/admin/intake/household/{home.pk}/family/link/"
    wrong = client.post(url, {"person": first(home).pk, "reference": "PNH-99", "find": "1"})
    assert wrong.status_code == 422
    typed = {"person": first(home).pk, "reference": other.reference, "kind": "sibling"}
    shown = client.post(url, {**typed, "find": "1"}).content.decode()
    assert "Худобахш" in shown
    assert AccessRecord.objects.filter(user=alice, subject_id=other.pk).exists()
    assert client.post(url, {**typed, "save": "1"}).status_code == 422
    assert not FamilyLink.objects.exists()
    full = {"strength": "stated", "said_by": "person", "separated": "on", "save": "1"}
    answer = client.post(url, {**typed, **full, "relative": first(other).pk}, follow=True)
    assert "Худобахш" in answer.content.decode()
    made = FamilyLink.objects.get()
    assert made.separated is True
    client.post(
        f"/admin/intake/household/{home.pk}/family/end/", {"link": made.pk, "reason": "mistaken"}
    )
    assert not FamilyLink.objects.open().exists()


def test_who_reads_one_household_learns_of_a_relative_and_nothing_more(
    alice: User, bob: User
) -> None:
    mine = asking_household(alice)
    theirs = make_household(alice, [member("Farangis")], entry_point="RUZVAI")
    link_family(actor=alice, person=first(mine), relative=first(theirs), kind="parent")
    shown = page(bob, mine)
    assert "a relative in another household" in shown
    assert theirs.reference not in shown
    assert "Farangis" not in shown
    assert str(theirs.pk) not in shown
    other = page(alice, theirs)
    assert mine.reference in other
    assert "Son or daughter" in other


def test_a_sealed_link_is_on_no_page_but_the_tracing_officer_s(
    alice: User, dana: User, api: API
) -> None:
    home = make_household(alice)
    hold(dana, first(home))
    assert "sealed: tell nobody" in page(dana, home)
    assert "sealed: tell nobody" not in page(alice, home)
    assert api(alice).get(f"/api/v1/households/{home.reference}/family-links/").json() == []
    assert len(api(dana).get(f"/api/v1/households/{home.reference}/family-links/").json()) == 4


def test_family_links_over_rest(alice: User, bob: User, carol: User, api: API) -> None:
    mine, other = asking_household(alice), found_household(alice)
    path = f"/api/v1/households/{mine.reference}/family-links/"
    body = {"person": str(first(mine).pk), "relative": str(first(other).pk), "kind": "sibling"}
    made = api(alice).post(path, body, format="json")
    assert made.status_code == 201
    assert made.json()["household"] == other.reference
    assert made.json()["strength"] == "stated"
    again = api(alice).post(path, body, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "already_linked")
    back = api(alice).get(f"/api/v1/households/{other.reference}/family-links/").json()
    assert [each["person"] for each in back] == [str(first(other).pk)]
    for user in (carol, None):
        assert api(user).get(path).status_code in (401, 403)
        assert api(user).post(path, body, format="json").status_code in (401, 403)
    assert FamilyLink.objects.count() == 1


def test_a_guess_over_rest_is_answered_alike_for_held_elsewhere_and_nobody(
    alice: User, bob: User, dana: User, api: API
) -> None:
    mine = asking_household(alice)
    home = make_household(alice)
    hold(dana, first(home))
    elsewhere = first(make_household(alice, [member()], entry_point="RUZVAI"))
    path = f"/api/v1/households/{mine.reference}/family-links/"
    answers = [
        api(bob).post(
            path, {"person": str(first(mine).pk), "relative": str(key), "kind": "other"},
            format="json",
        )
        for key in (first(home).pk, elsewhere.pk, uuid4())
    ]  # fmt: skip
    assert {each.status_code for each in answers} == {400}
    assert len({str(each.json()["errors"]) for each in answers}) == 1
    assert FamilyLink.objects.filter(sealed=False).count() == 0


# Tracing ---------------------------------------------------------------------------------------
def filled(home: Household, **fields: Any) -> dict[str, Any]:
    """The form as a registrar fills it."""
    return {
        "person": str(first(home).pk),
        "name": "خدابخش",
        "father_name": "قربان علی",
        "relation": "sibling",
        "sex": "M",
        "birth": "about 40",
        **fields,
    }


def test_a_registrar_files_a_request_and_sees_no_candidate(alice: User, dana: User) -> None:
    found = found_household(alice)
    home = asking_household(alice)
    url = f"/admin/intake/household/{home.pk}/tracing/"
    answer = signed_in(alice).post(url, filled(home), follow=True)
    made = TracingRequest.objects.get()
    assert made.status == TracingStatus.CANDIDATE
    shown = answer.content.decode()
    assert made.reference in shown
    assert "Looked for" in shown
    assert "Somebody may be meant" not in shown
    assert found.reference not in shown
    for address in ("", f"{made.pk}/change/"):
        refused = signed_in(alice).get(f"/admin/intake/tracingrequest/{address}")
        assert refused.status_code in (302, 403, 404)
        assert found.reference not in refused.content.decode()
    assert made.reference in page(dana, home)


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(alice: User) -> None:
    home = asking_household(alice, consents=[])
    url = f"/admin/intake/household/{home.pk}/tracing/"
    nowhere = signed_in(alice).post(url, filled(home, last_seen_area="Atlantis"))
    assert "This area is not known" in nowhere.content.decode()
    wrong = signed_in(alice).post(url, filled(home, name="", birth="flood"))
    assert wrong.status_code == 422
    assert wrong.content.decode().count("dk-error") >= 2
    answer = signed_in(alice).post(url, filled(home))
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Ask whether we may look for relatives" in shown
    for kept in ("خدابخش", "قربان علی", "about 40"):
        assert kept in shown
    assert not TracingRequest.objects.exists()


def test_an_officer_confirms_and_reunites_on_the_page(alice: User, dana: User) -> None:
    match = make_match(alice)
    client, here = signed_in(dana), f"/admin/intake/tracingrequest/{match.request_id}/"
    listed = client.get("/admin/intake/tracingrequest/").content.decode()
    assert match.request.reference in listed
    shown = client.get(f"{here}change/").content.decode()
    for text in ("خدابخش", "Худобахш", "Likely", match.person.household.reference):
        assert text in shown
    for subject in (match.request_id, match.person_id, match.request.asker_id):
        assert AccessRecord.objects.filter(user=dana, subject_id=subject, action="read").exists()
    assert client.get(f"{here}decide/").status_code == 405
    client.post(f"{here}decide/", {"match": match.pk, "decision": "confirm"})
    assert "Reunite" in client.get(f"{here}change/").content.decode()
    local = clock.now().astimezone(ARRIVED_AT.tzinfo).strftime("%Y-%m-%dT%H:%M")
    sent = {"match": match.pk, "decision": "reunite", "move": "sought", "occurred_at": local}
    client.post(f"{here}decide/", sent)
    match.refresh_from_db()
    assert match.request.status == TracingStatus.REUNITED
    assert match.person.household_id == match.request.asker.household_id
    assert "Nobody who is registered" not in client.get(f"{here}change/").content.decode()


def test_a_candidate_who_is_held_is_shown_without_what_was_decided(alice: User, dana: User) -> None:
    found = found_household(alice)
    hold(dana, first(found))
    request = make_request(alice, first(asking_household(alice)))
    shown = signed_in(dana).get(f"/admin/intake/tracingrequest/{request.pk}/change/")
    text = shown.content.decode()
    assert str(ExitReason.SEPARATED.label) in text
    for decided in (K.HELD.label, "Border service"):
        assert str(decided) not in text
    signed_in(dana).post(
        f"/admin/intake/tracingrequest/{request.pk}/decide/",
        {"match": request.matches.get().pk, "decision": "confirm"},
    )
    text = signed_in(dana).get(shown.request["PATH_INFO"]).content.decode()
    assert 'value="reunite"' not in text


def test_an_outsider_decides_nothing(alice: User, bob: User, carol: User, omar: User) -> None:
    match = make_match(alice)
    for user in (alice, bob, carol, omar):
        for decision in ("confirm", "reject", "close", "reunite"):
            answer = signed_in(user).post(
                f"/admin/intake/tracingrequest/{match.request_id}/decide/",
                {"match": match.pk, "decision": decision, "reason": "withdrawn"},
            )
            assert answer.status_code in (302, 403)
    assert TracingMatch.objects.get().status == "open"
    assert TracingRequest.objects.get().status == TracingStatus.CANDIDATE


def test_a_device_files_a_request_and_learns_of_nobody(
    alice: User, carol: User, dana: User, omar: User, api: API
) -> None:
    found = found_household(alice)
    home = asking_household(alice)
    told = sought_brother().to_json()
    sought = {name: told[name] for name in told if name not in ("earliest", "latest")}
    body = {"id": str(uuid4()), "asker": str(first(home).pk), "sought": sought}
    made = api(alice).post(REQUESTS, body, format="json")
    assert made.status_code == 201
    assert made.json()["status"] == "open"
    assert TracingRequest.objects.get().status == TracingStatus.CANDIDATE
    again = api(alice).post(REQUESTS, body, format="json")
    assert (again.status_code, again.json()) == (200, made.json())
    for secret in (found.reference, str(first(found).pk), "candidate"):
        assert secret not in made.content.decode()
    for user in (alice, carol, omar, None):
        assert api(user).get(REQUESTS).status_code in (401, 403)
    for user in (carol, omar, None):
        assert api(user).post(REQUESTS, body, format="json").status_code in (401, 403)
    listed = api(dana).get(REQUESTS).json()["results"]
    assert [each["sought"]["name"] for each in listed] == ["خدابخش"]
    assert found.reference not in str(listed)
    wrong = api(alice).post(
        REQUESTS, {**body, "id": str(uuid4()), "asker": str(uuid4())}, format="json"
    )
    assert wrong.json()["errors"][0]["field"] == "asker"


# The sealed record -----------------------------------------------------------------------------
def outcome(person: Person, **fields: Any) -> dict[str, Any]:
    """The form as an officer fills it."""
    return {
        "person": str(person.pk),
        "outcome": K.HELD,
        "occurred_at": "2021-07-05T05:00",
        "authority": "Border service",
        "authority_reference": "BS 14/21",
        "review_on": "",
        "remarks": "",
        **fields,
    }


def test_an_officer_records_an_outcome_and_reads_it(alice: User, dana: User) -> None:
    home = make_household(alice)
    url = f"/admin/intake/household/{home.pk}/screening/"
    client = signed_in(dana)
    wrong = client.post(url, outcome(first(home), authority="", outcome="", review_on="1999-01-01"))
    assert wrong.status_code == 422
    assert "BS 14/21" in wrong.content.decode()
    assert not ScreeningOutcome.objects.exists()
    shown = client.post(url, outcome(first(home)), follow=True).content.decode()
    assert "BS 14/21" in shown
    assert first(home).exit_reason == ExitReason.SEPARATED
    made = ScreeningOutcome.objects.get()
    assert made.sealed["occurred_at"] == "2021-07-05T05:00:00+05:00"
    assert AccessRecord.objects.filter(user=dana, subject_id=made.pk).exists()
    due = client.get("/admin/intake/screeningoutcome/?review=due").content.decode()
    assert str(made.pk) not in due
    ScreeningOutcome.objects.update(review_on=clock.now().date())
    due = client.get("/admin/intake/screeningoutcome/?review=due").content.decode()
    assert str(made.pk) in due
    client.post(f"/admin/intake/screeningoutcome/{made.pk}/do/review/", {"next_on": ""})
    made.refresh_from_db()
    assert made.reviewed_by == dana


def test_a_possible_minor_goes_to_child_protection_through_the_page(
    alice: User, dana: User
) -> None:
    home = make_household(alice, [member("Habib", sex="M", birth="about 18")])
    for user, sub, extra in (
        (alice, "authority/", {}),
        (dana, "screening/", {"outcome": K.HELD}),
    ):
        answer = signed_in(user).post(
            f"/admin/intake/household/{home.pk}/{sub}",
            {**outcome(first(home)), **extra},
            follow=True,
        )
        assert "under 18" in answer.content.decode()
    assert first(home).left_at is None
    kinds = {each.sealed["outcome"] for each in ScreeningOutcome.objects.all()}
    assert kinds == {K.CHILD}


def test_a_registrar_says_what_they_saw_and_cannot_read_it_again(
    alice: User, bob: User, carol: User, omar: User
) -> None:
    home = make_household(alice, entry_point="RUZVAI")
    url = f"/admin/intake/household/{home.pk}/authority/"
    for user in (bob, carol, omar):
        assert signed_in(user).post(url, outcome(first(home))).status_code in (302, 403, 404)
    assert not ScreeningOutcome.objects.exists()
    seen = outcome(first(home), remarks="two men in a jeep")
    answer = signed_in(alice).post(url, seen, follow=True)
    assert answer.status_code == 200
    assert "two men in a jeep" not in answer.content.decode()
    assert ScreeningOutcome.objects.get().sealed["remarks"] == "two men in a jeep"
    for address in (
        f"/admin/intake/household/{home.pk}/screening/",
        "/admin/intake/screeningoutcome/",
        f"/admin/intake/screeningoutcome/{ScreeningOutcome.objects.get().pk}/change/",
    ):
        assert signed_in(alice).get(address).status_code == 403
    assert "jeep" not in str(list(Event.objects.values()))


# The hint --------------------------------------------------------------------------------------
def test_the_hint_is_shown_after_registering_and_moves_the_note(alice: User, carol: User) -> None:
    typed = {
        "arrived_at": "2021-07-05T08:21",
        "entry_point": "TEM",
        "members-TOTAL_FORMS": "1",
        "members-INITIAL_FORMS": "0",
        "save": "1",
        "members-0-name": "Habib",
        "members-0-sex": "M",
        "members-0-birth": "1360",
        "members-0-notes": "came in uniform",
    }
    make_household(alice)
    answer = signed_in(alice).post("/admin/intake/household/add/", typed, follow=True)
    home = Household.objects.order_by("-recorded_at")[0]
    shown = answer.content.decode()
    assert answer.redirect_chain[-1][0].endswith("#hint")
    assert "This may endanger the person" in shown
    assert not ScreeningOutcome.objects.exists()
    url = f"/admin/intake/household/{home.pk}/notes/seal/"
    assert signed_in(carol).post(url, {"person": first(home).pk}).status_code in (302, 403)
    signed_in(alice).post(url, {"person": str(uuid4())})
    signed_in(alice).post(url, {"person": "nonsense"})
    assert not ScreeningOutcome.objects.exists()
    moved = signed_in(alice).post(url, {"person": first(home).pk}, follow=True).content.decode()
    assert "came in uniform" not in moved
    assert "This may endanger the person" not in moved
    assert ScreeningOutcome.objects.get().sealed["remarks"] == "came in uniform"


def test_the_hint_over_rest_names_the_field_and_stores_nothing(alice: User, api: API) -> None:
    make_household(alice)
    body = {
        "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
        "members": [{"name": "Habib", "sex": "M", "birth": "1360", "notes": "had a rifle"}],
    }
    made = api(alice).post("/api/v1/households/", body, format="json")
    assert made.status_code == 201
    assert made.json()["hints"] == [{"field": "members.0.notes", "code": "move_to_sealed_record"}]
    assert "rifle" not in str(list(Event.objects.values()))
    assert not ScreeningOutcome.objects.exists()
