"""The base of admin pages: deny by default, visible rows, recorded looks, buttons, errors."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.choices import Role
from accounts.models import Agency, User
from accounts.policies import Permission
from audit.events import record_event
from audit.models import AccessRecord, Event
from common.admin import (
    BoundedPaginator,
    PolicyModelAdmin,
    add_domain_error,
    button,
    holds,
    neutral_name,
)
from common.errors import DomainError, FieldProblem, InvalidState
from config.admin_site import PanahAdminSite
from intake.models import Area, Country, EntryPoint, Person
from reception.models import Placement
from tests.factories import accounts as make


class ReasonForm(forms.Form):
    reason = forms.CharField()


class AgencyAdmin(PolicyModelAdmin):
    view_policy = Permission.AGENCIES_READ
    change_policy = Permission.ACCOUNTS_MANAGE

    def visible_to(self, request: HttpRequest) -> Any:
        return Agency.objects.exclude(code="HIDDEN")

    def page_of(self, obj: Any) -> str:
        return f"/agencies/{obj.code}/"

    @button("Close", policy=Permission.ACCOUNTS_MANAGE, shown=lambda obj: obj.is_active)
    def close(self, request: HttpRequest, obj: Agency) -> str:
        if not obj.is_active:
            raise InvalidState("closed", "It is closed already.")
        Agency.objects.filter(pk=obj.pk).update(is_active=False)
        return "Closed."

    @button("Rename", policy=Permission.ACCOUNTS_MANAGE, form=ReasonForm)
    def rename(self, request: HttpRequest, obj: Agency, data: dict[str, str]) -> str:
        Agency.objects.filter(pk=obj.pk).update(name=data["reason"])
        return "Renamed."


@pytest.fixture
def page() -> AgencyAdmin:
    site = PanahAdminSite(name="admin")
    site.register(Agency, AgencyAdmin)
    found = site._registry[Agency]
    assert isinstance(found, AgencyAdmin)
    return found


@pytest.fixture
def boss(operation: Any) -> User:
    return make.make_user(Role.ADMINISTRATOR, username="boss")


def _request(user: User, method: str = "post", **data: str) -> HttpRequest:
    request = getattr(RequestFactory(), method)("/", data)
    request.user = User.objects.get(pk=user.pk)
    request._messages = CookieStorage(request)
    return request


def _said(request: HttpRequest) -> list[str]:
    return [str(message) for message in get_messages(request)]


def _mark(page: AgencyAdmin, name: str) -> Any:
    return next(each for each in page._buttons() if each.name == name)


def test_a_page_without_policies_lets_nobody_in(boss: User) -> None:
    page = PolicyModelAdmin(Agency, PanahAdminSite(name="admin"))
    request = _request(boss)
    assert not page.has_module_permission(request)
    assert not page.has_view_permission(request)
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)


def test_policies_decide(page: AgencyAdmin, boss: User, dana: User, omar: User) -> None:
    assert page.has_change_permission(_request(boss))
    assert page.has_view_permission(_request(dana))
    assert not page.has_change_permission(_request(dana))
    assert not page.has_view_permission(_request(omar))
    assert holds(boss, (Permission.SCREENING, Permission.ACCOUNTS_MANAGE))
    assert not holds(boss, None)


def test_rows_come_from_visible_to(alice: User, bob: User, omar: User) -> None:
    page = PolicyModelAdmin(EntryPoint, PanahAdminSite(name="admin"))
    area, _ = Area.objects.get_or_create(
        code="TJ0401", defaults={"label": "Ishkoshim", "country_code": "TJK", "level": 2}
    )
    EntryPoint.objects.create(code="TEM", name="Tem", kind="official", area=area)
    assert page.get_queryset(_request(alice)).count() == 1
    assert page.get_queryset(_request(omar)).count() == 0


def test_a_table_that_cannot_say_who_sees_it_serves_nothing(boss: User) -> None:
    Agency.objects.create(code="WFP", name="World Food Programme", kind="un")
    page = PolicyModelAdmin(Agency, PanahAdminSite(name="admin"))
    assert page.get_queryset(_request(boss)).count() == 0
    lists = PolicyModelAdmin(Country, PanahAdminSite(name="admin"))
    assert lists.get_queryset(_request(boss)).count() == Country.objects.count()


def test_no_rows_are_deleted_in_bulk(page: AgencyAdmin, boss: User) -> None:
    page.delete_policy = Permission.ACCOUNTS_MANAGE
    assert "delete_selected" not in page.get_actions(_request(boss, "get"))


def test_the_admin_log_says_which_row_and_never_what_it_says(page: AgencyAdmin, boss: User) -> None:
    row = Agency.objects.create(code="WHO", name="Something personal", kind="un")
    request = _request(boss)
    form = forms.modelform_factory(Agency, fields=["name"])({"name": "Other words"}, instance=row)
    assert form.is_valid()
    page.log_change(request, row, page.construct_change_message(request, form, None))
    entry = LogEntry.objects.get()
    assert entry.object_repr == "WHO"
    assert "personal" not in entry.change_message
    assert "words" not in entry.change_message
    assert neutral_name(Person(pk=row.pk)) == str(row.pk)


def test_sealed_text_is_a_text_area(boss: User) -> None:
    page = PolicyModelAdmin(Placement, PanahAdminSite(name="admin"))
    field = page.formfield_for_dbfield(Placement._meta.get_field("note"), _request(boss))
    assert field is not None
    assert isinstance(field.widget, UnfoldAdminTextareaWidget)


def test_a_list_is_counted_only_up_to_the_limit(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedPaginator, "LIMIT", 20)
    for number in range(25):
        Country.objects.create(code=f"Q{number}", label="Invented")
    with CaptureQueriesContext(connection) as queries:
        pages = BoundedPaginator(Country.objects.order_by("code"), 10)
        assert (pages.count, pages.more, pages.num_pages) == (20, True, 2)
    assert len(queries) == 1
    assert "LIMIT 21" in queries[0]["sql"]
    few = BoundedPaginator(Country.objects.filter(code__startswith="Q2").order_by("code"), 10)
    assert (few.count, few.more) == (6, False)


# Looks -------------------------------------------------------------------------------------
@pytest.fixture
def auditor(operation: Any) -> Client:
    make.make_user(Role.AUDITOR, username="aud")
    client = Client()
    assert client.login(username="aud", password=make.PASSWORD)
    return client


def test_looking_at_lists_searches_and_pages_is_recorded(auditor: Client, boss: User) -> None:
    row = Agency.objects.create(code="WHO", name="World Health Organization", kind="un")
    event = record_event("site.closed", row, actor=boss)
    assert auditor.get("/admin/audit/event/").status_code == 200
    assert auditor.get("/admin/audit/event/?q=WHO").status_code == 200
    assert auditor.get(f"/admin/audit/event/{event.pk}/change/").status_code == 200
    looks = AccessRecord.objects.order_by("pk").values_list("action", "subject_type", "count")
    assert list(looks) == [
        ("list", "audit.event", 1),
        ("search", "audit.event", 1),
        ("read", "audit.event", 1),
    ]


def test_nobody_changes_what_was_recorded(auditor: Client, boss: User) -> None:
    row = Agency.objects.create(code="WHO", name="World Health Organization", kind="un")
    event = record_event("site.closed", row, actor=boss)
    auditor.post(f"/admin/audit/event/{event.pk}/change/", {"kind": "other"})
    assert auditor.get(f"/admin/audit/event/{event.pk}/delete/").status_code == 403
    assert auditor.get("/admin/audit/event/add/").status_code == 403
    assert Event.objects.get().kind == "site.closed"


@pytest.mark.parametrize("name", ["alice", "carol", "omar"])
def test_others_do_not_read_the_audit(name: str, alice: User, carol: User, omar: User) -> None:
    client = Client()
    assert client.login(username=name, password=make.PASSWORD)
    assert client.get("/admin/audit/event/").status_code in {302, 403}
    assert AccessRecord.objects.count() == 0


# Buttons -----------------------------------------------------------------------------------
def test_a_button_calls_and_says_so(page: AgencyAdmin, boss: User) -> None:
    row = Agency.objects.create(code="WHO", name="WHO", kind="un")
    request = _request(boss)
    answer = page.press(request, str(row.pk), _mark(page, "close"))
    assert answer.status_code == 302
    assert _said(request) == ["Closed."]
    row.refresh_from_db()
    assert not row.is_active


def test_a_refusal_of_the_service_is_shown(page: AgencyAdmin, boss: User) -> None:
    row = Agency.objects.create(code="WHO", name="WHO", kind="un", is_active=False)
    request = _request(boss)
    page.press(request, str(row.pk), _mark(page, "close"))
    assert _said(request) == ["It is closed already."]


def test_a_button_asks_method_policy_and_visibility(
    page: AgencyAdmin, boss: User, dana: User
) -> None:
    row = Agency.objects.create(code="WHO", name="WHO", kind="un")
    hidden = Agency.objects.create(code="HIDDEN", name="Hidden", kind="un")
    mark = _mark(page, "close")
    assert page.press(_request(boss, "get"), str(row.pk), mark).status_code == 405
    with pytest.raises(PermissionDenied):
        page.press(_request(dana), str(row.pk), mark)
    with pytest.raises(Http404):
        page.press(_request(boss), str(hidden.pk), mark)
    assert Agency.objects.filter(is_active=True).count() == 2


def test_a_button_with_a_form_checks_it(page: AgencyAdmin, boss: User) -> None:
    row = Agency.objects.create(code="WHO", name="WHO", kind="un")
    request = _request(boss)
    page.press(request, str(row.pk), _mark(page, "rename"))
    assert "required" in _said(request)[0]
    page.press(_request(boss, reason="New name"), str(row.pk), _mark(page, "rename"))
    row.refresh_from_db()
    assert row.name == "New name"


# Errors beside fields ----------------------------------------------------------------------
class HouseForm(forms.Form):
    entry_point = forms.CharField()


class MemberForm(forms.Form):
    birth = forms.CharField()


def test_problems_land_beside_their_fields() -> None:
    form = HouseForm({"entry_point": "X"})
    rows = [MemberForm({"birth": "1"}), MemberForm({"birth": "2"})]
    error = DomainError(
        "invalid",
        "Correct the fields.",
        problems=[
            FieldProblem("arrival.entry_point", "unknown", "Not known."),
            FieldProblem("members.1.birth", "unreadable", "Cannot be read."),
            FieldProblem("livestock", "too_long", "Too long."),
        ],
    )
    add_domain_error(form, error, rows={"members": rows})
    assert form.errors["entry_point"] == ["Not known."]
    assert rows[1].errors["birth"] == ["Cannot be read."]
    assert not rows[0].errors
    assert form.non_field_errors() == ["livestock: Too long."]


def test_an_error_without_problems_stands_on_top() -> None:
    form = HouseForm({"entry_point": "X"})
    add_domain_error(form, InvalidState("closed", "It is closed."))
    assert form.non_field_errors() == ["It is closed."]
