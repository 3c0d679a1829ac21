"""What the pages of a head count show, and how their forms are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.policies import Permission
from common.errors import FieldProblem, InvalidInput
from intake.models import Household
from reception import services
from reception.admin.shown import address
from reception.choices import AbsenceReason, DifferenceKind, HeadCountHow, Resolution
from reception.models import HeadCount, HeadCountDifference, HeadCountLine, Site
from reception.querysets import sites_q
from reception.services.resolving import Case, case_of, ways_of
from reception.services.seen_lines import Answer, Seen
from reception.services.slips_read import shown_text

RECENT = 15


# Counting ------------------------------------------------------------------------------------
def rooms_of(count: HeadCount, typed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The families expected, by room; families without a room last. What was typed is kept."""
    rows: dict[Any, list[dict[str, Any]]] = {}
    lines = count.lines.filter(expected__gt=0).select_related("household")
    for line in lines.order_by("household__reference"):
        text = typed.get(f"seen-{line.pk}", "")
        kept = text if text != "" else ("" if line.seen is None else line.seen)
        rows.setdefault(line.unit_id, []).append({"line": line, "typed": kept})
    numbers = {tally.unit_id: tally.seen for tally in count.tallies.all()}
    units = list(count.site.units.order_by("code"))
    found = []
    for unit in [*units, None]:
        code = unit.code if unit else ""
        title = unit.name if unit else (_("Without a room") if units else _("The whole site"))
        persons = sum(row["line"].expected for row in rows.get(unit.pk if unit else None, []))
        number = typed.get(f"unit-{code}", "") or numbers.get(unit.pk if unit else None, "")
        found.append(
            {
                "code": code,
                "title": title,
                "rows": rows.get(unit.pk if unit else None, []),
                "persons": persons,
                "number": number,
            }
        )
    return found


def recent_of(user: Any, count: HeadCount) -> list[dict[str, Any]]:
    """The last lines that were seen, the newest first."""
    lines = count.lines.seen_ones().select_related("household", "seen_by")
    return [
        {"line": line, "title": title_of(user, line)}
        for line in lines.order_by("-seen_at", "-pk")[:RECENT]
    ]


def title_of(user: Any, line: HeadCountLine) -> str:
    """The reference, where the reader may know it; else what was read."""
    if line.household is not None and (
        line.expected or Household.objects.visible_to(user).filter(pk=line.household.pk).exists()
    ):
        return line.household.reference
    return shown_text(line.text_read)


def read_form(sent: Any) -> list[Seen]:
    """What the form says without a script: a slip, one family by its button, numbers typed."""
    found = []
    if text := sent.get("text", "").strip():
        found.append(Seen(text=text, seen=_number(sent.get("seen", ""))))
    pressed = sent.get("all", "")
    for name in sent:
        kind, _dash, key = name.partition("-")
        if kind not in ("seen", "unit") or not _dash or (number := sent[name].strip()) == "":
            continue
        if sent.get(f"was-{name}") == number or (kind == "seen" and key == pressed):
            continue
        said = {"unit": key} if kind == "unit" else {"line": _uuid(key)}
        found.append(Seen(**said, seen=_number(number), how=HeadCountHow.LIST))
    if (line := _uuid(pressed)) is not None:
        expected = HeadCountLine.objects.filter(pk=line).values_list("expected", flat=True).first()
        found.append(Seen(line=line, seen=expected, how=HeadCountHow.LIST))
    return found


def _number(text: str) -> int | None:
    """The number; one that is none is sent on as one that the service refuses by name."""
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        return -1


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def said_of(answer: Answer) -> str:
    """One sentence for who counts without a script."""
    told = answer.as_json()
    about = told["household"] or told["unit"] or answer.said.text or _("Everybody else")
    if told["status"] == "counted":
        return _("%(who)s: %(n)d counted.") % {"who": about, "n": told["seen"]}
    if told["status"] == "repeat":
        return _("%(who)s was counted already: %(n)d.") % {"who": about, "n": told["seen"]}
    return f"{about}: {told['detail']}"


# Differences ---------------------------------------------------------------------------------
def card_of(user: Any, difference: HeadCountDifference, may: bool) -> dict[str, Any]:
    """A difference as it is shown, with its answers."""
    case = case_of(user, difference)
    return {
        "difference": difference,
        "title": _title(user, difference),
        "page": address_of(case),
        "said": _sentence(difference),
        "stands": _where(case, user),
        "answers": _answers(case) if may and not difference.resolution else [],
        "note": difference.note,
        "members": [
            {
                "pk": stay.person_id,
                "text": _member(stay.person),
            }
            for stay in (case.candidates if may and case.choice else [])
        ],
        "to_site": may and Resolution.TRANSFERRED in ways_of(case) and case.elsewhere is None,
    }


def address_of(case: Case) -> str:
    """The page of the placement, where there is one."""
    return address("reception_placement_change", case.here.pk) if case.here else ""


def _title(user: Any, difference: HeadCountDifference) -> str:
    if difference.line is not None:
        return title_of(user, difference.line)
    unit = difference.tally.unit if difference.tally else None
    return unit.name if unit is not None else _("By number")


def _sentence(difference: HeadCountDifference) -> str:
    line = difference.line
    if difference.kind == DifferenceKind.MISSING:
        if line is None:
            return _("%(n)d fewer than expected in this room") % {"n": difference.persons}
        if not line.seen:
            return _("nobody of %(n)d seen") % {"n": line.expected}
        said = {"n": difference.persons, "of": line.expected}
        return _("%(n)d of %(of)d not seen") % said
    if line is None:
        return _("%(n)d more than expected in this room") % {"n": difference.persons}
    if line.expected:
        said = {"n": line.seen or 0, "of": line.expected}
        return _("%(n)d seen, %(of)d expected") % said
    return _("%(n)d seen, not expected here") % {"n": difference.persons}


def _where(case: Case, user: Any) -> str:
    """What stands about the household now, as far as the reader may know."""
    if case.here is not None:
        return str(case.here.get_status_display())
    if case.household is None or case.difference.line is None:
        return ""
    if case.elsewhere is None:
        return _("has no place")
    known = Site.objects.visible_to(user).filter(pk=case.elsewhere.site_id).exists()
    return _("has a place at %(site)s") % {"site": case.elsewhere.site.name} if known else ""


def _answers(case: Case) -> list[tuple[str, Any]]:
    """Value and words of each button; an absence has one for each reason."""
    found: list[tuple[str, Any]] = []
    for way in ways_of(case):
        if way == Resolution.ABSENT:
            found += [
                (f"{way}:{reason.value}", _("Away: %(reason)s") % {"reason": reason.label})
                for reason in AbsenceReason
            ]
        elif way == Resolution.TRANSFERRED and case.elsewhere is not None:
            found.append((way, _("Lives here now: move the place here")))
        elif way not in (Resolution.OTHER, Resolution.TRANSFERRED):
            found.append((way, Resolution(way).label))
    return found


def _member(person: Any) -> str:
    born = person.birth_latest.year if person.birth_latest else "?"
    return f"{person.get_relationship_display()}, {person.get_sex_display()}, {born}"


def sites_for(user: Any, site: Site) -> list[Site]:
    """Where a missing family may have gone: open sites at which the user may place people."""
    sites = Site.objects.open().filter(sites_q(user, Permission.PLACEMENTS_WRITE))
    return list(sites.exclude(pk=site.pk).order_by("name"))


def resolve_from(request: HttpRequest, count: HeadCount) -> None:
    """Do what a card's button says."""
    sent = request.POST
    key = _uuid(sent.get("difference", ""))
    row = get_object_or_404(count.differences.select_related("count__site"), pk=key)
    resolution, _colon, reason = sent.get("answer", "").partition(":")
    chosen = [UUID(each) for each in sent.getlist("persons") if _uuid(each)]
    more: dict[str, Any] = {}
    if resolution == Resolution.TRANSFERRED and sent.get("site"):
        sites = sites_for(request.user, count.site)
        more["site"] = next((site for site in sites if site.code == sent["site"]), None)
        if more["site"] is None:
            detail = _("This site is not receiving people. Choose an open site.")
            problem = FieldProblem("site", "does_not_exist", detail)
            raise InvalidInput("invalid", detail, problems=[problem])
    services.resolve_difference(
        actor=request.user,
        difference=row,
        resolution=resolution,
        reason=reason,
        persons=chosen or None,
        note=sent.get("note", "") if resolution == Resolution.OTHER else "",
        **more,
    )
