"""What the OpenAPI document says of every route: errors, and keys of repeated writes."""

from __future__ import annotations

from typing import Any

PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457). Rely on `code`; texts may change.",
    "properties": {
        "type": {"type": "string", "examples": ["urn:panah:problem:invalid"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "examples": ["invalid", "conflict", "capacity_exceeded"]},
        "detail": {"type": "string", "description": "What to do, in the reader's language."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
    "required": ["type", "title", "status", "code", "detail", "errors"],
}
FIELD_PROBLEM = {
    "type": "object",
    "properties": {
        "field": {"type": "string", "examples": ["members.2.birth"]},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
    "required": ["field", "code", "detail"],
}
ERRORS = {
    "400": "What was sent cannot be accepted; `errors` names each field.",
    "401": "No valid token or session.",
    "403": "Not permitted.",
    "404": "Not there, or not for this reader: both are answered alike.",
    "406": "Only JSON is served here.",
    "409": "It stands against the present state or another record; see `code`.",
    "412": "The record changed since it was read.",
    "415": "Send application/json.",
    "422": "The Idempotency-Key was used for another request.",
    "428": "An edit needs If-Match.",
    "429": "Too many requests: wait as many seconds as Retry-After says.",
}
_HEADERS = {
    "401": {"WWW-Authenticate": {"schema": {"type": "string"}}},
    "429": {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}},
}
_WRITES = {"post", "put", "patch", "delete"}
_IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "maxLength": 200},
    "description": "A key of your own: the same request sent again gets the first answer.",
}


def describe_errors(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """Add the problem documents that each operation can answer, as shared responses."""
    components = result.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"], schemas["FieldProblem"] = PROBLEM, FIELD_PROBLEM
    components["responses"] = {_name(status): _response(status) for status in ERRORS}
    _null_as_a_type(result)
    for path, operations in result.get("paths", {}).items():
        for verb, operation in operations.items():
            if verb in _WRITES | {"get"}:
                _describe(path, verb, operation)
    return result


def _null_as_a_type(node: Any) -> None:
    """The framework's pages say `nullable`, which OpenAPI 3.1 no longer knows."""
    if isinstance(node, dict):
        if node.get("nullable") is True and isinstance(node.get("type"), str):
            del node["nullable"]
            node["type"] = [node["type"], "null"]
        for each in node.values():
            _null_as_a_type(each)
    elif isinstance(node, list):
        for each in node:
            _null_as_a_type(each)


def _name(status: str) -> str:
    return f"Problem{status}"


def _response(status: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": ERRORS[status],
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
    if status in _HEADERS:
        found["headers"] = _HEADERS[status]
    return found


def _describe(path: str, verb: str, operation: dict[str, Any]) -> None:
    parameters = operation.setdefault("parameters", [])
    possible = {"401", "403", "406", "429"}
    if "{" in path:
        possible.add("404")
    if any(each["in"] == "query" for each in parameters):
        possible |= {"400", "404"}
    if verb in _WRITES:
        possible |= {"400", "409", "415", "422"}
        parameters.append(_IDEMPOTENCY_KEY)
    if any(each["name"] == "If-Match" for each in parameters):
        possible |= {"412", "428"} if verb in {"patch", "put"} else {"412"}
    if not parameters:
        del operation["parameters"]
    responses = operation.setdefault("responses", {})
    for status in sorted(possible):
        responses.setdefault(status, {"$ref": f"#/components/responses/{_name(status)}"})
    for status, answer in responses.items():
        if status >= "400" and "content" in answer:
            # A view that shows an example of its own: no error is plain JSON.
            answer["content"] = {
                "application/problem+json": {
                    **next(iter(answer["content"].values())),
                    "schema": {"$ref": "#/components/schemas/Problem"},
                }
            }
