"""A birth read back at once: in both calendars, as an age, and whether it may be a child's."""

from __future__ import annotations

from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Operation
from accounts.policies import Permission, can
from common import clock
from intake.births import CHILD_AGE, Birth, BirthError, in_both_calendars, is_child, parse_birth

# Below this many years an age is said in months.
MONTHS_UNTIL = 2


def birth_preview(request: HttpRequest) -> HttpResponse:
    """What was understood of a birth that is being typed: POST only, nothing is kept."""
    if not can(request.user, Permission.HOUSEHOLDS_REGISTER):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    with timezone.override(Operation.current().zone):
        ok, text = understood(
            request.POST.get("birth", "")[:100], request.POST.get("arrived_at", "")
        )
    return JsonResponse({"ok": ok, "text": text})


def understood(text: str, arrived_at: str = "") -> tuple[bool, str]:
    """Whether a birth can be read, and what it means, in both calendars and as an age."""
    zone = timezone.get_current_timezone()
    moment = _moment(arrived_at)
    day = moment.date() if moment else clock.now().astimezone(zone).date()
    try:
        birth = parse_birth(text, said_on=day)
    except BirthError as error:
        return False, str(error.message)
    said = [describe_birth(birth), age_words(birth, day)]
    greatest = birth.age_range(day)[1]
    if greatest >= CHILD_AGE and is_child(birth.earliest, birth.latest, day):
        said.append(_("may be under 18: treated as a child"))
    return True, " · ".join(said)


def _moment(text: str) -> datetime | None:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def describe_birth(birth: Birth) -> str:
    """The birth in both calendars."""
    both = in_both_calendars(birth)
    # Isolated, so that digits keep their order in right-to-left text.
    return _("%(gregorian)s (Solar Hijri %(hijri)s)") % {
        "gregorian": f"\u2066{both.gregorian}\u2069",
        "hijri": f"\u2066{both.solar_hijri}\u2069",
    }


def age_words(birth: Birth, on: date) -> str:
    """The age on a day, or the ages it may be; of infants in months."""
    least, greatest = birth.age_range(on)
    if greatest < MONTHS_UNTIL:
        return _months(completed_months(birth.latest, on), completed_months(birth.earliest, on))
    if least == greatest:
        return ngettext("%(age)d year old", "%(age)d years old", least) % {"age": least}
    return _("%(least)d to %(greatest)d years old") % {"least": least, "greatest": greatest}


def _months(least: int, greatest: int) -> str:
    if least == greatest:
        return ngettext("%(age)d month old", "%(age)d months old", least) % {"age": least}
    return _("%(least)d to %(greatest)d months old") % {"least": least, "greatest": greatest}


def completed_months(birth: date, on: date) -> int:
    """Age in completed months (0 before birth)."""
    months = (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)
    return max(months, 0)
