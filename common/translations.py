"""The words that people read: found in the source, kept in the catalogues of `locale/`.

Works without GNU gettext: Python with Babel's extractor, templates through Django's own rewriting
of template tags into Python.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

# What of a call is the text: (singular, plural) positions, "c" for the context.
KEYWORDS: dict[str, tuple[Any, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
APPS = (
    *("accounts", "aid", "audit", "common", "config", "demo", "intake"),
    *("notifications", "reception", "reports"),
)
# Code lists whose labels people read in their language (common.models.CodeListEntry.name).
CODE_LISTS = (
    *("intake/codelists/countries.csv", "intake/codelists/document_types.csv"),
    *("intake/codelists/languages.csv", "intake/codelists/specific_needs.csv"),
    *("aid/codelists/sectors.csv", "reception/codelists/norms.csv"),
)
# (context or None, singular, plural or None)
Key = tuple[str | None, str, str | None]


def _calls(source: str) -> Iterator[tuple[str, Any]]:
    """Every call of a translating function: its name and its texts as Babel gives them."""
    for _line, name, texts, _comments in extract_python(
        io.BytesIO(source.encode()), KEYWORDS, [], {"encoding": "utf-8"}
    ):
        yield str(name), texts


def _key(name: str, texts: Any) -> Key | None:
    values = list(texts) if isinstance(texts, tuple | list) else [texts]
    context = values.pop(0) if name.startswith(("p", "np")) and len(values) > 1 else None
    singular = values[0] if values else None
    plural = values[1] if name.startswith("n") and len(values) > 1 else None
    return (context, singular, plural) if isinstance(singular, str) and singular else None


def words_of(path: Path) -> set[Key]:
    """The texts of one Python module or template."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # What is no tag became X's, which are names to Python's tokenizer.
        source = " ".join(templatize(source, origin=str(path)).split("\n"))
    return {key for name, texts in _calls(source) if (key := _key(name, texts))}


def words(root: Path) -> dict[Key, set[str]]:
    """Every text of the project with the apps that use it."""
    found: dict[Key, set[str]] = {}
    for app in APPS:
        for pattern in ("*.py", "*.html", "*.txt"):
            for path in sorted((root / app).rglob(pattern)):
                if path.suffix == ".py" or "templates" in path.parts:
                    for key in words_of(path):
                        found.setdefault(key, set()).add(app)
    for name in CODE_LISTS:
        for key in labels_of(root / name):
            found.setdefault(key, set()).add(name.partition("/")[0])
    return found


def labels_of(path: Path) -> set[Key]:
    """The labels of a code list, part by part."""
    with path.open(encoding="utf-8", newline="") as file:
        labels = [row["label"] for row in csv.DictReader(file)]
    return {("code list", part, None) for label in labels for part in label.split(": ") if part}


def read_catalogue(path: Path) -> Catalog:
    """A catalogue from its .po file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def missing(catalogue: Catalog, wanted: dict[Key, set[str]]) -> list[Key]:
    """Texts that the catalogue does not hold."""
    return sorted(
        (key for key in wanted if catalogue.get(key[1], context=key[0]) is None),
        key=lambda key: (key[1], key[0] or ""),
    )


def unfinished(catalogue: Catalog) -> list[str]:
    """Entries that are empty, uncertain, or whose placeholders differ from the original's."""
    found = []
    for message in catalogue:
        if not message.id:
            continue
        if message.fuzzy or not all(texts_of(message.string)) or _placeholders_differ(message):
            found.append(str(message.id))
    return found


_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def texts_of(value: Any) -> list[str]:
    """The texts of an entry: one, or one for each plural form."""
    return [str(text or "") for text in (value if isinstance(value, tuple | list) else [value])]


def _placeholders_differ(message: Message) -> bool:
    wanted = {place for text in texts_of(message.id) for place in _PLACEHOLDER.findall(text)}
    used = [set(_PLACEHOLDER.findall(text)) for text in texts_of(message.string)]
    return any(not each <= wanted for each in used) or set().union(*used) != wanted


def add_missing(path: Path, wanted: dict[Key, set[str]]) -> int:
    """Add the missing texts to a .po file, untranslated; how many. Nothing is taken out."""
    catalogue = read_catalogue(path)
    new = missing(catalogue, wanted)
    for context, singular, plural in new:
        apps = [(app, None) for app in sorted(wanted[(context, singular, plural)])]
        ids: Any = (singular, plural) if plural else singular
        catalogue.add(ids, context=context, locations=apps)  # type: ignore[arg-type]
    if new:
        write_catalogue(path, catalogue)
    return len(new)


HEADER = """msgid ""
msgstr ""
"Project-Id-Version: Panah\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural}\\n"

"""


def write_catalogue(path: Path, catalogue: Catalog) -> None:
    """Write a .po file in the order of its texts, without dates that change at every run."""
    language = path.parent.parent.name
    with path.open("wb") as file:
        file.write(HEADER.format(language=language, plural=catalogue.plural_forms).encode())
        write_po(
            file, catalogue, width=100, omit_header=True, sort_output=True, include_lineno=False
        )
