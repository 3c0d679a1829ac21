"""The desk's pages in the staff site."""

from intake.admin import (
    assessments,
    codelists,
    counting,
    duplicates,
    entry_points,
    households,
    imports,
    persons,
    slips,
)

__all__ = [
    "assessments",
    "codelists",
    "counting",
    "duplicates",
    "entry_points",
    "households",
    "imports",
    "persons",
    "slips",
]
