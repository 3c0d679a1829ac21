"""The pages of the border: states, counting on a phone, informal crossings, assessments."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import AccessRecord
from common import clock
from intake.models import BorderAssessment, CrossingCount, EntryPoint
from tests.factories import accounts
from tests.factories.border import hours, make_assessment, make_count
from tests.factories.intake import DUSHANBE, make_entry_point, make_household

pytestmark = pytest.mark.django_db


@pytest.fixture
def point(operation: Any) -> EntryPoint:
    """The Tem crossing."""
    with clock.replaying(clock.now() - timedelta(days=9)):
        return make_entry_point("TEM")


def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def local(moment: Any) -> str:
    return timezone.localtime(moment, DUSHANBE).strftime("%Y-%m-%dT%H:%M")


def page_of(point: EntryPoint) -> str:
    return reverse("admin:intake_entrypoint_change", args=[point.pk])


def press(client: Client, point: EntryPoint, button: str, **data: Any) -> Any:
    url = reverse(f"admin:intake_entrypoint_{button}", args=[point.pk])
    return client.post(url, {"occurred_at": local(clock.now()), **data}, follow=True)


def test_a_registrar_closes_and_opens_from_the_page(
    client: Client, bob: User, point: EntryPoint
) -> None:
    signed_in(client, bob)
    page = client.get(page_of(point)).content.decode()
    assert reverse("admin:intake_entrypoint_closed", args=[point.pk]) in page
    answer = press(client, point, "closed", reason="Shots <i>")
    assert "Tem: Closed." in answer.content.decode()
    assert "Shots &lt;i&gt;" in answer.content.decode()
    refused = press(client, point, "restricted", reason="")
    assert "This field is required" in refused.content.decode()
    point.refresh_from_db()
    assert (point.status, point.status_reason) == ("closed", "Shots <i>")
    press(client, point, "opened")
    point.refresh_from_db()
    assert (point.status, point.status_changes.count()) == ("open", 3)
    assert not AccessRecord.objects.filter(user=bob, action="read").exists()


def test_others_see_the_page_and_have_no_buttons(
    client: Client, bob: User, carol: User, omar: User, point: EntryPoint
) -> None:
    other = make_entry_point("RUZVAI")
    signed_in(client, bob)
    page = client.get(page_of(other)).content.decode()
    assert "/do/closed/" not in page
    assert reverse("admin:intake_entrypoint_count", args=[other.pk]) not in page
    answer = press(client, other, "closed", reason="Shots")
    assert "You may not report what happens at this entry point." in answer.content.decode()
    assert client.get(reverse("admin:intake_entrypoint_count", args=[other.pk])).status_code == 403
    for user in (carol, omar):
        signed_in(client, user)
        for name in ("count", "closed"):
            url = reverse(f"admin:intake_entrypoint_{name}", args=[point.pk])
            assert client.post(url, {"total": 3}).status_code in (302, 403, 404)
        for name in ("intake_entrypoint_informal", "intake_not_yet_registered"):
            assert client.get(reverse(f"admin:{name}")).status_code in (302, 403)
    assert not other.status_changes.exists()
    assert not CrossingCount.objects.exists()


def test_the_administrator_sets_up_a_point_with_its_first_state(
    client: Client, point: EntryPoint
) -> None:
    administrator = accounts.make_user("administrator")
    signed_in(client, administrator)
    sent = {
        "code": "NEW",
        "name": "New ford",
        "kind": "informal",
        "status": "closed",
        "status_reason": "",
        "area": "3590208",
        "latitude": "36.987",
        "longitude": "71.618",
        "aliases": "",
    }
    url = reverse("admin:intake_entrypoint_add")
    assert "Say why it is restricted or closed." in client.post(url, sent).content.decode()
    assert client.post(url, {**sent, "status_reason": "Flood"}).status_code == 302
    made = EntryPoint.objects.get(code="NEW")
    assert (str(made.latitude), str(made.longitude)) == ("36.990", "71.620")
    first = made.status_changes.get()
    assert (first.status, first.reason, first.recorded_by) == ("closed", "Flood", administrator)
    client.post(page_of(made), {**sent, "status": "open", "status_reason": "x", "name": "Ford"})
    made.refresh_from_db()
    assert (made.name, made.status, made.status_reason) == ("Ford", "closed", "Flood")


def count_form(**data: Any) -> dict[str, Any]:
    return {
        "began_at": local(hours(0)),
        "ended_at": local(hours(6)),
        "total": "12",
        "method": "counted",
        "numbers__female__18-59": "5",
        "note": "",
        **data,
    }


def test_a_count_is_entered_on_a_phone(client: Client, bob: User, point: EntryPoint) -> None:
    signed_in(client, bob)
    url = reverse("admin:intake_entrypoint_count", args=[point.pk])
    page = client.get(url).content.decode()
    assert page.count('inputmode="numeric"') == 19
    fields = set(re.findall(r'<(?:input|select|textarea)[^>]* id="(id_[^"]+)"', page))
    labels = set(re.findall(r'<label[^>]* for="([^"]+)"', page))
    assert {field for field in fields if field != "id_id"} <= labels
    key = re.search(r'name="id" value="([^"]+)"', page)
    assert key is not None
    for _ in range(2):
        answer = client.post(url, count_form(id=key[1]), follow=True)
        assert "12 people seen at Tem are recorded." in answer.content.decode()
    made = CrossingCount.objects.get()
    assert (str(made.pk), made.total, made.seen("female")) == (key[1], 12, 5)
    assert made.began_at == hours(0)


def test_a_count_without_a_total_is_the_sum(client: Client, bob: User, point: EntryPoint) -> None:
    signed_in(client, bob)
    url = reverse("admin:intake_entrypoint_count", args=[point.pk])
    client.post(url, count_form(total="", numbers__unknown__unknown="3"))
    assert CrossingCount.objects.get().total == 8
    empty = count_form(total="", began_at=local(hours(6)), ended_at=local(hours(7)))
    answer = client.post(url, {**empty, "numbers__female__18-59": ""})
    assert answer.status_code == 422
    assert "Write how many people were seen; 0 if nobody came." in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"total": "4"}, "more than the people seen"),
        ({"ended_at": local(hours(0))}, "The count must end after it began."),
        ({"began_at": local(hours(5))}, "This time overlaps another count."),
        ({"began_at": "soon"}, "Write a date and time"),
        ({"total": "-3"}, "greater than or equal to 0"),
        ({"numbers__male__60+": "x"}, "Enter a whole number."),
    ],
)
def test_nothing_typed_is_lost_when_a_count_is_refused(
    client: Client, bob: User, point: EntryPoint, changes: dict[str, str], said: str
) -> None:
    make_count(bob, 5.5, 5.9)
    signed_in(client, bob)
    url = reverse("admin:intake_entrypoint_count", args=[point.pk])
    sent = {**count_form(ended_at=local(hours(5.5))), **changes}
    if "began_at" in changes:
        sent["ended_at"] = local(hours(6))
    answer = client.post(url, sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    for value in sent.values():
        assert value == "" or value in page
    assert CrossingCount.objects.count() == 1


def test_a_count_is_corrected_and_taken_back(client: Client, bob: User, point: EntryPoint) -> None:
    wrong = make_count(bob, total=120, numbers={"female": {"18-59": 5}})
    signed_in(client, bob)
    opened = client.get(reverse("admin:intake_crossingcount_change", args=[wrong.pk]))
    assert opened.status_code == 200
    pressed = client.post(reverse("admin:intake_crossingcount_correct", args=[wrong.pk]))
    url = reverse("admin:intake_entrypoint_correct", args=[point.pk, wrong.pk])
    assert (pressed.status_code, pressed["Location"]) == (302, url)
    assert 'value="120"' in client.get(url).content.decode()
    assert client.post(url, count_form()).status_code == 302
    right = CrossingCount.objects.standing().get()
    assert (right.total, right.corrects) == (12, wrong)
    again = client.post(url, count_form(total="13"))
    assert "corrected or taken back before" in again.content.decode()
    client.post(reverse("admin:intake_crossingcount_withdraw", args=[right.pk]))
    assert not CrossingCount.objects.standing().exists()
    page = client.get(page_of(point)).content.decode()
    assert page.count("bd-old") == 2


def test_notes_are_opened_for_those_who_work_there(
    client: Client, alice: User, bob: User, point: EntryPoint
) -> None:
    other = make_entry_point("RUZVAI")
    row = make_count(alice, point=other, note="Through the orchard")
    url = reverse("admin:intake_crossingcount_change", args=[row.pk])
    for user, seen in ((alice, True), (bob, False)):
        page = signed_in(client, user).get(url).content.decode()
        assert ("Through the orchard" in page) is seen


def test_who_is_not_yet_registered(
    client: Client, bob: User, alice: User, point: EntryPoint
) -> None:
    signed_in(client, bob)
    url = reverse("admin:intake_not_yet_registered")
    assert "Nobody was counted at an entry point yet." in client.get(url).content.decode()
    make_count(bob, 4, 5, 12, numbers={"female": {"unknown": 7}})
    make_household(alice)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(url).content.decode()))
    assert "Tem 12 5 7 Women and girls: 4" in page


def test_an_informal_crossing_is_added_in_half_a_minute(
    client: Client, bob: User, point: EntryPoint
) -> None:
    signed_in(client, bob)
    url = reverse("admin:intake_entrypoint_informal")
    sent = {"name": "Willow ford", "area": "3590208 Ishkoshim", "latitude": "36.98765"}
    refused = client.post(url, sent)
    assert refused.status_code == 422
    assert "Write both coordinates, or none." in refused.content.decode()
    assert "36.98765" in refused.content.decode()
    made = client.post(url, {**sent, "longitude": "71.6125"})
    assert made.status_code == 302
    row = EntryPoint.objects.get(code="WILLOW-FORD")
    assert (str(row.latitude), row.area_id) == ("36.990", "3590208")


def visit(**changes: Any) -> dict[str, Any]:
    return {
        "entry_point": "TEM",
        "area": "",
        "visit_began_at": local(hours(10)),
        "visit_ended_at": local(hours(12)),
        "organisations": "UNHCR",
        "summary": "Eighty people wait.",
        "findings__needs": "Water",
        **changes,
    }


def test_a_visit_is_written_down_and_its_findings_are_opened_for_few(
    client: Client, dana: User, point: EntryPoint
) -> None:
    signed_in(client, dana)
    url = reverse("admin:intake_borderassessment_add")
    refused = client.post(url, visit(summary="", findings__health="Fever"))
    assert refused.status_code == 422
    assert "Fever" in refused.content.decode()
    assert client.post(url, visit()).status_code == 302
    made = BorderAssessment.objects.get()
    assert (made.findings, made.quotable) == ({"needs": "Water"}, False)
    page = reverse("admin:intake_borderassessment_change", args=[made.pk])
    assert "Water" in client.get(page).content.decode()
    assert AccessRecord.objects.filter(user=dana, subject_id=made.pk, action="read").exists()
    reporter = accounts.make_user("reporting_officer")
    assert signed_in(client, reporter).get(page).status_code == 302
    signed_in(client, dana).post(reverse("admin:intake_borderassessment_quote", args=[made.pk]))
    opened = signed_in(client, reporter).get(page).content.decode()
    assert "Eighty people wait." in opened
    assert "Water" not in opened
    client.post(reverse("admin:intake_borderassessment_keep", args=[made.pk]))
    made.refresh_from_db()
    assert not made.quotable
    assert not LogEntry.objects.filter(object_repr__contains="Eighty").exists()


def test_others_open_no_assessment(
    client: Client, alice: User, bob: User, carol: User, omar: User, point: EntryPoint
) -> None:
    elsewhere = make_assessment(alice, entry_point="", area="3590208")
    page = reverse("admin:intake_borderassessment_change", args=[elsewhere.pk])
    for user in (bob, carol, omar):
        assert signed_in(client, user).get(page).status_code in (302, 403)
    for user in (carol, omar):
        signed_in(client, user)
        url = reverse("admin:intake_borderassessment_add")
        assert client.post(url, visit()).status_code in (302, 403)
    signed_in(client, bob)
    url = reverse("admin:intake_borderassessment_add")
    answer = client.post(url, visit(entry_point="", area="3590208"))
    assert "You may not record assessments of this place." in answer.content.decode()
    assert BorderAssessment.objects.count() == 1
