"""Row history: raw SQL leaves a trace too, registration costs nothing, auditors alone read it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, models, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import services as account_services
from accounts.choices import Role, ScopeKind
from accounts.models import User
from audit import context as telling
from audit.context import Said, history_context
from audit.history import history_of, keeps_history, kept
from audit.middleware import HistoryContextMiddleware
from audit.models import AccessRecord
from common.encryption import SealedTextField
from common.errors import NotPermitted
from intake.models import Household, Identity, Person, SpecificNeed
from intake.services import register_many
from intake.services.editing import edit_household
from tests.factories import accounts as make_accounts
from tests.factories.intake import household_input, make_entry_point, make_household, member

API = Callable[[User | None], APIClient]
HOUSEHOLDS = "/api/v1/households/"
CANARY = "Kanarienvogel"


@pytest.fixture
def adam(operation: Any) -> User:
    """An auditor of the whole operation."""
    return make_accounts.make_user(Role.AUDITOR, username="adam")


@pytest.fixture
def home(alice: User) -> Household:
    """A family of five, that nobody changed yet."""
    return make_household(alice)


def rows(model: type[models.Model]) -> list[dict[str, Any]]:
    """The versions of a table, oldest first."""
    return list(kept()[model._meta.label_lower].history.objects.order_by("pgh_id").values())


def all_rows() -> int:
    """How many versions there are in all tables of history."""
    return sum(table.history.objects.count() for table in kept().values())


def by_hand(sql: str, *values: Any) -> None:
    """What somebody does in the database itself."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


# What leaves a version -------------------------------------------------------------------------
def test_tables_of_people_keep_their_history() -> None:
    names = {label.split(".")[1] for label in kept()}
    assert names >= {
        "household", "person", "identity", "arrival", "consent", "specificneed", "personexit",
        "householdmove", "screeningoutcome", "familylink", "sliptoken", "washingtongroup",
        "openquestion", "placement", "aidrequest",
    }  # fmt: skip


def test_raw_sql_leaves_the_old_row(home: Household) -> None:
    person = home.members.order_by("position").first()
    assert person is not None
    by_hand("UPDATE intake_person SET sex = 'X' WHERE id = %s", person.pk)
    by_hand("UPDATE intake_person SET sex = 'M' WHERE id = %s", person.pk)
    first, second = rows(Person)
    assert (first["pgh_obj_id"], first["pgh_label"]) == (person.pk, "update")
    assert [first["sex"], second["sex"]] == [person.sex, "X"]
    assert first["pgh_context"] is None


def test_deleting_leaves_the_row(home: Household) -> None:
    person = home.members.get(is_focal_point=True)
    by_hand("DELETE FROM intake_identity WHERE person_id = %s", person.pk)
    (row,) = rows(Identity)
    assert (row["pgh_label"], row["person_id"]) == ("delete", person.pk)


def test_registration_writes_no_history(alice: User) -> None:
    make_entry_point()
    register_many(actor=alice, data=[household_input(phones=["900 11 22 33"]) for _ in range(10)])
    assert Household.objects.count() == 10
    assert all_rows() == 0


def test_what_changed_nothing_leaves_nothing(home: Household) -> None:
    by_hand("UPDATE intake_person SET sex = sex, updated_at = now()")
    assert rows(Person) == []


def test_a_rolled_back_change_leaves_nothing(home: Household) -> None:
    with transaction.atomic():
        Person.objects.update(position=50)
        assert len(rows(Person)) == 5
        transaction.set_rollback(True)
    assert rows(Person) == []


@pytest.mark.parametrize("statement", ["UPDATE {} SET sex = 'M'", "DELETE FROM {}"])
def test_history_itself_cannot_be_changed(home: Household, statement: str) -> None:
    by_hand("UPDATE intake_person SET sex = 'X'")
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        by_hand(statement.format("intake_personhistory"))
    assert len(rows(Person)) == 5


# Sealed stays sealed ---------------------------------------------------------------------------
def test_sealed_bytes_stay_sealed(alice: User) -> None:
    home = make_household(alice, [member(CANARY)], phones=[CANARY], notes=CANARY)
    old = Identity.objects.get(person__household=home)
    edit_household(actor=alice, household=home, changes={"phones": ["1"], "notes": "other"})
    Identity.objects.filter(pk=old.pk).update(sealed=b"\x01other")
    (identity,) = rows(Identity)
    assert bytes(identity["sealed"]) == bytes(old.sealed)
    assert old.open().name == CANARY
    (version,) = rows(Household)
    with connection.cursor() as cursor:
        for table in ("household", "identity"):
            cursor.execute(f"SELECT t::text FROM intake_{table}history t")  # noqa: S608
            text = str(cursor.fetchall())
            assert CANARY not in text
            assert CANARY.encode().hex() not in text
    field: Any = Household._meta.get_field("contact")
    assert field.from_db_value(version["contact"], None, None)["phones"] == [CANARY]


def test_no_table_of_history_opens_what_is_sealed() -> None:
    for table in kept().values():
        sealed = [f.name for f in table.model._meta.local_fields if isinstance(f, SealedTextField)]
        for name in sealed:
            assert isinstance(table.history._meta.get_field(name), models.BinaryField)
            assert name not in table.shown


def test_values_are_shown_of_known_columns_only(home: Household) -> None:
    with pytest.raises(AssertionError, match="no such column"):
        keeps_history(shown=("shoe_size",))(Person)


# By whom ---------------------------------------------------------------------------------------
def test_a_change_by_a_program_names_its_user(alice: User, agency: Any) -> None:
    client, secret = account_services.create_api_client(
        actor=make_accounts.make_user(Role.ADMINISTRATOR, username="admin"),
        name="Desk",
        scopes="households:read households:write",
        role=Role.REGISTRAR,
        scope_kind=ScopeKind.OPERATION,
    )
    home = make_household(alice)
    asked = {"grant_type": "client_credentials", "client_id": client.client_id}
    token = Client().post("/oauth/token/", {**asked, "client_secret": secret}).json()
    answer = Client().patch(
        f"{HOUSEHOLDS}{home.reference}/?search={CANARY}",
        {"declared_size": 7, "notes": CANARY},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token['access_token']}", "If-Match": "*"},
    )
    assert answer.status_code == 200, answer.content
    (row,) = rows(Household)
    assert row["pgh_context"] == {"by": "request PATCH", "user": str(client.user_id)}
    assert row["pgh_context_id"] is not None


def test_a_change_by_session_names_its_user(home: Household, alice: User) -> None:
    client = Client()
    client.force_login(alice)
    answer = client.patch(
        f"{HOUSEHOLDS}{home.reference}/",
        {"declared_size": 7},
        content_type="application/json",
        headers={"If-Match": "*"},
    )
    assert answer.status_code == 200, answer.content
    assert rows(Household)[0]["pgh_context"] == {"by": "request PATCH", "user": str(alice.pk)}


def test_all_of_one_request_has_one_key_and_the_next_another(home: Household) -> None:
    for _ in range(2):
        with history_context("request POST"):
            Person.objects.update(position=models.F("position") + 20)
            Household.objects.update(livestock="goats")
            Household.objects.update(livestock="")
    people, homes = rows(Person), rows(Household)
    assert {row["pgh_context_id"] for row in people} == {row["pgh_context_id"] for row in homes}
    assert len({row["pgh_context_id"] for row in people}) == 2


def test_reading_requests_open_no_context(rf: RequestFactory) -> None:
    seen: list[int] = []

    def view(request: Any) -> Any:
        seen.append(sum(isinstance(each, Said) for each in connection.execute_wrappers))

    for method in ("get", "head", "options", "post", "put", "patch", "delete"):
        HistoryContextMiddleware(view)(getattr(rf, method)("/"))
    assert seen == [0, 0, 0, 1, 1, 1, 1]
    assert not connection.execute_wrappers


def test_nobody_signed_in_is_nobody(home: Household, rf: RequestFactory) -> None:
    request = rf.post("/")
    request.user = AnonymousUser()
    HistoryContextMiddleware(lambda _: Person.objects.update(position=9))(request)  # type: ignore[arg-type,return-value]
    assert {row["pgh_context"]["user"] for row in rows(Person)} == {None}


@pytest.mark.parametrize("values", [None, ["goats"], {"kind": "goats"}])
def test_statements_keep_their_meaning(home: Household, values: Any) -> None:
    """Parameters by place, by name or none; per cent signs; a name with a quote; the row count."""
    mark = {type(None): "'100%'", list: "%s", dict: "%(kind)s"}[type(values)]
    with history_context("command o'clock 5%s"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE intake_household SET livestock = {mark}", values)  # noqa: S608
        assert cursor.rowcount == 1
        cursor.execute(
            "WITH all_of_them AS (SELECT 1) DELETE FROM intake_identity RETURNING person_id"
        )
        assert len(cursor.fetchall()) == 5
    assert Household.objects.get().livestock == ("100%" if values is None else "goats")
    assert rows(Household)[0]["pgh_context"]["by"] == "command o'clock 5%s"


def test_the_context_ends_with_the_block(home: Household) -> None:
    with history_context("request POST"):
        pass
    Person.objects.update(position=9)
    assert rows(Person)[0]["pgh_context"] is None


def test_tasks_and_commands_name_themselves(home: Household) -> None:
    class Task:
        name = "intake.tasks.search"

    telling.task_begins("1", Task())
    Person.objects.update(position=9)
    telling.task_ends("1")
    telling.task_ends("unknown")
    assert rows(Person)[-1]["pgh_context"]["by"] == "task intake.tasks.search"
    telling.tell_command(["celery", "worker"])
    assert not connection.execute_wrappers
    telling.tell_command(["/srv/manage.py", "erase", CANARY])
    try:
        Person.objects.update(position=8)
    finally:
        connection.execute_wrappers.clear()
    assert rows(Person)[-1]["pgh_context"] == {"by": "command erase", "user": None}


def test_registration_over_rest_is_told_nothing(api: API, alice: User) -> None:
    """No statement of it is touched, and there is none more than without the middleware."""
    make_entry_point()
    arrival = {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"}
    people = [("Zarina", "30"), ("Tahmineh", "50"), ("Lola", "12")]  # nobody's repeat
    client = api(alice)
    counts = []
    for name, birth in people:
        sent = {"arrival": arrival, "members": [{"name": name, "sex": "F", "birth": birth}]}
        with CaptureQueriesContext(connection) as seen:
            answer = client.post(HOUSEHOLDS, sent)
        assert answer.status_code == 201, answer.content
        counts.append(len(seen))
        assert not [each for each in seen if "pghistory" in each["sql"]]
    assert counts[1] == counts[2] <= 30
    assert all_rows() == 0


# Reading ---------------------------------------------------------------------------------------
def test_steps_say_when_by_whom_and_what(home: Household, alice: User, adam: User) -> None:
    key = home.pk
    by_hand("UPDATE intake_household SET legal_basis = 'consent' WHERE id = %s", key)
    with history_context("request PATCH", lambda: alice.pk):
        edit_household(actor=alice, household=home, changes={"declared_size": 9, "notes": CANARY})
        Household.objects.filter(pk=key).update(livestock=CANARY)
    steps = history_of(user=adam, label="intake.household", key=key)
    livestock, edited, basis = steps
    assert [each.by for each in steps] == [alice, alice, None]
    assert [each.how for each in steps] == ["request PATCH", "request PATCH", ""]
    assert [(c.column, str(c.before), str(c.after)) for c in basis.changes] == [
        ("legal_basis", "Vital interest", "Consent")
    ]
    assert [(c.column, c.shown, c.before, c.after) for c in livestock.changes] == [
        ("livestock", False, None, None)
    ]
    assert {c.column for c in edited.changes} == {"declared_size", "contact"}
    assert CANARY not in str(steps)


def test_what_was_only_sealed_again_did_not_change(home: Household, adam: User) -> None:
    home.save()
    (step,) = history_of(user=adam, label="intake.household", key=home.pk)
    assert step.changes == ()


def test_only_auditors_of_the_whole_operation_read(home: Household, omar: User, dana: User) -> None:
    here = make_accounts.make_user(Role.AUDITOR, scope=ScopeKind.ENTRY_POINT, code="TEM")
    for user in (omar, dana, here, home.registered_by):
        with pytest.raises(NotPermitted):
            history_of(user=user, label="intake.household", key=home.pk)


def page(user: User | None, *arguments: Any) -> Any:
    client = Client()
    if user is not None:
        client.force_login(user)
    name = "admin:audit_history" if arguments else "admin:audit_history_find"
    return client.get(reverse(name, args=arguments))


def test_the_page_is_for_auditors(
    home: Household, adam: User, alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    Household.objects.update(livestock=CANARY)
    for user in (alice, bob, carol, dana, omar):
        assert page(user).status_code in {302, 403}
        assert page(user, "intake.household", home.pk).status_code in {302, 403}
    assert page(None, "intake.household", home.pk).status_code == 302
    assert not AccessRecord.objects.filter(action="history").exists()
    answer = page(adam, "intake.household", home.pk)
    assert answer.status_code == 200
    assert home.reference in answer.content.decode()
    assert "Livestock" in answer.content.decode()
    assert CANARY not in answer.content.decode()
    looked = AccessRecord.objects.get(action="history")
    assert (looked.user, looked.subject_id) == (adam, home.pk)


def test_the_page_names_what_belongs_to_the_record_but_no_secret(
    home: Household, adam: User, alice: User
) -> None:
    person = home.members.get(is_focal_point=True)
    need = SpecificNeed.objects.filter(person=person).first() or SpecificNeed.objects.create(
        person=person, type_id="SP-PT", status="confirmed", recorded_by=alice
    )
    text = page(adam, "intake.household", home.pk).content.decode()
    assert all(str(pk) in text for pk in home.members.values_list("pk", flat=True))
    assert str(need.pk) not in page(adam, "intake.person", person.pk).content.decode()


def test_a_deleted_record_still_has_its_page(home: Household, adam: User) -> None:
    arrival = home.arrivals.get()
    Person.objects.update(arrival=None)
    arrival_key = arrival.pk
    arrival.delete()
    text = page(adam, "intake.arrival", arrival_key).content.decode()
    assert "This record was deleted." in text


def test_unknown_kinds_and_records_are_not_found(adam: User) -> None:
    assert page(adam, "intake.household", uuid.uuid4()).status_code == 404
    assert page(adam, "accounts.user", adam.pk).status_code == 404


@pytest.mark.parametrize("by", ["reference", "key"])
def test_a_record_is_found_without_its_reference_in_an_address(
    home: Household, adam: User, omar: User, by: str
) -> None:
    client = Client()
    client.force_login(adam)
    text = home.reference.lower() if by == "reference" else str(home.pk)
    find = reverse("admin:audit_history_find")
    answer = client.post(find, {"kind": "intake.household", "text": f" {text} "})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("admin:audit_history", args=["intake.household", home.pk])
    for wrong in ({"kind": "intake.person", "text": text}, {"kind": "x", "text": "y"}, {}):
        answer = client.post(find, wrong)
        assert answer.status_code == 422
    client.force_login(omar)
    assert client.post(find, {"kind": "intake.household", "text": text}).status_code in {302, 403}
