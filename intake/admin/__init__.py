"""The desk's pages in the staff site."""

from intake.admin import (
    codelists,
    corrections,
    duplicates,
    entry_points,
    groups,
    households,
    imports,
    persons,
    slips,
)

__all__ = [
    "codelists",
    "corrections",
    "duplicates",
    "entry_points",
    "groups",
    "households",
    "imports",
    "persons",
    "slips",
]
