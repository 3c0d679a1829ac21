"""Pages of accounts: users with their roles, clients whose secret is shown once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin as site
from django.test import Client

from accounts.choices import Role
from accounts.models import Agency, ApiClient, User
from audit.models import Event
from tests.factories import accounts as make


@pytest.fixture
def admin(operation: Any) -> User:
    return make.make_user(Role.ADMINISTRATOR, username="admin")


@pytest.fixture
def client(admin: User) -> Client:
    signed_in = Client()
    signed_in.force_login(admin)
    return signed_in


def test_pages_of_libraries_are_not_registered() -> None:
    labels = {model._meta.app_label for model in site.site._registry}
    assert not labels & {"oauth2_provider", "django_celery_beat", "auth"}


def roles(*rows: dict[str, str], initial: int = 0) -> dict[str, str]:
    given = {
        "role_assignments-TOTAL_FORMS": str(len(rows)),
        "role_assignments-INITIAL_FORMS": str(initial),
    }
    for index, row in enumerate(rows):
        given |= {f"role_assignments-{index}-{name}": value for name, value in row.items()}
    return given


def test_a_user_is_made_and_gets_a_role(client: Client) -> None:
    sent = {"username": "firuza", "full_name": "Firuza Invented", "is_active": "on"}
    weak = client.post("/admin/accounts/user/add/", {**sent, "password": "short"})
    assert "password" in weak.context["adminform"].form.errors
    good = client.post("/admin/accounts/user/add/", {**sent, "password": "nine blue goats walk"})
    assert good.status_code == 302
    user = User.objects.get(username="firuza")
    assert user.check_password("nine blue goats walk")
    url = f"/admin/accounts/user/{user.pk}/change/"
    wrong = client.post(
        url, {**sent, **roles({"role": Role.REGISTRAR, "scope_kind": "site", "scope_code": ""})}
    )
    assert wrong.status_code == 200
    given = {"role": Role.REGISTRAR, "scope_kind": "operation", "scope_code": ""}
    assert client.post(url, {**sent, **roles(given)}).status_code == 302
    held = user.role_assignments.get()
    ended = {**given, "id": str(held.pk), "user": str(user.pk), "DELETE": "on"}
    assert client.post(url, {**sent, **roles(ended, initial=1)}).status_code == 302
    held.refresh_from_db()
    assert held.expires_at is not None
    kinds = set(Event.objects.filter(subject_id=user.pk).values_list("kind", flat=True))
    assert {"user.created", "role.assigned", "role.ended"} <= kinds


def test_the_secret_is_shown_once(client: Client, agency: Agency) -> None:
    sent = {
        "name": "AKHS dispatch",
        "agency": str(agency.pk),
        "role": Role.AGENCY_STAFF,
        "scope_kind": "agency",
        "scopes": ["aid-requests:read"],
    }
    shown = client.post("/admin/accounts/apiclient/add/", sent).content.decode()
    made = ApiClient.objects.get()
    secret = re.findall(r'<code dir="ltr" style[^>]*>([^<]+)</code>', shown)[0]
    given = {
        "grant_type": "client_credentials",
        "client_id": made.client_id,
        "client_secret": secret,
    }
    assert Client().post("/oauth/token/", given).status_code == 200
    page = client.get(f"/admin/accounts/apiclient/{made.pk}/change/").content.decode()
    assert secret not in page
    assert made.client_secret not in page
    again = client.post(f"/admin/accounts/apiclient/{made.pk}/do/rotate/").content.decode()
    assert secret not in again
    assert Client().post("/oauth/token/", given).status_code == 401
    client.post(f"/admin/accounts/apiclient/{made.pk}/do/revoke/")
    assert not ApiClient.objects.get().is_usable(None)


def test_only_administrators(alice: User, carol: User, dana: User, admin: User) -> None:
    for user in (alice, carol, dana):
        signed_in = Client()
        signed_in.force_login(user)
        for page in ("user/", f"user/{admin.pk}/change/", "apiclient/", "apiclient/add/"):
            assert signed_in.get(f"/admin/accounts/{page}").status_code in (302, 403)


def test_agencies_are_saved_with_an_event(client: Client) -> None:
    sent = {"code": "RCST", "name": "Red Crescent", "kind": "red_crescent", "is_active": "on"}
    assert client.post("/admin/accounts/agency/add/", sent).status_code == 302
    agency = Agency.objects.get(code="RCST")
    assert Event.objects.get(subject_id=agency.pk).kind == "agency.created"
