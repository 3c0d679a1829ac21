"""Closed sets of the intake app. Open lists (areas, needs, languages) are tables."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EntryPointKind(models.TextChoices):
    OFFICIAL = "official", _("Official crossing")
    INFORMAL = "informal", _("Informal crossing")


class EntryPointStatus(models.TextChoices):
    OPEN = "open", _("Open")
    RESTRICTED = "restricted", _("Restricted")
    CLOSED = "closed", _("Closed")


class RegistrationLevel(models.TextChoices):
    """UNHCR Guidance on Registration 6.5: group pre-registration, then individual emergency."""

    GROUP = "group", _("Group pre-registration, to complete")
    INDIVIDUAL = "individual", _("Individual emergency registration")


class HouseholdStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    CLOSED = "closed", _("Closed")


class Sex(models.TextChoices):
    FEMALE = "F", _("Female")
    MALE = "M", _("Male")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Unknown")


class Relationship(models.TextChoices):
    """Relationship to the focal point of the household (UNICEF HOPE's list, adapted)."""

    HEAD = "head", _("Head or focal point")
    SPOUSE = "spouse", _("Wife or husband")
    CHILD = "child", _("Son or daughter")
    PARENT = "parent", _("Mother or father")
    SIBLING = "sibling", _("Brother or sister")
    GRANDPARENT = "grandparent", _("Grandmother or grandfather")
    GRANDCHILD = "grandchild", _("Grandchild")
    UNCLE_AUNT = "uncle_aunt", _("Aunt or uncle")
    NEPHEW_NIECE = "nephew_niece", _("Nephew or niece")
    COUSIN = "cousin", _("Cousin")
    PARENT_IN_LAW = "parent_in_law", _("Mother- or father-in-law")
    CHILD_IN_LAW = "child_in_law", _("Daughter- or son-in-law")
    SIBLING_IN_LAW = "sibling_in_law", _("Sister- or brother-in-law")
    STEP_CHILD = "step_child", _("Step-child")
    FOSTER_CHILD = "foster_child", _("Foster child")
    OTHER = "other", _("Other relative")
    NOT_RELATED = "not_related", _("Not related")
    UNKNOWN = "unknown", _("Unknown")


class MaritalStatus(models.TextChoices):
    SINGLE = "single", _("Single")
    MARRIED = "married", _("Married")
    ENGAGED = "engaged", _("Engaged")
    WIDOWED = "widowed", _("Widowed")
    DIVORCED = "divorced", _("Divorced")
    SEPARATED = "separated", _("Separated")
    UNKNOWN = "unknown", _("Unknown")


class LegalStatus(models.TextChoices):
    """Separate from the process status: reception does not wait for it."""

    NOT_YET = "arrived_not_yet_status", _("Arrived, no status yet")
    ASYLUM_SEEKER = "asylum_seeker", _("Asylum seeker")
    REFUGEE_PRIMA_FACIE = "refugee_prima_facie", _("Refugee, prima facie")
    REFUGEE = "refugee_recognised", _("Refugee, recognised")
    OTHER_IN_NEED = "other_in_need_of_protection", _("Other in need of protection")
    STATELESS = "stateless", _("Stateless")
    HOST_NATIONAL = "host_national", _("National of the host country")
    NOT_OF_CONCERN = "not_of_concern", _("Not of concern")


class ProcessStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    ON_HOLD = "on_hold", _("On hold")
    INACTIVE = "inactive", _("Inactive")
    CLOSED = "closed", _("Closed")


class ExitReason(models.TextChoices):
    """Why a person is no longer in the count (domain/standards.md 1.3)."""

    DEPARTED = "spontaneous_departure", _("Left without notice")
    VOLUNTARY_RETURN = "voluntary_return", _("Voluntary return, confirmed")
    FORCED_RETURN = "forced_return", _("Deported or returned by force")
    RESETTLED = "resettled", _("Resettled")
    TRANSFERRED = "transferred", _("Transferred to another operation")
    PRIVATE = "private_accommodation", _("Moved to private accommodation")
    DECEASED = "deceased", _("Deceased")
    DISAPPEARED = "disappeared", _("Whereabouts unknown")
    NO_SHOW = "no_show", _("Not seen at verification")
    SEPARATED = "separated_authority", _("No longer in the civilian register")
    DUPLICATE = "duplicate", _("Registered twice")
    ERROR = "registered_in_error", _("Registered in error")


# Persons who left for these reasons were never a person of their own in the figures.
NEVER_COUNTED = (ExitReason.DUPLICATE, ExitReason.ERROR)


class EntryKind(models.TextChoices):
    """How a person came into the count; each is a flow of its own in the situation report."""

    ARRIVAL = "arrival", _("Crossed the border")
    BIRTH = "birth", _("Born here")
    TRANSFER = "transfer", _("Transferred from another operation")


class MoveReason(models.TextChoices):
    """Why a person went from one household to another; no flow: the stock stays the same."""

    SPLIT = "split", _("The household parted")
    JOINED = "joined", _("Households joined")
    REUNIFICATION = "reunification", _("Family reunified")
    CORRECTION = "correction", _("Was registered with the wrong household")


class BirthPrecision(models.TextChoices):
    DAY = "day", _("Day known")
    MONTH = "month", _("Month known")
    YEAR = "year", _("Year known")
    AGE_MONTHS = "age_months", _("From an age in months")
    AGE = "age", _("From an age")
    AGE_ESTIMATE = "age_estimate", _("Estimated age")
    BRACKET = "age_bracket", _("Age group only")
    UNKNOWN = "unknown", _("Unknown")


class Calendar(models.TextChoices):
    GREGORIAN = "gregorian", _("Gregorian")
    SOLAR_HIJRI = "solar_hijri", _("Solar Hijri")
    LUNAR_HIJRI = "lunar_hijri", _("Lunar Hijri")


class BirthSource(models.TextChoices):
    STATED = "stated", _("Stated")
    DOCUMENT = "document", _("From a document")
    ESTIMATED = "estimated", _("Estimated by staff")


class NeedStatus(models.TextChoices):
    SUGGESTED = "suggested", _("Suggested, to be confirmed by a person")
    PENDING_REVIEW = "pending_review", _("Pending protection review")
    CONFIRMED = "confirmed", _("Confirmed")
    CLOSED = "closed", _("Closed")


class LegalBasis(models.TextChoices):
    """Basis of processing: consent is weak under need, so it is not the only one (ICRC)."""

    CONSENT = "consent", _("Consent")
    VITAL_INTEREST = "vital_interest", _("Vital interest")
    PUBLIC_INTEREST = "public_interest", _("Public interest or mandate")
    LEGAL_OBLIGATION = "legal_obligation", _("Legal obligation")


class ConsentPurpose(models.TextChoices):
    REGISTRATION = "registration", _("Registration and reception")
    ASSISTANCE = "assistance", _("Assistance")
    PROTECTION = "protection", _("Protection services")
    HEALTH = "health", _("Health care")
    TRACING = "tracing", _("Family tracing")


class ScreeningOutcomeKind(models.TextChoices):
    """What the authority decided. Panah records it and never decides (IDDRS 5.40)."""

    NO_CONCERN = "no_concern", _("No concern")
    REFERRED = "referred_to_authority", _("Referred to the authority")
    HELD = "held_separately", _("Held separately")
    CHILD = "child_to_child_protection", _("Child, to child protection")
    RELEASED = "released_civilian", _("Released as a civilian")
    RENUNCIATION = "renunciation_period", _("Renounced arms, period running")
    RENOUNCED = "renunciation_verified", _("Renunciation verified")
    RETURNED = "returned", _("Returned")
    ONWARD = "onward", _("Went on to another country")


class PairStatus(models.TextChoices):
    """Asked: somebody asks the family first. Lapsed: no longer alike, and never decided."""

    OPEN = "open", _("To decide")
    ASKED = "asked", _("Asked in the field")
    SAME = "same", _("Same household")
    DIFFERENT = "different", _("Different households")
    LAPSED = "lapsed", _("No longer alike")


# Nobody has decided about these yet.
UNDECIDED = (PairStatus.OPEN, PairStatus.ASKED)


class FieldTopic(models.TextChoices):
    """What to ask a family before a pair is decided: each about themselves only."""

    REGISTERED_BEFORE = "registered_before", _("Were they registered before? Where and when?")
    DOCUMENTS = "documents", _("Please look at their documents again.")
    NAMES = "names", _("Please ask for all names and fathers’ names again.")
    AGES = "ages", _("Please ask how old each of them is.")
    MEMBERS = "members", _("Who belongs to the family, and who came with them?")
    PHONES = "phones", _("Which phone numbers do they use?")


class FieldStatus(models.TextChoices):
    """Withdrawn: the pair was decided, or asked about anew, before somebody answered."""

    OPEN = "open", _("To ask")
    ANSWERED = "answered", _("Answered")
    WITHDRAWN = "withdrawn", _("No longer asked")


class FieldAnswer(models.TextChoices):
    BEFORE = "registered_before", _("Yes, they were registered before")
    NOT_BEFORE = "not_before", _("No, this was the first time")
    GONE = "gone_away", _("They have gone away")
    NOT_ASKED = "could_not_ask", _("They could not be asked")


class ImportStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    DONE = "done", _("Done")
    FAILED = "failed", _("Could not be read")


class LinkStrength(models.TextChoices):
    """How well a family link is known."""

    STATED = "stated", _("Stated")
    PROBABLE = "probable", _("Probable")
    DOCUMENTED = "documented", _("Shown by a document")
    VERIFIED = "verified", _("Verified")


class LinkSource(models.TextChoices):
    """Who said that two people are relatives."""

    PERSON = "person", _("The person")
    RELATIVE = "relative", _("The relative")
    OTHER_RELATIVE = "other_relative", _("Another relative")
    STAFF = "staff", _("Staff")
    AGENCY = "agency", _("An agency")
    DOCUMENT = "document", _("A document")


class LinkEnd(models.TextChoices):
    """Why a family link is no longer followed. Codes only: free text would be personal data."""

    REUNITED = "reunited", _("They live together again")
    MISTAKEN = "mistaken", _("They are not relatives")
    UNWANTED = "unwanted", _("One of them does not want it")
    DECEASED = "deceased", _("One of them died")


# What one person may be to another: "head" says who speaks for a household, nothing of kinship.
KIN = tuple(choice for choice in Relationship.choices if choice[0] != Relationship.HEAD)

_R = Relationship
_PAIRS = (
    (_R.CHILD, _R.PARENT),
    (_R.GRANDCHILD, _R.GRANDPARENT),
    (_R.NEPHEW_NIECE, _R.UNCLE_AUNT),
    (_R.CHILD_IN_LAW, _R.PARENT_IN_LAW),
)
_MUTUAL = (_R.SPOUSE, _R.SIBLING, _R.COUSIN, _R.SIBLING_IN_LAW, _R.NOT_RELATED, _R.UNKNOWN)
# What the second is to the first, when the first is this to the second.
INVERSE_KIN: dict[str, str] = {
    **{str(a): str(b) for pair in _PAIRS for a, b in (pair, pair[::-1])},
    **{str(each): str(each) for each in _MUTUAL},
    **{str(each): str(_R.OTHER) for each in (_R.STEP_CHILD, _R.FOSTER_CHILD, _R.OTHER)},
}


class TracingStatus(models.TextChoices):
    """From being asked to the end of the search (TRACING_TRANSITIONS)."""

    OPEN = "open", _("Looked for")
    CANDIDATE = "candidate", _("Somebody may be meant")
    FOUND = "found", _("Found")
    REUNITED = "reunited", _("Reunited")
    CLOSED = "closed", _("Closed")


_T = TracingStatus
# A confirmed match that was a mistake leads back from found.
TRACING_TRANSITIONS: dict[str, frozenset[str]] = {
    _T.OPEN: frozenset({_T.CANDIDATE, _T.CLOSED}),
    _T.CANDIDATE: frozenset({_T.OPEN, _T.FOUND, _T.CLOSED}),
    _T.FOUND: frozenset({_T.OPEN, _T.CANDIDATE, _T.REUNITED, _T.CLOSED}),
    _T.REUNITED: frozenset(),
    _T.CLOSED: frozenset(),
}
TRACING_ENDED = (_T.REUNITED, _T.CLOSED)


class TracingEnd(models.TextChoices):
    """Why nobody is looked for any more."""

    WITHDRAWN = "withdrawn", _("The person no longer asks")
    MET = "met_elsewhere", _("They met by themselves")
    DECEASED = "deceased", _("The one who was looked for died")
    NOT_WANTED = "not_wanted", _("The one who was found does not want contact")
    MISTAKEN = "mistaken", _("Recorded by mistake")


class MatchStatus(models.TextChoices):
    OPEN = "open", _("To decide")
    REJECTED = "rejected", _("Somebody else")
    CONFIRMED = "confirmed", _("The one who is looked for")


class ConsentHow(models.TextChoices):
    """How an answer was given: a thumb or a word counts as much as a signature."""

    SPOKEN = "spoken", _("Spoken")
    SIGNED = "signed", _("Signed")
    THUMBPRINT = "thumbprint", _("Thumbprint")
    GUARDIAN = "guardian", _("By a parent or guardian")


class NeedClosing(models.TextChoices):
    """Why a need is closed. `not_so` dismisses a suggestion, which does not come back then."""

    NOT_SO = "not_so", _("Looked at: it is not so")
    REVIEWED = "reviewed", _("Reviewed by a protection officer")
    MET = "met", _("The need is met")
    NO_LONGER = "no_longer", _("No longer so")
    MISTAKE = "mistake", _("Recorded by mistake")


class Difficulty(models.IntegerChoices):
    """Answers of the Washington Group short set; 7 and 9 are no answer."""

    NONE = 1, _("No difficulty")
    SOME = 2, _("Some difficulty")
    A_LOT = 3, _("A lot of difficulty")
    CANNOT = 4, _("Cannot do at all")
    REFUSED = 7, _("Refused")
    DO_NOT_KNOW = 9, _("Don’t know")


class Respondent(models.TextChoices):
    SELF = "self", _("The person")
    PROXY = "proxy", _("Somebody else for the person")


class TokenState(models.TextChoices):
    """Of a slip: printed ahead, given to a household, or taken back for good."""

    PRINTED = "printed", _("Printed, not given yet")
    BOUND = "bound", _("Given to a household")
    REVOKED = "revoked", _("No longer valid")


class RevocationReason(models.TextChoices):
    """Why a slip is no longer valid. `superseded`: the desk gave another one instead."""

    LOST = "lost", _("Lost")
    DAMAGED = "damaged", _("Damaged")
    STOLEN = "stolen", _("Stolen")
    MISPRINTED = "misprinted", _("Misprinted")
    SUPERSEDED = "superseded", _("Another slip was given")
    OTHER = "other", _("Other")


class CountMethod(models.TextChoices):
    """How people who crossed were counted; decides how far the figure can be trusted."""

    COUNTED = "counted", _("Counted one by one")
    ESTIMATED = "estimated", _("Estimated")
    REPORTED = "reported", _("Reported by others")


class Finding(models.TextChoices):
    """The headings under which a border assessment says what was found."""

    PEOPLE_WAITING = "people_waiting", _("People waiting")
    NEEDS = "needs", _("Needs")
    ACCESS_AND_SECURITY = "access_and_security", _("Access and security")
    HEALTH = "health", _("Health")
    RECOMMENDATIONS = "recommendations", _("Recommendations")


class QuestionCode(models.TextChoices):
    """What the desk asks about the data of a household (domain/standards.md 1.6)."""

    DECLARED_SIZE = "declared_size_differs", _("Told and written sizes differ")
    NO_ADULT = "child_without_adult", _("Children without an adult")
    YOUNG_SPOUSE = "spouse_under_18", _("Wife or husband under 18")
    YOUNG_PARENT = "parent_too_young", _("Parent less than 12 years older")
    FIRST_OF_YEAR = "first_of_january", _("Born on the first day of a year")
    TWO_HEADS = "two_focal_points", _("More than one head")
    SEX_UNKNOWN = "sex_unknown", _("Sex not recorded")
    DOCUMENT_ELSEWHERE = "document_seen_elsewhere", _("Document also in another household")
    PHONE_ELSEWHERE = "phone_seen_elsewhere", _("Phone also in another household")
    PHONE_IN_MANY = "phone_in_many_households", _("Phone in more than three households")


class QuestionStatus(models.TextChoices):
    """Outdated: what raised the question is no longer so."""

    OPEN = "open", _("Open")
    ANSWERED = "answered", _("Answered")
    OUTDATED = "outdated", _("No longer asked")


class QuestionAnswer(models.TextChoices):
    """To ask later is no answer: the question stays open."""

    RIGHT = "right", _("It is right as typed")
    YEAR_ONLY = "year_only", _("Only the year is known")
