"""The desk's pages: who sees them, and that nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.models import AccessRecord
from intake.choices import PairStatus
from intake.imports import import_spreadsheet
from intake.models import DuplicatePair, EntryPoint, Household, ImportBatch, Person
from tests.factories.desk import make_entry_points, sheet
from tests.intake.test_duplicates import FAMILY, SAME_FAMILY

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def entry_points(operation: Any) -> None:
    """The crossings."""
    make_entry_points()


def signed_in(user: User, language: str = "en") -> Client:
    """A browser in which `user` is signed in."""
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = language
    return client


def typed(*members: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """What a browser sends for a household."""
    data = {
        "arrived_at": "2021-07-05T08:21",
        "entry_point": "TEM",
        "origin_area": "AF1728 Wakhan",
        "phones": "+93700000001, +93700000002",
        "consent_assistance": "yes",
        "members-TOTAL_FORMS": str(len(members)),
        "members-INITIAL_FORMS": "0",
        "save": "1",
        **fields,
    }
    for index, member in enumerate(members):
        for name, value in {"sex": "F", **member}.items():
            data[f"members-{index}-{name}"] = value
    return data


ADD = "/admin/intake/household/add/"
MOTHER = {"name": "محبوبه", "birth": "1360", "relationship": "head", "needs": ["SM-CI"]}
SON = {"name": "Ҷамшед", "sex": "M", "birth": "18 Aqrab 1396", "document_number": "12-34"}


def test_a_household_is_registered_on_one_form(alice: User) -> None:
    answer = signed_in(alice).post(ADD, typed(MOTHER, SON), follow=True)
    household = Household.objects.get()
    page = answer.content.decode()
    assert answer.status_code == 200
    for shown in (household.reference, household.token, "محبوبه", "Ҷамшед", "2017-11-09"):
        assert shown in page
    assert household.phones == ["+93700000001", "+93700000002"]
    assert household.origin_area_id == "AF1728"
    assert household.arrivals.get().occurred_at.isoformat() == "2021-07-05T03:21:00+00:00"
    assert household.consents.get().given is True
    mother = Person.objects.get(is_focal_point=True)
    # The registrar's own tiers do not reach a medical need: it waits for review.
    assert mother.needs.get(type="SM-CI").status == "pending_review"


def test_errors_stand_at_their_fields_and_nothing_typed_is_lost(alice: User) -> None:
    wrong = {**SON, "birth": "2031-01-01", "sex": ""}
    data = typed(MOTHER, wrong, entry_point="", notes="x")
    answer = signed_in(alice).post(ADD, data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The birth is in the future" in page
    assert page.count("dk-error") >= 3
    for kept in ("محبوبه", "Ҷамшед", "2031-01-01", "12-34", "AF1728 Wakhan", "+93700000001"):
        assert kept in page
    assert not Household.objects.exists()


def test_errors_are_in_the_users_language(alice: User) -> None:
    page = signed_in(alice, "ru").post(ADD, typed({**MOTHER, "name": ""})).content.decode()
    assert 'lang="ru"' in page
    assert "dk-error" in page


def test_without_script_another_person_is_a_button_that_loses_nothing(alice: User) -> None:
    data = typed({**MOTHER, "birth": "nonsense"})
    del data["save"]
    page = signed_in(alice).post(ADD, {**data, "add_person": "1"}).content.decode()
    assert 'name="members-1-name"' in page
    assert "محبوبه" in page
    assert "nonsense" in page
    assert "dk-error" not in page


def test_rows_left_empty_are_nobody(alice: User) -> None:
    empty = {"sex": "", "nationality": "AFG"}
    signed_in(alice).post(ADD, typed(empty, MOTHER, empty))
    assert Person.objects.count() == 1
    answer = signed_in(alice).post(ADD, typed(empty))
    assert "Add at least one person." in answer.content.decode()


def test_the_form_sent_twice_is_one_household(alice: User) -> None:
    ids = {"id": "01970000-0000-7000-8000-000000000001"}
    member = {**MOTHER, "id": "01970000-0000-7000-8000-000000000002"}
    client = signed_in(alice)
    for _ in range(2):
        assert client.post(ADD, typed(member, **ids)).status_code == 302
    assert Household.objects.count() == 1


def test_a_registrar_of_one_crossing_registers_there_only(bob: User) -> None:
    client = signed_in(bob)
    assert client.post(ADD, typed(MOTHER, entry_point="RUZVAI")).status_code == 422
    assert not Household.objects.exists()
    assert client.post(ADD, typed(MOTHER)).status_code == 302


def test_births_are_read_back_to_registrars_by_post_only(alice: User, dana: User) -> None:
    url = reverse("admin:intake_household_birth_preview")
    client = signed_in(alice)
    said = client.post(url, {"birth": "1360", "arrived_at": "2021-07-05T08:21"}).json()
    assert said["ok"] is True
    assert "1981-03-21" in said["text"]
    assert "39 to 40" in said["text"]
    assert client.post(url, {"birth": "the flood"}).json()["ok"] is False
    assert client.get(url, {"birth": "1360"}).status_code == 405
    assert signed_in(dana).post(url, {"birth": "1360"}).status_code == 403
    assert Client().post(url, {"birth": "1360"}).status_code == 302


@pytest.fixture
def families(alice: User) -> ImportBatch:
    """A family that came twice, and a row that was refused."""
    rows = [{**row, "household_no": "1"} for row in FAMILY]
    rows += [{**row, "household_no": "2", "arrived_at": "2021-07-06 05:26"} for row in SAME_FAMILY]
    rows.append({"household_no": "3", "sex": "?7", "entry_point": "Ruzvai"})
    rows.append(
        {
            "household_no": "4",
            "name": "Давлат",
            "entry_point": "Ruzvai",
            "arrived_at": "2021-07-06 07:00",
        }
    )
    return import_spreadsheet(actor=alice, filename="x.csv", content=sheet(rows))


def pages(batch: ImportBatch) -> dict[str, str]:
    """Every page of the desk about records."""
    household = Household.objects.earliest("arrivals__occurred_at")
    pair = DuplicatePair.objects.get()
    person = Person.objects.first()
    assert person is not None
    return {
        "households": reverse("admin:intake_household_changelist"),
        "household": reverse("admin:intake_household_change", args=[household.pk]),
        "slip": reverse("admin:intake_household_slip", args=[household.pk]),
        "add": ADD,
        "persons": reverse("admin:intake_person_changelist"),
        "person": reverse("admin:intake_person_change", args=[person.pk]),
        "imports": reverse("admin:intake_importbatch_changelist"),
        "import": reverse("admin:intake_importbatch_change", args=[batch.pk]),
        "upload": reverse("admin:intake_importbatch_add"),
        "refused": reverse("admin:intake_importbatch_refused", args=[batch.pk, "xlsx"]),
        "pairs": reverse("admin:intake_duplicatepair_changelist"),
        "pair": reverse("admin:intake_duplicatepair_change", args=[pair.pk]),
        "screening": reverse("admin:intake_screeningoutcome_changelist"),
        "entry_points": reverse("admin:intake_entrypoint_changelist"),
    }


REGISTRARS = {
    *("households", "household", "slip", "add", "persons", "person", "imports", "import"),
    *("upload", "refused", "entry_points"),
}
PROTECTION = {
    *("households", "household", "slip", "persons", "person", "pairs", "pair", "screening"),
    "entry_points",
}


@pytest.mark.parametrize(
    ("who", "open_to"),
    [("alice", REGISTRARS), ("dana", PROTECTION), ("omar", set()), ("carol", set())],
)
def test_each_page_opens_to_its_roles_only(
    families: ImportBatch, who: str, open_to: set[str], request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    opened = {name for name, url in pages(families).items() if client.get(url).status_code == 200}
    assert opened == open_to


def test_rows_of_other_crossings_are_not_there(families: ImportBatch, bob: User) -> None:
    other = Household.objects.get(arrivals__entry_point__code="RUZVAI")
    client = signed_in(bob)
    listed = client.get(reverse("admin:intake_household_changelist")).content.decode()
    assert other.reference not in listed
    assert "Давлат" not in listed
    for name in ("change", "slip"):
        url = reverse(f"admin:intake_household_{name}", args=[other.pk])
        assert client.get(url).status_code in (302, 404)
    assert client.get(pages(families)["import"]).status_code in (302, 404)


@pytest.mark.parametrize("term", ["Рустам", "رستم", "Amir Khan", "reference", "token"])
def test_search_by_reference_token_or_name_in_any_script(
    families: ImportBatch, alice: User, term: str
) -> None:
    household = Household.objects.earliest("arrivals__occurred_at")
    text = {"reference": household.reference.lower(), "token": household.token}.get(term, term)
    url = reverse("admin:intake_household_changelist")
    page = signed_in(alice).get(url, {"q": text}).content.decode()
    assert household.reference in page
    other = Household.objects.get(arrivals__entry_point__code="RUZVAI")
    assert other.reference not in page
    assert AccessRecord.objects.filter(user=alice, action="search").exists()


def test_the_list_takes_a_fixed_number_of_queries(
    families: ImportBatch, alice: User, django_assert_num_queries: Any
) -> None:
    client, url = signed_in(alice), reverse("admin:intake_household_changelist")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    rows = [{"household_no": str(number), "name": f"Zia {number}"} for number in range(10, 40)]
    import_spreadsheet(actor=alice, filename="y.csv", content=sheet(rows))
    with django_assert_num_queries(len(few)):
        client.get(url)
    assert len(few) <= 14


def test_opening_a_household_is_recorded(families: ImportBatch, alice: User) -> None:
    household = Household.objects.earliest("arrivals__occurred_at")
    signed_in(alice).get(reverse("admin:intake_household_change", args=[household.pk]))
    assert AccessRecord.objects.filter(user=alice, action="read", subject_id=household.pk).exists()


def test_the_slip_says_nothing_about_the_people(families: ImportBatch, alice: User) -> None:
    household = Household.objects.earliest("arrivals__occurred_at")
    page = signed_in(alice).get(pages(families)["slip"]).content.decode()
    assert household.reference in page
    assert "<svg" in page
    for row in FAMILY:
        assert row["name"] not in page


def test_a_spreadsheet_is_uploaded_and_refused_rows_come_back(alice: User) -> None:
    client = signed_in(alice)
    file = SimpleUploadedFile("arrivals.csv", sheet([{}, {"household_no": "2", "birth": "soon"}]))
    page = client.post(reverse("admin:intake_importbatch_add"), {"file": file}, follow=True)
    text = page.content.decode()
    assert "1 of 2 rows are registered." in text
    assert "The birth cannot be read." in text
    batch = ImportBatch.objects.get()
    for kind, start in (("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")):
        url = reverse("admin:intake_importbatch_refused", args=[batch.pk, kind])
        answer = client.get(url)
        assert answer.content.startswith(start)
        assert "attachment" in answer["Content-Disposition"]


def test_a_file_that_is_none_is_refused_at_its_field(alice: User) -> None:
    file = SimpleUploadedFile("x.xlsx", b"PK\x03\x04nonsense")
    answer = signed_in(alice).post(reverse("admin:intake_importbatch_add"), {"file": file})
    assert answer.status_code == 422
    assert "The file cannot be read." in answer.content.decode()


def test_a_pair_is_decided_and_undone_on_its_page(families: ImportBatch, dana: User) -> None:
    pair = DuplicatePair.objects.get()
    client = signed_in(dana)
    url = reverse("admin:intake_duplicatepair_decide", args=[pair.pk])
    assert client.get(url).status_code == 405
    client.post(url, {"decision": "same"})
    pair.refresh_from_db()
    assert pair.status == PairStatus.SAME
    page = client.get(reverse("admin:intake_duplicatepair_change", args=[pair.pk]))
    assert "Undo this decision" in page.content.decode()
    client.post(url, {"decision": "undo"})
    pair.refresh_from_db()
    assert pair.status == PairStatus.OPEN
    client.post(url, {"decision": "perhaps"})
    pair.refresh_from_db()
    assert pair.status == PairStatus.OPEN


@pytest.mark.parametrize("who", ["alice", "omar", "carol"])
def test_nobody_else_decides_on_the_page(
    families: ImportBatch, who: str, request: pytest.FixtureRequest
) -> None:
    pair = DuplicatePair.objects.get()
    client = signed_in(request.getfixturevalue(who))
    url = reverse("admin:intake_duplicatepair_decide", args=[pair.pk])
    assert client.post(url, {"decision": "same"}).status_code in (302, 403)
    pair.refresh_from_db()
    assert pair.status == PairStatus.OPEN


def test_entry_points_are_changed_by_administrators_only(alice: User) -> None:
    point = EntryPoint.objects.get(code="TEM")
    url = reverse("admin:intake_entrypoint_change", args=[point.pk])
    answer = signed_in(alice).post(url, {"name": "Elsewhere"})
    assert answer.status_code == 403
    point.refresh_from_db()
    assert point.name == "Tem"
