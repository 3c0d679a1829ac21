"""Stand-in until branch intake."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from common.ids import new_id


@dataclass
class ConsentInput:
    purpose: str
    recipient: str = ""
    given: bool = True


@dataclass
class DocumentInput:
    type: str
    number: str


@dataclass
class MemberInput:
    name: str
    id: uuid.UUID = field(default_factory=new_id)
    father_name: str = ""
    grandfather_name: str = ""
    sex: str = "unknown"
    birth: str = ""
    relationship: str = "unknown"
    nationality: str = ""
    specific_needs: list[str] = field(default_factory=list)
    documents: list[DocumentInput] = field(default_factory=list)
    notes: str = ""


@dataclass
class HouseholdInput:
    entry_point: str
    arrived_at: datetime
    members: list[MemberInput]
    id: uuid.UUID = field(default_factory=new_id)
    origin_area: str = ""
    preferred_language: str = ""
    interpreter_language: str = ""
    phones: list[str] = field(default_factory=list)
    consents: list[ConsentInput] = field(default_factory=list)
    declared_size: int | None = None
