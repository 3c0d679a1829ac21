"""A repeat is known by what was said, also after an upgrade."""

from __future__ import annotations

from dataclasses import dataclass, replace

from intake.inputs import ConsentInput, HouseholdInput
from intake.services.rows import fingerprint
from tests.factories.intake import household_input


@dataclass(frozen=True, kw_only=True)
class LaterInput(HouseholdInput):
    """What a later version takes."""

    interviewer: str = ""
    visits: int | None = None


def test_a_field_that_nobody_fills_changes_nothing() -> None:
    data = household_input()
    later = LaterInput(**vars(data))
    assert fingerprint(later) == fingerprint(data)
    assert fingerprint(replace(later, interviewer="x")) != fingerprint(data)


def test_everything_that_is_said_counts() -> None:
    data = household_input(consents=(ConsentInput(purpose="health", given=False),))
    other = household_input(consents=(ConsentInput(purpose="health", given=True),))
    assert len({fingerprint(each) for each in (data, other, household_input())}) == 3
    first, *rest = data.members
    assert fingerprint(replace(data, members=[*rest, first])) != fingerprint(data)
    assert fingerprint(replace(data, members=tuple(data.members))) == fingerprint(data)
    assert fingerprint(replace(data, declared_size=0)) != fingerprint(data)
