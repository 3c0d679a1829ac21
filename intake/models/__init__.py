"""Tables of intake, by noun."""

from intake.models.border import BorderAssessment, CrossingCount, EntryPointStatusChange
from intake.models.codelists import Area, Country, DocumentType, Language, SpecificNeedType
from intake.models.consents import Consent
from intake.models.drafts import RegistrationDraft
from intake.models.duplicates import DuplicatePair, FieldQuestion, PairDecision, PersonMerge
from intake.models.entry_points import EntryPoint
from intake.models.family import FamilyLink, TracingKey, TracingMatch, TracingRequest
from intake.models.households import Arrival, Household
from intake.models.imports import ImportBatch, ImportRow
from intake.models.keys import (
    DuplicateSweep,
    IdentityIndex,
    KeyCount,
    KeyFrequency,
    KeyRebuild,
    MatchWeight,
)
from intake.models.persons import (
    HouseholdMove,
    Identity,
    Person,
    PersonExit,
    SpecificNeed,
)
from intake.models.questions import OpenQuestion
from intake.models.screening import ScreeningOutcome
from intake.models.tokens import SlipToken, TokenSheet
from intake.models.versions import IdentityVersion
from intake.models.washington import WashingtonGroup

__all__ = [
    "Area",
    "Arrival",
    "BorderAssessment",
    "Consent",
    "Country",
    "CrossingCount",
    "DocumentType",
    "DuplicatePair",
    "DuplicateSweep",
    "EntryPoint",
    "EntryPointStatusChange",
    "FamilyLink",
    "FieldQuestion",
    "Household",
    "HouseholdMove",
    "Identity",
    "IdentityIndex",
    "IdentityVersion",
    "ImportBatch",
    "ImportRow",
    "KeyCount",
    "KeyFrequency",
    "KeyRebuild",
    "Language",
    "MatchWeight",
    "OpenQuestion",
    "PairDecision",
    "Person",
    "PersonExit",
    "PersonMerge",
    "RegistrationDraft",
    "ScreeningOutcome",
    "SlipToken",
    "SpecificNeed",
    "SpecificNeedType",
    "TokenSheet",
    "TracingKey",
    "TracingMatch",
    "TracingRequest",
    "WashingtonGroup",
]
