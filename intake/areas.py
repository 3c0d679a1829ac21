"""Finding an area by its P-code or by its name in any script. Areas are public facts."""

from __future__ import annotations

from collections.abc import Iterable

from intake.models import Area
from intake.names import normalise, similarity, skeleton

# Below this a name that only sounds alike is another place.
ALIKE = 0.8


def area_text(area: Area) -> str:
    """An area as the form shows it: the P-code and the name."""
    return f"{area.code} {area.name}"


def choosable_areas() -> list[Area]:
    """Provinces and districts in use, by name, each with its province."""
    areas = Area.objects.filter(level__lte=2, disabled_on__isnull=True).select_related("parent")
    return list(areas.order_by("label", "code"))


def find_areas(text: str, *, areas: Iterable[Area] | None = None, limit: int = 12) -> list[Area]:
    """The areas that `text` may mean, best first: by P-code, by letters, then by sound.

    "AF17", "wakh", "вахон" and "بدخشان" all find theirs. At most `limit`.
    """
    wanted = normalise(text[:200])
    if not wanted:
        return []
    sound = skeleton(wanted)
    ranked = []
    for area in choosable_areas() if areas is None else areas:
        rank = _rank(area, wanted, sound)
        if rank is not None:
            ranked.append((rank, area.label, area.code, area))
    return [area for *_order, area in sorted(ranked, key=lambda each: each[:3])[:limit]]


def _rank(area: Area, wanted: str, sound: str) -> float | None:
    """How near an area is, 0 the nearest; None when it is not meant."""
    name, code = normalise(area.name), area.code.lower()
    if wanted.split()[0] == code or wanted in (name, code):
        return 0
    if code.startswith(wanted) or name.startswith(wanted):
        return 1
    if any(word.startswith(wanted) for word in name.split()):
        return 2
    if len(sound) < 2:
        return None
    own = skeleton(name)
    if own == sound:
        return 3
    if own.startswith(sound):
        return 4
    alike = similarity(wanted, name)
    return 6 - alike if alike >= ALIKE else None


def area_code(text: str) -> str | None:
    """The P-code at the start of what was chosen, or of the one area of this name, else None.

    "" for nothing. A name in another script counts when exactly one area sounds like it.
    """
    if not (text := text.strip()):
        return ""
    code = text.split()[0].upper()
    if Area.objects.filter(pk=code).exists():
        return code
    wanted = normalise(text)
    areas = choosable_areas()
    named = [area.code for area in areas if normalise(area.name) == wanted]
    if not named and len(sound := skeleton(wanted)) > 1:
        named = [area.code for area in areas if skeleton(area.name) == sound]
    return named[0] if len(named) == 1 else None
