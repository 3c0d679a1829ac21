"""The Washington Group short set on functioning: six questions, a cut-off and an age floor.

Domains, answers and the cut-off are those of the Washington Group on Disability Statistics. The
cut-off for international comparison (DISABILITY3) is at least one domain with "a lot of
difficulty" or "cannot do at all". The short set is for persons of five years and over; for younger
children there is the Child Functioning Module of the Washington Group and UNICEF.

Which code of the UNHCR list an answer points to is our own inference, no part of either standard:
therefore it is a suggestion that a person confirms or dismisses.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext_lazy as _

from intake.births.dates import years_before
from intake.choices import Difficulty

DOMAINS = ("seeing", "hearing", "walking", "remembering", "self_care", "communicating")
CUT_OFF = (Difficulty.A_LOT, Difficulty.CANNOT)
AGE_FLOOR = 5

INTRODUCTION = _(
    "The next questions ask about difficulties you may have doing certain activities because of "
    "a HEALTH PROBLEM."
)
QUESTIONS = {
    "seeing": _("Do you have difficulty seeing, even if wearing glasses?"),
    "hearing": _("Do you have difficulty hearing, even if using a hearing aid?"),
    "walking": _("Do you have difficulty walking or climbing steps?"),
    "remembering": _("Do you have difficulty remembering or concentrating?"),
    "self_care": _("Do you have difficulty with self-care, such as washing all over or dressing?"),
    "communicating": _(
        "Using your usual language, do you have difficulty communicating, for example "
        "understanding or being understood?"
    ),
}
SUGGESTS = {
    "seeing": "DS-BD",
    "hearing": "DS-DF",
    "walking": "DS-PM",
    "remembering": "DS-MM",
    "self_care": "DS-PM",
    "communicating": "DS-SD",
}
# Who is recorded with the severe form is not suggested the moderate one.
SEVERER = {"DS-PM": "DS-PS", "DS-MM": "DS-MS"}


def over_cut_off(answers: Mapping[str, int | None]) -> tuple[str, ...]:
    """The domains with a lot of difficulty or more, in the order of the questions."""
    return tuple(domain for domain in DOMAINS if answers.get(domain) in CUT_OFF)


def suggested_codes(answers: Mapping[str, int | None]) -> set[str]:
    """UNHCR codes that the answers point to (our inference)."""
    return {SUGGESTS[domain] for domain in over_cut_off(answers)}


def certainly_too_young(earliest: date | None, on: date) -> bool:
    """Whether someone was under five on a day, whichever day of the range they were born on."""
    return earliest is not None and earliest > years_before(on, AGE_FLOOR)
