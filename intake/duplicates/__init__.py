"""Households that may be one: found by keyed hashes, scored, and decided by a person only."""

from intake.duplicates.aliases import answering_for, surviving, surviving_person
from intake.duplicates.asking import Ask, answer_field_question, ask_in_field
from intake.duplicates.decisions import decide_pair, undo_decision
from intake.duplicates.finding import Candidate, candidates_for, find_duplicates
from intake.duplicates.precision import QueueFigures, queue_figures
from intake.duplicates.previewing import MergePreview, preview_merge
from intake.duplicates.reasons import describe, describe_news

__all__ = [
    "Ask",
    "Candidate",
    "MergePreview",
    "QueueFigures",
    "answer_field_question",
    "answering_for",
    "ask_in_field",
    "candidates_for",
    "decide_pair",
    "describe",
    "describe_news",
    "find_duplicates",
    "preview_merge",
    "queue_figures",
    "surviving",
    "surviving_person",
    "undo_decision",
]
