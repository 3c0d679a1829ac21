"""What the house forbids, as functions that return findings: an empty list is good news."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.admin import AdminSite
from django.db import models
from django.urls import URLPattern, URLResolver

from accounts.permissions import HasPolicy
from common.admin import PolicyModelAdmin
from common.models import CodeListEntry

ROOT = Path(__file__).resolve().parents[2]
APPS = [
    "accounts",
    "aid",
    "audit",
    "common",
    "config",
    "demo",
    "intake",
    "notifications",
    "reception",
    "reports",
]
LONGEST_FUNCTION = 50
LONGEST_FILE = 500


# Policies ----------------------------------------------------------------------------------
def routes(
    patterns: Iterable[URLPattern | URLResolver], prefix: str = "", space: str = ""
) -> Iterator[tuple[str, str, Any]]:
    """Every (address, full name, view) below `patterns`."""
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from routes(pattern.url_patterns, address, inner)
        else:
            yield address, f"{space}{pattern.name or ''}", pattern.callback


def routes_without_policy(
    patterns: Iterable[URLPattern | URLResolver], allowed: dict[str, str]
) -> list[str]:
    """Routes outside the admin whose view lacks a policy for one of its actions or methods."""
    found = []
    for address, name, view in routes(patterns):
        if name in allowed or name.startswith("admin:"):
            continue
        cls = getattr(view, "cls", None)
        if cls is None:
            found.append(f"{address} ({name}): not an API view and not on the list of exceptions")
            continue
        if HasPolicy not in cls.permission_classes:
            found.append(f"{address} ({name}): {cls.__name__} does not use HasPolicy")
        policy = {**getattr(cls, "policy", {}), **view.initkwargs.get("policy", {})}
        found += [
            f"{address} ({name}): {cls.__name__} has no policy for {action}"
            for action in _actions(view, cls)
            if policy.get(action) is None
        ]
    return found


def _actions(view: Any, cls: Any) -> set[str]:
    if actions := getattr(view, "actions", None):
        return set(actions.values())
    return {
        method
        for method in cls.http_method_names
        if hasattr(cls, method) and method not in {"options", "head"}
    }


def admins_without_base(site: AdminSite) -> list[str]:
    """Registered admin pages that do not ask the policies."""
    return [
        model._meta.label
        for model, page in site._registry.items()
        if not isinstance(page, PolicyModelAdmin)
    ]


def pages_without_visible_to(site: AdminSite) -> list[str]:
    """Admin pages with nothing that says which rows a user may see."""
    return [
        model._meta.label
        for model, page in site._registry.items()
        if not _knows_who_sees(model)
        and getattr(type(page), "visible_to", None) is PolicyModelAdmin.visible_to
    ]


def api_models_without_visible_to(
    patterns: Iterable[URLPattern | URLResolver], allowed: dict[str, str]
) -> list[str]:
    """Models that API views serve whose manager cannot say what a user may see."""
    found = set()
    for _address, _name, view in routes(patterns):
        cls = getattr(view, "cls", None)
        queryset = getattr(cls, "queryset", None)
        serializer = getattr(getattr(cls, "serializer_class", None), "Meta", None)
        for model in (getattr(queryset, "model", None), getattr(serializer, "model", None)):
            if (
                model is not None
                and model._meta.label not in allowed
                and not _knows_who_sees(model)
            ):
                found.add(model._meta.label)
    return sorted(found)


def _knows_who_sees(model: type[models.Model]) -> bool:
    return issubclass(model, CodeListEntry) or hasattr(model._default_manager, "visible_to")


# Personal data -----------------------------------------------------------------------------
PERSONAL = re.compile(
    r"name|phone|document|note|contact|address|email|summary|alias|father|birth_text|values"
)
PLAIN = (models.CharField, models.TextField, models.JSONField, models.FileField)


def plain_personal_fields(
    tables: Iterable[type[models.Model]], allowed: dict[str, str]
) -> list[str]:
    """Fields that sound like personal data and are stored unsealed."""
    return [
        f"{table._meta.label}.{field.name}"
        for table in tables
        for field in table._meta.local_fields
        if isinstance(field, PLAIN)
        and PERSONAL.search(field.name)
        and f"{table._meta.label}.{field.name}" not in allowed
    ]


# Source ------------------------------------------------------------------------------------
def sources() -> list[Path]:
    """The project's own modules, without migrations and tests."""
    return [
        path
        for app in APPS
        for path in sorted((ROOT / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


Function = ast.FunctionDef | ast.AsyncFunctionDef


def long_functions(name: str, text: str) -> list[str]:
    """Functions of more than LONGEST_FUNCTION lines."""
    return [
        f"{name}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, Function)
        and node.end_lineno
        and node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]


def long_file(name: str, text: str) -> list[str]:
    """The file, when it has more than LONGEST_FILE lines."""
    lines = len(text.splitlines())
    return [f"{name}: {lines} lines"] if lines > LONGEST_FILE else []


def undocumented(name: str, text: str) -> list[str]:
    """Public functions, methods and models without a docstring."""
    return list(_undocumented(name, ast.parse(text).body, is_model=False))


def _undocumented(name: str, body: list[ast.stmt], *, is_model: bool) -> Iterator[str]:
    for node in body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            if ast.get_docstring(node) is None and not _is_stub(node):
                yield f"{name}:{node.lineno} {node.name}"
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            bases = {base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
                     for base in node.bases}  # fmt: skip
            a_table = bool(bases & {"BaseModel", "Model", "CodeListEntry"})
            if a_table and ast.get_docstring(node) is None:
                yield f"{name}:{node.lineno} {node.name}"
            yield from _undocumented(name, node.body, is_model=a_table)


def _is_stub(node: Function) -> bool:
    """A member of a Protocol, or an overload: `...` only."""
    return len(node.body) == 1 and isinstance(node.body[0], ast.Expr) and (
        isinstance(node.body[0].value, ast.Constant) and node.body[0].value.value is ...
    )  # fmt: skip


# What must not be in any file ----------------------------------------------------------------
_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "proxy.go" + "lang.org")
_PLACES = (
    r"(?<![\w.])/ro" + "ot/",
    r"(?<![\w.])/wo" + r"rk/",
    r"/ho" + r"me/\w",
    "/Us" + r"ers/\w",
)
FORBIDDEN = re.compile("|".join([*map(re.escape, _HOSTS), *_PLACES]))


def forbidden_text(name: str, text: str) -> list[str]:
    """Lines that name a package registry's host or a path of somebody's machine."""
    return [
        f"{name}:{number} {match.group()}"
        for number, line in enumerate(text.splitlines(), 1)
        if (match := FORBIDDEN.search(line))
    ]
