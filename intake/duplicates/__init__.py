"""Households that may be one: found by keyed hashes, scored, and decided by a person only."""

from intake.duplicates.decisions import decide_pair, surviving, undo_decision
from intake.duplicates.finding import Candidate, candidates_for, find_duplicates
from intake.duplicates.reasons import describe

__all__ = [
    "Candidate",
    "candidates_for",
    "decide_pair",
    "describe",
    "find_duplicates",
    "surviving",
    "undo_decision",
]
