"""Keys that agree when one name is written in different scripts and spellings.

A key is a consonant skeleton: vowels and the weak consonants w and y go, sounds that the three
scripts and their transliterations confuse become one letter (h and kh; k, g, gh and q; j and
zh). It finds candidates and proves nothing: Hasan and Husayn share one. Score with
``similarity`` or ``agreement`` afterwards.
"""

from functools import lru_cache

from intake.names.parts import parts, reduced

MAX_KEYS = 8


@lru_cache(maxsize=65536)
def skeleton(name: str) -> str:
    """The consonant skeleton of the whole name without titles, joined; "" without letters."""
    return reduced("".join(part.sound for part in parts(name)))


def says_little(name: str) -> bool:
    """Whether the whole name is so common that alone it says nothing about who is meant."""
    found = parts(name)
    return bool(found) and all(part.common for part in found)


@lru_cache(maxsize=65536)
def name_parts(name: str) -> tuple[str, ...]:
    """The skeleton of every part as it stands, common ones too: "Gul Muhammad" is KL and MHMD."""
    return tuple(filter(None, (part.key for part in parts(name) if part.known != "Ov")))


@lru_cache(maxsize=65536)
def name_keys(name: str) -> frozenset[str]:
    """The skeleton of the whole name, and of each part that says something by itself.

    "Amir Khan", "امیر خان" and "Амирхон" all have AMRHN and AMR; Khan alone, like Mohammad,
    Abdul or Bibi, is no key. At most eight; empty without letters.
    """
    keys = [skeleton(name)]
    for part in parts(name):
        if not part.common and len(part.key) > 1 and part.key not in keys:
            keys.append(part.key)
    return frozenset(filter(None, keys[:MAX_KEYS]))
