"""The desk's pages in the staff site."""

from intake.admin import (
    codelists,
    duplicates,
    entry_points,
    households,
    imports,
    life,
    persons,
    questions,
    slips,
)

__all__ = [
    "codelists",
    "duplicates",
    "entry_points",
    "households",
    "imports",
    "life",
    "persons",
    "questions",
    "slips",
]
