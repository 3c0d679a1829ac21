"""Family links: who records them, who learns of them, and what a separation keeps sealed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import Conflict, InvalidInput, InvalidState, NotPermitted
from intake.choices import INVERSE_KIN, KIN, LinkEnd, Relationship, ScreeningOutcomeKind
from intake.duplicates import decide_pair
from intake.models import DuplicatePair, FamilyLink, Person, TracingMatch
from intake.services import separate_person
from intake.services.family import end_family_link, link_family
from intake.services.moves import split_household
from tests.factories.family import asking_household, first, found_household, make_match
from tests.factories.intake import ARRIVED_AT, make_household, member

pytestmark = pytest.mark.django_db
K = ScreeningOutcomeKind


def separate(actor: User, person: Person, outcome: str = K.HELD, at: Any = ARRIVED_AT) -> None:
    """Record a decision of the border service."""
    record = {"authority": "border service"}
    separate_person(actor=actor, person=person, outcome=outcome, occurred_at=at, record=record)


def link(actor: User, person: Person, relative: Person, kind: str = "sibling") -> FamilyLink:
    """A link as stated."""
    return link_family(actor=actor, person=person, relative=relative, kind=kind)


def codes(error: Any) -> dict[str, str]:
    """Codes by field."""
    return {each.field: each.code for each in error.value.problems}


def test_a_registrar_links_two_relatives(alice: User) -> None:
    one, other = first(asking_household(alice)), first(found_household(alice))
    made = link_family(
        actor=alice, person=one, relative=other, kind="sibling", strength="documented",
        said_by="document", separated=True,
    )  # fmt: skip
    assert (made.kind, made.strength, made.said_by) == ("sibling", "documented", "document")
    assert made.sealed is False
    event = Event.objects.get(kind="family.linked")
    assert (event.subject_id, event.data) == (one.household_id, {})


def test_two_are_linked_once_whoever_stands_first(alice: User) -> None:
    one, other = first(asking_household(alice)), first(found_household(alice))
    link(alice, one, other)
    for a, b in ((one, other), (other, one)):
        with pytest.raises(Conflict) as refused:
            link(alice, a, b)
        assert refused.value.code == "already_linked"
    end_family_link(actor=alice, link=FamilyLink.objects.get(), reason=LinkEnd.MISTAKEN)
    link(alice, one, other)
    assert FamilyLink.objects.open().count() == 1


def test_wrong_words_and_oneself_are_named(alice: User) -> None:
    one = first(asking_household(alice))
    with pytest.raises(InvalidInput) as refused:
        link_family(
            actor=alice, person=one, relative=one, kind="head", strength="sure", said_by="rumour"
        )
    assert codes(refused) == {
        "kind": "unknown_code",
        "strength": "unknown_code",
        "said_by": "unknown_code",
        "relative": "same_person",
    }
    assert not FamilyLink.objects.exists()


def test_somebody_elsewhere_is_answered_like_nobody(alice: User, bob: User) -> None:
    """Bob reads TEM only: a person at Ruzvai is nobody to him."""
    mine = first(asking_household(alice))
    theirs = first(make_household(alice, [member()], entry_point="RUZVAI"))
    with pytest.raises(InvalidInput) as refused:
        link(bob, mine, theirs)
    assert codes(refused) == {"relative": "unknown"}


def test_who_may_link_and_end(alice: User, bob: User, carol: User, omar: User) -> None:
    home = asking_household(alice, entry_point="RUZVAI")
    one, other = first(home), first(found_household(alice))
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            link(actor, one, other)
    made = link(alice, one, other)
    for actor in (carol, omar):
        assert not FamilyLink.objects.visible_to(actor).exists()
        with pytest.raises(NotPermitted):
            end_family_link(actor=actor, link=made, reason=LinkEnd.MISTAKEN)
    assert FamilyLink.objects.visible_to(bob).exists()
    with pytest.raises(InvalidInput):
        end_family_link(actor=alice, link=made, reason="bored")
    end_family_link(actor=alice, link=made, reason=LinkEnd.UNWANTED)
    with pytest.raises(InvalidState):
        end_family_link(actor=alice, link=made, reason=LinkEnd.UNWANTED)


def test_a_separation_keeps_every_tie_sealed_and_one_civilian_household(
    alice: User, dana: User
) -> None:
    home = make_household(alice)
    separate(dana, first(home))
    kept = {each.person.position: each.kind for each in FamilyLink.objects.open()}
    assert kept == {1: "spouse", 2: "parent", 3: "parent", 4: "parent"}
    assert set(FamilyLink.objects.values_list("sealed", "separated")) == {(True, True)}
    assert FamilyLink.objects.visible_to(dana).count() == 4
    assert not FamilyLink.objects.visible_to(alice).exists()
    assert home.members.in_count().count() == 4
    assert "family" not in str(list(Event.objects.values("kind", "data")))


def test_the_ties_of_one_who_is_not_the_head(alice: User, dana: User) -> None:
    home = make_household(
        alice,
        [
            member("Zarina", relationship="head", birth="1340"),
            member("Habib", sex="M", relationship="child", birth="1370"),
            member("Sitara", relationship="child", birth="1372"),
            member("Nilufar", relationship="not_related", birth="1372"),
        ],
    )
    separate(dana, home.members.get(position=1))
    kept = {each.person.position: each.kind for each in FamilyLink.objects.all()}
    assert kept == {0: "child", 2: "sibling"}


def test_released_comes_back_with_history_and_the_sealed_ties_stay(alice: User, dana: User) -> None:
    home = make_household(alice)
    separate(dana, first(home))
    separate(dana, first(home), K.RELEASED, clock.now())
    man = first(home)
    assert man.left_at is None
    assert man.exits.get().returned_at is not None
    assert FamilyLink.objects.open().filter(sealed=True).count() == 4
    assert not FamilyLink.objects.visible_to(alice).exists()
    separate(dana, first(home), K.HELD, clock.now())
    assert FamilyLink.objects.open().count() == 4


def test_a_guess_learns_nothing_of_a_sealed_link(alice: User, dana: User) -> None:
    """The held man is nobody to a registrar; released, he is linked as if nothing were there."""
    home = make_household(alice)
    separate(dana, first(home))
    wife = home.members.get(position=1)
    part = split_household(actor=alice, household=home, persons=[wife], occurred_at=clock.now())
    wife.refresh_from_db()
    assert wife.household == part
    with pytest.raises(InvalidInput) as held:
        link(alice, wife, first(home), "spouse")
    assert codes(held) == {"relative": "unknown"}
    separate(dana, first(home), K.RELEASED, clock.now())
    made = link(alice, wife, first(home), "spouse")
    assert made.sealed is False
    assert FamilyLink.objects.visible_to(alice).get() == made


def test_a_plain_link_of_one_who_is_held_later_is_shown_to_tracing_only(
    alice: User, dana: User
) -> None:
    home = make_household(alice)
    made = link(alice, first(asking_household(alice)), first(home))
    separate(dana, first(home))
    assert not FamilyLink.objects.visible_to(alice).exists()
    assert made in FamilyLink.objects.visible_to(dana)
    with pytest.raises(NotPermitted):
        end_family_link(actor=alice, link=made, reason=LinkEnd.MISTAKEN)


def test_an_officer_s_link_to_one_who_is_held_is_sealed(alice: User, dana: User) -> None:
    home = make_household(alice)
    separate(dana, first(home))
    made = link(dana, first(asking_household(alice)), first(home))
    assert made.sealed is True
    assert not Event.objects.filter(kind="family.linked").exists()


def test_kin_turns_round() -> None:
    assert set(INVERSE_KIN) == {code for code, _label in KIN}
    assert set(INVERSE_KIN.values()) <= set(INVERSE_KIN)
    for code in set(INVERSE_KIN) - {"step_child", "foster_child"}:
        assert INVERSE_KIN[INVERSE_KIN[code]] == code
    assert INVERSE_KIN[Relationship.CHILD] == Relationship.PARENT


def test_a_merge_moves_links_and_candidates_that_the_survivor_does_not_have(
    alice: User, dana: User
) -> None:
    match = make_match(alice)
    brother = match.person
    repeat = first(found_household(alice))
    cousin = first(make_household(alice, [member("Nilufar")]))
    link(alice, brother, cousin, "cousin")
    link(alice, repeat, cousin, "cousin")
    link(alice, repeat, first(asking_household(alice)), "cousin")
    link(alice, repeat, brother, "sibling")
    one, two = sorted([brother.household_id, repeat.household_id])
    pair = DuplicatePair.objects.create(first_id=one, second_id=two, score=1)
    decide_pair(actor=dana, pair=pair, same=True)
    of_brother = FamilyLink.objects.open().filter(person=brother)
    assert of_brother.count() == 2
    assert not FamilyLink.objects.filter(person=brother, relative=brother).exists()
    assert TracingMatch.objects.filter(person=brother).count() == 1


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({}, "family_link_one_open_per_pair"),
        ({"itself": True}, "family_link_is_not_with_oneself"),
        ({"ended_at": ARRIVED_AT}, "family_link_end_has_time_reason_and_name"),
    ],
)
def test_what_the_database_refuses(alice: User, change: dict[str, Any], constraint: str) -> None:
    one, other = first(asking_household(alice)), first(found_household(alice))
    link(alice, one, other)
    relative = one if change.pop("itself", False) else other
    row = FamilyLink(
        person=one, relative=relative, kind="sibling", strength="stated", said_by="person",
        recorded_by=alice, **change,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match=constraint):
        row.save(force_insert=True)
