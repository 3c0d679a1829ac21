"""One member of a household over REST: read for a correction, corrected, completed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.api.etags import IF_MATCH, check_match, etag_of
from intake.api import serializers as shapes
from intake.births import BRACKETS
from intake.choices import BirthSource, MaritalStatus, Relationship, Sex
from intake.inputs import DocumentInput
from intake.models import Household, Person
from intake.presenting import person_shapes, visible_members
from intake.services.members import edit_member


def _text(length: int, **fields: Any) -> serializers.CharField:
    return serializers.CharField(max_length=length, required=False, allow_blank=True, **fields)


class MemberEditSerializer(shapes.Shape):
    """What may be changed of a person; only the fields that are sent are.

    `documents`, `phones` and `also_known_as` are the whole lists; `specific_needs` are added.
    """

    name = _text(200)
    father_name = _text(200)
    grandfather_name = _text(200)
    also_known_as = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=10, required=False
    )
    sex = shapes.Choice(Sex.choices, required=False)
    birth = _text(60, help_text="As it is said today: 1360, about 40, 13 months")
    bracket = shapes.Choice(
        [(bracket, bracket) for bracket in BRACKETS],
        required=False,
        help_text="Of who is still counted only",
    )
    birth_source = shapes.Choice(BirthSource.choices, required=False)
    relationship = shapes.Choice(Relationship.choices, required=False)
    nationality = _text(3)
    marital_status = shapes.Choice(MaritalStatus.choices, required=False)
    specific_needs = serializers.ListField(
        child=serializers.CharField(max_length=10), max_length=20, required=False
    )
    documents = shapes.DocumentSerializer(many=True, required=False)
    phones = serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=5, required=False
    )
    notes = _text(4000)
    is_focal_point = serializers.BooleanField(required=False)


class MemberSerializer(shapes.PersonSerializer):
    """One person with everything that may be corrected."""

    also_known_as = serializers.ListField(child=serializers.CharField())
    birth_source = serializers.ChoiceField(BirthSource.choices)
    phones = serializers.ListField(child=serializers.CharField())
    notes = serializers.CharField()


class MemberEdits:
    """`members/{person}/` of a household."""

    member_policy = {
        "member": Permission.HOUSEHOLDS_READ,
        "edit_member": Permission.HOUSEHOLDS_EDIT,
    }

    @extend_schema(summary="Read a member of a household", responses=MemberSerializer)
    @action(
        detail=True,
        methods=["get"],
        url_path=r"members/(?P<person>[0-9a-fA-F-]{36})",
        pagination_class=None,
        filter_backends=[],
    )
    def member(self, request: Request, reference: str, person: str) -> Response:
        """With names, recorded. The ETag is the household's, for a change of this person."""
        household: Household = self.get_object()  # type: ignore[attr-defined]
        return self._member(request, household, _found(request, household, person))

    @extend_schema(
        summary="Correct or complete a member of a household",
        parameters=[IF_MATCH],
        request=MemberEditSerializer,
        responses=MemberSerializer,
    )
    @member.mapping.patch
    def edit_member(self, request: Request, reference: str, person: str) -> Response:
        """Needs If-Match with the ETag of the household: 428 without, 412 when it changed since.

        Whoever was only counted and gets a name is registered from then on.
        """
        household: Household = self.get_object()  # type: ignore[attr-defined]
        found = _found(request, household, person)
        typed = MemberEditSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        changes = dict(typed.validated_data)
        if "documents" in changes:
            changes["documents"] = tuple(DocumentInput(**each) for each in changes["documents"])
        edited = edit_member(
            actor=request.user,
            person=found,
            changes=changes,
            check=lambda row, _person: check_match(request, row, required=True),
        )
        return self._member(request, Household.objects.get(pk=household.pk), edited)

    def _member(self, request: Request, household: Household, person: Person) -> Response:
        record_access(request.user, "read", person)
        (shape,) = person_shapes([person], request.user, clock.today(Operation.current().zone))
        opened = person.identity.open()
        shape |= {
            "also_known_as": opened.also_known_as,
            "birth_source": person.birth_source,
            "phones": opened.phones,
            "notes": opened.notes,
        }
        return Response(shape, headers={"ETag": etag_of(household)})


def _found(request: Request, household: Household, person: str) -> Person:
    try:
        found = visible_members(household, request.user).filter(pk=person).first()
    except ValidationError:  # not an id
        found = None
    if found is None:
        raise Http404
    return found
