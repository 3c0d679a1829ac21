"""The desk's pages in the staff site."""

from intake.admin import (
    assessments,
    codelists,
    corrections,
    counting,
    duplicates,
    entry_points,
    groups,
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
    "corrections",
    "counting",
    "duplicates",
    "entry_points",
    "groups",
    "households",
    "imports",
    "life",
    "persons",
    "slips",
    "tokens",
]
