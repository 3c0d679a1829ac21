"""A woman who looks for her brother, and one who may be him: invented people, told as they would.

Both households exist already among the arrivals: no figure changes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from accounts.models import User
from common import clock
from intake.births import parse_birth
from intake.choices import ConsentPurpose, Relationship, Sex
from intake.models import Consent, Household, Person
from intake.names import romanise, script_of
from intake.services.tracing import file_tracing_request
from intake.tracing import Sought

Say = Callable[[str], None]


def look_for_a_brother(*, actor: User, moment: datetime, say: Say) -> None:
    """File one open request whose candidate is registered in another household."""
    found = _brother()
    asker = _sister(found) if found else None
    if found is None or asker is None:
        say("  nobody to look for")
        return
    identity = found.identity.open()
    with clock.replaying(moment):
        Consent.objects.get_or_create(
            household=asker.household,
            purpose=ConsentPurpose.TRACING,
            recipient="",
            withdrawn_at=None,
            defaults={"given": True},
        )
        request = file_tracing_request(
            actor=actor,
            asker=asker,
            sought=Sought(
                # As another hand would write them, in another script.
                name=_otherwise(identity.name),
                father_name=_otherwise(identity.father_name),
                sex=Sex.MALE,
                birth=_about(found, moment),
                relation=Relationship.SIBLING,
                last_seen_area=found.household.origin_area_id or "",
                last_seen_when="the night they crossed the river",
            ),
        )
    say(f"  {request.reference}: {request.matches.count()} candidates")


def _otherwise(name: str) -> str:
    """Cyrillic in Latin letters; Arabic script as it is, because it leaves out vowels."""
    return romanise(name).title() if script_of(name) == "cyrillic" else name


def _about(person: Person, moment: datetime) -> str:
    """An age as a sister would say it."""
    assert person.birth_latest is not None
    text = f"about {moment.year - person.birth_latest.year}"
    parse_birth(text, said_on=moment.date())
    return text


def _brother() -> Person | None:
    """A man alone in his household, with a father's name."""
    alone = Household.objects.active().filter(members__left_at__isnull=True)
    for person in (
        Person.objects.in_count()
        .filter(household__in=alone, sex=Sex.MALE, birth_latest__isnull=False)
        .select_related("identity", "household")
        .order_by("arrived_at", "pk")[:200]
    ):
        identity = person.identity.open()
        if identity.father_name and script_of(identity.name) == "cyrillic":
            return person
    return None


def _sister(brother: Person) -> Person | None:
    """A woman who speaks for another household."""
    return (
        Person.objects.in_count()
        .filter(sex=Sex.FEMALE, is_focal_point=True, birth_latest__year__lt=2000)
        .exclude(household=brother.household)
        .select_related("household")
        .order_by("arrived_at", "pk")
        .first()
    )
