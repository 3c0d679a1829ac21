"""Slips: printed ahead in sheets, given at the desk, found by a scan, revoked and replaced.

Locks are taken in one order everywhere: the household, then slips by their keys. A registration
locks its slips before it looks for anything else, so that of two desks that give one slip at the
same moment the second finds it given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, access_of
from audit.events import record_event
from common import clock
from common.errors import FieldProblem, InvalidState, NotPermitted
from intake.choices import HouseholdStatus, RevocationReason, TokenState
from intake.duplicates.decisions import surviving
from intake.models import EntryPoint, Household, SlipToken, TokenSheet
from intake.references import new_token, normalise_token
from intake.services.checking import CLOCK_TOLERANCE, invalid
from intake.services.moves import living_on_in
from intake.services.permitted import require_editor
from intake.services.slips import lock_slips, problem_with, read_token

MOST_SLIPS = 500
UNKNOWN = "unknown"


# Printing ahead ------------------------------------------------------------------------------
@transaction.atomic
def print_sheet(
    *, actor: Any, count: int, entry_point: str | None = None, note: str = ""
) -> TokenSheet:
    """Make `count` (1 to 500) slips that belong to nobody yet, for the desk of an entry point.

    Without an entry point only for who registers everywhere. Raises InvalidInput `count`,
    `entry_point`, NotPermitted.
    """
    scopes = access_of(actor).scopes(Permission.HOUSEHOLDS_REGISTER)
    if not scopes:
        raise NotPermitted("not_permitted", _("Only registrars print slips."))
    problems = []
    if not 1 <= count <= MOST_SLIPS:
        problems.append(FieldProblem("count", "out_of_range", _("Write a number from 1 to 500.")))
    if len(note) > 200:
        problems.append(FieldProblem("note", "too_long", _("Write at most 200 letters.")))
    point = EntryPoint.objects.filter(code=entry_point).first() if entry_point else None
    if entry_point and point is None:
        problems.append(
            FieldProblem(
                "entry_point",
                "unknown_code",
                _("This entry point is not known: choose one from the list."),
            )
        )
    elif not scopes.everywhere and entry_point not in scopes.entry_points:
        problems.append(
            FieldProblem(
                "entry_point",
                "not_permitted",
                _("You register at other entry points only: choose one of yours."),
            )
        )
    if problems:
        raise invalid(problems)
    sheet = TokenSheet.objects.create(
        count=count, entry_point=point, note=note, printed_by=actor, printed_at=clock.now()
    )
    SlipToken.objects.bulk_create(SlipToken(token=new_token(), sheet=sheet) for _n in range(count))
    record_event("slips.made", sheet, actor=actor, count=count, entry_point=entry_point or "")
    return sheet


@transaction.atomic
def print_copy(*, actor: Any, sheet: TokenSheet) -> tuple[TokenSheet, list[SlipToken]]:
    """Count one more printing of a sheet; the slips to print: those that still belong to nobody.

    The sheet's `copies` says which copy this is. Raises NotPermitted.
    """
    sheet = _locked_sheet(actor, sheet)
    sheet.copies += 1
    sheet.save(update_fields=["copies"])
    unused = list(sheet.tokens.filter(state=TokenState.PRINTED).order_by("pk"))
    record_event("slips.printed", sheet, actor=actor, copy=sheet.copies, slips=len(unused))
    return sheet, unused


@transaction.atomic
def revoke_sheet(*, actor: Any, sheet: TokenSheet, reason: str) -> int:
    """Revoke every slip of a sheet that belongs to nobody; how many. For a sheet gone astray.

    Raises InvalidInput `reason`, NotPermitted.
    """
    _check_reason(reason)
    sheet = _locked_sheet(actor, sheet)
    unused = sheet.tokens.filter(state=TokenState.PRINTED).order_by("pk")
    slips = list(unused.select_for_update(of=("self",), no_key=True))
    for slip in slips:
        _mark_revoked(slip, actor, reason, clock.now())
        slip.save()
    record_event("slips.revoked", sheet, actor=actor, reason=reason, slips=len(slips))
    return len(slips)


def _locked_sheet(actor: Any, sheet: TokenSheet) -> TokenSheet:
    if not TokenSheet.objects.visible_to(actor).filter(pk=sheet.pk).exists():
        raise NotPermitted("not_permitted", _("Only registrars print slips."))
    return TokenSheet.objects.select_for_update(no_key=True).get(pk=sheet.pk)


# Giving, revoking, replacing -----------------------------------------------------------------
def bind_token(*, actor: Any, household: Household, token: str) -> SlipToken:
    """Give a household a slip that was printed ahead; the one it had stops working.

    A slip that is the household's already stays so. Raises InvalidInput `token` (codes
    `token_unknown`, `token_revoked`, `token_bound`, and those of a mistyped token), InvalidState
    `household_closed`, NotPermitted.
    """
    return replace_token(
        actor=actor, household=household, reason=RevocationReason.SUPERSEDED, token=token or " "
    )


@transaction.atomic
def replace_token(
    *,
    actor: Any,
    household: Household,
    reason: str,
    token: str = "",
    occurred_at: datetime | None = None,
) -> SlipToken:
    """Revoke a household's slip, and give it one printed ahead (`token`) or a new one.

    `occurred_at` is when it was lost; now unless said. Raises as `bind_token` does, and
    InvalidInput `reason`, `occurred_at`.
    """
    require_editor(actor, household.pk)
    _check_reason(reason)
    household = _locked_household(household)
    if household.status != HouseholdStatus.ACTIVE:
        raise InvalidState("household_closed", _("This household is closed."))
    return _swap(actor, household, reason, token, occurred_at)


@transaction.atomic
def revoke_token(
    *,
    actor: Any,
    reason: str,
    household: Household | None = None,
    token: str = "",
    occurred_at: datetime | None = None,
) -> SlipToken:
    """Revoke a slip for good: the household's own, or the one that `token` says.

    A household is never without a token, so it gets a new one at once, to be printed when its
    people come; a slip that belongs to nobody just ends. Also for closed households: their slips
    may have been stolen. Returns the revoked slip; one revoked before stays as it was. Raises
    InvalidInput `token` (`token_unknown`), `reason`, `occurred_at`, NotPermitted.
    """
    _check_reason(reason)
    slip, wanted = None, ""
    if household is None:
        wanted = read_token(token)
        slip = SlipToken.objects.filter(token=wanted).select_related("household").first()
        household = slip.household if slip else Household.objects.filter(token=wanted).first()
        if slip is None and household is None:
            raise invalid([problem_with(wanted, None, taken=False)])
    if household is None:
        assert slip is not None
        return _revoke_unused(actor, slip, reason, occurred_at)
    # They are the same people: who may change the surviving household ends the repeat's slip.
    require_editor(actor, surviving(household).pk)
    household = _locked_household(household)
    if wanted and wanted != household.token:
        return SlipToken.objects.get(token=wanted)  # ended before, or while this waited
    old = household.token
    _swap(actor, household, reason, "", occurred_at)
    return SlipToken.objects.get(token=old)


def _revoke_unused(
    actor: Any, slip: SlipToken, reason: str, occurred_at: datetime | None
) -> SlipToken:
    if not SlipToken.objects.visible_to(actor).filter(pk=slip.pk).exists():
        raise NotPermitted("not_permitted", _("Only registrars revoke slips."))
    slip = SlipToken.objects.select_for_update(no_key=True).get(pk=slip.pk)
    if slip.state == TokenState.BOUND:
        # Given while this was asked: whoever asked must learn of it, and decide again.
        raise InvalidState("token_bound", _("This slip was given to a household just now."))
    if slip.state == TokenState.PRINTED:
        _mark_revoked(slip, actor, reason, _moment(occurred_at, None))
        slip.save()
        record_event("slip.revoked", slip, actor=actor, reason=reason)
    return slip


def _locked_household(household: Household) -> Household:
    return Household.objects.select_for_update().get(pk=household.pk)


def _swap(
    actor: Any, household: Household, reason: str, token: str, occurred_at: datetime | None
) -> SlipToken:
    """End the token of a locked household; the slip that takes its place."""
    wanted = read_token(token) if token else new_token()
    slips = lock_slips([household.token, wanted])
    old = slips.get(household.token) or _first_row(household)
    if wanted == household.token:
        if old._state.adding:
            old.save(force_insert=True)
        return old
    new = slips.get(wanted)
    if token:
        if new is None or new.state != TokenState.PRINTED:
            taken = Household.objects.filter(token=wanted).exists()
            raise invalid([problem_with(wanted, new, taken=taken)])
    else:
        new = SlipToken(token=wanted)
    assert new is not None
    _mark_revoked(old, actor, reason, _moment(occurred_at, old.bound_at))
    old.save()
    new.state, new.household = TokenState.BOUND, household
    new.bound_at, new.bound_by = clock.now(), actor
    new.save()
    old.replaced_by = new
    old.save(update_fields=["replaced_by"])
    household.token = new.token
    household.save(update_fields=["token"])
    record_event(
        "household.slip_replaced",
        household,
        actor=actor,
        occurred_at=old.revoked_at,
        reason=reason,
        printed_ahead=bool(token),
    )
    return new


def _first_row(household: Household) -> SlipToken:
    """The unsaved row of a token that was made at registration."""
    return SlipToken(
        token=household.token,
        state=TokenState.BOUND,
        household=household,
        bound_at=household.recorded_at,
        bound_by_id=household.registered_by_id,
    )


def _mark_revoked(slip: SlipToken, actor: Any, reason: str, moment: datetime) -> None:
    slip.state, slip.reason = TokenState.REVOKED, reason
    slip.revoked_at, slip.revoked_by = moment, actor


def _check_reason(reason: str) -> None:
    if reason not in RevocationReason.values:
        raise invalid(
            [
                FieldProblem(
                    "reason",
                    "unknown_code",
                    _("This value is not known: choose one from the list."),
                )
            ]
        )


def _moment(occurred_at: datetime | None, not_before: datetime | None) -> datetime:
    """When a slip was lost, on the operation's clock."""
    now = clock.now()
    if occurred_at is None:
        return now
    moment = clock.on_operation_clock(occurred_at)
    if moment > now + CLOCK_TOLERANCE:
        detail = _("This lies in the future: check date and time.")
        raise invalid([FieldProblem("occurred_at", "future", detail)])
    if not_before is not None and moment < not_before:
        detail = _("The slip was given later than this: check date and time.")
        raise invalid([FieldProblem("occurred_at", "too_early", detail)])
    return min(moment, now)


# Finding -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Found:
    """What a slip means to one user.

    `state` is a TokenState or "unknown". `household` answers for the slip, and the user may read
    it; of a revoked slip it is the household that it belonged to. `hidden` when there is a
    household that the user may not read: then a working slip is "unknown" to them.
    """

    token: str
    state: str
    household: Household | None = None
    slip: SlipToken | None = None
    hidden: bool = False


def find_by_token(user: Any, text: str) -> Found:
    """What the slip that `text` says (typed, read aloud or scanned) means to `user`.

    The slip of a household that was registered twice leads to the one that answers for it, that of
    a household that joined another to where its people live now.
    Raises references.InvalidTokenError for a text that is no token or was mistyped.
    """
    token = normalise_token(text)
    slip = SlipToken.objects.filter(token=token).select_related("household").first()
    owner = slip.household if slip else Household.objects.filter(token=token).first()
    if owner is None:
        return _of_nobody(user, token, slip)
    state = slip.state if slip else TokenState.BOUND
    household = living_on_in(surviving(owner))
    readable = Household.objects.visible_to(user).filter(pk__in={owner.pk, household.pk})
    if readable.exists():
        return Found(token, state, household, slip)
    if state == TokenState.REVOKED:
        return Found(token, state, None, slip, hidden=True)
    return Found(token, UNKNOWN, hidden=True)


def _of_nobody(user: Any, token: str, slip: SlipToken | None) -> Found:
    """A slip of no household. Any registrar may give it, wherever it was printed."""
    if slip is None:
        return Found(token, UNKNOWN)
    access = access_of(user)
    if access.can(Permission.HOUSEHOLDS_REGISTER) or access.can(Permission.HOUSEHOLDS_READ):
        return Found(token, slip.state, None, slip)
    return Found(token, UNKNOWN)


def tokens_of(household: Household) -> Iterable[SlipToken]:
    """The slips of a household that have rows, newest first."""
    return household.slips.select_related("revoked_by", "bound_by").order_by("-bound_at", "-pk")
