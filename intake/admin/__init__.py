"""The desk's pages in the staff site."""

from intake.admin import (
    assessments,
    codelists,
    counting,
    duplicates,
    entry_points,
    family,
    hints,
    households,
    imports,
    life,
    persons,
    screening,
    slips,
    tokens,
    tracing,
)

__all__ = [
    "assessments",
    "codelists",
    "counting",
    "duplicates",
    "entry_points",
    "family",
    "hints",
    "households",
    "imports",
    "life",
    "persons",
    "screening",
    "slips",
    "tokens",
    "tracing",
]
