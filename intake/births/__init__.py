"""Births as people say them.

``parse_birth`` turns what was said ("1360", "about 40", "18 Aqrab 1396") into a range of
possible birth dates; ``age_bracket`` and ``is_child`` derive everything else at a stated date.
Nothing here touches the database or the settings.
"""

from intake.births.brackets import (
    BRACKETS,
    CHILD_AGE,
    OLDER_AGE,
    UNKNOWN_BRACKET,
    age_bracket,
    birth_of_bracket,
    bracket_thresholds,
    is_child,
    reference_date,
)
from intake.births.dates import (
    months_before,
    solar_hijri_date,
    solar_hijri_parts,
    years_before,
)
from intake.births.parsing import parse_birth
from intake.births.values import (
    Birth,
    BirthError,
    BothCalendars,
    in_both_calendars,
)

__all__ = [
    "BRACKETS",
    "CHILD_AGE",
    "OLDER_AGE",
    "UNKNOWN_BRACKET",
    "Birth",
    "BirthError",
    "BothCalendars",
    "age_bracket",
    "birth_of_bracket",
    "bracket_thresholds",
    "in_both_calendars",
    "is_child",
    "months_before",
    "parse_birth",
    "reference_date",
    "solar_hijri_date",
    "solar_hijri_parts",
    "years_before",
]
