"""Who may not: the cast and tokens of devices at each route of a registered household's life."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.choices import Role
from accounts.models import User
from accounts.policies import limit_to_token
from tests.factories.accounts import make_user
from tests.intake.test_api_hostile import post
from tests.intake.test_hostile_life import NAMES, bodies, rows

pytestmark = pytest.mark.django_db
API = Callable[[User | None], APIClient]
OF_THE_BORDER = {"sheet", "crossing", "state", "count", "visit"}
OF_A_HOUSEHOLD = [name for name in NAMES if name not in OF_THE_BORDER]
UNKNOWN = "PNH-21-999999-0"


def elsewhere(text: str) -> str:
    """The same address or body about nobody at all."""
    text = re.sub(r"PNH-[0-9A-Z-]+", UNKNOWN, text)
    key = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    return re.sub(key, lambda _found: str(uuid4()), text)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("who", ["omar", "carol"])
def test_outsiders_and_agencies_are_denied(
    api: API, alice: User, request: pytest.FixtureRequest, name: str, who: str
) -> None:
    verb, path, body = bodies(alice)[name]
    user = request.getfixturevalue(who)
    before = rows()
    answer = post(api(user), path, body, verb)
    assert answer.status_code == 403
    unknown = post(api(user), elsewhere(path), json.loads(elsewhere(json.dumps(body))), verb)
    assert answer.content == unknown.content
    assert rows() == before


@pytest.mark.parametrize("name", OF_A_HOUSEHOLD)
def test_what_crossed_elsewhere_is_as_what_is_not(
    api: API, alice: User, bob: User, name: str
) -> None:
    verb, path, body = bodies(alice, "RUZVAI")[name]
    before = rows()
    answer = post(api(bob), path, body, verb)
    unknown = post(api(bob), elsewhere(path), json.loads(elsewhere(json.dumps(body))), verb)
    assert answer.status_code in (400, 404), answer.content
    assert answer.content == unknown.content
    assert rows() == before


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (Role.REGISTRAR, "households:read sites:write aid-requests:write"),
        (Role.PROTECTION_OFFICER, "households:read"),
        (Role.AGENCY_STAFF, "households:read households:write entry-points:write"),
    ],
)
def test_a_token_grants_no_more_than_its_scopes_and_roles(
    alice: User, carol: User, name: str, role: str, scopes: str
) -> None:
    verb, path, body = bodies(alice)[name]
    user = carol if role == Role.AGENCY_STAFF else make_user(role)
    limit_to_token(user, scopes)
    client = APIClient()
    client.force_authenticate(user)
    before = rows()
    answer: Any = post(client, path, body, verb)
    assert answer.status_code == 403, answer.content
    assert rows() == before
