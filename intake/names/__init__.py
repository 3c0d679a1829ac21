"""Names in Arabic, Cyrillic and Latin script: one plain form, keys that agree across scripts,
and a score between two names. Pure functions of their text; they never raise on any text.
"""

from intake.names.beginnings import beginnings, compound, typed_words
from intake.names.hints import sealed_hint
from intake.names.keys import name_keys, name_parts, says_little, skeleton
from intake.names.normal import is_blank, normalise, script_of
from intake.names.reading import latin_form
from intake.names.roman import romanise
from intake.names.scores import Agreement, agreement, similarity

__all__ = [
    "Agreement",
    "agreement",
    "beginnings",
    "compound",
    "is_blank",
    "latin_form",
    "name_keys",
    "name_parts",
    "normalise",
    "romanise",
    "says_little",
    "script_of",
    "sealed_hint",
    "similarity",
    "skeleton",
    "typed_words",
]
