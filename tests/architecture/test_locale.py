"""Every text is translated into every language we ship, and every translation is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.core.management import call_command

from common import translations
from tests.architecture.checkers import ROOT

LANGUAGES = ["fa_AF", "tg", "ru"]
ARABIC, CYRILLIC = re.compile(r"[\u0600-\u06ff]"), re.compile(r"[\u0400-\u04ff]")


def _catalogue(language: str) -> Catalog:
    return translations.read_catalogue(ROOT / "locale" / language / "LC_MESSAGES" / "django.po")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_the_catalogue(language: str) -> None:
    wanted = translations.words(ROOT)
    missing = [text for _, text, _ in translations.missing(_catalogue(language), wanted)]
    share = 100 * (len(wanted) - len(missing)) / len(wanted)
    assert missing == [], f"{language}: {share:.0f} % translated; run manage.py extract_locale"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_is_whole(language: str) -> None:
    assert translations.unfinished(_catalogue(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_mixes_two_alphabets(language: str) -> None:
    script = ARABIC if language == "fa_AF" else CYRILLIC
    mixed = [
        word
        for message in _catalogue(language)
        for text in translations.texts_of(message.string)
        for word in re.findall(r"[^\W\d_]+", text)
        if script.search(word) and re.search(r"[A-Za-z]", word)
    ]
    assert mixed == []


# The checkers find what they are for -------------------------------------------------------------
def test_unfinished_entries_are_found() -> None:
    catalogue = Catalog(locale="ru")
    catalogue.add("Open", "")
    catalogue.add("Closed", "Закрыто", flags=["fuzzy"])
    catalogue.add("%(count)d places", "мест", flags=["python-format"])
    catalogue.add(("%(n)s day", "%(n)s days"), ("%(n)s день", "%(n)s дня", ""))
    catalogue.add("Site", "Пункт")
    assert translations.unfinished(catalogue) == [
        "Open",
        "Closed",
        "%(count)d places",
        "('%(n)s day', '%(n)s days')",
    ]


def test_texts_are_found_in_modules_and_templates(tmp_path: Path) -> None:
    module = tmp_path / "words.py"
    module.write_text(
        '_("One")\nngettext("%(n)d tent", "%(n)d tents", 2)\npgettext("month", "May")\n_(name)\n'
        'gettext_lazy(\n    "Long "\n    "text"\n)\n'
    )
    assert translations.words_of(module) == {
        (None, "One", None),
        (None, "%(n)d tent", "%(n)d tents"),
        ("month", "May", None),
        (None, "Long text", None),
    }
    page = tmp_path / "page.html"
    page.write_text(
        "{% load i18n %}<p title=\"{% translate 'Two' %}\">it's (not) one</p>\n"
        "{{ _('Three') }}{# translate 'Four' #}\n"
        "{% blocktranslate trimmed with a=b %}\n  As of {{ a }}\n{% endblocktranslate %}\n"
        "{% blocktranslate count n=n %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"
    )
    assert translations.words_of(page) == {
        (None, "Two", None),
        (None, "Three", None),
        (None, "As of %(a)s", None),
        (None, "%(n)s row", "%(n)s rows"),
    }


def test_missing_texts_are_added_once_and_the_check_fails_until_translated(
    tmp_path: Path, settings: object, capsys: pytest.CaptureFixture[str]
) -> None:
    po = tmp_path / "ru" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    translations.write_catalogue(po, Catalog(locale="ru"))
    settings.LOCALE_PATHS = [tmp_path]  # type: ignore[attr-defined]
    call_command("extract_locale")
    before = po.read_bytes()
    call_command("extract_locale")
    assert po.read_bytes() == before
    assert b'msgid "Households"' in before
    with pytest.raises(SystemExit):
        call_command("extract_locale", check=True)
    assert "ru: 0 of" in capsys.readouterr().out
