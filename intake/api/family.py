"""Relatives and tracing requests over REST. Who may be meant is decided at a desk, not here."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.policies import Permission, can
from audit.access import record_access
from audit.idempotency import IdempotentWrites
from common.api.pagination import NewestFirst
from common.errors import FieldProblem
from intake.api.serializers import Choice, Shape
from intake.choices import (
    KIN,
    TRACING_ENDED,
    ExitReason,
    LinkEnd,
    LinkSource,
    LinkStrength,
    Relationship,
    Sex,
    TracingStatus,
)
from intake.models import Household, Person, TracingRequest
from intake.relatives import KinView, relatives_of
from intake.services.checking import invalid
from intake.services.family import link_family
from intake.services.tracing import file_tracing_request
from intake.tracing import Sought

P = Permission
WHOLE: dict[str, Any] = {"pagination_class": None, "filter_backends": []}
FAMILY_POLICY = {"family_links": P.HOUSEHOLDS_READ, "link_family": P.HOUSEHOLDS_EDIT}


def _text(length: int) -> serializers.CharField:
    return serializers.CharField(max_length=length, required=False, allow_blank=True, default="")


class LinkInputSerializer(Shape):
    """`relative` is the `kind` of `person`; both are registered."""

    person = serializers.UUIDField()
    relative = serializers.UUIDField()
    kind = Choice(KIN)
    strength = Choice(LinkStrength.choices, required=False, default=LinkStrength.STATED)
    said_by = Choice(LinkSource.choices, required=False, default=LinkSource.PERSON)
    separated = serializers.BooleanField(required=False, default=False)


class LinkSerializer(Shape):
    """A relative of a member; without person and household where the reader may not know them."""

    id = serializers.UUIDField()
    person = serializers.UUIDField(help_text="The member of this household")
    relative = serializers.UUIDField(allow_null=True)
    household = serializers.CharField(allow_null=True, help_text="Reference")
    kind = serializers.ChoiceField(KIN, help_text="What the relative is to the person")
    strength = serializers.ChoiceField(LinkStrength.choices)
    said_by = serializers.ChoiceField(LinkSource.choices)
    separated = serializers.BooleanField()
    recorded_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.ChoiceField(LinkEnd.choices, allow_blank=True)


class FamilyActions:
    """Family links of a household; a mixin of the household views."""

    @extend_schema(summary="Relatives of a household", responses=LinkSerializer(many=True))
    @action(detail=True, methods=["get"], url_path="family-links", **WHOLE)
    def family_links(self, request: Request, reference: str) -> Response:
        """Those the reader may know of; one in another household may be nobody in particular."""
        household = self.get_object()  # type: ignore[attr-defined]
        record_access(request.user, "read", household)
        links = relatives_of(household, request.user, ended=True)
        return Response([_link_shape(each) for each in links])

    @extend_schema(
        summary="Link two relatives", request=LinkInputSerializer, responses={201: LinkSerializer}
    )
    @family_links.mapping.post
    def link_family(self, request: Request, reference: str) -> Response:
        """409 `already_linked` when these two are."""
        household: Household = self.get_object()  # type: ignore[attr-defined]
        typed = LinkInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = dict(typed.validated_data)
        person = _known(request.user, data.pop("person"), "person", household)
        relative = _known(request.user, data.pop("relative"), "relative")
        made = link_family(actor=request.user, person=person, relative=relative, **data)
        (shape,) = (
            _link_shape(each)
            for each in relatives_of(household, request.user)
            if each.link.pk == made.pk
        )
        return Response(shape, status=status.HTTP_201_CREATED)


def _known(user: Any, key: uuid.UUID, field: str, household: Household | None = None) -> Person:
    """A person the user may know of: nobody and somebody elsewhere are answered alike."""
    people = Person.objects.visible_to(user).select_related("household")
    if not can(user, P.TRACING):
        people = people.exclude(exit_reason=ExitReason.SEPARATED)
    if household is not None:
        people = people.filter(household=household)
    if (person := people.filter(pk=key).first()) is None:
        detail = _("Nobody of this kind is registered, or not where you may read.")
        raise invalid([FieldProblem(field, "unknown", detail)])
    return person


def _link_shape(each: KinView) -> dict[str, Any]:
    link = each.link
    return {
        "id": link.pk,
        "person": each.member.pk,
        "relative": each.relative.pk if each.relative else None,
        "household": each.household.reference if each.household else None,
        "kind": each.kind,
        "strength": link.strength,
        "said_by": link.said_by,
        "separated": link.separated,
        "recorded_at": link.recorded_at,
        "ended_at": link.ended_at,
        "end_reason": link.end_reason,
    }


class SoughtSerializer(Shape):
    """Who is looked for, as it was told. `birth` and `last_seen_when` are words that were said."""

    name = serializers.CharField(max_length=200, allow_blank=True)
    relation = Choice(KIN, required=False, default=Relationship.UNKNOWN)
    father_name = _text(200)
    also_known_as = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=5, required=False, default=list
    )
    sex = Choice(Sex.choices, required=False, default=Sex.UNKNOWN)
    birth = _text(100)
    last_seen_area = _text(40)
    last_seen_when = _text(200)
    notes = _text(4000)


class TracingInputSerializer(Shape):
    """A registered person looks for a relative. A client that makes `id` may send it again."""

    id = serializers.UUIDField(required=False)
    asker = serializers.UUIDField(help_text="Id of the person who asks")
    sought = SoughtSerializer()


class TracingFiledSerializer(Shape):
    """A request that was filed; `open` until it ends: who is found is told in person."""

    id = serializers.UUIDField()
    reference = serializers.CharField()
    asker = serializers.UUIDField()
    household = serializers.CharField(help_text="Reference")
    status = serializers.ChoiceField(TracingStatus.choices)
    recorded_at = serializers.DateTimeField()


class TracingSerializer(TracingFiledSerializer):
    """A request as tracing officers read it, without candidates."""

    sought = SoughtSerializer()


class TracingRequestViewSet(IdempotentWrites, ListModelMixin, GenericViewSet[TracingRequest]):
    """Tracing requests: filed by whoever registers, read by tracing officers only."""

    queryset = TracingRequest.objects.none()
    serializer_class = TracingSerializer
    pagination_class = NewestFirst
    policy = {"list": P.TRACING, "create": P.HOUSEHOLDS_EDIT}

    def get_queryset(self) -> QuerySet[TracingRequest]:
        """Visible requests."""
        return TracingRequest.objects.visible_to(self.request.user).select_related(
            "asker__household"
        )

    @extend_schema(summary="List tracing requests")
    def list(self, request: Request) -> Response:
        """Newest first; each list is recorded."""
        rows = self.paginate_queryset(self.get_queryset()) or []
        record_access(request.user, "list", TracingRequest, count=len(rows))
        shapes = [
            {**_request_shape(row), "status": row.status, "sought": _told(row)} for row in rows
        ]
        return self.get_paginated_response(shapes)

    @extend_schema(
        summary="File a tracing request",
        request=TracingInputSerializer,
        responses={201: TracingFiledSerializer, 200: TracingFiledSerializer},
    )
    def create(self, request: Request) -> Response:
        """201, or 200 when the same request was filed before; 400 `consent` without consent."""
        typed = TracingInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = typed.validated_data
        key = data.get("id")
        known = bool(key) and TracingRequest.objects.filter(pk=key).exists()
        made = file_tracing_request(
            actor=request.user,
            asker=_known(request.user, data["asker"], "asker"),
            sought=Sought(**data["sought"]),
            id=key,
        )
        code = status.HTTP_200_OK if known else status.HTTP_201_CREATED
        return Response(_request_shape(made), status=code)


def _request_shape(row: TracingRequest) -> dict[str, Any]:
    return {
        "id": row.pk,
        "reference": row.reference,
        "asker": row.asker_id,
        "household": row.asker.household.reference,
        "status": row.status if row.status in TRACING_ENDED else TracingStatus.OPEN,
        "recorded_at": row.recorded_at,
    }


def _told(row: TracingRequest) -> dict[str, Any]:
    sought = Sought.of(row).to_json()
    return {str(name): sought[str(name)] for name in SoughtSerializer().fields}
