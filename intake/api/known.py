"""Whether a family is registered already, asked over REST before it is registered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.policies import Permission
from common import clock
from common.errors import FieldProblem
from intake import duplicates
from intake.api.serializers import Choice, PossibleDuplicateSerializer
from intake.choices import Sex
from intake.duplicates.asking_first import known_already, says_something
from intake.inputs import DocumentInput, HouseholdInput, MemberInput
from intake.models import Household
from intake.services.checking import MOST_MEMBERS, invalid

if TYPE_CHECKING:
    _Base = GenericViewSet[Household]
else:
    _Base = object
Shape = serializers.Serializer[Any]

KNOWN_POLICY = {"possible_duplicates": Permission.HOUSEHOLDS_REGISTER}


def _text(length: int) -> serializers.CharField:
    return serializers.CharField(
        max_length=length, required=False, allow_blank=True, allow_null=True, default=""
    )


def _texts(length: int, most: int) -> serializers.ListField:
    child = serializers.CharField(max_length=length, allow_blank=True)
    return serializers.ListField(child=child, max_length=most, required=False, default=list)


class HalfDocumentSerializer(Shape):
    """A document, perhaps half typed."""

    type = _text(40)
    number = _text(60)


class HalfMemberSerializer(Shape):
    """A person, perhaps half typed; what else a registration has is not looked at."""

    name = _text(200)
    father_name = _text(200)
    grandfather_name = _text(200)
    also_known_as = _texts(200, 10)
    sex = Choice(Sex.choices, required=False, allow_blank=True, default=Sex.UNKNOWN)
    birth = _text(60)
    documents = HalfDocumentSerializer(many=True, required=False, default=list)
    phones = _texts(40, 5)
    is_focal_point = serializers.BooleanField(required=False, default=False)


class HalfArrivalSerializer(Shape):
    """When they arrived: ages are read against it. Without one, now."""

    arrived_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class HalfHouseholdSerializer(Shape):
    """The body of a registration, complete or not: one member with a name or document at least."""

    id = serializers.UUIDField(required=False, allow_null=True, default=None)
    arrival = HalfArrivalSerializer(required=False, allow_null=True, default=None)
    origin_area = _text(40)
    phones = _texts(40, 10)
    members = HalfMemberSerializer(
        many=True,
        allow_empty=False,
        max_length=MOST_MEMBERS,  # type: ignore[call-arg]
    )


class PossibleDuplicatesSerializer(Shape):
    """Households that may be the same people, of those that the caller may read."""

    possible_duplicates = PossibleDuplicateSerializer(many=True)


_EXAMPLE = {
    "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "phones": ["+93700000001"],
    "members": [{"name": "محمد نبی", "father_name": "غلام", "sex": "M", "birth": "1360"}],
}


class KnownActions(_Base):
    """A mixin of the households."""

    @extend_schema(
        summary="Ask whether a family is registered already",
        request=HalfHouseholdSerializer,
        responses=PossibleDuplicatesSerializer,
        examples=[OpenApiExample("Half a registration", _EXAMPLE, request_only=True)],
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="possible-duplicates",
        url_name="possible-duplicates",
        pagination_class=None,
        filter_backends=[],
    )
    def possible_duplicates(self, request: Request) -> Response:
        """Before it is registered. Nothing is kept but the record that somebody looked."""
        typed = HalfHouseholdSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = _household(typed.validated_data)
        if not any(says_something(each) for each in data.members):
            detail = _("Write a name or the number of a document of one person at least.")
            raise invalid([FieldProblem("members", "required", detail)])
        found = known_already(actor=request.user, data=data)
        return Response({"possible_duplicates": duplicate_shapes(found)})


def duplicate_shapes(found: Iterable[duplicates.Candidate]) -> list[dict[str, Any]]:
    """Candidates as they are answered: no names."""
    return [
        {
            "household": each.household.reference,
            "score": round(each.score, 3),
            "reasons": duplicates.describe(each.reasons),
        }
        for each in found
    ]


def _household(data: dict[str, Any]) -> HouseholdInput:
    arrived_at = (data["arrival"] or {}).get("arrived_at")
    return HouseholdInput(
        id=data["id"],
        entry_point="",
        arrived_at=arrived_at or clock.now(),
        origin_area=data["origin_area"] or "",
        phones=data["phones"],
        members=[_member(each) for each in data["members"]],
    )


def _member(data: dict[str, Any]) -> MemberInput:
    numbers = [each["number"] or "" for each in data["documents"]]
    return MemberInput(
        name=data["name"] or "",
        father_name=data["father_name"] or "",
        grandfather_name=data["grandfather_name"] or "",
        birth=data["birth"] or "",
        sex=data["sex"] if data["sex"] in Sex.values else Sex.UNKNOWN,
        also_known_as=data["also_known_as"],
        documents=[DocumentInput(type="", number=each) for each in numbers if each.strip()],
        phones=data["phones"],
        focal_point=data["is_focal_point"],
    )
