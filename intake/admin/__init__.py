"""The desk's pages in the staff site."""

from intake.admin import (
    codelists,
    consents,
    duplicates,
    entry_points,
    households,
    imports,
    life,
    needs,
    persons,
    reviews,
    slips,
    tokens,
    washington,
)

__all__ = [
    "codelists",
    "consents",
    "duplicates",
    "entry_points",
    "households",
    "imports",
    "life",
    "needs",
    "persons",
    "reviews",
    "slips",
    "tokens",
    "washington",
]
