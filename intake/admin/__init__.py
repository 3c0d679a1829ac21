"""The desk's pages in the staff site."""

from intake.admin import (
    assessments,
    codelists,
    counting,
    duplicates,
    entry_points,
    households,
    imports,
    life,
    persons,
    slips,
    tokens,
)

__all__ = [
    "assessments",
    "codelists",
    "counting",
    "duplicates",
    "entry_points",
    "households",
    "imports",
    "life",
    "persons",
    "slips",
    "tokens",
]
