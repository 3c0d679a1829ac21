"""Layers, lengths, docstrings, migrations, and what no file may name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from importlinter.cli import lint_imports

from accounts.models import Agency
from tests.architecture import checkers


def _findings(check: object) -> list[str]:
    found: list[str] = []
    for path in checkers.sources():
        name = str(path.relative_to(checkers.ROOT))
        found += check(name, path.read_text(encoding="utf-8"))  # type: ignore[operator]
    return found


def test_apps_import_only_downwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkers.ROOT)
    assert lint_imports(cache_dir=None) == 0


def test_a_layer_that_is_broken_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for layer, text in (("high", ""), ("low", "import panahlayers.high\n")):
        (tmp_path / "panahlayers" / layer).mkdir(parents=True)
        (tmp_path / "panahlayers" / layer / "__init__.py").write_text(text)
    (tmp_path / "panahlayers" / "__init__.py").write_text("")
    config = tmp_path / "contract.ini"
    config.write_text(
        "[importlinter]\nroot_package = panahlayers\n"
        "[importlinter:contract:layers]\nname = layers\ntype = layers\n"
        "layers =\n    panahlayers.high\n    panahlayers.low\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert lint_imports(config_filename=str(config), cache_dir=None) == 1
    sys.modules.pop("panahlayers", None)


def test_functions_and_files_are_short() -> None:
    assert _findings(checkers.long_functions) == []
    assert _findings(checkers.long_file) == []


def test_models_and_public_functions_say_what_they_are() -> None:
    assert _findings(checkers.undocumented) == []


def _tracked() -> list[str]:
    """What git tracks; nothing where there is no git, as on a machine with an unpacked copy."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=checkers.ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    return [name for name in listed.stdout.decode().split("\0") if name]


def test_no_tracked_file_names_a_registry_or_a_machine() -> None:
    names = _tracked() or [str(path.relative_to(checkers.ROOT)) for path in checkers.sources()]
    assert len(names) > 100
    found: list[str] = []
    for name in names:
        try:
            text = (checkers.ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        found += checkers.forbidden_text(name, text)
    assert found == []


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_a_missing_migration_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Agency._meta.get_field("name"), "max_length", 199)
    with pytest.raises(SystemExit):
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# The checkers find what they are for -------------------------------------------------------------
def test_the_checkers_find_what_is_too_long() -> None:
    text = "def long():\n    '''Doc.'''\n" + "    x = 1\n" * checkers.LONGEST_FUNCTION
    assert checkers.long_functions("bad.py", text) == ["bad.py:1 long: 52 lines"]
    assert checkers.long_file("bad.py", "x = 1\n" * 501) == ["bad.py: 501 lines"]
    assert checkers.long_file("good.py", "x = 1\n" * 500) == []


def test_the_checkers_find_what_has_no_docstring() -> None:
    text = (
        "class Tent(BaseModel):\n    def pitch(self):\n        return 1\n"
        "def raise_it():\n    return 2\ndef _private():\n    return 3\n"
    )
    assert checkers.undocumented("bad.py", text) == [
        "bad.py:1 Tent",
        "bad.py:2 pitch",
        "bad.py:4 raise_it",
    ]


@pytest.mark.parametrize(
    "line", ["https://py" + "pi.org/simple", "open('/ro" + "ot/x')", "cd /wo" + "rk/x"]
)
def test_the_checkers_find_registries_and_machines(line: str) -> None:
    assert checkers.forbidden_text("bad.py", line)
    assert checkers.forbidden_text("good.py", "https://example.org/network/root/") == []
