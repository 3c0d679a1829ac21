"""Every command of docs/api.md works as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from string import Template
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.cache import cache

from accounts import services
from accounts.choices import Role, ScopeKind
from accounts.models import Agency
from tests.factories import accounts as make
from tests.factories.intake import make_entry_point
from tests.factories.reception import make_site

pytestmark = pytest.mark.django_db(transaction=True)
GUIDE = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()
COMMANDS = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
OFFICERS = {
    "": (Role.REGISTRAR, "households:read households:write"),
    "placements/": (Role.PLACEMENT_OFFICER, "households:read sites:read placements:write"),
    "aid-requests/": (Role.AID_COORDINATOR, "households:read aid-requests:write"),
}


def curl(command: str, values: dict[str, str]) -> httpx.Response:
    """Do what `curl -s` would."""
    words = iter(shlex.split(Template(command.replace("\\\n", " ")).substitute(values)))
    assert next(words) == "curl"
    verb, url, data, auth = "GET", "", None, None
    headers: dict[str, str] = {}
    for word in words:
        if word == "-X":
            verb = next(words)
        elif word == "-d":
            data, verb = next(words), "POST" if verb == "GET" else verb
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif word == "-u":
            user, _, password = next(words).partition(":")
            auth = (user, password)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        else:
            assert word == "-s" or word.startswith("http"), word
            url = url if word == "-s" else word
    content = data.encode() if data is not None else None
    return httpx.request(verb, url, content=content, headers=headers, auth=auth)


def new_client(role: str, scopes: str, agency: Agency | None = None) -> dict[str, str]:
    """The id and secret of a new API client."""
    client, secret = services.create_api_client(
        actor=make.make_user(Role.ADMINISTRATOR),
        name="Guide",
        scopes=scopes,
        role=role,
        scope_kind=ScopeKind.AGENCY if agency else ScopeKind.OPERATION,
        scope_code=agency.code if agency else "",
        agency=agency,
    )
    return {"ID": client.client_id, "SECRET": secret}


def test_the_commands_of_the_guide(live_server: Any, operation: Any) -> None:
    cache.clear()
    make_entry_point("ISHKOSHIM")
    make_site("KHOROG-SCHOOL-3")
    akhs = make.make_agency("AKHS")
    values = {"BASE": live_server.url}
    token, *commands = COMMANDS
    tokens = {}
    for path, (role, scopes) in OFFICERS.items():
        answer = curl(token, {**values, **new_client(role, scopes)})
        tokens[path] = answer.json()["access_token"]
    agency = curl(token, {**values, **new_client(Role.AGENCY_STAFF, "webhooks", akhs)})
    values["AGENCY_TOKEN"] = agency.json()["access_token"]
    done = []
    for command in commands:
        path = next((each for each in OFFICERS if each and f"/{each}" in command), "")
        values["TOKEN"] = tokens[path]
        answer = curl(command, values)
        assert answer.status_code in {200, 201}, (command, answer.text)
        done.append(answer.status_code)
        if "birth" in command and "reference" in answer.json():
            values["REFERENCE"] = answer.json()["reference"]
            values["ETAG"] = answer.headers["ETag"].replace('"', '\\"')
    assert done == [201, 200, 200, 201, 201, 201, 200, 201]
