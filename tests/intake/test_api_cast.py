"""Who sees and does what over REST: the whole cast at every route and verb of intake."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import Event
from intake.choices import ScreeningOutcomeKind
from intake.duplicates import decide_pair, find_duplicates
from intake.models import (
    Arrival,
    BorderAssessment,
    CrossingCount,
    DuplicatePair,
    EntryPoint,
    EntryPointStatusChange,
    Household,
    IdentityIndex,
    Person,
    PersonExit,
    SpecificNeedType,
)
from intake.services import separate_person
from tests.factories import intake as make

API = Callable[[User | None], APIClient]
BASE = "/api/v1/"
HOUSEHOLDS = f"{BASE}households/"
PERSONS = f"{BASE}persons/"
UNKNOWN = "PNH-21-999999-0"
MAN = {"name": "Mohammad Nabi", "sex": "M", "birth": "1981-05-04", "relationship": "head"}
WOMAN = {"name": "Zarina", "sex": "F", "birth": "1985-05-04", "relationship": "spouse"}
BODY: dict[str, Any] = {
    "arrival": {"entry_point": "RUZVAI", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "phones": ["+93700000001"],
    "members": [MAN, WOMAN],
}
LATER = {
    "entry_point": "RUZVAI",
    "arrived_at": "2021-07-06T04:30:00+05:00",
    "members": [{"name": "Habib", "sex": "M", "birth": "20"}],
}
WATCHED = (
    *(Household, Arrival, Person, PersonExit, IdentityIndex, EntryPoint, Event, DuplicatePair),
    *(EntryPointStatusChange, CrossingCount, BorderAssessment),
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossings(db: None) -> None:
    """Two crossings: Bob's, and another."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


@pytest.fixture
def home(api: API, alice: User) -> dict[str, Any]:
    """A family that crossed where Bob does not work."""
    answer = api(alice).post(HOUSEHOLDS, BODY)
    assert answer.status_code == 201
    body: dict[str, Any] = answer.json()
    return body


def everything() -> list[Any]:
    """All that a denied request could have changed."""
    return [sorted(map(str, model._default_manager.values_list())) for model in WATCHED]


def body(**changes: Any) -> dict[str, Any]:
    """The family with changes."""
    return {**copy.deepcopy(BODY), **changes}


def routes(reference: str, person: str) -> list[tuple[str, str, Any]]:
    """Every route and verb of intake with a body that is in order."""
    one = f"{HOUSEHOLDS}{reference}/"
    exit_ = {
        "person": person,
        "reason": "voluntary_return",
        "occurred_at": "2021-07-07T10:00:00+05:00",
    }
    return [
        ("get", HOUSEHOLDS, None),
        ("post", HOUSEHOLDS, body()),
        ("post", f"{HOUSEHOLDS}batch/", {"households": [body()]}),
        ("get", one, None),
        ("patch", one, {"declared_size": 9}),
        ("get", f"{one}members/", None),
        ("post", f"{one}members/", WOMAN),
        ("get", f"{one}arrivals/", None),
        ("post", f"{one}arrivals/", LATER),
        ("get", f"{one}exits/", None),
        ("post", f"{one}exits/", exit_),
        ("get", PERSONS, None),
        ("get", f"{PERSONS}?search=Zarina", None),
        ("get", f"{PERSONS}{person}/", None),
        ("get", f"{BASE}entry-points/", None),
        ("get", f"{BASE}entry-points/TEM/", None),
        ("post", f"{BASE}entry-points/", {"name": "Willow ford", "area": "3590208"}),
        *border_routes(),
    ]


def border_routes() -> list[tuple[str, str, Any]]:
    """What happens at an entry point, and visits to the border."""
    hour = {"began_at": "2021-07-05T04:00:00+05:00", "ended_at": "2021-07-05T05:00:00+05:00"}
    visit = {
        "entry_point": "TEM",
        "visit_began_at": hour["began_at"],
        "visit_ended_at": hour["ended_at"],
        "organisations": "UNHCR",
        "summary": "Eighty people wait.",
    }
    state = {"status": "closed", "reason": "Night", "occurred_at": hour["began_at"]}
    return [
        ("get", f"{BASE}entry-points/TEM/status/", None),
        ("post", f"{BASE}entry-points/TEM/status/", state),
        ("get", f"{BASE}entry-points/TEM/crossing-counts/", None),
        ("post", f"{BASE}entry-points/TEM/crossing-counts/", {**hour, "total": 3}),
        ("get", f"{BASE}border-assessments/", None),
        ("post", f"{BASE}border-assessments/", visit),
    ]


def send(client: APIClient, verb: str, path: str, data: Any) -> Any:
    """One request; edits name any version."""
    return getattr(client, verb)(path, data, **({"HTTP_IF_MATCH": "*"} if verb == "patch" else {}))


@pytest.mark.parametrize(("name", "status"), [("anonymous", 401), ("omar", 403), ("carol", 403)])
def test_outsiders_and_agencies_are_denied_everywhere(
    api: API, home: dict[str, Any], request: pytest.FixtureRequest, name: str, status: int
) -> None:
    user = None if name == "anonymous" else request.getfixturevalue(name)
    person = home["members"][0]["id"]
    before = everything()
    for verb, path, data in routes(home["reference"], person):
        answer = send(api(user), verb, path, data)
        assert answer.status_code == status, (verb, path)
        assert answer["Content-Type"] == "application/problem+json"
        assert ("WWW-Authenticate" in answer) == (status == 401)
    for known, unknown in zip(
        routes(home["reference"], person), routes(UNKNOWN, str(uuid4())), strict=True
    ):
        assert send(api(user), *known).content == send(api(user), *unknown).content
    assert everything() == before


def test_what_is_elsewhere_is_as_what_is_not(api: API, bob: User, home: dict[str, Any]) -> None:
    """Bob's answers about another crossing's family are those about no family at all."""
    person = home["members"][0]["id"]
    before = everything()
    pairs = zip(routes(home["reference"], person), routes(UNKNOWN, str(uuid4())), strict=True)
    for (verb, path, data), (_verb, absent, other) in pairs:
        if path == absent and data == other:
            continue
        known, unknown = send(api(bob), verb, path, data), send(api(bob), verb, absent, other)
        assert known.status_code == 404, (verb, path)
        assert known.content == unknown.content
        assert dict(known.headers) == dict(unknown.headers)
    assert api(bob).get(HOUSEHOLDS).json()["results"] == []
    assert api(bob).get(PERSONS).json()["results"] == []
    assert api(bob).get(PERSONS, {"household": home["reference"]}).json()["results"] == []
    assert api(bob).get(PERSONS, {"search": home["token"]}).json()["results"] == []
    assert api(bob).post(HOUSEHOLDS, body()).status_code == 400
    assert everything() == before
    arrival = {**BODY["arrival"], "entry_point": "TEM"}
    own = api(bob).post(HOUSEHOLDS, body(arrival=arrival)).json()
    assert own["possible_duplicates"] == [], "Alice's family is like it, and not Bob's to know"
    assert len(api(alice_of(own)).get(HOUSEHOLDS).json()["results"]) == 2
    sent_again = api(bob).post(HOUSEHOLDS, body(id=home["id"], arrival=arrival))
    assert (sent_again.status_code, sent_again.json()["code"]) == (409, "conflict")


def alice_of(_: Any) -> User:
    """The registrar of the whole operation, from the database."""
    return User.objects.get(username="alice")


def test_the_same_content_does_not_open_another_crossings_household(
    api: API, alice: User, bob: User
) -> None:
    sent = body(id=str(uuid4()))
    assert api(alice).post(HOUSEHOLDS, sent).status_code == 201
    answer = api(bob).post(HOUSEHOLDS, sent)
    assert answer.status_code == 409
    assert "PNH-" not in answer.content.decode()
    (item,) = api(bob).post(f"{HOUSEHOLDS}batch/", {"households": [sent]}).json()["results"]
    assert (item["status"], item["reference"], item["token"]) == (409, "", "")


def test_dana_reads_and_edits_but_does_not_register(
    api: API, dana: User, home: dict[str, Any]
) -> None:
    allowed = {"get": 200, "patch": 200}
    before = Person.objects.count()
    for verb, path, data in routes(home["reference"], home["members"][0]["id"]):
        if path.endswith("exits/") and verb == "post":
            continue
        if "entry-points" in path or "border" in path:
            # She reports from the border like a registrar.
            allowed["post"] = 201
        answer = send(api(dana), verb, path, data)
        assert answer.status_code == allowed.get(verb, 403), (verb, path)
    assert Person.objects.count() == before


def test_needs_show_by_tier(api: API, alice: User, dana: User) -> None:
    kinds = {
        tier: SpecificNeedType.objects.filter(tier=tier, legacy=False, disabled_on=None)
        .earliest("code")
        .code
        for tier in (1, 2, 3)
    }
    sent = body(id=str(uuid4()), members=[{**MAN, "specific_needs": list(kinds.values())}])
    made = api(alice).post(HOUSEHOLDS, sent)
    path = f"{HOUSEHOLDS}{made.json()['reference']}/"
    person = made.json()["members"][0]["id"]

    def shown(user: User) -> list[set[str]]:
        client = api(user)
        shapes = [
            *client.get(path).json()["members"],
            *client.get(f"{path}members/").json(),
            *client.get(PERSONS).json()["results"],
            client.get(f"{PERSONS}{person}/").json(),
        ]
        assert all(
            {each["code"] for each in s["needs"]} == set(s["specific_needs"]) for s in shapes
        )
        return [set(shape["specific_needs"]) for shape in shapes]

    assert made.json()["members"][0]["specific_needs"] == [kinds[1]]
    again = api(alice).post(HOUSEHOLDS, sent)
    assert (again.status_code, again.json()) == (200, made.json())
    assert shown(alice) == [{kinds[1]}] * 4
    assert shown(dana) == [set(kinds.values())] * 4
    for code in (kinds[2], kinds[3]):
        assert code not in str([api(alice).get(p).content for p in (path, PERSONS, HOUSEHOLDS)])


@pytest.fixture
def separated(api: API, alice: User, dana: User) -> dict[str, Any]:
    """A family whose father the authority holds; `sent` is how it was registered."""
    ids = [str(uuid4()), str(uuid4())]
    members = [{**each, "id": pk} for each, pk in zip((MAN, WOMAN), ids, strict=True)]
    sent = body(id=str(uuid4()), members=members)
    made: dict[str, Any] = api(alice).post(HOUSEHOLDS, sent).json()
    man = Person.objects.get(pk=ids[0])
    separate_person(
        actor=dana,
        person=man,
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=man.arrived_at,
        record={"authority": "border service"},
    )
    return {**made, "sent": sent, "man": ids[0], "woman": ids[1]}


def test_a_separated_person_is_not_there_without_screening(
    api: API, alice: User, dana: User, separated: dict[str, Any]
) -> None:
    client, reference = api(alice), separated["reference"]
    path = f"{HOUSEHOLDS}{reference}/"
    since = {"updated_since": "2021-01-01T00:00:00Z"}
    texts = [
        client.get(path),
        client.get(f"{path}members/"),
        client.get(f"{path}exits/"),
        client.get(PERSONS),
        client.get(PERSONS, since),
        client.get(PERSONS, {"household": reference}),
        *(client.get(PERSONS, {"search": t}) for t in ("Mohammad Nabi", "0700000001", reference)),
        client.post(HOUSEHOLDS, separated["sent"]),
        client.patch(path, {"notes": "x"}, HTTP_IF_MATCH="*"),
        client.post(f"{path}members/", separated["sent"]["members"][0]),
        client.post(
            f"{path}exits/",
            {"person": separated["man"], "reason": "deceased", "occurred_at": "2021-07-07T00:00Z"},
        ),
    ]
    for answer in texts:
        text = answer.content.decode()
        assert separated["man"] not in text
        assert "Mohammad" not in text
        assert "separated" not in text
    assert texts[9].status_code == 200
    assert [each["id"] for each in texts[9].json()["members"]] == [separated["woman"]]
    absent = client.post(
        f"{path}exits/",
        {"person": str(uuid4()), "reason": "deceased", "occurred_at": "2021-07-07T00:00Z"},
    )
    assert texts[-1].content == absent.content
    assert client.get(f"{PERSONS}{separated['man']}/").status_code == 404
    (entry,) = client.get(HOUSEHOLDS).json()["results"]
    assert entry["size"] == 1
    repeat = client.post(HOUSEHOLDS, body(phones=[], members=[MAN])).json()
    assert repeat["possible_duplicates"] == [], "he is not compared with who comes later"
    seen = api(dana).get(path).json()["members"]
    assert [each["exit_reason"] for each in seen] == ["separated_authority", ""]
    assert api(dana).get(f"{PERSONS}{separated['man']}/").status_code == 200


def test_the_events_do_not_tell_a_separation(separated: dict[str, Any]) -> None:
    events = list(Event.objects.exclude(kind="person.separated").values())
    assert separated["man"] not in str([each["data"] for each in events])
    assert "separat" not in str(events).lower()
    assert "held" not in str(list(Event.objects.values_list("data", flat=True)))


def test_the_old_reference_answers_with_the_survivor(
    api: API, alice: User, bob: User, dana: User
) -> None:
    first = api(alice).post(HOUSEHOLDS, body()).json()
    arrival = {**BODY["arrival"], "entry_point": "TEM", "arrived_at": "2021-07-06T04:30:00+05:00"}
    repeat = api(bob).post(HOUSEHOLDS, body(arrival=arrival)).json()
    # Bob may not read the first: a worker compares with everybody.
    (pair,) = find_duplicates([UUID(repeat["id"])])
    decide_pair(actor=dana, pair=pair, same=True)
    for user in (alice, bob, dana):
        old = api(user).get(f"{HOUSEHOLDS}{repeat['reference']}/")
        assert old.status_code == 200, user
        now = api(alice).get(f"{HOUSEHOLDS}{first['reference']}/").json()
        assert old.json() == {**now, "merged_into": first["reference"]}
        assert old.json()["reference"] == first["reference"]
        members = api(user).get(f"{HOUSEHOLDS}{repeat['reference']}/members/").json()
        assert {each["id"] for each in members} == {each["id"] for each in first["members"]}
    baby = {**WOMAN, "name": "Gul", "birth": "3 days"}
    path = f"{HOUSEHOLDS}{repeat['reference']}/members/"
    assert api(bob).post(path, baby).status_code == 403, "they crossed elsewhere first"
    added = api(alice).post(path, baby).json()
    assert str(Person.objects.get(pk=added["id"]).household_id) == first["id"]
    assert not Person.objects.filter(household_id=UUID(repeat["id"]), left_at=None).exists()


def test_lists_take_as_many_statements_for_many_rows_as_for_few(api: API, alice: User) -> None:
    def statements() -> dict[str, int]:
        home = Household.objects.latest("id").reference
        paths = [
            HOUSEHOLDS,
            f"{HOUSEHOLDS}?updated_since=2021-01-01T00:00:00Z",
            f"{HOUSEHOLDS}{home}/",
            f"{HOUSEHOLDS}{home}/members/",
            f"{HOUSEHOLDS}{home}/arrivals/",
            f"{HOUSEHOLDS}{home}/exits/",
            PERSONS,
            f"{PERSONS}?updated_since=2021-01-01T00:00:00Z",
            f"{PERSONS}?search=Zarina",
            f"{BASE}entry-points/",
        ]
        taken = {}
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                assert api(alice).get(path).status_code == 200
            taken[path.replace(home, "one")] = len(captured)
        return taken

    api(alice).post(HOUSEHOLDS, body(members=[MAN, WOMAN]))
    few = statements()
    for number in range(6):
        make.make_entry_point(f"POINT{number}")
        members = [WOMAN] * (number + 2)
        made = api(alice).post(HOUSEHOLDS, body(phones=[], members=members)).json()
        api(alice).post(f"{HOUSEHOLDS}{made['reference']}/arrivals/", LATER)
    many = statements()
    assert many == few
    assert max(many.values()) <= 11


def test_a_verb_that_is_not_there_is_a_405(api: API, alice: User, home: dict[str, Any]) -> None:
    person = home["members"][0]["id"]
    before = everything()
    for verb in ("get", "post", "put", "patch", "delete"):
        there = {path for v, path, _ in routes(home["reference"], person) if v == verb}
        for path in {path for _, path, _ in routes(home["reference"], person)} - there:
            if "?" in path:
                continue
            answer = getattr(api(alice), verb)(path, {})
            assert answer.status_code == 405, (verb, path)
            assert answer.json()["code"] == "method_not_allowed"
    assert everything() == before
