"""Tracing: asked with consent, compared across scripts, decided by people, reunited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import Conflict, DomainError, InvalidInput, InvalidState, NotPermitted
from intake.choices import (
    TRACING_ENDED,
    TRACING_TRANSITIONS,
    LinkEnd,
    MatchStatus,
    NeedStatus,
    ScreeningOutcomeKind,
    TracingStatus,
)
from intake.models import (
    Consent,
    FamilyLink,
    HouseholdMove,
    Person,
    SpecificNeed,
    TracingMatch,
    TracingRequest,
)
from intake.services import add_member, separate_person
from intake.services.family import link_family
from intake.services.tracing import (
    close_tracing_request,
    confirm_match,
    file_tracing_request,
    find_tracing_candidates,
    reject_match,
    reunite,
    search_new_registrations,
)
from intake.tasks import search_for_relatives
from intake.tracing import CONFIDENT, Sought, describe
from tests.factories.family import (
    asking_household,
    first,
    found_household,
    make_match,
    make_request,
    sought_brother,
)
from tests.factories.intake import ARRIVED_AT, make_household, member

pytestmark = pytest.mark.django_db
S = TracingStatus


def problems_of(error: Any) -> dict[str, str]:
    """Codes by field."""
    return {each.field: each.code for each in error.value.problems}


# Asking --------------------------------------------------------------------------------------
def test_a_registrar_files_a_request_and_the_family_is_suggested_for_tracing(alice: User) -> None:
    home = asking_household(alice)
    request = make_request(alice, first(home))
    assert request.reference.startswith("TRC-")
    assert request.status == S.OPEN
    needs = SpecificNeed.objects.filter(person=first(home), type="FU-TR")
    assert [need.status for need in needs] == [NeedStatus.SUGGESTED]
    assert Sought.of(request).born is not None


def test_nothing_of_who_is_sought_is_readable_in_the_table_or_the_events(alice: User) -> None:
    make_request(alice, first(asking_household(alice)), notes="left Wakhan by night")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM intake_tracingrequest r")
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT sealed FROM intake_tracingrequest")
        sealed = bytes(cursor.fetchone()[0])
    told = stored + str(list(Event.objects.values()))
    for word in ("خدابخش", "قربان", "Wakhan", "sibling"):
        assert word not in told
        assert word.encode() not in sealed


def test_without_consent_only_an_officer_with_a_reason_files_one(alice: User, dana: User) -> None:
    home = asking_household(alice, consents=[])
    for actor, reason in ((alice, ""), (alice, "please"), (dana, "  ")):
        with pytest.raises(InvalidInput) as refused:
            file_tracing_request(
                actor=actor, asker=first(home), sought=sought_brother(), override_reason=reason
            )
        assert problems_of(refused) == {"consent": "required"}
    assert not TracingRequest.objects.exists()
    request = file_tracing_request(
        actor=dana, asker=first(home), sought=sought_brother(), override_reason="a child alone"
    )
    assert request.override_by == dana
    assert TracingRequest.objects.get().override_reason == "a child alone"


def test_a_consent_refused_or_withdrawn_is_none(alice: User) -> None:
    home = asking_household(alice)
    Consent.objects.update(withdrawn_at=clock.now())
    with pytest.raises(InvalidInput):
        make_request(alice, first(home))
    Consent.objects.create(household=home, purpose="tracing", given=False)
    with pytest.raises(InvalidInput):
        make_request(alice, first(home))
    # A person's own answer goes before that of the household.
    Consent.objects.create(household=home, person=first(home), purpose="tracing", given=True)
    assert make_request(alice, first(home)).status == S.OPEN


def test_withdrawal_stops_the_search_at_once_and_agreeing_again_takes_it_up(alice: User) -> None:
    request = make_request(alice, first(asking_household(alice)))
    Consent.objects.update(withdrawn_at=clock.now())
    found_household(alice)
    assert search_new_registrations() == 0
    assert find_tracing_candidates(request).status == S.OPEN
    assert not TracingMatch.objects.exists()
    Consent.objects.update(withdrawn_at=None)
    assert search_new_registrations() == 1


def test_wrong_input_is_named_all_at_once_and_saves_nothing(alice: User) -> None:
    sought = Sought(
        name=" ", birth="the year of the flood", sex="X", relation="head", last_seen_area="XX9",
        father_name="f" * 201, notes="n" * 4001, also_known_as=["a"] * 6,
    )  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        file_tracing_request(actor=alice, asker=first(asking_household(alice)), sought=sought)
    assert problems_of(refused) == {
        "name": "required",
        "birth": "unreadable",
        "sex": "unknown_code",
        "relation": "unknown_code",
        "last_seen_area": "unknown_code",
        "father_name": "too_long",
        "notes": "too_long",
        "also_known_as": "too_long",
    }
    assert not TracingRequest.objects.exists()


def test_the_same_id_is_the_same_request(alice: User) -> None:
    asker, id = first(asking_household(alice)), uuid4()
    asked = {"actor": alice, "asker": asker, "id": id}
    one = file_tracing_request(sought=sought_brother(), **asked)
    assert file_tracing_request(sought=sought_brother(), **asked) == one
    with pytest.raises(Conflict):
        file_tracing_request(sought=sought_brother(name="Sohrab"), **asked)
    assert TracingRequest.objects.count() == 1


def test_who_may_ask_decide_and_close(
    alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    home = asking_household(alice, entry_point="RUZVAI")
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            make_request(actor, first(home))
    found_household(alice)
    request = make_request(alice, first(home))
    match = request.matches.get()
    for actor in (alice, bob, carol, omar):
        assert not TracingRequest.objects.visible_to(actor).exists()
        assert not TracingMatch.objects.visible_to(actor).exists()
        for refused in (confirm_match, reject_match):
            with pytest.raises(NotPermitted):
                refused(actor=actor, match=match)
        with pytest.raises(NotPermitted):
            reunite(actor=actor, match=match, move="sought", occurred_at=clock.now())
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            close_tracing_request(actor=actor, request=request, reason="withdrawn")
    assert TracingMatch.objects.get().status == MatchStatus.OPEN
    assert TracingRequest.objects.visible_to(dana).get() == request
    assert (
        close_tracing_request(actor=alice, request=request, reason="withdrawn").status == S.CLOSED
    )


# Finding -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "father"),
    [("Худобахш", "Қурбонали"), ("Khuda Bakhsh", "Ghorban Ali"), ("خدا بخش", "قربان علی")],
)
def test_a_name_in_one_script_finds_the_same_name_in_another(
    alice: User, name: str, father: str
) -> None:
    found = found_household(alice, name=name, father_name=father)
    request = make_request(alice, first(asking_household(alice)))
    match = request.matches.get()
    assert match.person == first(found)
    assert match.score >= CONFIDENT
    assert {"father", "name", "birth"} <= {reason["code"] for reason in match.reasons}
    assert request.status == S.CANDIDATE
    assert len(describe(match.reasons)) == len(match.reasons)


def test_who_registers_later_is_found_by_the_worker_once(alice: User) -> None:
    request = make_request(alice, first(asking_household(alice)))
    assert search_for_relatives() == 0
    found = found_household(alice)
    assert search_for_relatives() == 1
    for _ in range(2):
        search_for_relatives()
    request.refresh_from_db()
    assert request.status == S.CANDIDATE
    assert request.matches.get().person == first(found)


def test_a_person_added_to_a_household_later_is_found_too(alice: User) -> None:
    request = make_request(alice, first(asking_household(alice)))
    other = make_household(alice, [member("Sitara")])
    man = member("Худобахш", sex="M", father_name="Қурбонали", birth="1360")
    added = add_member(actor=alice, household=other, data=man)
    assert search_for_relatives() == 1
    assert request.matches.get().person == added


def test_a_common_name_alone_is_no_confident_candidate(alice: User) -> None:
    for _ in range(6):
        found_household(alice, name="Мухаммад", father_name="", birth="")
    asker = first(asking_household(alice))
    alone = make_request(alice, asker, name="محمد", father_name="", birth="")
    assert not alone.matches.filter(score__gte=CONFIDENT).exists()
    for _ in range(6):
        found_household(alice, name="Сӯҳроб", father_name="", birth="1360")
    aged = make_request(alice, asker, name="Sohrab", father_name="", birth="about 40")
    assert aged.matches.exists()
    assert not aged.matches.filter(score__gte=CONFIDENT).exists()


@pytest.mark.parametrize(
    "other",
    [{"sex": "F"}, {"birth": "9"}, {"name": "Ҷамшед"}, {"name": "Бахтиёр", "father_name": "Наби"}],
)
def test_another_sex_age_or_name_is_somebody_else(alice: User, other: dict[str, str]) -> None:
    found_household(alice, **other)
    assert not make_request(alice, first(asking_household(alice))).matches.exists()


def test_the_own_household_and_repeats_are_no_candidates(alice: User) -> None:
    home = asking_household(alice)
    man = member("Худобахш", sex="M", father_name="Қурбонали", birth="1360")
    add_member(actor=alice, household=home, data=man)
    gone = found_household(alice)
    Person.objects.filter(household=gone).update(left_at=clock.now(), exit_reason="duplicate")
    assert not make_request(alice, first(home)).matches.exists()


def test_what_was_rejected_is_not_offered_again(alice: User, dana: User) -> None:
    match = make_match(alice)
    request = reject_match(actor=dana, match=match)
    assert request.status == S.OPEN
    Person.objects.filter(pk=match.person_id).update(updated_at=clock.now())
    search_for_relatives()
    find_tracing_candidates(request)
    assert TracingMatch.objects.get().status == MatchStatus.REJECTED


def test_a_search_makes_a_fixed_number_of_queries(alice: User) -> None:
    def counted() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            search_new_registrations()
        return len(queries)

    asker = first(asking_household(alice))
    make_request(alice, asker)
    found_household(alice)
    few = counted()
    TracingMatch.objects.all().delete()
    for _ in range(8):
        found_household(alice)
    assert counted() <= few


# Deciding ------------------------------------------------------------------------------------
def test_confirming_links_the_two_and_taking_it_back_ends_the_link(alice: User, dana: User) -> None:
    match = make_match(alice)
    request = confirm_match(actor=dana, match=match, strength="documented")
    assert request.status == S.FOUND
    link = FamilyLink.objects.get()
    assert (link.person, link.relative) == (request.asker, match.person)
    assert (link.kind, link.strength, link.separated, link.sealed) == (
        "sibling", "documented", True, True,
    )  # fmt: skip
    with pytest.raises(InvalidState) as refused:
        confirm_match(actor=dana, match=match)
    assert refused.value.code == "match_decided"
    assert reject_match(actor=dana, match=match).status == S.OPEN
    link.refresh_from_db()
    assert (link.end_reason, link.ended_by) == (LinkEnd.MISTAKEN, dana)


def test_where_somebody_was_found_is_the_officer_s_to_tell_when_they_agree(
    alice: User, dana: User
) -> None:
    match = make_match(alice)
    request = confirm_match(actor=dana, match=match)
    assert not FamilyLink.objects.visible_to(alice).exists()
    assert not Event.objects.filter(kind="family.linked").exists()
    plain = link_family(
        actor=dana, person=request.asker, relative=match.person, kind="sibling", strength="verified"
    )
    assert FamilyLink.objects.visible_to(alice).get() == plain
    reunite(actor=dana, match=match, move="sought", occurred_at=clock.now())
    assert not FamilyLink.objects.open().exists()


@pytest.mark.parametrize("move", ["sought", "asker"])
def test_reunification_moves_one_person_with_history(alice: User, dana: User, move: str) -> None:
    match = make_match(alice)
    request = confirm_match(actor=dana, match=match)
    asker, found = request.asker, match.person
    stay, go = (asker, found) if move == "sought" else (found, asker)
    left, kept = go.household_id, stay.household_id
    ended = reunite(actor=dana, match=match, move=move, occurred_at=clock.now())
    assert ended.status == S.REUNITED
    go.refresh_from_db()
    assert go.household_id == kept
    assert go.left_at is None
    moved = HouseholdMove.objects.get()
    assert (moved.person, moved.from_household_id, moved.reason) == (go, left, "reunification")
    assert FamilyLink.objects.get().end_reason == LinkEnd.REUNITED
    assert not SpecificNeed.objects.filter(type="FU-TR", status=NeedStatus.SUGGESTED).exists()
    event = Event.objects.get(kind="person.reunited")
    assert event.subject_id == kept
    assert event.data == {}
    assert go.relationship == "sibling"


def test_a_need_that_people_confirmed_stays_after_reunification(alice: User, dana: User) -> None:
    match = make_match(alice)
    SpecificNeed.objects.filter(type="FU-TR").update(status=NeedStatus.CONFIRMED)
    confirm_match(actor=dana, match=match)
    reunite(actor=dana, match=match, move="asker", occurred_at=clock.now())
    assert SpecificNeed.objects.get(type="FU-TR").status == NeedStatus.CONFIRMED


def test_nobody_is_reunited_unconfirmed_or_in_the_future(alice: User, dana: User) -> None:
    match = make_match(alice)
    with pytest.raises(InvalidState):
        reunite(actor=dana, match=match, move="sought", occurred_at=clock.now())
    confirm_match(actor=dana, match=match)
    tomorrow = clock.now() + timedelta(days=1)
    for move, at in (("both", clock.now()), ("sought", tomorrow)):
        with pytest.raises(InvalidInput):
            reunite(actor=dana, match=match, move=move, occurred_at=at)
    match.request.refresh_from_db()
    assert match.request.status == S.FOUND
    assert FamilyLink.objects.get().ended_at is None
    assert not HouseholdMove.objects.exists()


def test_one_whom_the_authority_holds_is_found_but_not_moved(alice: User, dana: User) -> None:
    found = found_household(alice)
    separate_person(
        actor=dana,
        person=first(found),
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=ARRIVED_AT,
        record={"authority": "border service"},
    )
    request = make_request(alice, first(asking_household(alice)))
    match = request.matches.get()
    confirm_match(actor=dana, match=match)
    assert FamilyLink.objects.get().sealed is True
    assert not FamilyLink.objects.visible_to(alice).exists()
    for move in ("sought", "asker"):
        with pytest.raises(InvalidState) as refused:
            reunite(actor=dana, match=match, move=move, occurred_at=clock.now())
        assert refused.value.code == "already_left"
    request.refresh_from_db()
    assert request.status == S.FOUND


# The states ----------------------------------------------------------------------------------
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from(
            ["search", "confirm", "reject", "close", "reunite", "register", "withdraw"]
        ),
        max_size=9,
    )
)
def test_whatever_is_tried_the_state_agrees_with_what_was_decided(
    alice: User, dana: User, steps: list[str]
) -> None:
    """Every sequence of steps, allowed or refused, follows the table and leaves no loose end."""
    with transaction.atomic():
        request = make_match(alice).request
        for step in steps:
            before = request.status
            try:
                with transaction.atomic():
                    _step(step, request, alice, dana)
            except DomainError:
                request.refresh_from_db()
                assert request.status == before
            request.refresh_from_db()
            assert before == request.status or request.status in TRACING_TRANSITIONS[before]
            _agrees(request)
        transaction.set_rollback(True)


def _step(step: str, request: TracingRequest, alice: User, dana: User) -> None:
    match = request.matches.order_by("recorded_at").last()
    assert match is not None
    if step == "search":
        find_tracing_candidates(request)
    elif step == "register":
        found_household(alice)
        search_new_registrations()
    elif step == "withdraw":
        Consent.objects.update(withdrawn_at=clock.now())
    elif step == "confirm":
        confirm_match(actor=dana, match=match)
    elif step == "reject":
        reject_match(actor=dana, match=match)
    elif step == "close":
        close_tracing_request(actor=dana, request=request, reason="withdrawn")
    else:
        reunite(actor=dana, match=match, move="sought", occurred_at=clock.now())


def _agrees(request: TracingRequest) -> None:
    confirmed = request.matches.filter(status=MatchStatus.CONFIRMED).count()
    if request.status in (S.OPEN, S.CANDIDATE):
        assert not confirmed
        assert request.matches.open().exists() == (request.status == S.CANDIDATE)
    elif request.status in (S.FOUND, S.REUNITED):
        assert confirmed == 1
    followed = request.status not in TRACING_ENDED
    assert (request.closed_at is None) == followed
    suggested = SpecificNeed.objects.filter(person=request.asker, type="FU-TR").exists()
    assert suggested == followed
    links = FamilyLink.objects.open().filter(person=request.asker)
    assert links.exists() == bool(confirmed and request.status != S.REUNITED)


# What the database refuses -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"status": "closed", "closed_at": ARRIVED_AT}, "tracing_request_closed_with_reason"),
        ({"status": "reunited"}, "tracing_request_ended_has_time"),
    ],
)
def test_an_end_has_a_time_and_a_reason(
    alice: User, change: dict[str, Any], constraint: str
) -> None:
    make_request(alice, first(asking_household(alice)))
    with pytest.raises(IntegrityError, match=constraint):
        TracingRequest.objects.update(**change)


def test_a_candidate_stands_once_is_decided_by_somebody_and_confirmed_once(
    alice: User, dana: User
) -> None:
    match = make_match(alice)
    found_household(alice)
    search_new_registrations()
    again = TracingMatch(request=match.request, person=match.person, score=1)
    with pytest.raises(IntegrityError, match="tracing_match_once"), transaction.atomic():
        again.save(force_insert=True)
    with pytest.raises(IntegrityError, match="decided_by_somebody"), transaction.atomic():
        TracingMatch.objects.update(status=MatchStatus.REJECTED)
    with pytest.raises(IntegrityError, match="one_confirmed_per_request"), transaction.atomic():
        TracingMatch.objects.update(
            status=MatchStatus.CONFIRMED, decided_by=dana, decided_at=clock.now()
        )


def test_reunification_ends_the_search_of_the_other_side(alice: User, dana: User) -> None:
    match = make_match(alice)
    request = confirm_match(actor=dana, match=match)
    theirs = file_tracing_request(
        actor=dana,
        asker=match.person,
        sought=Sought(name="Mahbuba", father_name="Qurban Ali", sex="F", relation="sibling"),
        override_reason="He asked.",
    )
    other = theirs.matches.get(person=request.asker)
    reunite(actor=dana, match=match, move="sought", occurred_at=clock.now())
    theirs.refresh_from_db()
    other.refresh_from_db()
    assert theirs.status == S.REUNITED
    assert other.status == MatchStatus.CONFIRMED


def test_reunification_leaves_a_search_for_somebody_else(alice: User, dana: User) -> None:
    match = make_match(alice)
    confirm_match(actor=dana, match=match)
    theirs = file_tracing_request(
        actor=dana,
        asker=match.person,
        sought=Sought(name="Mahbuba", father_name="Qurban Ali", sex="F", relation="spouse"),
        override_reason="He asked.",
    )
    reunite(actor=dana, match=match, move="sought", occurred_at=clock.now())
    theirs.refresh_from_db()
    assert theirs.status == S.CANDIDATE
