"""Slips: printed ahead, given, found, revoked and replaced; by whom, and what nobody can do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import DomainError, InvalidInput, InvalidState, NotPermitted
from intake.choices import PairStatus, TokenState
from intake.duplicates import decide_pair, undo_decision
from intake.models import DuplicatePair, Household, SlipToken
from intake.references import InvalidTokenError, new_token
from intake.services import register_household
from intake.services.registration import register_many
from intake.services.rows import Registration
from intake.services.tokens import (
    bind_token,
    find_by_token,
    print_copy,
    print_sheet,
    replace_token,
    revoke_sheet,
    revoke_token,
)
from tests.factories import intake as make
from tests.factories.tokens import make_slips, slip

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossings(operation: Any) -> None:
    """Two crossings: Bob's, and another."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


def problems(error: Any) -> list[tuple[str, str]]:
    """Fields and codes of what was refused."""
    return [(each.field, each.code) for each in error.value.problems]


# Printing ------------------------------------------------------------------------------------
def test_a_sheet_holds_tokens_that_belong_to_nobody(alice: User) -> None:
    sheet = print_sheet(actor=alice, count=24, entry_point="TEM", note="night shift")
    tokens = set(sheet.tokens.values_list("token", flat=True))
    assert len(tokens) == 24
    assert set(sheet.tokens.values_list("state", flat=True)) == {TokenState.PRINTED}
    assert sheet.entry_point is not None
    event = Event.objects.get(kind="slips.made")
    assert event.data == {"count": 24, "entry_point": "TEM"}
    for token in tokens:
        found = find_by_token(alice, token)
        assert (found.state, found.household) == (TokenState.PRINTED, None)


@pytest.mark.parametrize("count", [0, -1, 501])
def test_a_sheet_has_1_to_500_slips(alice: User, count: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        print_sheet(actor=alice, count=count)
    assert problems(refused) == [("count", "out_of_range")]
    assert not SlipToken.objects.exists()


def test_only_registrars_print_and_only_for_their_own_desk(
    alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    for nobody in (carol, dana, omar):
        with pytest.raises(NotPermitted):
            print_sheet(actor=nobody, count=1, entry_point="TEM")
    for elsewhere in ("RUZVAI", None):
        with pytest.raises(InvalidInput) as refused:
            print_sheet(actor=bob, count=1, entry_point=elsewhere)
        assert problems(refused) == [("entry_point", "not_permitted")]
    with pytest.raises(InvalidInput) as refused:
        print_sheet(actor=alice, count=0, entry_point="ATLANTIS")
    assert problems(refused) == [("count", "out_of_range"), ("entry_point", "unknown_code")]
    assert print_sheet(actor=bob, count=1, entry_point="TEM").count == 1


def test_a_second_copy_is_counted_and_leaves_out_what_was_given(alice: User, bob: User) -> None:
    sheet = print_sheet(actor=alice, count=3)
    first, slips = print_copy(actor=alice, sheet=sheet)
    assert (first.copies, len(slips)) == (1, 3)
    bind_token(actor=alice, household=make.make_household(alice), token=slips[0].token)
    revoke_token(actor=alice, token=slips[1].token, reason="misprinted")
    second, slips = print_copy(actor=alice, sheet=sheet)
    assert (second.copies, len(slips)) == (2, 1)
    assert [each.data for each in Event.objects.filter(kind="slips.printed").order_by("id")] == [
        {"copy": 1, "slips": 3},
        {"copy": 2, "slips": 1},
    ]
    with pytest.raises(NotPermitted):
        print_copy(actor=bob, sheet=sheet)


def test_a_sheet_gone_astray_is_revoked_but_not_what_families_hold(alice: User) -> None:
    sheet = print_sheet(actor=alice, count=3)
    given = sheet.tokens.order_by("pk")[0].token
    home = make.make_household(alice, token=given)
    assert revoke_sheet(actor=alice, sheet=sheet, reason="stolen") == 2
    assert find_by_token(alice, given).household == home
    assert revoke_sheet(actor=alice, sheet=sheet, reason="stolen") == 0


# Registering with a slip ---------------------------------------------------------------------
def test_a_household_is_registered_with_the_slip_it_was_given(alice: User, bob: User) -> None:
    (token,) = make_slips(alice)
    spoken = token.replace("-", " ").lower().replace("0", "o").replace("1", "l")
    home = make.make_household(bob, token=spoken)
    assert home.token == token
    row = slip(token)
    assert (row.state, row.household, row.bound_by) == (TokenState.BOUND, home, bob)
    assert find_by_token(bob, token).household == home


def test_registering_without_a_slip_asks_the_database_nothing_about_slips(alice: User) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        make.make_household(alice)
    assert not [each for each in asked.captured_queries if "sliptoken" in each["sql"]]


def test_a_slip_that_cannot_be_given_is_refused_with_everything_else_that_is_wrong(
    alice: User,
) -> None:
    revoked, bound = make_slips(alice, 2)
    revoke_token(actor=alice, token=revoked, reason="lost")
    made = make.make_household(alice).token
    make.make_household(alice, token=bound)
    wrong = bound[:-1] + ("0" if bound[-1] != "0" else "1")
    for token, code in (
        (new_token(), "token_unknown"),
        (revoked, "token_revoked"),
        (bound, "token_bound"),
        (made, "token_bound"),  # a household's own, although it has no row
        (wrong, "check"),
        ("hello", "unreadable"),
        ("<script>" * 40, "unreadable"),
        ("\x00" * 17, "unreadable"),
    ):
        with pytest.raises(InvalidInput) as refused:
            make.make_household(alice, [make.member(name=" ")], token=token)
        assert problems(refused) == [("token", code), ("members.0.name", "required")]
    assert Household.objects.count() == 2


def test_the_same_household_sent_again_is_the_same_and_keeps_its_slip(alice: User) -> None:
    (token,) = make_slips(alice)
    data = make.household_input(id=uuid4(), token=token)
    first = register_household(actor=alice, data=data)
    again = register_household(actor=alice, data=data)
    assert (first.created, again.created) == (True, False)
    assert again.household == first.household
    replace_token(actor=alice, household=first.household, reason="lost")
    assert register_household(actor=alice, data=data).created is False
    assert find_by_token(alice, token).state == TokenState.REVOKED


def test_of_two_households_with_one_slip_in_a_batch_the_second_is_refused(alice: User) -> None:
    one, other = make_slips(alice, 2)
    good = make.household_input(id=uuid4(), token=one)
    results = register_many(
        actor=alice,
        data=[
            make.household_input([make.member(name="")], token=other),  # wrong: keeps nothing
            good,
            make.household_input(token=one.lower()),
            good,
            make.household_input(token=other),
        ],
    )
    codes = [
        result.problems[0].code if isinstance(result, DomainError) else result.created
        for result in results
    ]
    assert codes == ["required", True, "token_bound", False, True]
    assert [each.household.token for each in results if isinstance(each, Registration)] == [
        one,
        one,
        other,
    ]
    assert set(SlipToken.objects.values_list("state", flat=True)) == {TokenState.BOUND}


# Finding -------------------------------------------------------------------------------------
def test_look_alikes_and_other_scripts_find_the_household(alice: User) -> None:
    home = make.make_household(alice)
    plain = home.token.replace("-", "")
    persian = plain.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    for text in (
        home.token,
        plain.lower(),
        plain.replace("0", "O").replace("1", "I"),
        plain.replace("A", "А").replace("C", "С").replace("H", "Н"),  # a Cyrillic keyboard
        persian,
        f"https://panah.example/t/{home.token}/",
        "\u202a" + " ".join(home.token) + "\u202c\r\n",
    ):
        assert find_by_token(alice, text).household == home


def test_one_wrong_character_is_noticed_wherever_it_is(alice: User) -> None:
    token = make.make_household(alice).token.replace("-", "")
    for place, character in enumerate(token):
        wrong = "7" if character != "7" else "8"
        with pytest.raises(InvalidTokenError) as refused:
            find_by_token(alice, token[:place] + wrong + token[place + 1 :])
        assert refused.value.code == "check"


def test_who_may_not_read_the_household_learns_nothing_from_its_slip(
    alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    home = make.make_household(alice, entry_point="RUZVAI")
    (ahead,) = make_slips(alice, entry_point="RUZVAI")
    guess = find_by_token(bob, new_token())
    for outsider in (bob, carol, omar):
        found = find_by_token(outsider, home.token)
        assert (found.state, found.household, found.slip) == (guess.state, None, None)
    assert find_by_token(dana, home.token).household == home
    # A slip of nobody: any desk may give it, an agency's staff does not even learn that it is one.
    assert find_by_token(bob, ahead).state == TokenState.PRINTED
    assert {find_by_token(each, ahead).state for each in (carol, omar)} == {"unknown"}
    replace_token(actor=alice, household=home, reason="stolen")
    found = find_by_token(bob, home.token)
    assert (found.state, found.household, found.hidden) == ("revoked", None, True)


# Replacing -----------------------------------------------------------------------------------
def test_a_lost_slip_is_replaced_and_never_works_again(alice: User) -> None:
    home = make.make_household(alice)
    old = home.token
    lost_at = clock.now()
    new = replace_token(actor=alice, household=home, reason="lost", occurred_at=lost_at)
    home.refresh_from_db()
    assert home.token == new.token != old
    assert find_by_token(alice, new.token).household == home
    found = find_by_token(alice, old)
    assert (found.state, found.household, found.slip.reason) == ("revoked", home, "lost")
    assert slip(old).replaced_by == new
    assert slip(old).revoked_at == lost_at
    for attempt in (
        lambda: bind_token(actor=alice, household=home, token=old),
        lambda: bind_token(actor=alice, household=make.make_household(alice), token=old),
        lambda: make.make_household(alice, token=old),
    ):
        with pytest.raises(InvalidInput) as refused:
            attempt()
        assert problems(refused) == [("token", "token_revoked")]
    event = Event.objects.get(kind="household.slip_replaced")
    assert event.data == {"reason": "lost", "printed_ahead": False}
    assert old not in str(event.data) + event.subject_reference


def test_a_slip_printed_ahead_takes_the_place_of_the_old_one_once(alice: User) -> None:
    home = make.make_household(alice)
    old = home.token
    (ahead,) = make_slips(alice)
    new = replace_token(actor=alice, household=home, reason="damaged", token=ahead)
    assert new.token == ahead
    again = replace_token(actor=alice, household=home, reason="damaged", token=ahead)
    assert again == new
    assert slip(old).reason == "damaged"
    assert Event.objects.filter(kind="household.slip_replaced").count() == 1
    with pytest.raises(InvalidInput) as refused:
        bind_token(actor=alice, household=make.make_household(alice), token=ahead)
    assert problems(refused) == [("token", "token_bound")]


def test_who_sees_and_edits_elsewhere_or_nothing_replaces_nothing(
    alice: User, bob: User, carol: User, omar: User
) -> None:
    home = make.make_household(alice, entry_point="RUZVAI")
    for nobody in (bob, carol, omar):
        for attempt in (
            lambda who: replace_token(actor=who, household=home, reason="lost"),
            lambda who: revoke_token(actor=who, household=home, reason="lost"),
            lambda who: revoke_token(actor=who, token=home.token, reason="lost"),
            lambda who: bind_token(actor=who, household=home, token=new_token()),
        ):
            with pytest.raises(NotPermitted):
                attempt(nobody)
    assert not SlipToken.objects.exists()
    (ahead,) = make_slips(alice, entry_point="RUZVAI")
    for nobody in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            revoke_token(actor=nobody, token=ahead, reason="lost")
    assert find_by_token(alice, home.token).household == home


@pytest.mark.parametrize(
    ("days", "code"), [(1, "future"), (-4000, "too_early")], ids=["tomorrow", "before it was given"]
)
def test_a_slip_is_lost_between_its_giving_and_now(alice: User, days: int, code: str) -> None:
    home = make.make_household(alice)
    with pytest.raises(InvalidInput) as refused:
        replace_token(
            actor=alice,
            household=home,
            reason="lost",
            occurred_at=clock.now() + timedelta(days=days),
        )
    assert problems(refused) == [("occurred_at", code)]
    with pytest.raises(InvalidInput) as refused:
        replace_token(actor=alice, household=home, reason="eaten")
    assert problems(refused) == [("reason", "unknown_code")]
    assert not SlipToken.objects.exists()


def test_a_revoked_household_slip_leaves_the_household_one_that_works(alice: User) -> None:
    home = make.make_household(alice)
    old = home.token
    revoked = revoke_token(actor=alice, token=old.lower(), reason="stolen")
    assert (revoked.token, revoked.state, revoked.reason) == (old, "revoked", "stolen")
    home.refresh_from_db()
    assert home.token != old
    assert find_by_token(alice, home.token).household == home
    # Told twice, the first word stands.
    assert revoke_token(actor=alice, token=old, reason="other").reason == "stolen"
    assert home.slips.count() == 2
    with pytest.raises(InvalidInput) as refused:
        revoke_token(actor=alice, token=new_token(), reason="lost")
    assert problems(refused) == [("token", "token_unknown")]


def test_a_closed_household_gets_no_new_slip_but_its_old_one_can_be_ended(
    alice: User, dana: User
) -> None:
    home, repeat = merged(alice, dana)[:2]
    with pytest.raises(InvalidState):
        replace_token(actor=alice, household=repeat, reason="lost")
    old = repeat.token
    revoke_token(actor=alice, token=old, reason="stolen")
    assert find_by_token(alice, old).state == "revoked"
    assert find_by_token(alice, home.token).household == home


# Registered twice ----------------------------------------------------------------------------
def merged(alice: User, dana: User) -> tuple[Household, Household, DuplicatePair]:
    """A household that was registered twice and found out, with a slip each time."""
    ahead = make_slips(alice, 2)
    homes = [make.make_household(alice, token=token) for token in ahead]
    first, second = sorted(homes, key=lambda each: each.pk)
    pair = DuplicatePair.objects.create(
        first=first, second=second, score=0.97, reasons=[], status=PairStatus.OPEN
    )
    decide_pair(actor=dana, pair=pair, same=True)
    for home in homes:
        home.refresh_from_db()
    repeat = next(each for each in homes if each.merged_into_id)
    survivor = next(each for each in homes if not each.merged_into_id)
    return survivor, repeat, pair


def test_both_slips_of_a_household_registered_twice_lead_to_the_one_that_is_left(
    alice: User, dana: User
) -> None:
    survivor, repeat, pair = merged(alice, dana)
    for token in (survivor.token, repeat.token):
        found = find_by_token(alice, token)
        assert (found.state, found.household) == (TokenState.BOUND, survivor)
    new = replace_token(actor=alice, household=survivor, reason="lost")
    assert find_by_token(alice, repeat.token).household == survivor
    undo_decision(actor=dana, pair=pair)
    assert find_by_token(alice, repeat.token).household == repeat
    assert find_by_token(alice, new.token).household == survivor


# What the database refuses -------------------------------------------------------------------
def refused_by(name: str, **fields: Any) -> None:
    """Writing such a slip is refused by the constraint of this name."""
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        SlipToken.objects.create(token=new_token(), **fields)


def test_the_database_refuses_what_no_slip_can_be(alice: User) -> None:
    home = make.make_household(alice)
    now = clock.now()
    given = {"household": home, "bound_at": now, "bound_by": alice}
    ended = {"state": "revoked", "revoked_at": now, "revoked_by": alice, "reason": "lost"}
    kept = SlipToken.objects.create(token=home.token, state="bound", **given)
    refused_by("sliptoken_one_bound_per_household", state="bound", **given)
    refused_by("sliptoken_bound_has_a_household", state="bound")
    refused_by("sliptoken_printed_belongs_to_nobody", **given)
    refused_by("sliptoken_of_a_household_says_when_and_who", state="bound", household=home)
    refused_by("sliptoken_only_revoked_has_a_reason", reason="lost")
    refused_by("sliptoken_revoked_says_when_who_and_why", **{**ended, "reason": ""})
    refused_by("sliptoken_revoked_says_when_who_and_why", **{**ended, "revoked_at": None})
    refused_by("sliptoken_replaced_is_revoked", replaced_by=kept)
    with pytest.raises(IntegrityError), transaction.atomic():
        SlipToken.objects.create(token=home.token)
    sheet = print_sheet(actor=alice, count=1)
    with pytest.raises(IntegrityError, match="tokensheet_holds"), transaction.atomic():
        type(sheet).objects.filter(pk=sheet.pk).update(count=501)
