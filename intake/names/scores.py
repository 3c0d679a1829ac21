"""How alike two names are, whatever their scripts."""

from functools import lru_cache

from rapidfuzz.distance import JaroWinkler, Levenshtein

from intake.names.keys import skeleton, without_titles
from intake.names.normal import script_of

# Sounds that transliterations confuse; a slip between them is no other name.
_LIKE_SOUNDS = str.maketrans("eoywXGqZ", "iuiuhggj")
_SHORT = str.maketrans("", "", "aeiouyw")

# How much of the score the skeleton carries, against the romanised spelling.
_SKELETON_SHARE = 0.5


def similarity(a: str, b: str) -> float:
    """From 0 (nothing in common) to 1 (the same name), the same in either order.

    Compares the consonant skeletons and the romanised spellings, with the words as given and
    sorted, so that "Nabi Mohammad" is near "Mohammad Nabi". Where one name is in Arabic script,
    which leaves out short vowels, only consonants count.
    """
    first, second = sorted((a, b))
    return _similarity(first, second)


@lru_cache(maxsize=65536)
def _similarity(a: str, b: str) -> float:
    key_a, key_b = skeleton(a), skeleton(b)
    if not key_a or not key_b:
        return 0.0
    vowels = script_of(a) != "arabic" and script_of(b) != "arabic"
    if script_of(a) == script_of(b) == "arabic":
        vowels = True
    keys = _close(key_a, key_b)
    spelled = max(_spelled(a, b, vowels, ordered=True), _spelled(a, b, vowels, ordered=False))
    return round(_SKELETON_SHARE * keys + (1 - _SKELETON_SHARE) * spelled, 4)


def _spelled(a: str, b: str, vowels: bool, *, ordered: bool) -> float:
    words_a, words_b = without_titles(a), without_titles(b)
    if not ordered:
        words_a, words_b = tuple(sorted(words_a)), tuple(sorted(words_b))
    return _close(_sound("".join(words_a), vowels), _sound("".join(words_b), vowels))


def _sound(text: str, vowels: bool) -> str:
    text = text.translate(_LIKE_SOUNDS)
    if not vowels:
        # The first letter stays even if it is a vowel.
        text = text[:1] + text[1:].translate(_SHORT)
    return text


def _close(a: str, b: str) -> float:
    # Jaro-Winkler forgives too much in short strings; Levenshtein too little in long ones.
    return (JaroWinkler.similarity(a, b) + Levenshtein.normalized_similarity(a, b)) / 2
