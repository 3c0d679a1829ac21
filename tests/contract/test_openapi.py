"""The OpenAPI document: valid, complete, and the one that is published in docs/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from openapi_spec_validator import validate

PUBLISHED = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"
VERBS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def text() -> str:
    """The document as the code makes it."""
    GENERATOR_STATS.reset()
    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert not GENERATOR_STATS, "the generator warned"
    rendered: bytes = OpenApiYamlRenderer().render(schema, renderer_context={})
    return rendered.decode()


@pytest.fixture(scope="module")
def schema(text: str) -> dict[str, Any]:
    """The document, read."""
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Every path, verb and operation."""
    return [
        (path, verb, operation)
        for path, verbs in schema["paths"].items()
        for verb, operation in verbs.items()
        if verb in VERBS
    ]


def test_it_is_valid_and_3_1(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    validate(schema)


def test_the_published_one_describes_the_code(text: str) -> None:
    assert PUBLISHED.read_text() == text, "run `make openapi` and commit docs/openapi.yaml"


def test_every_error_is_a_problem_document(schema: dict[str, Any]) -> None:
    shared = schema["components"]["responses"]
    for path, verb, operation in operations(schema):
        answers = operation["responses"]
        errors = {status: answer for status, answer in answers.items() if status >= "400"}
        assert {"401", "403", "406", "429"} <= set(errors), (verb, path)
        assert "404" in errors or "{" not in path, (verb, path)
        assert verb == "get" or {"400", "409", "415", "422"} <= set(errors), (verb, path)
        for status, answer in errors.items():
            kind = shared[answer["$ref"].rsplit("/", 1)[1]] if "$ref" in answer else answer
            (media,) = kind["content"].items()
            assert media[0] == "application/problem+json", (verb, path, status)
            assert media[1]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "Retry-After" in shared["Problem429"]["headers"]
    assert "WWW-Authenticate" in shared["Problem401"]["headers"]


def test_every_operation_says_what_it_does_and_who_may(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(names) == len(set(names))
    for path, verb, operation in operations(schema):
        assert operation.get("summary") or operation.get("description"), (verb, path)
        assert operation["security"], (verb, path)
        parameters = {each["name"] for each in operation.get("parameters", [])}
        assert ("Idempotency-Key" in parameters) == (verb != "get"), (verb, path)


@pytest.mark.parametrize(
    ("path", "verbs"),
    [
        ("households/", {"get", "post"}),
        ("households/batch/", {"post"}),
        ("households/{reference}/", {"get", "patch"}),
        ("households/{reference}/members/", {"get", "post"}),
        ("households/{reference}/arrivals/", {"get", "post"}),
        ("households/{reference}/exits/", {"get", "post"}),
        ("persons/", {"get"}),
        ("persons/{id}/", {"get"}),
        ("entry-points/", {"get", "post"}),
        ("entry-points/{code}/", {"get"}),
    ],
)
def test_the_routes_of_the_contract_are_there(
    schema: dict[str, Any], path: str, verbs: set[str]
) -> None:
    assert set(schema["paths"][f"/api/v1/{path}"]) & set(VERBS) == verbs


def test_a_batch_is_a_list_of_households(schema: dict[str, Any]) -> None:
    batch = schema["components"]["schemas"]["BatchInputRequest"]["properties"]["households"]
    assert "HouseholdInputRequest" in str(batch["items"])
    assert batch["maxItems"] == 500
    lists = ("households", "persons", "entry-points")
    for name in lists:
        parameters = schema["paths"][f"/api/v1/{name}/"]["get"]["parameters"]
        assert {"cursor", "page_size", "updated_since"} <= {each["name"] for each in parameters}
