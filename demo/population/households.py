"""True families: who they are, before anybody registers them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random

from demo.population import births, names
from demo.population.lexicon import DARI, PAMIRI, PASHTO
from demo.population.names import Name
from demo.population.plan import (
    BASE,
    BROTHER,
    COUSIN,
    NAMESAKE,
    PEOPLE,
    SHARED_PHONE,
    Place,
    dice_of,
)
from intake.choices import MaritalStatus, Relationship, Sex

# The arrivals come over six weeks that end here, with a peak in the second.
UNTIL = datetime.fromisoformat("2026-09-01T00:00:00+00:00")
WEEKS = timedelta(weeks=6)

# Where they come from, with weights: Badakhshan's border districts most, as in the founding case,
# then the rest of it, Takhar and Kunduz. Languages are those of `intake/codelists`; by judgement.
_DISTRICTS: tuple[tuple[str, float, tuple[str, ...]], ...] = (
    ("AF1723", 14, ("prs", "isk", "prs")),  # Eshkashem
    ("AF1719", 13, ("sgh", "sgh", "prs")),  # Shighnan
    ("AF1728", 9, ("wbl", "prs", "kir")),  # Wakhan
    ("AF1725", 5, ("prs", "sgy")),  # Zebak
    ("AF1727", 7, ("prs", "tgk")),  # Darwaz-e-Balla
    ("AF1722", 6, ("prs", "tgk")),  # Darwaz-e-Payin
    ("AF1724", 3, ("prs",)),
    ("AF1721", 3, ("prs",)),
    ("AF1720", 3, ("prs",)),
    ("AF1714", 3, ("prs",)),
    ("AF1713", 3, ("prs", "uzs")),
    ("AF1726", 2, ("mnj", "prs")),  # Koran wa Monjan
    ("AF1701", 7, ("prs", "prs", "uzs")),  # Fayzabad
    ("AF1706", 3, ("prs",)),
    ("AF1710", 3, ("prs",)),
    ("AF1715", 3, ("prs",)),
    ("AF1801", 3, ("prs", "uzs")),  # Taloqan
    ("AF1810", 2, ("uzs", "prs")),
    ("AF1814", 2, ("prs", "pus")),
    ("AF1901", 3, ("pus", "prs", "uzs")),  # Kunduz
    ("AF1905", 3, ("pus", "uzs", "prs")),
)
_DISTRICT_SUMS = tuple(accumulate(weight for _code, weight, _languages in _DISTRICTS))
_COMMUNITIES = {"pus": PASHTO, "sgh": PAMIRI, "wbl": PAMIRI, "isk": PAMIRI, "tgk": PAMIRI}

# Numbers that nobody has: no subscriber number of Afghanistan or Tajikistan begins with 0.
PHONE_RANGES = ("+930", "+9920")
HAS_PHONE = 0.82
# Papers in series that are not issued: years before 1000, and XX, a code of no country.
HAS_PAPERS = ((18, 0.10), (200, 0.34))

# Shares by judgement, after the founding case: most are women, children and elderly people.
FATHER_CAME, GRANDPARENT, DAUGHTER_IN_LAW, SIBLING, TWINS = 0.50, 0.32, 0.25, 0.08, 0.016
LIKE_A_BROTHER = 0.35  # children named in the form of the one before


@dataclass(frozen=True, slots=True)
class Base:
    """What kin share, and the man whose family it is, also where he did not come."""

    man: Name
    father: Name
    grandfather: Name
    community: str
    district: str
    language: str
    phones: tuple[str, ...]
    arrived: datetime


@dataclass(slots=True)
class Being:
    """A true person. `manner` is how the birth is usually told, `heaped` that ages are in fives.

    `paper` is the type and number of a document, where there is one.
    """

    name: Name
    father: Name
    grandfather: Name
    sex: str
    born: date
    relationship: str
    marital: str
    manner: str
    heaped: bool
    paper: tuple[str, str] | None = None
    nationality: str = "AFG"


@dataclass(frozen=True, slots=True)
class Family:
    """A household as it is."""

    base: Base
    members: list[Being]


def base_of(seed: int, place: Place, until: datetime = UNTIL) -> Base:
    """The base of a household, with what it shares with another that it is tied to."""
    own = _base(dice_of(seed, place.chunk, place.number, BASE), until)
    if not place.tie:
        return own
    other = _base(dice_of(seed, place.chunk, place.tied, BASE), until)
    shared: dict[str, object] = {}
    if place.tie in (BROTHER, COUSIN):
        near = ("grandfather", "community", "district", "language")
        shared = {each: getattr(other, each) for each in near}
    if place.tie == BROTHER:
        shared["father"] = other.father
    elif place.tie == NAMESAKE:
        shared = {"man": other.man, "father": other.father}
        if own.arrived.day % 2:
            shared["district"] = other.district
    if place.tie == SHARED_PHONE or (place.tie == BROTHER and own.arrived.day % 3 == 0):
        shared["phones"] = other.phones
    return Base(**{each: shared.get(each, getattr(own, each)) for each in Base.__slots__})  # type: ignore[arg-type]


def _base(dice: Random, until: datetime) -> Base:
    at = dice.random() * _DISTRICT_SUMS[-1]
    district, _weight, languages = next(
        each for each, upto in zip(_DISTRICTS, _DISTRICT_SUMS, strict=True) if at < upto
    )
    language = languages[int(len(languages) * dice.random())]
    community = _COMMUNITIES.get(language, DARI)
    grandfather = names.draw(dice, Sex.MALE, community)
    father = names.draw(dice, Sex.MALE, community)
    man = names.draw(dice, Sex.MALE, community, father if dice.random() < 0.1 else None)
    day = int(35 * dice.betavariate(2, 4))
    hour = 24 * 60 * dice.triangular(0.1, 0.95, 0.35)
    return Base(
        man=man,
        father=father,
        grandfather=grandfather,
        community=community,
        district=district,
        language=language,
        phones=_phones(dice),
        arrived=until - WEEKS + timedelta(days=day, minutes=int(hour)),
    )


def _phones(dice: Random) -> tuple[str, ...]:
    count = 0 if dice.random() >= HAS_PHONE else 2 if dice.random() < 0.15 else 1
    return tuple(phone_number(dice) for _ in range(count))


def phone_number(dice: Random) -> str:
    """A number in a range that nobody has."""
    start = PHONE_RANGES[dice.random() < 0.15]
    return f"{start}{dice.randrange(10**8):08d}"


def paper(dice: Random, age: int) -> tuple[str, str] | None:
    """A document with an invented number, for some."""
    share = next(share for below, share in HAS_PAPERS if age < below)
    if dice.random() >= share:
        return None
    number = dice.randrange(10**9)
    at = dice.random()
    if at < 0.55:
        return "tazkira", f"000-{number:09d}"
    if at < 0.92:
        return "e_tazkira", f"0000-{number // 10**5:04d}-{number % 10**5:05d}"
    return "passport", f"XX{number:09d}"


def family_of(seed: int, place: Place, until: datetime = UNTIL) -> Family:
    """The true family at an original place."""
    base = base_of(seed, place, until)
    dice = dice_of(seed, place.chunk, place.number, PEOPLE)
    maker = _Maker(dice, base)
    if place.size == 1:
        maker.alone()
    else:
        maker.family(place.size)
    return Family(base, maker.members)


def newcomer(dice: Random, family: Family) -> Being:
    """Somebody who is with the household at its second registration only."""
    maker = _Maker(dice, family.base)
    maker.sibling()
    return maker.members[0]


class _Maker:
    """Fills one household."""

    def __init__(self, dice: Random, base: Base) -> None:
        self.dice = dice
        self.base = base
        self.on = base.arrived.date()
        self.members: list[Being] = []

    def name(self, sex: str, like: Name | None = None) -> Name:
        return names.draw(self.dice, sex, self.base.community, like)

    def add(
        self,
        name: Name,
        father: Name,
        grandfather: Name,
        sex: str,
        age: float,
        relationship: str,
        marital: str = MaritalStatus.SINGLE,
        born: date | None = None,
    ) -> Being:
        """A member; `age` in years and parts of them."""
        born = born or self.on - timedelta(days=1 + int(365.25 * age))
        years = births.completed_years(born, self.on)
        being = Being(
            name=name,
            father=father,
            grandfather=grandfather,
            sex=sex,
            born=born,
            relationship=relationship,
            marital=marital,
            manner=births.manner(self.dice, years),
            heaped=self.dice.random() < births.HEAPED,
            paper=paper(self.dice, years),
            nationality="TJK" if self.dice.random() < 0.02 else "AFG",
        )
        self.members.append(being)
        return being

    def alone(self) -> None:
        """One person: a child, an elderly person, or an adult."""
        at, base = self.dice.random(), self.base
        sex = Sex.FEMALE if self.dice.random() < (0.65 if at < 0.40 else 0.45) else Sex.MALE
        if at < 0.03:
            age = 9 + 9 * self.dice.random()
        elif at < 0.40:
            age = 60 + 26 * self.dice.random() ** 2
        else:
            age = 18 + 42 * self.dice.random() ** 1.5
        name = base.man if sex == Sex.MALE else self.name(sex)
        marital = MaritalStatus.WIDOWED if age >= 60 else MaritalStatus.SINGLE
        self.add(name, base.father, base.grandfather, sex, age, Relationship.HEAD, marital)

    def family(self, size: int) -> None:
        """Parents or a mother, children, and sometimes older and younger kin."""
        dice, base = self.dice, self.base
        father_came = dice.random() < FATHER_CAME
        left = size - 1 - father_came
        elder = left > 0 and dice.random() < GRANDPARENT
        left -= elder
        aunt = left > 1 and dice.random() < SIBLING
        left -= aunt
        in_law = left > 2 and dice.random() < DAUGHTER_IN_LAW
        left -= 2 * in_law
        ages = self._ages_of_children(left)
        mother = (ages[0] if ages else 2 + 45 * dice.random() ** 2) + 17 + 6 * dice.random()
        if in_law:
            mother = max(mother, 40 + 10 * dice.random())
        man = max(mother + dice.gauss(4, 3), 18.0)
        own_father, own_grandfather = self.name(Sex.MALE), self.name(Sex.MALE)
        if father_came:
            self.add(base.man, base.father, base.grandfather, Sex.MALE, man,
                     Relationship.HEAD, MaritalStatus.MARRIED)  # fmt: skip
        self.add(
            self.name(Sex.FEMALE),
            own_father,
            own_grandfather,
            Sex.FEMALE,
            mother,
            Relationship.SPOUSE if father_came else Relationship.HEAD,
            MaritalStatus.WIDOWED
            if not father_came and dice.random() < 0.3
            else MaritalStatus.MARRIED,
        )
        if elder:
            self._elder(man, in_law=not father_came)
        if aunt:
            self.sibling()
        self._children(ages)
        if in_law:
            self._sons_family(mother)

    def _ages_of_children(self, count: int) -> list[float]:
        """The eldest first; spacings of 1.3 to 4 years, and twins."""
        dice = self.dice
        age = min(dice.expovariate(1 / 4.5), 20.0)
        ages = []
        for _ in range(count):
            ages.append(age)
            age += 0.0 if dice.random() < TWINS else 1.3 + 2.7 * dice.random() ** 1.5
        return ages[::-1]

    def _children(self, ages: list[float]) -> None:
        dice, base = self.dice, self.base
        taken: set[Name] = set()
        last: dict[str, Name] = {}
        before: Being | None = None
        for place, age in enumerate(ages):
            sex = Sex.MALE if dice.random() < (0.5 if age < 17 else 0.4) else Sex.FEMALE
            twin = before is not None and ages[place - 1] == age
            like = last.get(sex) if twin or dice.random() < LIKE_A_BROTHER else None
            name = self.name(sex, like)
            while name in taken or name == base.man:
                name = self.name(sex)
            taken.add(name)
            last[sex] = name
            before = self.add(
                name,
                base.man,
                base.father,
                sex,
                age,
                Relationship.CHILD,
                born=before.born if twin and before is not None else None,
            )

    def _elder(self, man: float, *, in_law: bool) -> None:
        dice, base = self.dice, self.base
        sex = Sex.FEMALE if dice.random() < 0.72 else Sex.MALE
        age = min(man + 19 + 14 * dice.random(), 96.0)
        relationship = Relationship.PARENT_IN_LAW if in_law else Relationship.PARENT
        if sex == Sex.MALE:
            name, father = base.father, base.grandfather
        else:
            name, father = self.name(sex), self.name(Sex.MALE)
        self.add(name, father, self.name(Sex.MALE), sex, age, relationship, MaritalStatus.WIDOWED)

    def sibling(self) -> None:
        """A brother or, more often, a sister of the man."""
        sex = Sex.FEMALE if self.dice.random() < 0.7 else Sex.MALE
        age = 14 + 30 * self.dice.random() ** 1.5
        base = self.base
        self.add(self.name(sex), base.father, base.grandfather, sex, age, Relationship.SIBLING)

    def _sons_family(self, mother: float) -> None:
        """The wife and a child of a grown son who is not there."""
        dice, base = self.dice, self.base
        son = self.name(Sex.MALE)
        age = 17 + min(mother - 38, 12.0) * dice.random()
        self.add(self.name(Sex.FEMALE), self.name(Sex.MALE), self.name(Sex.MALE), Sex.FEMALE, age,
                 Relationship.CHILD_IN_LAW, MaritalStatus.MARRIED)  # fmt: skip
        sex = Sex.FEMALE if dice.random() < 0.5 else Sex.MALE
        child = max(age - 17, 0.1) * dice.random()
        self.add(self.name(sex), son, base.man, sex, child, Relationship.GRANDCHILD)
