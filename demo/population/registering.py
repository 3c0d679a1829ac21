"""What a registrar types of a family: the first time, and again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

from demo.population import births, errors
from demo.population.errors import befalls
from demo.population.hands import SCRIPTS, SHARES, Hand
from demo.population.households import Being, Family, family_of, newcomer, phone_number
from demo.population.plan import ERRORS, TELLING, Place, dice_of, make_id
from intake.choices import ConsentPurpose, Relationship
from intake.inputs import ConsentInput, DocumentInput, HouseholdInput, MemberInput

# Also at a first registration not everything is asked; shares by judgement.
FATHERS_ASKED, GRANDFATHERS_ASKED, CONSENT = 0.94, 0.30, 0.96
DECLARED_OTHERWISE = 0.03
# Written languages; whoever speaks another needs an interpreter.
_WRITTEN = ("prs", "pus", "tgk", "uzs")


@dataclass(frozen=True, slots=True)
class Generated:
    """A household as it is registered, with what is true of it. `data` is personal, and invented.

    A repeat has `repeats`, the id of the household that it truly is; `same`, its persons with
    those they truly are; `kinds`, all that is different (`errors`), and `person_kinds`, of each
    pair in `same`. `alike` are households that it resembles by kinship or chance and is not,
    as (kind, id).
    """

    data: HouseholdInput
    repeats: uuid.UUID | None = None
    same: tuple[tuple[uuid.UUID, uuid.UUID], ...] = ()
    kinds: tuple[str, ...] = ()
    person_kinds: tuple[tuple[str, ...], ...] = ()
    alike: tuple[tuple[str, uuid.UUID], ...] = ()

    @property
    def id(self) -> uuid.UUID:
        """The household's id."""
        assert self.data.id is not None
        return self.data.id


@dataclass(slots=True)
class Desk:
    """Where and by whom a household is registered."""

    hand: Hand
    entry_point: str
    arrived_at: datetime
    fathers: bool
    grandfathers: bool
    dice: Random = field(repr=False)


def household_id(seed: int, place: Place) -> uuid.UUID:
    """The id of the household at a place: the first throw of its telling."""
    return make_id(_telling_dice(seed, place), place.chunk, place.number, 0)


def first_time(seed: int, place: Place, entry_points: Sequence[str], until: datetime) -> Generated:
    """A household that comes for the first time."""
    family = family_of(seed, place, until)
    data, _desk = _first(seed, place, family, entry_points)
    alike: tuple[tuple[str, uuid.UUID], ...] = ()
    if place.tie:
        tied = Place(place.chunk, place.tied, 0)
        alike = ((place.tie, household_id(seed, tied)),)
    return Generated(data, alike=alike)


def _telling_dice(seed: int, place: Place) -> Random:
    return dice_of(seed, place.chunk, place.number, ERRORS if place.original else TELLING)


def _first(
    seed: int, place: Place, family: Family, entry_points: Sequence[str]
) -> tuple[HouseholdInput, Desk]:
    dice = _telling_dice(seed, place)
    own_id = make_id(dice, place.chunk, place.number, 0)
    script = dice.choices(list(SHARES), list(SHARES.values()))[0]
    desk = Desk(
        hand=Hand(dice, script),
        entry_point=entry_points[int(len(entry_points) * dice.random() ** 1.5)],
        arrived_at=family.base.arrived,
        fathers=dice.random() < FATHERS_ASKED,
        grandfathers=dice.random() < GRANDFATHERS_ASKED,
        dice=dice,
    )
    on = desk.arrived_at.date()
    members = []
    for place_in, being in enumerate(family.members):
        text = births.told(being.born, being.manner, on, desk.hand, heaped=being.heaped)
        member = _member(
            being,
            make_id(dice, place.chunk, place.number, place_in + 1),
            name=desk.hand.write(being.name),
            father=desk.hand.write(being.father) if desk.fathers else "",
            birth=text,
            desk=desk,
        )
        members.append(member)
    return _household(own_id, family, desk, members, family.base.phones), desk


def _member(
    being: Being, own_id: uuid.UUID, *, name: str, father: str, birth: str, desk: Desk
) -> MemberInput:
    return MemberInput(
        id=own_id,
        name=name,
        father_name=father,
        grandfather_name=desk.hand.write(being.grandfather) if desk.grandfathers else "",
        sex=being.sex,
        birth=birth,
        relationship=being.relationship,
        marital_status=being.marital,
        nationality=being.nationality,
        documents=(DocumentInput(type=being.paper[0], number=being.paper[1]),)
        if being.paper
        else (),
    )


def _household(
    own_id: uuid.UUID,
    family: Family,
    desk: Desk,
    members: list[MemberInput],
    phones: tuple[str, ...],
) -> HouseholdInput:
    language = family.base.language
    declared = len(members) + 1 if desk.dice.random() < DECLARED_OTHERWISE else None
    return HouseholdInput(
        id=own_id,
        entry_point=desk.entry_point,
        arrived_at=desk.arrived_at,
        members=members,
        origin_area=family.base.district,
        preferred_language=language if language in _WRITTEN else "prs",
        interpreter_language="" if language in _WRITTEN else language,
        phones=phones,
        consents=(
            ConsentInput(
                purpose=ConsentPurpose.ASSISTANCE,
                given=desk.dice.random() < CONSENT,
                occurred_at=desk.arrived_at,
            ),
        ),
        declared_size=declared,
    )


def again(seed: int, place: Place, entry_points: Sequence[str], until: datetime) -> Generated:
    """The second registration of the household at `place.original`, with its errors."""
    assert place.original is not None
    family = family_of(seed, place.original, until)
    first, first_desk = _first(seed, place.original, family, entry_points)
    dice = _telling_dice(seed, place)
    own_id = make_id(dice, place.chunk, place.number, 0)
    kinds: list[str] = [errors.LATER]
    desk = _second_desk(dice, first_desk, entry_points, until, kinds)
    kept, beings = _who_answers(dice, family.members, list(place.kept), kinds)
    beings += [newcomer(dice, family) for _ in range(place.added)]
    if len(place.kept) < place.original.size:
        kinds.append(errors.MEMBERS_MISSING)
    if place.added:
        kinds.append(errors.MEMBERS_ADDED)
    members, same, person_kinds = [], [], []
    for number, being in enumerate(beings):
        wrong: list[str] = []
        pk = make_id(dice, place.chunk, place.number, number + 1)
        member = _again(being, pk, desk, wrong)
        members.append(member)
        if number < len(kept):
            original = first.members[kept[number]]
            _compare(member, original, desk, first_desk, wrong)
            assert original.id is not None
            same.append((pk, original.id))
            person_kinds.append(tuple(wrong))
    data = _household(own_id, family, desk, members, _phones(dice, family, kinds))
    every = dict.fromkeys([*kinds, *(kind for wrong in person_kinds for kind in wrong)])
    assert first.id is not None
    return Generated(
        data,
        repeats=first.id,
        same=tuple(same),
        kinds=tuple(every),
        person_kinds=tuple(person_kinds),
    )


def _second_desk(
    dice: Random, first: Desk, entry_points: Sequence[str], until: datetime, kinds: list[str]
) -> Desk:
    if befalls(dice, errors.SCRIPT):
        kinds.append(errors.SCRIPT)
        script = errors.other_script(dice, first.hand.script, SHARES)
    else:
        script = errors.same_script(dice, first.hand.script, SHARES)
    entry_point = first.entry_point
    others = [each for each in entry_points if each != entry_point]
    if others and befalls(dice, errors.ENTRY_POINT):
        kinds.append(errors.ENTRY_POINT)
        entry_point = dice.choice(others)
    later = first.arrived_at + timedelta(days=1 + dice.expovariate(1 / 6))
    return Desk(
        hand=Hand(dice, script),
        entry_point=entry_point,
        arrived_at=min(later, until).replace(microsecond=0),
        fathers=first.fathers or dice.random() < 0.5,
        grandfathers=dice.random() < GRANDFATHERS_ASKED,
        dice=dice,
    )


def _again(being: Being, pk: uuid.UUID, desk: Desk, wrong: list[str]) -> MemberInput:
    """A person as told the second time; what befell is added to `wrong`."""
    dice, hand, on = desk.dice, desk.hand, desk.arrived_at.date()
    age = births.completed_years(being.born, on)
    name = errors.own_name(dice, being.name, being.sex, age, hand, wrong)
    father = errors.father_name(dice, being.father, hand, wrong) if desk.fathers else ""
    how = errors.manner(dice, being.manner, age, wrong)
    off = errors.years_off(dice, how, age, wrong)
    birth = births.told(_moved(being.born, off), how, on, hand, heaped=being.heaped) if how else ""
    member = _member(being, pk, name=name, father=father, birth=birth, desk=desk)
    if befalls(dice, errors.SEX):
        wrong.append(errors.SEX)
        member = replace(member, sex="M" if being.sex == "F" else "F")
    if being.paper and befalls(dice, errors.DOCUMENT_MISSING):
        wrong.append(errors.DOCUMENT_MISSING)
        return replace(member, documents=())
    if being.paper and befalls(dice, errors.DOCUMENT_MISTYPED):
        wrong.append(errors.DOCUMENT_MISTYPED)
        kind, number = being.paper
        number = errors.mistyped(dice, number)
        return replace(member, documents=(DocumentInput(type=kind, number=number),))
    return member


def _moved(born: date, years: int) -> date:
    day = 28 if (born.month, born.day) == (2, 29) else born.day
    return born.replace(year=born.year + years, day=day) if years else born


def _compare(
    member: MemberInput, original: MemberInput, desk: Desk, first: Desk, wrong: list[str]
) -> None:
    """Another spelling in the same letters is seen only by comparing."""
    named = {errors.SLIP, errors.TITLE, errors.PART_DROPPED, errors.PART_JOINED}
    same_letters = SCRIPTS[desk.hand.script] == SCRIPTS[first.hand.script]
    if same_letters and member.name != original.name and not named & set(wrong):
        wrong.append(errors.SPELLING)
    if original.father_name and not member.father_name and errors.FATHER_MISSING not in wrong:
        wrong.append(errors.FATHER_MISSING)


def _phones(dice: Random, family: Family, kinds: list[str]) -> tuple[str, ...]:
    phones = family.base.phones
    if not phones:
        return phones
    if befalls(dice, errors.PHONE_OTHER):
        kinds.append(errors.PHONE_OTHER)
        return (phone_number(dice),)
    if befalls(dice, errors.PHONE_MISSING):
        kinds.append(errors.PHONE_MISSING)
        return ()
    # The same number as it is dialled within the country, or with eastern digits.
    if dice.random() < 0.3:
        return tuple(f"0{phone[3:]}" if phone.startswith("+93") else phone for phone in phones)
    return phones


# --- another focal point -------------------------------------------------------------------------

_SEEN_BY_WIFE = {
    Relationship.HEAD: Relationship.SPOUSE,
    Relationship.SPOUSE: Relationship.HEAD,
    Relationship.PARENT: Relationship.PARENT_IN_LAW,
    Relationship.PARENT_IN_LAW: Relationship.PARENT,
    Relationship.SIBLING: Relationship.SIBLING_IN_LAW,
}
_SEEN_BY_ELDER = {
    Relationship.HEAD: Relationship.CHILD,
    Relationship.SPOUSE: Relationship.CHILD_IN_LAW,
    Relationship.PARENT: Relationship.HEAD,
    Relationship.PARENT_IN_LAW: Relationship.HEAD,
    Relationship.SIBLING: Relationship.CHILD,
    Relationship.CHILD: Relationship.GRANDCHILD,
    Relationship.CHILD_IN_LAW: Relationship.OTHER,
    Relationship.GRANDCHILD: Relationship.OTHER,
}
_ELDERS = {Relationship.PARENT, Relationship.PARENT_IN_LAW}


def _who_answers(
    dice: Random, members: list[Being], kept: list[int], kinds: list[str]
) -> tuple[list[int], list[Being]]:
    """Who came, with who answers first, and as whose relations they are told."""
    wanted = befalls(dice, errors.FOCAL_POINT)
    told = [members[each] for each in kept]
    if kept[0] == 0 and not wanted:
        return kept, told
    chosen = _next_focal_point(members, kept)
    if chosen is None:
        return kept, told  # nobody else who could answer
    kinds.append(errors.FOCAL_POINT)
    was = members[chosen].relationship
    seen = _SEEN_BY_WIFE if was == Relationship.SPOUSE else _SEEN_BY_ELDER if was in _ELDERS else {}
    kept = [chosen, *(each for each in kept if each != chosen)]
    told = [
        replace(being, relationship=seen.get(Relationship(being.relationship), being.relationship))
        for being in (members[each] for each in kept)
    ]
    told[0] = replace(told[0], relationship=Relationship.HEAD)
    return kept, told


def _next_focal_point(members: list[Being], kept: list[int]) -> int | None:
    """The wife or husband, else a grandparent; where the head is not there, anybody."""
    others = [each for each in kept if each]
    for wanted in ({Relationship.SPOUSE}, _ELDERS):
        for each in others:
            if members[each].relationship in wanted:
                return each
    return None if kept[0] == 0 else others[0]
