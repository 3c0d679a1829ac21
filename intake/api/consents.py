"""Answers about consent over REST."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import FieldProblem
from common.ids import read_id
from intake.api.serializers import ConsentInputSerializer
from intake.choices import ConsentHow, LegalBasis
from intake.inputs import ConsentInput
from intake.models import Consent
from intake.presenting import visible_members
from intake.services.checking import invalid
from intake.services.consents import give_consent, refuse_consent, withdraw_consent

WHOLE: dict[str, Any] = {"pagination_class": None, "filter_backends": []}


class ConsentAnswerSerializer(serializers.ModelSerializer[Consent]):
    """An answer with its history; the one that stands has no `withdrawn_at`."""

    legal_basis = serializers.ChoiceField(LegalBasis.choices)
    how = serializers.ChoiceField(ConsentHow.choices, allow_blank=True)
    explained_in = serializers.CharField(source="explained_in_id", allow_null=True)
    explained_by = serializers.CharField(source="explained_by.username", default=None)

    class Meta:
        model = Consent
        fields = [
            "id",
            "person",
            "purpose",
            "recipient",
            "given",
            "legal_basis",
            "explained",
            "explained_in",
            "explained_by",
            "how",
            "occurred_at",
            "recorded_at",
            "withdrawn_at",
            "replaced_by",
        ]
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Agreed after the text was read in Dari",
            request_only=True,
            value={
                "purpose": "assistance",
                "recipient": "AKHS",
                "given": True,
                "explained": "2021-07.1",
                "explained_in": "prs",
                "how": "spoken",
            },
        )
    ]
)
class NewConsentSerializer(ConsentInputSerializer):
    """A new answer. `person` when someone answers for themself alone; `id` to send it safely."""

    id = serializers.UUIDField(required=False)
    person = serializers.UUIDField(required=False, allow_null=True, default=None)


class WithdrawalSerializer(serializers.Serializer[Any]):
    """Nobody must say why."""

    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=1000)
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ConsentActions:
    """Of a household: what it agreed to, new answers, withdrawals. A mixin for its viewset."""

    @extend_schema(summary="Consents of a household", responses=ConsentAnswerSerializer(many=True))
    @action(detail=True, methods=["get"], **WHOLE)
    def consents(self, request: Request, reference: str) -> Response:
        """All answers, newest first, with those that were replaced or withdrawn."""
        household = self.get_object()  # type: ignore[attr-defined]
        shown = visible_members(household, request.user).values("pk")
        rows = Consent.objects.of(household).filter(Q(person__isnull=True) | Q(person__in=shown))
        rows = rows.select_related("explained_by").order_by("-occurred_at", "-id")
        return Response(ConsentAnswerSerializer(rows, many=True).data)

    @extend_schema(
        summary="Record an answer about consent",
        request=NewConsentSerializer,
        responses={201: ConsentAnswerSerializer, 200: ConsentAnswerSerializer},
    )
    @consents.mapping.post
    def add_consent(self, request: Request, reference: str) -> Response:
        """The answer that stood is replaced. The same id and content again answers 200."""
        household = self.get_object()  # type: ignore[attr-defined]
        typed = NewConsentSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = dict(typed.validated_data)
        key, person_id = data.pop("id", None), data.pop("person")
        person = None
        if person_id is not None:
            person = visible_members(household, request.user).filter(pk=person_id).first()
            if person is None:
                detail = _("This person is not in this household.")
                raise invalid([FieldProblem("person", "unknown", detail)])
        known = key is not None and Consent.objects.filter(pk=key).exists()
        record = give_consent if data["given"] else refuse_consent
        made = record(
            actor=request.user,
            household=household,
            data=ConsentInput(**data),
            person=person,
            id=key,
        )
        return Response(
            ConsentAnswerSerializer(made).data,
            status=status.HTTP_200_OK if known else status.HTTP_201_CREATED,
        )

    @extend_schema(
        summary="Withdraw a consent",
        request=WithdrawalSerializer,
        responses=ConsentAnswerSerializer,
    )
    @action(
        detail=True, methods=["post"], url_path=r"consents/(?P<consent>[0-9A-Fa-f-]{36})/withdraw"
    )
    def withdraw_consent(self, request: Request, reference: str, consent: str) -> Response:
        """From now on it counts as no, for every agency that it was given to."""
        household = self.get_object()  # type: ignore[attr-defined]
        rows = Consent.objects.of_known(household, request.user).select_related("person")
        found = rows.filter(pk=consent).first() if read_id(consent) else None
        if found is None:
            raise Http404
        typed = WithdrawalSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        done = withdraw_consent(actor=request.user, consent=found, **typed.validated_data)
        return Response(ConsentAnswerSerializer(done).data)
