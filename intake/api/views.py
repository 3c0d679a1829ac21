"""Households, persons and entry points over REST."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from audit.idempotency import IdempotentWrites
from common import clock
from common.api.etags import IF_MATCH, check_match, etag_of
from common.api.pagination import ByCode, NewestFirst, OldestChangeFirst
from common.api.problems import domain_problem, field_problems
from common.errors import DomainError
from common.ids import read_id
from intake import duplicates, services
from intake.api import serializers as shapes
from intake.api.aliases import merged_into, person_asked_for
from intake.api.border import BORDER_POLICY, EntryPointActions
from intake.api.consents import ConsentActions
from intake.api.duplicates import FIELD_POLICY, FieldQuestionActions
from intake.api.editing import MemberEdits
from intake.api.family import FAMILY_POLICY, FamilyActions
from intake.api.filters import EntryPointFilter, HouseholdFilter, PersonFilter
from intake.api.known import KNOWN_POLICY, KnownActions, duplicate_shapes
from intake.api.life import LIFE_POLICY, WHOLE, LifeActions
from intake.api.needs import PersonNeedActions
from intake.api.questions import QUESTION_POLICY, QuestionActions, asked_at_registration
from intake.api.tokens import SLIP_POLICY, SlipActions
from intake.duplicates import surviving
from intake.models import Arrival, Consent, EntryPoint, Household, Person
from intake.presenting import person_shapes, visible_members, written_shapes
from intake.references import InvalidReferenceError, parse_reference
from intake.searching import find_persons
from intake.services.batches import register_batch
from intake.services.checking import invalid
from intake.services.editing import add_arrival, edit_household
from intake.services.hints import hints_of
from intake.services.rows import Registration

P = Permission


def _today() -> date:
    return clock.today(Operation.current().zone)


def household_shape(
    household: Household,
    arrival: Arrival,
    consents: Iterable[Consent],
    members: list[dict[str, Any]],
) -> dict[str, Any]:
    """A household with its members' names opened. The caller records the access."""
    return {
        "id": household.pk,
        "reference": household.reference,
        "token": household.token,
        "status": household.status,
        "level": household.level,
        "arrival": {
            "entry_point": arrival.entry_point.code,
            "arrived_at": arrival.occurred_at,
            "transferred_from": arrival.transferred_from,
        },
        "origin_area": household.origin_area_id or "",
        "preferred_language": household.preferred_language_id or "",
        "interpreter_language": household.interpreter_language_id or "",
        "phones": household.phones,
        "declared_size": household.declared_size,
        "livestock": household.livestock,
        "legal_basis": household.legal_basis,
        "consents": [
            {"purpose": each.purpose, "recipient": each.recipient, "given": each.given}
            for each in consents
        ],
        "members": members,
        "registered_at": household.recorded_at,
        "updated_at": household.updated_at,
        "merged_into": household.merged_into.reference if household.merged_into else None,
    }


def read_household(household: Household, user: Any) -> dict[str, Any]:
    """The same, read from the database: the members whom this user may know of."""
    arrival = household.arrivals.select_related("entry_point").earliest("occurred_at")
    # Those of the household; what a person answered alone is at `consents/`.
    consents = household.consents.standing().filter(person__isnull=True).order_by("id")
    members = list(visible_members(household, user))
    return household_shape(household, arrival, consents, person_shapes(members, user, _today()))


class ChangesOldestFirst:
    """A list whose order follows what was asked: newest first, or every change since a time."""

    @property
    def paginator(self) -> Any:
        """Oldest change first for `updated_since`, so that a change during paging comes later."""
        if not hasattr(self, "_paginator"):
            changes = "updated_since" in self.request.query_params  # type: ignore[attr-defined]
            self._paginator = OldestChangeFirst() if changes else NewestFirst()
        return self._paginator


class HouseholdViewSet(
    MemberEdits,
    ConsentActions,
    LifeActions,
    FamilyActions,
    SlipActions,
    QuestionActions,
    KnownActions,
    FieldQuestionActions,
    ChangesOldestFirst,
    IdempotentWrites,
    ListModelMixin,
    GenericViewSet[Household],
):
    """Register, list, read and edit households."""

    queryset = Household.objects.none()
    serializer_class = shapes.HouseholdEntrySerializer
    filterset_class = HouseholdFilter
    lookup_field = "reference"
    policy = {
        "list": P.HOUSEHOLDS_READ,
        "retrieve": P.HOUSEHOLDS_READ,
        "create": P.HOUSEHOLDS_REGISTER,
        "batch": P.HOUSEHOLDS_REGISTER,
        "partial_update": P.HOUSEHOLDS_EDIT,
        "members": P.HOUSEHOLDS_READ,
        "add_member": P.HOUSEHOLDS_REGISTER,
        **MemberEdits.member_policy,
        "arrivals": P.HOUSEHOLDS_READ,
        "add_arrival": P.HOUSEHOLDS_REGISTER,
        "consents": P.HOUSEHOLDS_READ,
        "add_consent": P.HOUSEHOLDS_EDIT,
        "withdraw_consent": P.HOUSEHOLDS_EDIT,
        **LIFE_POLICY,
        **FAMILY_POLICY,
        **SLIP_POLICY,
        **QUESTION_POLICY,
        **KNOWN_POLICY,
        **FIELD_POLICY,
    }

    def get_queryset(self) -> QuerySet[Household]:
        """Visible households with the size and first arrival that a list shows."""
        first = Arrival.objects.filter(household=OuterRef("pk")).order_by("occurred_at")
        size = (
            Person.objects.filter(household=OuterRef("pk"), left_at__isnull=True)
            .order_by()
            .values("household")
            .annotate(n=Count("pk"))
            .values("n")
        )
        return Household.objects.visible_to(self.request.user).annotate(
            size=Subquery(size),
            entry_point=Subquery(first.values("entry_point__code")[:1]),
            arrived_at=Subquery(first.values("occurred_at")[:1]),
            merged_reference=F("merged_into__reference"),
        )

    def get_object(self) -> Household:
        """By reference in any spelling; the reference of a repeat answers with its survivor."""
        reference = self._asked_for()
        found = Household.objects.filter(reference=reference).first()
        if found is None:
            raise Http404
        survivor = surviving(found)
        # They are the same people: who received them under either reference finds them.
        visible = Household.objects.visible_to(self.request.user)
        if not visible.filter(pk__in={found.pk, survivor.pk}).exists():
            raise Http404
        return survivor

    def _asked_for(self) -> str:
        try:
            return parse_reference(self.kwargs["reference"])
        except InvalidReferenceError:
            raise Http404 from None

    def _answer(self, household: Household, **kwargs: Any) -> Response:
        record_access(self.request.user, "read", household)
        body = read_household(household, self.request.user)
        if self._asked_for() != household.reference:
            body["merged_into"] = household.reference
        return Response(body, headers={"ETag": etag_of(household)}, **kwargs)

    @extend_schema(
        summary="Register a household",
        request=shapes.HouseholdInputSerializer,
        responses={
            201: shapes.RegisteredHouseholdSerializer,
            200: shapes.RegisteredHouseholdSerializer,
        },
    )
    def create(self, request: Request) -> Response:
        """201 when it was made; 200 with the same body when it was registered before."""
        sent, problems = shapes.household_sent(request.data)
        if sent is None:
            raise ValidationError(problems)
        made = services.register_household(actor=request.user, data=sent)
        return Response(
            {**self._registered(made), "hints": hints_of(sent)},
            status=status.HTTP_201_CREATED if made.created else status.HTTP_200_OK,
            headers={"ETag": etag_of(made.household)},
        )

    def _registered(self, made: Registration) -> dict[str, Any]:
        user, written = self.request.user, made.written
        if written is None:
            record_access(user, "read", made.household)
            body = read_household(made.household, user)
        else:
            members = written_shapes(made, written, user)
            body = household_shape(made.household, written.arrival, written.consents, members)
        body["possible_duplicates"] = self._possible_duplicates(made)
        body["open_questions"] = asked_at_registration([made], user)[made.household.pk]
        return body

    def _possible_duplicates(self, made: Registration) -> list[dict[str, Any]]:
        """What the caller may see of them; a new household's pairs also join the queue."""
        found = duplicates.candidates_for(
            made.household, user=self.request.user, offer=made.created
        )
        return duplicate_shapes(found)

    @extend_schema(
        summary="Register many households",
        request=shapes.BatchInputSerializer,
        responses=shapes.BatchAnswersSerializer,
    )
    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Each household is answered by itself; sending the batch again changes nothing.

        Possible duplicates are looked for afterwards and join the queue.
        """
        typed = shapes.BatchInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        sent = typed.validated_data["households"]
        answers: list[dict[str, Any]] = [{} for _ in sent]
        inputs = []
        for index, each in enumerate(sent):
            item, problems = shapes.household_sent(each if each is not None else {})
            if item is not None:
                inputs.append((index, item))
            else:
                answers[index] = _refused(index, each, _shape_error(problems))
        results = register_batch(actor=request.user, data=[data for _index, data in inputs])
        asked = asked_at_registration(results, request.user)
        for (index, item), result in zip(inputs, results, strict=True):
            if isinstance(result, DomainError):
                answers[index] = _refused(index, sent[index], result)
            else:
                answers[index] = _made(index, result)
                answers[index]["open_questions"] = asked[result.household.pk]
                answers[index]["hints"] = hints_of(item)
        return Response({"results": answers})

    @extend_schema(summary="Read a household", responses=shapes.HouseholdSerializer)
    def retrieve(self, request: Request, reference: str) -> Response:
        """With its members; the access is recorded."""
        return self._answer(self.get_object())

    @extend_schema(
        summary="Change a household",
        parameters=[IF_MATCH],
        request=shapes.HouseholdEditSerializer,
        responses=shapes.HouseholdSerializer,
    )
    def partial_update(self, request: Request, reference: str) -> Response:
        """Needs If-Match: 428 without, 412 when it changed since it was read."""
        household = self.get_object()
        typed = shapes.HouseholdEditSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        changed = edit_household(
            actor=request.user,
            household=household,
            changes=dict(typed.validated_data),
            check=lambda row: check_match(request, row, required=True),
        )
        return self._answer(changed)

    @extend_schema(summary="Members of a household", responses=shapes.PersonSerializer(many=True))
    @action(detail=True, methods=["get"], **WHOLE)
    def members(self, request: Request, reference: str) -> Response:
        """All members, with names."""
        household = self.get_object()
        record_access(request.user, "read", household)
        members = list(visible_members(household, request.user))
        return Response(person_shapes(members, request.user, _today()))

    @extend_schema(
        summary="Add a person to a household",
        request=shapes.MemberInputSerializer,
        responses={201: shapes.PersonSerializer, 200: shapes.PersonSerializer},
    )
    @members.mapping.post
    def add_member(self, request: Request, reference: str) -> Response:
        """On the household's first arrival. The same id and content again answers 200."""
        household = self.get_object()
        typed = shapes.MemberInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = shapes.member_input(typed.validated_data)
        known = Person.objects.filter(pk=data.id).exists() if data.id else False
        person = services.add_member(actor=request.user, household=household, data=data)
        (shape,) = person_shapes([person], request.user, _today())
        return Response(shape, status=status.HTTP_200_OK if known else status.HTTP_201_CREATED)

    @extend_schema(summary="Arrivals of a household", responses=shapes.ArrivalSerializer(many=True))
    @action(detail=True, methods=["get"], **WHOLE)
    def arrivals(self, request: Request, reference: str) -> Response:
        """When and where its people crossed."""
        rows = self.get_object().arrivals.select_related("entry_point").order_by("occurred_at")
        return Response([_arrival_shape(row) for row in rows])

    @extend_schema(
        summary="Register people who follow a household",
        request=shapes.LateArrivalSerializer,
        responses={201: shapes.PersonSerializer(many=True)},
    )
    @arrivals.mapping.post
    def add_arrival(self, request: Request, reference: str) -> Response:
        """They join the household with an arrival of their own."""
        typed = shapes.LateArrivalSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = typed.validated_data
        _arrival, persons = add_arrival(
            actor=request.user,
            household=self.get_object(),
            entry_point=data["entry_point"],
            arrived_at=data["arrived_at"],
            members=[shapes.member_input(each) for each in data["members"]],
        )
        return Response(
            person_shapes(persons, request.user, _today()), status=status.HTTP_201_CREATED
        )


def _arrival_shape(row: Arrival) -> dict[str, Any]:
    return {
        "entry_point": row.entry_point.code,
        "arrived_at": row.occurred_at,
        "transferred_from": row.transferred_from,
    }


def _shape_error(errors: Any) -> DomainError:
    return invalid(field_problems(errors))


def _sent_id(sent: Any) -> str | None:
    """The id of a refused household; anything else that was sent as one is not repeated."""
    found = sent.get("id") if isinstance(sent, dict) else None
    return found if isinstance(found, str) and read_id(found) else None


def _refused(index: int, sent: Any, error: DomainError) -> dict[str, Any]:
    return {
        "index": index,
        "status": error.status,
        "id": _sent_id(sent),
        "reference": "",
        "token": "",
        "problem": domain_problem(error),
    }


def _made(index: int, made: Registration) -> dict[str, Any]:
    return {
        "index": index,
        "status": 201 if made.created else 200,
        "id": made.household.pk,
        "reference": made.household.reference,
        "token": made.household.token,
    }


class PersonViewSet(
    PersonNeedActions,
    ChangesOldestFirst,
    IdempotentWrites,
    ListModelMixin,
    RetrieveModelMixin,
    GenericViewSet[Person],
):
    """Persons, for staff: list, read, and search in any script."""

    queryset = Person.objects.none()
    serializer_class = shapes.PersonWithHouseholdSerializer
    filterset_class = PersonFilter
    policy = {
        "list": P.HOUSEHOLDS_READ,
        "retrieve": P.HOUSEHOLDS_READ,
        "needs": P.NEEDS_TIER_1,
        "add_need": P.HOUSEHOLDS_EDIT,
        "confirm_need": P.HOUSEHOLDS_EDIT,
        "close_need": P.HOUSEHOLDS_EDIT,
        "washington_group": P.NEEDS_TIER_1,
        "add_washington_group": P.HOUSEHOLDS_EDIT,
    }

    def get_queryset(self) -> QuerySet[Person]:
        """Persons of visible households; those separated only with the screening permission."""
        return Person.objects.known_to(self.request.user).select_related("household")

    def _shapes(self, persons: Sequence[Person]) -> list[dict[str, Any]]:
        found = person_shapes(persons, self.request.user, _today())
        aliases = merged_into(persons)
        for shape, person in zip(found, persons, strict=True):
            shape["household"] = person.household.reference
            shape["merged_into"] = aliases.get(person.pk)
        return found

    @extend_schema(
        summary="List or search persons",
        parameters=[
            OpenApiParameter(
                "search", description="A name in any script, a phone, a document or a reference."
            )
        ],
    )
    def list(self, request: Request) -> Response:
        """Each list and each search is recorded."""
        persons = self.filter_queryset(self.get_queryset())
        text = request.query_params.get("search", "").strip()
        if text:
            persons = find_persons(persons, text)
        page = self.paginate_queryset(persons) or []
        record_access(request.user, "search" if text else "list", Person, count=len(page))
        return self.get_paginated_response(self._shapes(page))

    @extend_schema(summary="Read a person")
    def retrieve(self, request: Request, pk: str) -> Response:
        """With names; recorded. The id of a repeat answers with the person it was merged into."""
        person = person_asked_for(pk, self.get_queryset(), request.user)
        record_access(request.user, "read", person)
        (shape,) = self._shapes([person])
        merged = person.pk if read_id(pk) != person.pk else None
        return Response({**shape, "merged_into": merged})


class EntryPointViewSet(
    EntryPointActions,
    IdempotentWrites,
    ListModelMixin,
    RetrieveModelMixin,
    GenericViewSet[EntryPoint],
):
    """Where people cross, how it stands there, how many were seen."""

    queryset = EntryPoint.objects.none()
    serializer_class = shapes.EntryPointSerializer
    pagination_class = ByCode
    filterset_class = EntryPointFilter
    lookup_value_regex = r"[A-Za-z0-9_-]+"
    lookup_field = "code"
    policy = {
        "list": P.ENTRY_POINTS_READ,
        "retrieve": P.ENTRY_POINTS_READ,
        **BORDER_POLICY,
    }

    def get_queryset(self) -> QuerySet[EntryPoint]:
        """Visible entry points."""
        return EntryPoint.objects.visible_to(self.request.user)
