"""Needs and Washington Group answers of a person over REST."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from audit.access import record_access
from common.ids import read_id
from intake.api.serializers import Choice
from intake.choices import Difficulty, NeedClosing, NeedStatus, Respondent
from intake.models import Person, SpecificNeed, WashingtonGroup
from intake.services.needs import add_need, close_need, confirm_need, request_review
from intake.services.washington import record_washington_group
from intake.washington import DOMAINS

WHOLE: dict[str, Any] = {"pagination_class": None, "filter_backends": []}
_NEED = "(?P<need>[0-9A-Fa-f-]{36})"
EXAMPLE = {**dict.fromkeys(DOMAINS, 1), "seeing": 3, "respondent": "self"}


class PersonNeedSerializer(serializers.Serializer[Any]):
    """A need that the reader may see."""

    id = serializers.UUIDField()
    code = serializers.CharField(source="type_id")
    status = serializers.ChoiceField(NeedStatus.choices)
    recorded_at = serializers.DateTimeField()


class NewNeedSerializer(serializers.Serializer[Any]):
    """A code, or none: then a protection officer is asked to look."""

    code = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ConfirmNeedSerializer(serializers.Serializer[Any]):
    """The need that was found, where a review is confirmed; empty for the need itself."""

    code = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")


class CloseNeedSerializer(serializers.Serializer[Any]):
    """Why a need, a suggestion or a review ends."""

    reason = Choice(NeedClosing.choices)


class WashingtonGroupSerializer(serializers.ModelSerializer[WashingtonGroup]):
    """Six answers of one day. `has_disability`: one domain at a lot of difficulty or more."""

    respondent = serializers.ChoiceField(Respondent.choices)
    has_disability = serializers.BooleanField()

    class Meta:
        model = WashingtonGroup
        fields = ["id", *DOMAINS, "respondent", "has_disability", "occurred_at", "recorded_at"]
        read_only_fields = fields


def _question() -> serializers.Field[Any, Any, Any, Any]:
    return serializers.ChoiceField(Difficulty.choices)


@extend_schema_serializer(examples=[OpenApiExample("Six answers", value=EXAMPLE)])
class NewWashingtonGroupSerializer(serializers.Serializer[Any]):
    """1 no, 2 some, 3 a lot of difficulty, 4 cannot do at all; 7 refused, 9 does not know."""

    id = serializers.UUIDField(required=False)
    seeing = _question()
    hearing = _question()
    walking = _question()
    remembering = _question()
    self_care = _question()
    communicating = _question()
    respondent = serializers.ChoiceField(Respondent.choices, default=Respondent.SELF)
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class PersonNeedActions:
    """Of a person: needs, and answers to the Washington Group. A mixin for the viewset."""

    def _person(self, pk: str) -> Person:
        if (key := read_id(pk)) is None:
            raise Http404
        persons = self.get_queryset()  # type: ignore[attr-defined]
        found: Person | None = persons.filter(pk=key).first()
        if found is None:
            raise Http404
        return found

    @extend_schema(summary="Needs of a person", responses=PersonNeedSerializer(many=True))
    @action(detail=True, methods=["get"], **WHOLE)
    def needs(self, request: Request, pk: str) -> Response:
        """Open needs of the tiers that the reader may see."""
        return self._needs(request, self._person(pk))

    @extend_schema(
        summary="Record a need, or ask for a review",
        request=NewNeedSerializer,
        responses={201: PersonNeedSerializer(many=True)},
    )
    @needs.mapping.post
    def add_need(self, request: Request, pk: str) -> Response:
        """A code above the tiers of the sender waits for review and is not in the answer."""
        person = self._person(pk)
        typed = NewNeedSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        code, note = typed.validated_data["code"], typed.validated_data["note"]
        if code:
            add_need(actor=request.user, person=person, code=code, note=note)
        else:
            request_review(actor=request.user, person=person, note=note)
        return self._needs(request, person, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Confirm a need",
        request=ConfirmNeedSerializer,
        responses=PersonNeedSerializer(many=True),
    )
    @action(detail=True, methods=["post"], url_path=f"needs/{_NEED}/confirm", **WHOLE)
    def confirm_need(self, request: Request, pk: str, need: str) -> Response:
        """A suggestion or a review becomes a need; confirmed again, nothing changes."""
        person = self._person(pk)
        found = self._need(person, need)
        typed = ConfirmNeedSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        confirm_need(actor=request.user, need=found, **typed.validated_data)
        return self._needs(request, person)

    @extend_schema(
        summary="Close a need",
        request=CloseNeedSerializer,
        responses=PersonNeedSerializer(many=True),
    )
    @action(detail=True, methods=["post"], url_path=f"needs/{_NEED}/close", **WHOLE)
    def close_need(self, request: Request, pk: str, need: str) -> Response:
        """It stays in the history; closed again, nothing changes."""
        person = self._person(pk)
        found = self._need(person, need)
        typed = CloseNeedSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        close_need(actor=request.user, need=found, **typed.validated_data)
        return self._needs(request, person)

    def _need(self, person: Person, text: str) -> SpecificNeed:
        if (key := read_id(text)) is None:
            raise Http404
        visible = SpecificNeed.objects.visible_to(self.request.user)  # type: ignore[attr-defined]
        found: SpecificNeed | None = visible.filter(person=person, pk=key).first()
        if found is None:
            raise Http404
        return found

    def _needs(self, request: Request, person: Person, code: int = 200) -> Response:
        record_access(request.user, "read", person)
        rows = SpecificNeed.objects.visible_to(request.user).open().filter(person=person)
        return Response(PersonNeedSerializer(rows.order_by("id"), many=True).data, status=code)

    @extend_schema(
        summary="Washington Group answers of a person",
        responses=WashingtonGroupSerializer(many=True),
    )
    @action(detail=True, methods=["get"], url_path="washington-group", **WHOLE)
    def washington_group(self, request: Request, pk: str) -> Response:
        """Newest first: the first counts."""
        person = self._person(pk)
        record_access(request.user, "read", person)
        rows = WashingtonGroup.objects.visible_to(request.user).filter(person=person)
        rows = rows.order_by("-occurred_at", "-id")
        return Response(WashingtonGroupSerializer(rows, many=True).data)

    @extend_schema(
        summary="Record Washington Group answers",
        request=NewWashingtonGroupSerializer,
        responses={201: WashingtonGroupSerializer, 200: WashingtonGroupSerializer},
    )
    @washington_group.mapping.post
    def add_washington_group(self, request: Request, pk: str) -> Response:
        """For people of five years and over. The same id and content again answers 200."""
        person = self._person(pk)
        typed = NewWashingtonGroupSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = dict(typed.validated_data)
        key = data.get("id")
        known = key is not None and WashingtonGroup.objects.filter(pk=key).exists()
        made = record_washington_group(
            actor=request.user,
            person=person,
            answers={domain: data[domain] for domain in DOMAINS},
            respondent=data["respondent"],
            occurred_at=data["occurred_at"],
            id=key,
        )
        return Response(
            WashingtonGroupSerializer(made).data,
            status=status.HTTP_200_OK if known else status.HTTP_201_CREATED,
        )
