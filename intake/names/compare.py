"""How far two words are apart as sounds: an edit distance that knows which sounds are confused.

The costs are hand-set on the tuned half of tests/intake/data/names.csv: about 0.8 for a
consonant, half of that for a vowel, next to nothing for what transliterations write either way.
A word in Arabic script lacks its short vowels, so against one that has them these cost nothing,
while the long vowels that it does write (ا و ی) must meet a vowel of their kind: Hasan has none,
Husayn has ی.
"""

from functools import lru_cache

VOWELS = frozenset("aeiou")
_CONSONANT, _VOWEL, _EDGE_VOWEL = 0.8, 0.3, 0.8
_ANOTHER = 0.9  # a sound instead of one that nobody confuses with it


def _both_ways(text: str) -> dict[tuple[str, str], float]:
    costs = {}
    for line in text.strip().splitlines():
        cost, *pairs = line.split()
        for pair in pairs:
            costs[pair[0], pair[1]] = costs[pair[1], pair[0]] = float(cost)
    return costs


_SAID = _both_ways(
    """
    0.05 ou ei qk qG gG Xh ZG jZ wu yi ye wo
    0.15 ae Zz
    0.2 Gk Xk
    0.25 ao
    0.3 eu eo CS Cj CX
    0.35 iu io jy
    0.4 au ai kg zd fp SX
    0.5 gq td zs bp wf Ss wb dr
    0.6 st mn bf
    0.7 lr gj
    """
)
# What a sound of a full word costs against a letter of Arabic script.
_UNSAID = {pair: cost for pair, cost in _SAID.items() if not set(pair) & VOWELS} | {
    (pair[0], pair[1]): float(cost)
    for cost, pairs in (
        ("0", "uw ow iy ey aE eE iE oE uE ae"),
        ("0.05", "oa"),
        ("0.2", "ea"),
        ("0.3", "oe ie"),
        ("0.4", "ia ua aw ay yE wE"),
        ("0.5", "ew iw uy oy wa ya"),
    )
    for pair in pairs.split()
}
_ARABIC = {pair: cost for pair, cost in _SAID.items() if not set(pair) & VOWELS} | _both_ways(
    """
    0.1 aE
    0.15 ae
    0.4 aw ay wy
    """
)


def weight(word: str) -> float:
    """What it would cost to lose all of a word."""
    vowels = sum(sound in VOWELS for sound in word)
    return _CONSONANT * (len(word) - vowels) + _VOWEL * vowels


@lru_cache(maxsize=65536)
def said_distance(a: str, b: str) -> float:
    """Between two words with vowels, from 0; 1 and more where nothing is alike.

    Relative to the length: the cost of the cheapest way from one to the other, by the mean weight.
    """
    if a == b:
        return 0.0
    return _relative(a, b, _cheapest(a, b, _said_costs(a), _said_costs(b), _SAID))


@lru_cache(maxsize=65536)
def unsaid_distance(said: str, written: str) -> float:
    """Between a word with vowels and one in Arabic script."""
    if said.endswith("a") and written.endswith("y"):
        written = written[:-1] + "a"  # Kobra, Laila are written with ی
    if written.startswith("a"):
        written = "E" + written[1:]  # at the beginning ا carries any vowel
    without = [_unsaid_cost(said, index) for index in range(len(said))]
    cost = _cheapest(said, written, without, _written_costs(written), _UNSAID)
    return cost / max((weight(said) + weight(written)) / 2, 1.0)


@lru_cache(maxsize=65536)
def arabic_distance(a: str, b: str) -> float:
    """Between two words in Arabic script."""
    if a == b:
        return 0.0
    return _relative(a, b, _cheapest(a, b, _written_costs(a), _written_costs(b), _ARABIC))


def _relative(a: str, b: str, cost: float) -> float:
    return cost / max((weight(a) + weight(b)) / 2, 1.0)


def _said_costs(word: str) -> list[float]:
    """What leaving out each sound costs."""
    costs = []
    last = len(word) - 1
    for index, sound in enumerate(word):
        beside = word[index - 1 : index] + word[index + 1 : index + 2]
        if index and word[index - 1] == sound:
            costs.append(0.1)
        elif sound in VOWELS:
            costs.append(_EDGE_VOWEL if index in (0, last) else _VOWEL)
        elif sound in "wy" and index and any(each in VOWELS for each in beside):
            costs.append(0.2)
        else:
            costs.append(0.35 if sound == "h" else _CONSONANT)
    return costs


def _unsaid_cost(said: str, index: int) -> float:
    sound = said[index]
    if sound not in VOWELS:
        return _said_costs(said)[index]
    if index in (0, len(said) - 1):
        return _EDGE_VOWEL  # at either end it is written
    return 0.0 if sound in "ae" else 0.06


def _written_costs(word: str) -> list[float]:
    costs = []
    for index, letter in enumerate(word):
        if not index and letter in "aE":
            costs.append(2 * _VOWEL)
        elif letter == "E":
            costs.append(0.05)
        elif letter == "a":
            costs.append(0.3)  # Rahman is written with and without
        elif letter in "wye":
            costs.append(0.1 if index == 1 and word[0] in "aE" else 0.5)
        else:
            costs.append(0.35 if letter == "h" else _CONSONANT)
    return costs


def _cheapest(
    a: str,
    b: str,
    without_a: list[float],
    without_b: list[float],
    instead: dict[tuple[str, str], float],
) -> float:
    """The cost of the cheapest edits, two neighbours changing places among them."""
    before: list[float] = []
    row = [0.0]
    for cost in without_b:
        row.append(row[-1] + cost)
    for i, x in enumerate(a):
        older, before = before, row
        row = [before[0] + without_a[i]]
        for j, y in enumerate(b):
            change = before[j]
            if x != y:
                change += instead.get((x, y), _ANOTHER)
            least = min(change, before[j + 1] + without_a[i], row[j] + without_b[j])
            if older and j and x == b[j - 1] and y == a[i - 1] and x != y:
                least = min(least, older[j - 1] + 0.5)
            row.append(least)
    return row[-1]
