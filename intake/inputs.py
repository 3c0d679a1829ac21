"""What the registration services take: cleaned values, as codes and as words that were said."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from intake.choices import BirthSource, LegalBasis, MaritalStatus, RegistrationLevel, Relationship


@dataclass(frozen=True, kw_only=True)
class DocumentInput:
    """An identity document. Personal data: `number`."""

    type: str
    number: str


@dataclass(frozen=True, kw_only=True)
class ConsentInput:
    """An answer for a purpose; `recipient` is an agency's code or empty for all (see Consent).

    `explained` is the version of the text that was read out, `explained_in` its language,
    `occurred_at` when they answered: now when it is empty.
    """

    purpose: str
    recipient: str = ""
    given: bool
    legal_basis: str = LegalBasis.CONSENT
    explained: str = ""
    explained_in: str = ""
    how: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class MemberInput:
    """One person. `birth` is what was said: `1360`, `about 40`, `13 months`. Personal data.

    Who is only counted in a group pre-registration has an empty name, and may have a `bracket`
    (one of `births.BRACKETS`) where nothing was said of the birth.
    """

    name: str
    sex: str
    birth: str = ""
    bracket: str = ""
    id: uuid.UUID | None = None
    father_name: str = ""
    grandfather_name: str = ""
    also_known_as: Sequence[str] = ()
    relationship: str = Relationship.UNKNOWN
    nationality: str = ""
    marital_status: str = MaritalStatus.UNKNOWN
    birth_source: str = BirthSource.STATED
    specific_needs: Sequence[str] = ()
    documents: Sequence[DocumentInput] = ()
    phones: Sequence[str] = ()
    notes: str = ""
    focal_point: bool = False  # nobody marked: the head, else the eldest adult


@dataclass(frozen=True, kw_only=True)
class GroupCount:
    """So many people of one sex and age bracket, counted without their names."""

    sex: str
    bracket: str
    persons: int


@dataclass(frozen=True, kw_only=True)
class HouseholdInput:
    """A household with its arrival and members. Codes are the model's own. Personal data.

    `token` is that of a slip printed ahead; empty, a token is made.

    At the level `group`, `counts` are the others: everybody but the `members`, of whom one at
    least, the focal point, has a name.
    """

    entry_point: str
    arrived_at: datetime
    members: Sequence[MemberInput]
    id: uuid.UUID | None = None
    origin_area: str = ""
    preferred_language: str = ""
    interpreter_language: str = ""
    phones: Sequence[str] = ()
    consents: Sequence[ConsentInput] = ()
    declared_size: int | None = None
    livestock: str = ""
    legal_basis: str = LegalBasis.VITAL_INTEREST
    level: str = RegistrationLevel.INDIVIDUAL
    notes: str = ""
    token: str = ""
    # The operation that sends them; empty for people who crossed the border.
    transferred_from: str = ""
    counts: Sequence[GroupCount] = ()
