"""Shapes of households and persons over REST (design.md: shapes relied upon)."""

from __future__ import annotations

from typing import Any

from django.utils.functional import cached_property
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from intake.api.questions import OpenQuestionSerializer
from intake.births import BRACKETS
from intake.choices import (
    BirthPrecision,
    BirthSource,
    Calendar,
    ConsentHow,
    ConsentPurpose,
    EntryKind,
    EntryPointKind,
    EntryPointStatus,
    ExitReason,
    HouseholdStatus,
    LegalBasis,
    LegalStatus,
    MaritalStatus,
    NeedStatus,
    ProcessStatus,
    RegistrationLevel,
    Relationship,
    Sex,
)
from intake.inputs import (
    AnswerInput,
    ConsentInput,
    DocumentInput,
    GroupCount,
    HouseholdInput,
    MemberInput,
)
from intake.models import EntryPoint, Household
from intake.services.checking import MOST_MEMBERS

Shape = serializers.Serializer[Any]


class Choice(serializers.ChoiceField):
    """A choice in the schema; the service refuses another value, with all other problems."""

    def to_internal_value(self, data: Any) -> Any:
        """Any short text; what it means is checked together with everything else."""
        return self._text.run_validation(data)

    @cached_property
    def _text(self) -> serializers.CharField:
        return serializers.CharField(max_length=40, allow_blank=True)


FAMILY: dict[str, Any] = {
    "id": "0197e4a0-7c00-7000-8000-000000000001",
    "arrival": {"entry_point": "ISHKOSHIM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "origin_area": "AF1723",
    "preferred_language": "prs",
    "phones": ["+93700000001"],
    "consents": [{"purpose": "assistance", "recipient": "AKHS", "given": True}],
    "members": [
        {
            "name": "محمد نبی",
            "father_name": "غلام",
            "sex": "M",
            "birth": "1360",
            "relationship": "head",
            "nationality": "AFG",
            "specific_needs": ["SM-CI"],
            "documents": [{"type": "tazkira", "number": "1234-5678-90123"}],
        },
        {"name": "Зарина", "sex": "F", "birth": "about 36", "relationship": "spouse"},
    ],
}


COUNTED: dict[str, Any] = {
    "id": "0197e4a0-7c00-7000-8000-000000000002",
    "arrival": {"entry_point": "ISHKOSHIM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "phones": ["+93700000002"],
    "level": "group",
    "declared_size": 4,
    "members": [{"name": "Зарина", "sex": "F", "birth": "34", "relationship": "head"}],
    "group": {
        "counts": [
            {"sex": "F", "bracket": "0-4", "persons": 2},
            {"sex": "M", "bracket": "60+", "persons": 1},
        ]
    },
}


class ArrivalInputSerializer(Shape):
    """Where and when they crossed, or were received from another operation."""

    entry_point = serializers.CharField(max_length=40)
    arrived_at = serializers.DateTimeField()
    transferred_from = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        default="",
        help_text="The operation that sends them; empty for a crossing",
    )


class ConsentSerializer(Shape):
    """An answer for a purpose and a recipient (an agency's code, or empty)."""

    purpose = Choice(ConsentPurpose.choices)
    recipient = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    given = serializers.BooleanField()


class ConsentInputSerializer(ConsentSerializer):
    """With what was explained: the version of the text, its language, how they answered."""

    legal_basis = Choice(LegalBasis.choices, required=False, default=LegalBasis.CONSENT)
    explained = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    explained_in = serializers.CharField(
        max_length=10, required=False, allow_blank=True, default=""
    )
    how = Choice(ConsentHow.choices, required=False, allow_blank=True, default="")
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class DocumentSerializer(Shape):
    """An identity document."""

    type = serializers.CharField(max_length=40)
    number = serializers.CharField(max_length=60)


def _text(length: int) -> serializers.CharField:
    return serializers.CharField(max_length=length, required=False, allow_blank=True, default="")


_BRACKETS = [(bracket, bracket) for bracket in BRACKETS]


class MemberInputSerializer(Shape):
    """One person. `birth` takes what people say: 1360, about 40, 13 months, 18 Aqrab 1396."""

    id = serializers.UUIDField(required=False)
    name = serializers.CharField(max_length=200, allow_blank=True)
    father_name = _text(200)
    grandfather_name = _text(200)
    also_known_as = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=10, required=False, default=list
    )
    sex = Choice(Sex.choices)
    birth = _text(60)
    bracket = Choice(
        _BRACKETS,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of who is counted only, in a household of level `group`: instead of a birth",
    )
    birth_source = Choice(BirthSource.choices, required=False, default=BirthSource.STATED)
    relationship = Choice(Relationship.choices, required=False, default=Relationship.UNKNOWN)
    nationality = _text(3)
    marital_status = Choice(MaritalStatus.choices, required=False, default=MaritalStatus.UNKNOWN)
    specific_needs = serializers.ListField(
        child=serializers.CharField(max_length=10), max_length=20, required=False, default=list
    )
    documents = DocumentSerializer(many=True, required=False, default=list)
    phones = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=5, required=False, default=list
    )
    notes = _text(4000)
    is_focal_point = serializers.BooleanField(
        required=False,
        default=False,
        help_text="One person at most; nobody: the head, else the eldest adult",
    )


class AnswerSentSerializer(Shape):
    """An answer that was given where the device asked in place."""

    code = serializers.CharField(max_length=40, help_text="As in open_questions")
    member = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="Index of the person, or null"
    )
    answer = serializers.CharField(max_length=40)


class GroupCountSerializer(Shape):
    """So many people of one sex and age bracket, counted without their names."""

    sex = Choice(Sex.choices)
    bracket = Choice(_BRACKETS)
    persons = serializers.IntegerField(min_value=0, max_value=MOST_MEMBERS)


class GroupSerializer(Shape):
    """The others of a group: everybody but the `members`, of whom the focal point has a name."""

    counts = GroupCountSerializer(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample("A family", value=FAMILY, request_only=True),
        OpenApiExample("A group, counted", value=COUNTED, request_only=True),
    ]
)
class HouseholdInputSerializer(Shape):
    """A household with its members. A client that makes `id` may send it again safely."""

    id = serializers.UUIDField(required=False)
    arrival = ArrivalInputSerializer()
    origin_area = _text(40)
    preferred_language = _text(10)
    interpreter_language = _text(10)
    phones = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=10, required=False, default=list
    )
    declared_size = serializers.IntegerField(required=False, allow_null=True, default=None)
    level = Choice(RegistrationLevel.choices, required=False, default=RegistrationLevel.INDIVIDUAL)
    group = GroupSerializer(required=False, allow_null=True, default=None)
    livestock = _text(200)
    legal_basis = Choice(LegalBasis.choices, required=False, default=LegalBasis.VITAL_INTEREST)
    consents = ConsentInputSerializer(many=True, required=False, default=list)
    notes = _text(4000)
    token = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of a slip printed ahead, as scanned or typed; without one a token is made",
    )
    members = MemberInputSerializer(many=True)
    answers = AnswerSentSerializer(many=True, required=False, default=list)


class HouseholdEditSerializer(Shape):
    """What may be changed; only the fields that are sent are."""

    origin_area = serializers.CharField(max_length=40, required=False, allow_blank=True)
    preferred_language = serializers.CharField(max_length=10, required=False, allow_blank=True)
    interpreter_language = serializers.CharField(max_length=10, required=False, allow_blank=True)
    phones = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=10, required=False
    )
    declared_size = serializers.IntegerField(required=False, allow_null=True)
    livestock = serializers.CharField(max_length=200, required=False, allow_blank=True)
    notes = serializers.CharField(max_length=4000, required=False, allow_blank=True)


def member_input(data: dict[str, Any]) -> MemberInput:
    """What the service takes, from a valid member."""
    rest = {key: data[key] for key in data if key not in {"documents", "is_focal_point"}}
    return MemberInput(
        **rest,
        documents=tuple(DocumentInput(**each) for each in data["documents"]),
        focal_point=data["is_focal_point"],
    )


def household_input(data: dict[str, Any]) -> HouseholdInput:
    """What the service takes, from a valid household."""
    apart = {"arrival", "members", "consents", "group", "answers"}
    rest = {key: data[key] for key in data if key not in apart}
    group = data["group"] or {"counts": ()}
    return HouseholdInput(
        **rest,
        counts=tuple(GroupCount(**each) for each in group["counts"]),
        entry_point=data["arrival"]["entry_point"],
        arrived_at=data["arrival"]["arrived_at"],
        transferred_from=data["arrival"]["transferred_from"],
        consents=tuple(ConsentInput(**each) for each in data["consents"]),
        members=tuple(member_input(each) for each in data["members"]),
        answers=tuple(AnswerInput(**each) for each in data["answers"]),
    )


# Made once: to copy all its fields takes as long as to check a household. Checking with
# `run_validation` keeps nothing in it, so that threads share it.
_HOUSEHOLD = HouseholdInputSerializer()


def household_sent(data: Any) -> tuple[HouseholdInput | None, Any]:
    """What the service takes, or None and what is wrong with the shape, by field."""
    try:
        return household_input(_HOUSEHOLD.run_validation(data)), None
    except ValidationError:
        # Refused: once more with a serializer of its own, which words every case.
        typed = HouseholdInputSerializer(data=data)
        typed.is_valid()
        return None, typed.errors


class BirthSerializer(Shape):
    """A birth as a range of days, and the words that were said."""

    earliest = serializers.DateField(allow_null=True)
    latest = serializers.DateField(allow_null=True)
    precision = serializers.ChoiceField(BirthPrecision.choices)
    calendar = serializers.ChoiceField(Calendar.choices)
    text = serializers.CharField()


class NeedSerializer(Shape):
    """A specific need that the reader may see."""

    code = serializers.CharField()
    status = serializers.ChoiceField(NeedStatus.choices)


class PersonSerializer(Shape):
    """One person with names; needs are those of the reader's tiers."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    latin_name = serializers.CharField(
        help_text="The name in Latin letters for reading aloud, approximate; empty when it is Latin"
    )
    father_name = serializers.CharField()
    grandfather_name = serializers.CharField()
    sex = serializers.ChoiceField(Sex.choices)
    birth = BirthSerializer()
    age_bracket = serializers.CharField()
    relationship = serializers.ChoiceField(Relationship.choices)
    is_focal_point = serializers.BooleanField()
    pre_registered = serializers.BooleanField(
        help_text="Counted at a group pre-registration: the name is empty until it is completed"
    )
    nationality = serializers.CharField()
    marital_status = serializers.ChoiceField(MaritalStatus.choices)
    legal_status = serializers.ChoiceField(LegalStatus.choices)
    process_status = serializers.ChoiceField(ProcessStatus.choices)
    documents = DocumentSerializer(many=True)
    specific_needs = serializers.ListField(child=serializers.CharField())
    needs = NeedSerializer(many=True)
    entry = serializers.ChoiceField(EntryKind.choices)
    arrived_at = serializers.DateTimeField()
    left_at = serializers.DateTimeField(allow_null=True)
    exit_reason = serializers.ChoiceField(ExitReason.choices, allow_blank=True)


class PersonWithHouseholdSerializer(PersonSerializer):
    """A person in a list of persons."""

    household = serializers.CharField(help_text="Reference of the household")
    merged_into = serializers.UUIDField(allow_null=True, help_text="Id of who answers now")


class ArrivalSerializer(Shape):
    """A crossing, or people received from another operation."""

    entry_point = serializers.CharField()
    arrived_at = serializers.DateTimeField()
    transferred_from = serializers.CharField(allow_blank=True)


class PossibleDuplicateSerializer(Shape):
    """Another household that may be the same people; only a person decides."""

    household = serializers.CharField(help_text="Reference")
    score = serializers.FloatField()
    reasons = serializers.ListField(child=serializers.CharField())


class HouseholdSerializer(Shape):
    """A household with its members."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    token = serializers.CharField()
    status = serializers.ChoiceField(HouseholdStatus.choices)
    level = serializers.ChoiceField(RegistrationLevel.choices)
    arrival = ArrivalSerializer()
    origin_area = serializers.CharField()
    preferred_language = serializers.CharField()
    interpreter_language = serializers.CharField()
    phones = serializers.ListField(child=serializers.CharField())
    declared_size = serializers.IntegerField(allow_null=True)
    livestock = serializers.CharField()
    legal_basis = serializers.ChoiceField(LegalBasis.choices)
    consents = ConsentSerializer(many=True)
    members = PersonSerializer(many=True)
    registered_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    merged_into = serializers.CharField(allow_null=True, help_text="Reference that answers now")


class HintSerializer(Shape):
    """A note that may endanger somebody: ask whether to move it to the sealed record."""

    field = serializers.CharField(help_text="For example members.0.notes")
    code = serializers.ChoiceField([("move_to_sealed_record", "move_to_sealed_record")])


class RegisteredHouseholdSerializer(HouseholdSerializer):
    """The answer to a registration."""

    possible_duplicates = PossibleDuplicateSerializer(many=True)
    open_questions = OpenQuestionSerializer(many=True)
    hints = HintSerializer(many=True)


class HouseholdEntrySerializer(serializers.ModelSerializer[Household]):
    """A household in a list: without names."""

    size = serializers.IntegerField(help_text="Persons in the count now")
    entry_point = serializers.CharField(allow_null=True)
    arrived_at = serializers.DateTimeField(allow_null=True)
    merged_into = serializers.CharField(source="merged_reference", allow_null=True)

    class Meta:
        model = Household
        fields = [
            "id",
            "reference",
            "merged_into",
            "status",
            "level",
            "size",
            "declared_size",
            "entry_point",
            "arrived_at",
            "recorded_at",
            "updated_at",
        ]


@extend_schema_field(HouseholdInputSerializer)
class AnyHousehold(serializers.Field[Any, Any, Any, Any]):
    """A household in the schema; anything at all is taken, and answered by itself."""

    def to_internal_value(self, data: Any) -> Any:
        """As it was sent."""
        return data


class BatchInputSerializer(Shape):
    """Up to 500 households of a device that was offline."""

    households = serializers.ListField(
        child=AnyHousehold(allow_null=True), min_length=1, max_length=500
    )


class BatchAnswerSerializer(Shape):
    """What became of one household of a batch."""

    index = serializers.IntegerField()
    status = serializers.IntegerField(help_text="201 made, 200 there already, 400 or 409 refused")
    id = serializers.UUIDField(allow_null=True)
    reference = serializers.CharField(allow_blank=True)
    token = serializers.CharField(allow_blank=True)
    open_questions = OpenQuestionSerializer(many=True, required=False)
    hints = HintSerializer(many=True, required=False)
    problem = serializers.DictField(required=False, help_text="A problem document when refused")


class BatchAnswersSerializer(Shape):
    """Each household of the batch, in the order it was sent."""

    results = BatchAnswerSerializer(many=True)


class LateArrivalSerializer(Shape):
    """People who follow a registered household."""

    entry_point = serializers.CharField(max_length=40)
    arrived_at = serializers.DateTimeField()
    members = MemberInputSerializer(many=True, min_length=1, max_length=MOST_MEMBERS)  # type: ignore[call-arg]


class EntryPointSerializer(serializers.ModelSerializer[EntryPoint]):
    """Where people cross."""

    kind = serializers.ChoiceField(EntryPointKind.choices)
    status = serializers.ChoiceField(EntryPointStatus.choices)

    class Meta:
        model = EntryPoint
        fields = [
            "code",
            "name",
            "kind",
            "status",
            "status_reason",
            "status_since",
            "area",
            "opposite_area",
            "latitude",
            "longitude",
            "updated_at",
        ]
