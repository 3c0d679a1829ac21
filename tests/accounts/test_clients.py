"""API clients and roles: making, renewing, revoking; the token endpoint through real forms."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import services
from accounts.choices import Role, ScopeKind, UserKind
from accounts.models import Agency, ApiClient, RoleAssignment, User
from accounts.policies import Permission, access_of
from audit.models import Event
from common import clock
from common.errors import Conflict, InvalidInput, NotPermitted
from tests.factories import accounts as make

SCOPES = "aid-requests:read aid-requests:write"


@pytest.fixture
def admin(operation: Any) -> User:
    return make.make_user(Role.ADMINISTRATOR, username="admin")


@pytest.fixture
def made(admin: User, agency: Agency) -> tuple[ApiClient, str]:
    return services.create_api_client(
        actor=admin,
        name="AKHS dispatch",
        scopes=SCOPES,
        role=Role.AGENCY_STAFF,
        scope_kind=ScopeKind.AGENCY,
        scope_code=agency.code,
        agency=agency,
    )


def ask(client_id: str, secret: str, **more: str) -> Any:
    given = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return Client().post("/oauth/token/", {**given, **more})


def read(token: str) -> Any:
    return Client().get("/api/v1/aid-requests/", HTTP_AUTHORIZATION=f"Bearer {token}")


def test_a_client_gets_a_token_and_reads(made: tuple[ApiClient, str], admin: User) -> None:
    client, secret = made
    assert secret not in ApiClient.objects.get(pk=client.pk).client_secret
    assert client.user.kind == UserKind.SERVICE
    assert not client.user.has_usable_password()
    answer = ask(client.client_id, secret)
    assert answer.status_code == 200
    assert set(answer.json()["scope"].split()) == set(SCOPES.split())
    assert read(answer.json()["access_token"]).status_code == 200
    kinds = list(Event.objects.order_by("id").values_list("kind", "actor__username"))
    assert kinds == [("client.created", "admin"), ("role.assigned", "admin")]
    assert secret not in str(list(Event.objects.values()))


def test_basic_authentication_works_as_well(made: tuple[ApiClient, str]) -> None:
    client, secret = made
    basic = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    answer = Client().post(
        "/oauth/token/",
        {"grant_type": "client_credentials", "scope": "aid-requests:read"},
        HTTP_AUTHORIZATION=f"Basic {basic}",
    )
    assert (answer.status_code, answer.json()["scope"]) == (200, "aid-requests:read")


def test_scopes_are_limited_to_the_client(made: tuple[ApiClient, str]) -> None:
    client, secret = made
    refused = ask(client.client_id, secret, scope="households:read")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


def test_a_token_grants_no_more_than_its_scopes(
    made: tuple[ApiClient, str], agency: Agency
) -> None:
    client, secret = made
    token = ask(client.client_id, secret, scope="aid-requests:read").json()["access_token"]
    answer = Client().put(
        "/api/v1/agencies/me/services/",
        "{}",
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {token}",
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("which", ["secret", "client", "empty"])
def test_wrong_credentials_are_invalid_client(which: str, made: tuple[ApiClient, str]) -> None:
    client, secret = made
    answer = ask(
        "nobody" if which == "client" else client.client_id,
        {"secret": "wrong", "empty": ""}.get(which, secret),
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "nonsense"])
def test_other_grants_are_refused(grant: str, made: tuple[ApiClient, str]) -> None:
    client, secret = made
    answer = ask(client.client_id, secret, grant_type=grant, username="x", password="y")
    assert answer.status_code in (400, 401)
    assert "error" in answer.json()


def test_a_revoked_client_is_refused(made: tuple[ApiClient, str], admin: User) -> None:
    client, secret = made
    token = ask(client.client_id, secret).json()["access_token"]
    services.revoke_client(actor=admin, client=client)
    services.revoke_client(actor=admin, client=client)
    assert read(token).status_code == 401
    answer = ask(client.client_id, secret)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert Event.objects.filter(kind="client.revoked").count() == 1
    with pytest.raises(Conflict):
        services.rotate_secret(actor=admin, client=client)


def test_the_token_of_an_inactive_service_user_is_refused(made: tuple[ApiClient, str]) -> None:
    client, secret = made
    token = ask(client.client_id, secret).json()["access_token"]
    assert read(token).status_code == 200
    User.objects.filter(pk=client.user_id).update(is_active=False)
    assert read(token).status_code == 401
    assert ask(client.client_id, secret).status_code == 401


def test_a_new_secret_ends_the_old_one(made: tuple[ApiClient, str], admin: User) -> None:
    client, old = made
    token = ask(client.client_id, old).json()["access_token"]
    new = services.rotate_secret(actor=admin, client=client)
    assert ask(client.client_id, old).status_code == 401
    assert read(token).status_code == 401
    assert ask(client.client_id, new).status_code == 200


def test_narrower_scopes_end_the_tokens(made: tuple[ApiClient, str], admin: User) -> None:
    client, secret = made
    token = ask(client.client_id, secret).json()["access_token"]
    services.change_client_scopes(actor=admin, client=client, scopes="aid-requests:read")
    assert read(token).status_code == 401
    assert ask(client.client_id, secret).json()["scope"] == "aid-requests:read"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": "everything"}, "scopes"),
        ({"scopes": ""}, "scopes"),
        ({"role": "king"}, "role"),
        ({"scope_kind": "operation", "scope_code": ""}, "scope_code"),
        ({"scope_code": "WFP"}, "scope_code"),
    ],
)
def test_wrong_clients_name_the_field(
    change: dict[str, Any], field: str, admin: User, agency: Agency
) -> None:
    given = {
        "name": "X",
        "scopes": SCOPES,
        "role": Role.AGENCY_STAFF,
        "scope_kind": ScopeKind.AGENCY,
        "scope_code": agency.code,
        "agency": agency,
        **change,
    }
    with pytest.raises(InvalidInput) as error:
        services.create_api_client(actor=admin, **given)
    assert [each.field for each in error.value.problems] == [field]
    assert not ApiClient.objects.exists()
    assert not User.objects.filter(kind=UserKind.SERVICE).exists()


def test_only_administrators_change_accounts(
    made: tuple[ApiClient, str], admin: User, alice: User, carol: User, omar: User
) -> None:
    client, _secret = made
    before = Event.objects.count()
    for user in (alice, carol, omar):
        with pytest.raises(NotPermitted):
            services.rotate_secret(actor=user, client=client)
        with pytest.raises(NotPermitted):
            services.revoke_client(actor=user, client=client)
        with pytest.raises(NotPermitted):
            services.assign_role(actor=user, user=user, role=Role.ADMINISTRATOR)
        with pytest.raises(NotPermitted):
            services.end_role(actor=user, assignment=admin.role_assignments.get())
    assert Event.objects.count() == before


def test_roles_begin_and_end(admin: User, omar: User) -> None:
    until = clock.now() + timedelta(days=7)
    first = services.assign_role(actor=admin, user=omar, role=Role.REGISTRAR)
    again = services.assign_role(actor=admin, user=omar, role=Role.REGISTRAR, expires_at=until)
    assert first == again
    assert RoleAssignment.objects.get(pk=first.pk).expires_at == until
    assert access_of(User.objects.get(pk=omar.pk)).can(Permission.HOUSEHOLDS_REGISTER)
    services.end_role(actor=admin, assignment=first)
    services.end_role(actor=admin, assignment=first)
    assert not access_of(User.objects.get(pk=omar.pk)).can(Permission.HOUSEHOLDS_REGISTER)
    kinds = Event.objects.filter(subject_id=omar.pk).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["role.assigned", "role.assigned", "role.ended"]


def test_the_last_administrator_stays(admin: User, omar: User) -> None:
    own = admin.role_assignments.get()
    with pytest.raises(Conflict):
        services.end_role(actor=admin, assignment=own)
    services.assign_role(actor=admin, user=omar, role=Role.ADMINISTRATOR)
    services.end_role(actor=admin, assignment=own)
    assert not access_of(User.objects.get(pk=admin.pk)).can(Permission.ACCOUNTS_MANAGE)


def test_agency_roles_are_for_its_own_people(admin: User, omar: User, agency: Agency) -> None:
    with pytest.raises(InvalidInput):
        services.assign_role(
            actor=admin,
            user=omar,
            role=Role.AGENCY_STAFF,
            scope_kind=ScopeKind.AGENCY,
            scope_code=agency.code,
        )
