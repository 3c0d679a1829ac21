"""What happens to the people of a household after it is registered, over REST."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.errors import FieldProblem
from common.ids import read_id
from intake import services
from intake.api.serializers import Choice, MemberInputSerializer, PersonSerializer, Shape
from intake.choices import ExitReason, MoveReason, Relationship
from intake.inputs import MemberInput
from intake.models import Household, HouseholdMove, Person, PersonExit
from intake.presenting import person_shapes, visible_members, visible_moves
from intake.references import InvalidReferenceError, parse_reference
from intake.services.checking import MOST_MEMBERS, invalid

P = Permission
# What belongs to one household is told at once, without pages and filters.
WHOLE: dict[str, Any] = {"pagination_class": None, "filter_backends": []}
LIFE_POLICY = {
    "exits": P.HOUSEHOLDS_READ,
    "record_exit": P.HOUSEHOLDS_EVENTS,
    "come_back": P.HOUSEHOLDS_EVENTS,
    "take_back": P.HOUSEHOLDS_EVENTS,
    "births": P.HOUSEHOLDS_EVENTS,
    "moves": P.HOUSEHOLDS_READ,
    "move": P.HOUSEHOLDS_EDIT,
}


class ExitInputSerializer(Shape):
    """A person leaves the count, or several together (`persons` instead of `person`)."""

    person = serializers.UUIDField(required=False)
    persons = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_MEMBERS, required=False
    )
    reason = Choice(ExitReason.choices)
    occurred_at = serializers.DateTimeField()
    voluntary = serializers.BooleanField(required=False, allow_null=True, default=None)
    destination = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default=""
    )


class ExitSerializer(serializers.ModelSerializer[PersonExit]):
    """An exit that was recorded; `returned_at` when the person came back."""

    class Meta:
        model = PersonExit
        fields = [
            "id",
            "person",
            "reason",
            "occurred_at",
            "voluntary",
            "destination",
            "recorded_at",
            "returned_at",
            "return_recorded_at",
            "reversed_at",
        ]


class ReturnSerializer(Shape):
    """When somebody who had left came back."""

    occurred_at = serializers.DateTimeField()


class BirthInputSerializer(Shape):
    """A child born to the household here; the name may follow later."""

    id = serializers.UUIDField(required=False)
    occurred_at = serializers.DateTimeField(help_text="When the child was born")
    mother = serializers.UUIDField(required=False, allow_null=True, default=None)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    father_name = MemberInputSerializer().fields["father_name"]
    sex = MemberInputSerializer().fields["sex"]
    relationship = MemberInputSerializer().fields["relationship"]
    nationality = MemberInputSerializer().fields["nationality"]


class MoveInputSerializer(Shape):
    """People go to another household, or (`to` null) make one of their own."""

    persons = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_MEMBERS
    )
    to = serializers.CharField(
        max_length=40, allow_null=True, default=None, help_text="Reference of the other household"
    )
    reason = Choice(MoveReason.choices)
    occurred_at = serializers.DateTimeField()
    relationship = Choice(Relationship.choices, required=False, default=Relationship.UNKNOWN)
    focal_point = serializers.UUIDField(required=False, allow_null=True, default=None)


class MoveSerializer(serializers.ModelSerializer[HouseholdMove]):
    """A move that was recorded."""

    from_household = serializers.CharField(source="from_household.reference")
    to_household = serializers.CharField(source="to_household.reference")

    class Meta:
        model = HouseholdMove
        fields = [
            "id",
            "person",
            "from_household",
            "to_household",
            "reason",
            "occurred_at",
            "from_relationship",
            "recorded_at",
        ]


class LifeActions:
    """Exits, returns, births and moves; a mixin of the household views."""

    def _one_of(self, household: Household, pk: Any, field: str) -> Person:
        (person,) = self._chosen(household, [pk], field)
        return person

    def _chosen(self, household: Household, keys: Collection[Any], field: str) -> list[Person]:
        user = self.request.user  # type: ignore[attr-defined]
        found = list(visible_members(household, user).filter(pk__in=keys))
        if len(found) != len(set(keys)):
            detail = _("This person is not in this household.")
            raise invalid([FieldProblem(field, "unknown", detail)])
        return found

    @extend_schema(summary="Exits of a household", responses=ExitSerializer(many=True))
    @action(detail=True, methods=["get"], **WHOLE)
    def exits(self, request: Request, reference: str) -> Response:
        """Who left, why and when, and who came back."""
        rows = self._exits(self.get_object())  # type: ignore[attr-defined]
        return Response(ExitSerializer(rows.order_by("id"), many=True).data)

    def _exits(self, household: Household) -> QuerySet[PersonExit]:
        members = visible_members(household, self.request.user)  # type: ignore[attr-defined]
        return PersonExit.objects.filter(person__in=members).exclude(reason=ExitReason.SEPARATED)

    @extend_schema(
        summary="Record that people left",
        request=ExitInputSerializer,
        responses={201: ExitSerializer},
    )
    @exits.mapping.post
    def record_exit(self, request: Request, reference: str) -> Response:
        """Frees their places at a site. With `persons` the answer is a list, all or none."""
        household = self.get_object()  # type: ignore[attr-defined]
        typed = ExitInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = dict(typed.validated_data)
        one, several = data.pop("person", None), data.pop("persons", None)
        if (one is None) == (several is None):
            detail = _("Name one person, or several as persons.")
            raise invalid([FieldProblem("person", "required", detail)])
        keys, field = ([one], "person") if several is None else (several, "persons")
        persons = self._chosen(household, keys, field)
        made = services.record_exits(actor=request.user, persons=persons, **data)
        shapes = ExitSerializer(made, many=True).data
        return Response(shapes[0] if several is None else shapes, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Record that somebody came back",
        request=ReturnSerializer,
        responses=PersonSerializer,
    )
    @action(detail=True, methods=["post"], url_path="exits/(?P<exit>[0-9a-f-]{36})/return")
    def come_back(self, request: Request, reference: str, exit: str) -> Response:
        """In the count from then on; the days of absence stay as they were."""
        typed = ReturnSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        person = self._of_exit(exit)
        back = services.record_return(
            actor=request.user, person=person, occurred_at=typed.validated_data["occurred_at"]
        )
        return self._person(back)

    @extend_schema(
        summary="Take back an exit that never happened", request=None, responses=PersonSerializer
    )
    @action(detail=True, methods=["post"], url_path="exits/(?P<exit>[0-9a-f-]{36})/take-back")
    def take_back(self, request: Request, reference: str, exit: str) -> Response:
        """It was recorded wrongly: the person is in the count of those days too."""
        return self._person(services.reverse_exit(actor=request.user, person=self._of_exit(exit)))

    def _of_exit(self, pk: str) -> Person:
        rows = self._exits(self.get_object()).standing()  # type: ignore[attr-defined]
        found = rows.filter(pk=pk).first() if read_id(pk) else None
        if found is None:
            raise Http404
        person: Person = found.person
        return person

    def _person(self, person: Person, **kwargs: Any) -> Response:
        record_access(self.request.user, "read", person.household)  # type: ignore[attr-defined]
        today = clock.today(Operation.current().zone)
        (shape,) = person_shapes([person], self.request.user, today)  # type: ignore[attr-defined]
        return Response(shape, **kwargs)

    @extend_schema(
        summary="Record a birth",
        request=BirthInputSerializer,
        responses={201: PersonSerializer, 200: PersonSerializer},
    )
    @action(detail=True, methods=["post"])
    def births(self, request: Request, reference: str) -> Response:
        """The child is in the count from the birth on. The same `id` again answers 200."""
        household = self.get_object()  # type: ignore[attr-defined]
        typed = BirthInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = dict(typed.validated_data)
        occurred_at, mother = data.pop("occurred_at"), data.pop("mother")
        known = Person.objects.filter(pk=data["id"]).exists() if data.get("id") else False
        child = services.record_birth(
            actor=request.user,
            household=household,
            data=MemberInput(**data),
            occurred_at=occurred_at,
            mother=self._one_of(household, mother, "mother") if mother else None,
        )
        return self._person(child, status=200 if known else 201)

    @extend_schema(summary="Moves from and to a household", responses=MoveSerializer(many=True))
    @action(detail=True, methods=["get"], **WHOLE)
    def moves(self, request: Request, reference: str) -> Response:
        """Who came from another household or went to one."""
        household = self.get_object()  # type: ignore[attr-defined]
        return Response(MoveSerializer(visible_moves(household, request.user), many=True).data)

    @extend_schema(
        summary="Move people to another household",
        request=MoveInputSerializer,
        responses={201: MoveSerializer(many=True)},
    )
    @moves.mapping.post
    def move(self, request: Request, reference: str) -> Response:
        """A household parts, joins another, or a family is reunified; nobody leaves the count."""
        household = self.get_object()  # type: ignore[attr-defined]
        typed = MoveInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = typed.validated_data
        persons = self._chosen(household, data["persons"], "persons")
        focal = data["focal_point"] and self._one_of(household, data["focal_point"], "focal_point")
        if data["to"] is None:
            part = services.split_household(
                actor=request.user,
                household=household,
                persons=persons,
                occurred_at=data["occurred_at"],
                focal_point=focal,
            )
            rows: Any = part.moves_in.all()
        else:
            rows = services.move_people(
                actor=request.user,
                persons=persons,
                household=self._household(data["to"]),
                occurred_at=data["occurred_at"],
                reason=data["reason"],
                relationships=dict.fromkeys((p.pk for p in persons), data["relationship"]),
                focal_point=focal,
            )
        return Response(MoveSerializer(rows, many=True).data, status=status.HTTP_201_CREATED)

    def _household(self, text: str) -> Household:
        user = self.request.user  # type: ignore[attr-defined]
        try:
            found = Household.objects.visible_to(user).filter(reference=parse_reference(text))
        except InvalidReferenceError as error:
            raise invalid([FieldProblem("to", error.code, error.message)]) from None
        household = found.first()
        if household is None:
            detail = _("There is no such household that you may change.")
            raise invalid([FieldProblem("to", "unknown", detail)])
        return household
