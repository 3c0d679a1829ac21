"""What is read out to a family before it answers: plain words, by purpose, with a version.

Staff read a text aloud in the family's language, or an interpreter does; with the answer it is
kept which version was read. A text is never changed: a new wording is a new version, and the old
one stays, so that it can be shown later what a family had been told. Consent is informed and
freely given, and withdrawn without harm (UNHCR, Guidance on Registration and Identity Management,
5.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from intake.choices import ConsentPurpose

CURRENT = "2021-07.1"

# The languages of the site by ISO 639-3. Persian is read by a family whose language is Dari and
# the other way round; other languages need an interpreter, who reads from the staff's text.
SITE_LANGUAGES = {"prs": "fa-af", "fas": "fa-af", "tgk": "tg", "rus": "ru", "eng": "en"}


@dataclass(frozen=True)
class Explanation:
    """What one version says for one purpose: to the agency that is named, and to all of them."""

    named: Promise
    all_agencies: Promise
    otherwise: Promise


_P = ConsentPurpose
_FIRST: dict[str, Explanation] = {
    _P.REGISTRATION: Explanation(
        named=_(
            "We write down your names, your ages and where you come from, so that you have a place "
            "to stay. May we give this list to %(agency)s?"
        ),
        all_agencies=_(
            "We write down your names, your ages and where you come from, so that you have a place "
            "to stay. May the organisations that work here with us see this list?"
        ),
        otherwise=_("If you say no, only those who register you and give you a place see it."),
    ),
    _P.ASSISTANCE: Explanation(
        named=_(
            "%(agency)s helps with things such as food, blankets and shelter. When we ask "
            "%(agency)s to help you, may we tell them your name and your phone number, so that "
            "they find you?"
        ),
        all_agencies=_(
            "Several organisations help with things such as food, blankets and shelter. When we "
            "ask one of them to help you, may we tell them your name and your phone number, so "
            "that they find you?"
        ),
        otherwise=_(
            "If you say no, they learn only how many you are and your ages, and we bring you "
            "together with them ourselves."
        ),
    ),
    _P.PROTECTION: Explanation(
        named=_(
            "%(agency)s helps people who are in danger, children who are alone, and people whose "
            "rights were hurt. When we ask %(agency)s to help you, may we tell them your name and "
            "your phone number?"
        ),
        all_agencies=_(
            "Some organisations help people who are in danger, children who are alone, and people "
            "whose rights were hurt. When we ask one of them to help you, may we tell them your "
            "name and your phone number?"
        ),
        otherwise=_("If you say no, they learn only your age, and whether you are a man or woman."),
    ),
    _P.HEALTH: Explanation(
        named=_(
            "%(agency)s gives medical care. When you need a doctor, may we tell %(agency)s your "
            "name, your phone number and what you need?"
        ),
        all_agencies=_(
            "Some organisations give medical care. When you need a doctor, may we tell the one "
            "that we ask your name, your phone number and what you need?"
        ),
        otherwise=_(
            "If you say no, a doctor still sees you: they learn what you need, and not your name."
        ),
    ),
    _P.TRACING: Explanation(
        named=_(
            "%(agency)s looks for relatives who lost each other. May we give %(agency)s your name "
            "and the names of those you look for?"
        ),
        all_agencies=_(
            "Some organisations look for relatives who lost each other. May we give them your name "
            "and the names of those you look for?"
        ),
        otherwise=_("If you say no, we look only among the people who are registered here."),
    ),
}
_FREE = _(
    "You are free to say yes or no. Nobody loses a place, food or care because they say no, and "
    "nothing is given to the country that you left."
)
_ANY_TIME = _(
    "You can change your mind at any time and need not say why. Tell any of us: it holds from "
    "that moment on."
)
VERSIONS: dict[str, dict[str, Explanation]] = {CURRENT: _FIRST}


def explanation(purpose: str, agency: str = "", version: str = CURRENT) -> list[str]:
    """The sentences to read out in the active language; `agency` is a name, empty for all.

    KeyError for a purpose or a version that does not exist.
    """
    text = VERSIONS[version][purpose]
    first = str(text.named) % {"agency": agency} if agency else str(text.all_agencies)
    return [first, str(text.otherwise), str(_FREE), str(_ANY_TIME)]


def site_language(language: str) -> str | None:
    """The site's language for a spoken one (ISO 639-3); None when there is no text in it."""
    return SITE_LANGUAGES.get(language)


def explanation_in(language: str, purpose: str, agency: str = "") -> list[str]:
    """The sentences in a family's language (ISO 639-3); empty when there is no text in it."""
    found = site_language(language)
    if found is None:
        return []
    with translation.override(found):
        return explanation(purpose, agency)
