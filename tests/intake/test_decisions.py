"""Decisions about possible duplicates: kept, opened again, aliases, the field, the figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import Role, ScopeKind
from accounts.models import User
from common import clock
from common.errors import Conflict, InvalidState, NotPermitted
from intake.choices import ExitReason, PairStatus
from intake.duplicates import (
    Ask,
    answering_for,
    ask_in_field,
    decide_pair,
    describe_news,
    find_duplicates,
    preview_merge,
    queue_figures,
    surviving_person,
    undo_decision,
)
from intake.inputs import DocumentInput
from intake.models import (
    DuplicatePair,
    FieldQuestion,
    Household,
    PairDecision,
    Person,
    PersonExit,
    PersonMerge,
)
from intake.services import record_exit
from intake.services.editing import edit_household
from intake.services.members import edit_member
from tests.factories import accounts
from tests.factories.duplicates import (
    AGAIN,
    FIRST,
    STRANGERS,
    UNCLE,
    family,
    named,
    offered,
    registered_twice,
)

pytestmark = pytest.mark.django_db
TAZKIRA = DocumentInput(type="tazkira", number="1399-0702-55512")


@pytest.fixture
def pair(alice: User) -> DuplicatePair:
    """One family registered twice, in other scripts."""
    return registered_twice(alice)


def again(pair: DuplicatePair) -> DuplicatePair:
    find_duplicates([pair.first_id, pair.second_id])
    return DuplicatePair.objects.get(pk=pair.pk)


# Offered again -----------------------------------------------------------------------------


def test_different_stays_different_while_nothing_new_is_known(
    pair: DuplicatePair, dana: User
) -> None:
    decide_pair(actor=dana, pair=pair, same=False)
    for _ in range(2):
        assert again(pair).status == PairStatus.DIFFERENT
    assert again(pair).news == []


def test_other_weights_are_nothing_new(
    pair: DuplicatePair, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.score, pair.matches = 0.7, pair.matches[:1]
    pair.save()
    decide_pair(actor=dana, pair=pair, same=False)
    # The rules now match three and score higher; of the people nothing else is known.
    assert again(pair).status == PairStatus.DIFFERENT


def test_a_document_of_both_opens_it_again_and_says_so(
    pair: DuplicatePair, alice: User, dana: User
) -> None:
    decide_pair(actor=dana, pair=pair, same=False)
    edit_member(actor=alice, person=named(pair.first), changes={"documents": (TAZKIRA,)})
    assert again(pair).status == PairStatus.DIFFERENT  # so far one of them shows it
    edit_member(actor=alice, person=named(pair.second), changes={"documents": (TAZKIRA,)})
    opened = again(pair)
    assert (opened.status, opened.decided_by) == (PairStatus.OPEN, None)
    assert {"code": "new_document", "count": 1} in opened.news
    assert describe_news(opened.news)[0] == "Both show the same document now."
    kept = opened.decisions.get()
    assert (kept.decision, kept.decided_by, kept.undone_at) == ("different", dana, None)
    # Decided different with that known, it stays so.
    decide_pair(actor=dana, pair=opened, same=False)
    assert again(pair).status == PairStatus.DIFFERENT
    assert pair.decisions.count() == 2


def test_a_phone_of_both_opens_it_again(pair: DuplicatePair, alice: User, dana: User) -> None:
    decide_pair(actor=dana, pair=pair, same=False)
    for household in (pair.first, pair.second):
        edit_household(actor=alice, household=household, changes={"phones": ["+992 900 111 222"]})
    assert {"code": "new_phone", "count": 1} in again(pair).news


def test_a_member_who_matches_anew_opens_it_again(alice: User, dana: User) -> None:
    pair = registered_twice(alice, [*AGAIN[:2], {**STRANGERS[1], "name": "Bakhtiyor"}])
    decide_pair(actor=dana, pair=pair, same=False)
    assert again(pair).status == PairStatus.DIFFERENT
    boy = named(pair.second, 2)
    right = {"name": "Rustam", "father_name": "Amir Khan", "birth": "2016-05-01"}
    edit_member(actor=alice, person=boy, changes=right)
    opened = again(pair)
    assert opened.status == PairStatus.OPEN
    assert [each["code"] for each in opened.news] == ["new_member_match"]


def test_undoing_the_later_decision_leaves_the_earlier_one_as_it_was(
    pair: DuplicatePair, alice: User, dana: User
) -> None:
    """Decided different, opened again by something new, decided the same, and that undone."""
    decide_pair(actor=dana, pair=pair, same=False)
    for household in (pair.first, pair.second):
        edit_member(actor=alice, person=named(household), changes={"documents": (TAZKIRA,)})
    decide_pair(actor=dana, pair=again(pair), same=True)
    undo_decision(actor=dana, pair=pair)
    undone = PairDecision.objects.filter(undone_at__isnull=False)
    assert [each.decision for each in undone] == [PairStatus.SAME]
    assert PairDecision.objects.count() == 2


def test_a_correction_opens_it_only_when_they_are_more_alike(alice: User, dana: User) -> None:
    family(alice, FIRST[:2])
    others = [{**AGAIN[0], "father_name": "Ghulam Sadiq"}, AGAIN[1]]
    pair = offered(family(alice, others, days=1))
    decide_pair(actor=dana, pair=pair, same=False)
    man = named(pair.second)
    edit_member(actor=alice, person=man, changes={"father_name": "Ghulam Nabi Jan"})
    assert again(pair).status == PairStatus.DIFFERENT
    edit_member(actor=alice, person=man, changes={"father_name": "Ghulam Sakhi"})
    opened = again(pair)
    assert opened.status == PairStatus.OPEN
    assert [each["code"] for each in opened.news] == ["identity_corrected"]


def test_a_new_lookup_secret_is_nothing_learnt(
    pair: DuplicatePair, alice: User, dana: User, settings: Any
) -> None:
    for household in (pair.first, pair.second):
        edit_member(actor=alice, person=named(household), changes={"documents": (TAZKIRA,)})
    decide_pair(actor=dana, pair=again(pair), same=False)
    from intake.duplicates.evidence import evidence_of, learnt

    key = (pair.first_id, pair.second_id)
    settings.LOOKUP_KEYS = {"other": b"another secret of thirty-two byte"}
    now = evidence_of([key], {key: (0.99, pair.matches)})[key]
    then = DuplicatePair.objects.get(pk=pair.pk).known
    assert then["documents"]
    assert set(then["documents"]).isdisjoint(now["documents"])
    assert learnt(then, now) == []


def test_what_is_kept_of_a_decision_holds_no_personal_data(
    pair: DuplicatePair, alice: User, dana: User
) -> None:
    edit_member(actor=alice, person=named(pair.first), changes={"documents": (TAZKIRA,)})
    edit_member(actor=alice, person=named(pair.second), changes={"documents": (TAZKIRA,)})
    decide_pair(actor=dana, pair=again(pair), same=False)
    kept = str(DuplicatePair.objects.values().get(pk=pair.pk))
    for secret in ("Amir", "امیر", "55512", "1979"):
        assert secret not in kept


def test_a_pair_that_is_no_longer_alike_lapses_and_comes_back(
    pair: DuplicatePair, alice: User
) -> None:
    people = [named(pair.second, n) for n in range(3)]
    was = [(p, p.identity.open()) for p in people]
    for n, person in enumerate(people):
        changes = {"name": f"Shirinbegim{n}", "father_name": "Muborak"}
        edit_member(actor=alice, person=person, changes=changes)
    assert again(pair).status == PairStatus.LAPSED
    for person, data in was:
        changes = {"name": data.name, "father_name": data.father_name}
        edit_member(actor=alice, person=person, changes=changes)
    assert again(pair).status == PairStatus.OPEN


def test_what_was_decided_and_undone_does_not_lapse(
    pair: DuplicatePair, alice: User, dana: User
) -> None:
    decide_pair(actor=dana, pair=pair, same=False)
    undo_decision(actor=dana, pair=pair)
    for n in range(3):
        changes = {"name": f"Shirinbegim{n}", "father_name": "Muborak"}
        edit_member(actor=alice, person=named(pair.second, n), changes=changes)
    assert again(pair).status == PairStatus.OPEN


def test_a_lapsed_pair_is_not_decided(pair: DuplicatePair, dana: User) -> None:
    DuplicatePair.objects.update(status=PairStatus.LAPSED)
    with pytest.raises(Conflict):
        decide_pair(actor=dana, pair=pair, same=True)


# Never with itself -------------------------------------------------------------------------


@pytest.mark.parametrize(("one", "other"), [("first", "first"), ("second", "first")])
def test_a_household_is_no_pair_with_itself_nor_the_other_way_round(
    pair: DuplicatePair, one: str, other: str
) -> None:
    ids = {"first": pair.first_id, "second": pair.second_id}
    with pytest.raises(IntegrityError, match="duplicate_pair_in_key_order"), transaction.atomic():
        DuplicatePair.objects.create(first_id=ids[one], second_id=ids[other], score=1)


def test_a_person_is_no_repeat_of_themselves_and_of_one_only(
    pair: DuplicatePair, dana: User
) -> None:
    one, other = named(pair.first), named(pair.second)
    made = {"pair": pair, "decided_by": dana, "decided_at": clock.now()}
    with pytest.raises(IntegrityError, match="person_merge_is_of_two"), transaction.atomic():
        PersonMerge.objects.create(repeat=one, survivor=one, **made)
    PersonMerge.objects.create(repeat=one, survivor=other, **made)
    with pytest.raises(IntegrityError, match="person_merge_one_survivor"), transaction.atomic():
        PersonMerge.objects.create(repeat=one, survivor=named(pair.second, 1), **made)


# Aliases -----------------------------------------------------------------------------------


def test_each_repeat_knows_who_answers_for_it_through_a_chain(alice: User, dana: User) -> None:
    first, second, third = (family(alice, FIRST, days=n) for n in range(3))
    find_duplicates([third.pk, second.pk])
    later = DuplicatePair.objects.of(second).get(second=third)
    decide_pair(actor=dana, pair=later, same=True)
    decide_pair(actor=dana, pair=DuplicatePair.objects.of(first).of(second).get(), same=True)
    for n in range(3):
        assert surviving_person(named(third, n)) == named(first, n)
    ids = [named(each).pk for each in (first, second, third)]
    assert answering_for(ids) == {ids[1]: ids[0], ids[2]: ids[0]}
    earlier = DuplicatePair.objects.of(first).of(second).get()
    undo_decision(actor=dana, pair=earlier)
    undo_decision(actor=dana, pair=later)
    assert answering_for(ids) == {}
    assert PersonMerge.objects.filter(undone_by=dana).count() == 6  # kept forever


def test_merges_into_one_household_are_undone_last_first(alice: User, dana: User) -> None:
    first, second, third = (family(alice, FIRST, days=n) for n in range(3))
    find_duplicates([third.pk, second.pk])
    pairs = [DuplicatePair.objects.of(first).of(each).get() for each in (second, third)]
    for each in pairs:
        decide_pair(actor=dana, pair=each, same=True)
    with pytest.raises(InvalidState) as caught:
        undo_decision(actor=dana, pair=pairs[0])
    assert caught.value.code == "merged_later"
    for each in reversed(pairs):
        undo_decision(actor=dana, pair=each)
    assert Person.objects.in_count().count() == 9


def test_who_may_be_the_repeat_may_be_the_survivor(alice: User, dana: User) -> None:
    """Another pair of the repeat is one of the survivor, until the merge is undone."""
    pair = registered_twice(alice)
    third = family(alice, STRANGERS, days=2)
    DuplicatePair.objects.create(
        first=pair.second,
        second=third,
        score=0.7,
        matches=[[str(named(pair.second).pk), str(named(third).pk)]],
    )
    decide_pair(actor=dana, pair=pair, same=True)
    carried = DuplicatePair.objects.undecided().get()
    assert {carried.first, carried.second} == {pair.first, third}
    assert [str(named(pair.first).pk), str(named(third).pk)] in carried.matches
    undo_decision(actor=dana, pair=DuplicatePair.objects.get(pk=pair.pk))
    assert not DuplicatePair.objects.filter(pk=carried.pk).exists()
    assert DuplicatePair.objects.undecided().count() == 2


def test_different_of_the_repeat_is_different_of_the_survivor(alice: User, dana: User) -> None:
    first, second, third = (family(alice, FIRST, days=n) for n in range(3))
    find_duplicates([second.pk])
    DuplicatePair.objects.of(first).of(third).delete()
    apart = DuplicatePair.objects.of(second).of(third).get()
    decide_pair(actor=dana, pair=apart, same=False)
    decide_pair(actor=dana, pair=DuplicatePair.objects.of(first).of(second).get(), same=True)
    find_duplicates([first.pk, third.pk])
    assert DuplicatePair.objects.of(first).of(third).get().status == PairStatus.DIFFERENT
    assert queue_figures(dana).ever.decided == 2  # nobody was offered the third pair


# Who is here and who has left ---------------------------------------------------------------


def test_nobody_is_lost_who_left_by_one_record_and_is_here_by_the_other(
    pair: DuplicatePair, alice: User, dana: User
) -> None:
    record_exit(
        actor=alice,
        person=named(pair.first),
        reason="voluntary_return",
        occurred_at=clock.now(),
    )
    before = Person.objects.in_count().count()
    with pytest.raises(InvalidState) as caught:
        decide_pair(actor=dana, pair=pair, same=True)
    assert (caught.value.code, caught.value.details) == ("people_left", {"persons": 1})
    assert Person.objects.in_count().count() == before
    assert DuplicatePair.objects.get().status == PairStatus.OPEN
    problem = preview_merge(actor=dana, pair=pair).problem
    assert problem is not None
    assert problem.code == "people_left"


def test_who_left_by_both_records_left_once(pair: DuplicatePair, alice: User, dana: User) -> None:
    for household in (pair.first, pair.second):
        person = named(household)
        record_exit(actor=alice, person=person, reason="deceased", occurred_at=clock.now())
    decide_pair(actor=dana, pair=pair, same=True)
    deaths = PersonExit.objects.happened().filter(reason="deceased")
    assert [each.person for each in deaths] == [named(pair.first)]
    assert named(pair.second).exit_reason == ExitReason.DUPLICATE
    undo_decision(actor=dana, pair=pair)
    assert PersonExit.objects.standing().filter(reason="deceased").count() == 2
    assert named(pair.second).exit_reason == "deceased"


# Before deciding ---------------------------------------------------------------------------


def test_the_preview_says_what_the_merge_does_and_changes_nothing(alice: User, dana: User) -> None:
    pair = registered_twice(alice, [*AGAIN, UNCLE])
    before = list(Person.objects.values().order_by("pk")), list(Household.objects.values())
    seen = preview_merge(actor=dana, pair=pair)
    assert (list(Person.objects.values().order_by("pk")), list(Household.objects.values())) == (
        before
    )
    assert (seen.survivor, seen.repeat) == (pair.first, pair.second)
    assert seen.known == {named(pair.second, n).pk: named(pair.first, n).pk for n in range(3)}
    assert seen.joining == (named(pair.second, 3).pk,)
    assert not PersonMerge.objects.exists()
    assert not PairDecision.objects.exists()


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "omar"])
def test_nobody_else_previews_or_asks(
    pair: DuplicatePair, who: str, request: pytest.FixtureRequest
) -> None:
    actor = request.getfixturevalue(who)
    with pytest.raises(NotPermitted):
        preview_merge(actor=actor, pair=pair)
    with pytest.raises(NotPermitted):
        ask_in_field(actor=actor, pair=pair, asks=[Ask(pair.first, "names")])
    assert not FieldQuestion.objects.exists()


# Figures -----------------------------------------------------------------------------------


def decided_pair(actor: User, officer: User, number: int, *, same: bool | None) -> DuplicatePair:
    first, second = (family(actor, [{**UNCLE, "name": f"Farhad{number}"}]) for _ in range(2))
    made = DuplicatePair.objects.create(first=first, second=second, score=0.65 + 0.1 * number)
    return made if same is None else decide_pair(actor=officer, pair=made, same=same)


def test_precision_counts_what_stands(alice: User, bob: User, dana: User) -> None:
    pairs = [
        decided_pair(alice, dana, number, same=same)
        for number, same in enumerate([False, True, True, None])
    ]
    long_ago = clock.now() - timedelta(days=40)
    DuplicatePair.objects.filter(pk=pairs[1].pk).update(recorded_at=long_ago)
    figures = queue_figures(dana)
    assert (figures.recent.same, figures.recent.decided, figures.recent.percent) == (1, 2, 50)
    assert (figures.ever.same, figures.ever.decided, figures.ever.percent) == (2, 3, 67)
    assert figures.waiting_day == 1
    assert [(band.least, band.share.decided, band.waiting) for band in figures.bands] == [
        (99, 0, 0),
        (90, 0, 1),
        (70, 2, 0),
        (0, 1, 0),
    ]
    undo_decision(actor=dana, pair=pairs[2])
    after = queue_figures(dana)
    assert (after.recent.same, after.recent.decided, after.recent.undone) == (0, 1, 1)
    assert after.ever.undone == 1


def test_figures_know_only_pairs_that_the_reader_sees(alice: User, dana: User) -> None:
    family(alice, entry_point="ISHKOSHIM")
    offered(family(alice, AGAIN, days=1, entry_point="TEM"))
    there = accounts.make_user(Role.PROTECTION_OFFICER, scope=ScopeKind.ENTRY_POINT, code="TEM")
    assert queue_figures(dana).waiting == 1
    assert queue_figures(there).waiting == 0
    assert queue_figures(there).ever.percent is None
