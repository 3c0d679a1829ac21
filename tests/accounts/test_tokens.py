"""The short way of checking a token: it accepts and refuses just what the library does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from oauth2_provider.models import get_access_token_model

from accounts import services
from accounts.choices import Role, ScopeKind
from accounts.models import Agency, User
from tests.factories import accounts as make

AccessToken = get_access_token_model()
LIST = "/api/v1/aid-requests/"


@pytest.fixture
def token(operation: Any, agency: Agency) -> str:
    client, secret = services.create_api_client(
        actor=make.make_user(Role.ADMINISTRATOR, username="admin"),
        name="AKHS dispatch",
        scopes="aid-requests:read",
        role=Role.AGENCY_STAFF,
        scope_kind=ScopeKind.AGENCY,
        scope_code=agency.code,
        agency=agency,
    )
    asked = {"grant_type": "client_credentials", "client_id": client.client_id}
    answer = Client().post("/oauth/token/", {**asked, "client_secret": secret})
    return str(answer.json()["access_token"])


def read(header: str, path: str = LIST) -> Any:
    return Client().get(path, HTTP_AUTHORIZATION=header)


def test_a_good_token_takes_one_statement(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Token, client and service user at once, without the library."""
    monkeypatch.setattr(OAuth2Authentication, "authenticate", lambda *_: None)
    with CaptureQueriesContext(connection) as seen:
        assert read(f"Bearer {token}").status_code == 200
    texts = [str(query["sql"]) for query in seen.captured_queries]
    assert len([text for text in texts if "accounts_user" in text]) == 1
    assert len([text for text in texts if "accesstoken" in text]) == 1


@pytest.mark.parametrize("header", ["bearer {}", "BEARER {}", "Bearer  {}", "Bearer {} "])
def test_other_spellings_are_understood_as_before(token: str, header: str) -> None:
    """Case and spaces do not matter."""
    assert read(header.format(token)).status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer x", "Bearer é", "Token {}", "Bearer {} x", "{}"]
)
def test_what_is_no_token_is_refused(token: str, header: str) -> None:
    """With the challenge that names the scheme."""
    answer = read(header.format(token))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_token_is_refused_and_says_why(token: str) -> None:
    """The library words the challenge."""
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    answer = read(f"Bearer {token}")
    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_a_token_for_another_resource_is_refused(token: str) -> None:
    """A restricted token (RFC 8707) always goes through the library."""
    AccessToken.objects.update(resource=["https://elsewhere.example/api"])
    assert read(f"Bearer {token}").status_code == 401


def test_a_token_of_an_inactive_service_user_is_refused(token: str) -> None:
    """The user is read anew with every request."""
    assert read(f"Bearer {token}").status_code == 200
    User.objects.exclude(username="admin").update(is_active=False)
    assert read(f"Bearer {token}").status_code == 401


def test_a_query_goes_through_the_library(token: str) -> None:
    """Which also refuses what is wrongly escaped."""
    assert read(f"Bearer {token}", f"{LIST}?page_size=5").status_code == 200
    assert read(f"Bearer {token}", f"{LIST}?page_size=%zz").status_code == 400
