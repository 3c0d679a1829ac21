"""The desk's pages in the staff site."""

from intake.admin import (
    codelists,
    consents,
    duplicates,
    entry_points,
    households,
    imports,
    needs,
    persons,
    reviews,
    slips,
    washington,
)

__all__ = [
    "codelists",
    "consents",
    "duplicates",
    "entry_points",
    "households",
    "imports",
    "needs",
    "persons",
    "reviews",
    "slips",
    "washington",
]
