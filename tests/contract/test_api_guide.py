"""Every command and every request of docs/api.md works as it stands there."""

from __future__ import annotations

import json
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
# Commands, and requests in short: a line "POST path/", headers, and a body.
BLOCKS = re.findall(r"```(sh|http)\n(.*?)```", GUIDE, re.DOTALL)
OFFICERS = {
    "": (Role.REGISTRAR, "households:read households:write"),
    "placements/": (Role.PLACEMENT_OFFICER, "households:read sites:read placements:write"),
    "aid-requests/": (Role.AID_COORDINATOR, "households:read aid-requests:write"),
    "entry-points/": (Role.REGISTRAR, "entry-points:read entry-points:write"),
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


def in_short(request: str, values: dict[str, str]) -> httpx.Response:
    """Send what stands in a block of requests: method and path, headers, body."""
    (first, *rest) = Template(request).substitute(values).strip().split("\n")
    verb, path = first.split(" ")
    headers = {"Authorization": f"Bearer {values['TOKEN']}"}
    while rest and not rest[0].startswith("{"):
        name, _, value = rest.pop(0).partition(": ")
        headers[name] = value
    body = json.loads("\n".join(rest)) if rest else None
    url = f"{values['BASE']}/api/v1/{path}"
    return httpx.request(verb, url, headers=headers, json=body)


def remember(path: str, answer: httpx.Response, values: dict[str, str]) -> None:
    """Keep what the guide calls by a name in later requests."""
    body = answer.json()
    match path.split("/"):
        case ["households", ""] if answer.status_code == 201:
            group = body["level"] == "group"
            names = ("GROUP", "FOCAL", "COUNTED") if group else ("REFERENCE", "PERSON", "SPOUSE")
            found = [body["reference"], *(each["id"] for each in body["members"])]
            values |= dict(zip(names, found, strict=False))
            values["GROUP_ETAG" if group else "ETAG"] = answer.headers["ETag"]
        case ["token-sheets", ""]:
            values["SLIP"] = body["tokens"][0]
        case ["households", _, "questions", ""]:
            values["QUESTION"] = body[0]["id"]
        case ["households", _, ("exits" | "consents") as kind, ""]:
            values[kind.upper().removesuffix("S")] = body["id"]


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
    (_shell, token), *blocks = BLOCKS
    tokens = {}
    for path, (role, scopes) in OFFICERS.items():
        answer = curl(token, {**values, **new_client(role, scopes)})
        tokens[path] = answer.json()["access_token"]
    agency = curl(token, {**values, **new_client(Role.AGENCY_STAFF, "webhooks", akhs)})
    values["AGENCY_TOKEN"] = agency.json()["access_token"]
    done: dict[str, list[int]] = {"sh": [], "http": []}
    for kind, block in blocks:
        for sent in block.strip().split("\n\n"):
            path = next((each for each in OFFICERS if each and each in _path(sent)), "")
            values["TOKEN"] = tokens[path]
            answer = curl(sent, _quoted(values)) if kind == "sh" else in_short(sent, values)
            assert answer.status_code in {200, 201}, (sent, answer.text)
            done[kind].append(answer.status_code)
            remember(_path(sent), answer, values)
    assert done["sh"] == [201, 200, 200, 201, 201, 201, 200, 201]
    assert len(done["http"]) == 20


def _path(sent: str) -> str:
    """Where a command or a request goes, below /api/v1/."""
    found = re.search(r"/api/v1/([^\"?]*)", sent) or re.match(r"[A-Z]+ (\S+)", sent)
    assert found is not None, sent
    return found[1]


def _quoted(values: dict[str, str]) -> dict[str, str]:
    """For a shell: the quotation marks of an ETag stay."""
    return {name: value.replace('"', '\\"') for name, value in values.items()}
