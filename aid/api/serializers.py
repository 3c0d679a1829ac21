"""Shapes of aid requests over REST (design.md: shapes relied upon)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from aid.choices import CapacityAnswer, Level, RequestStatus
from aid.models import AgencyService, AidRequest, AidRequestItem, Delivery
from aid.presenting import Reader, present_beneficiary
from aid.services import ServiceLine
from common import clock

ITEM = {"item": "consultation", "quantity": 1, "unit": "person"}


class ItemSerializer(serializers.ModelSerializer[AidRequestItem]):
    """One thing asked for."""

    quantity = serializers.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        model = AidRequestItem
        fields = ("item", "quantity", "unit")


class BeneficiaryInputSerializer(serializers.Serializer[Any]):
    """Exactly one of the three."""

    household = serializers.CharField(required=False, help_text=_("Reference of a household"))
    person = serializers.UUIDField(required=False, help_text=_("Id of a person"))
    site = serializers.CharField(required=False, help_text=_("Code of a site"))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse none and more than one."""
        if len(attrs) != 1:
            raise serializers.ValidationError(
                _("Name one household, one person or one site."), code="one"
            )
        return attrs


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A doctor for one person",
            request_only=True,
            value={
                "beneficiary": {"person": "0197d2a0-0000-7000-8000-000000000001"},
                "agency": "AKHS",
                "sector": "health",
                "level": "urgent",
                "items": [ITEM],
                "summary": "Diabetes, last dose yesterday",
            },
        ),
        OpenApiExample(
            "Food for a site",
            request_only=True,
            value={
                "beneficiary": {"site": "KHOROG-SCHOOL-3"},
                "agency": "WFP",
                "sector": "food_security",
                "level": "emergency",
                "items": [{"item": "hot meals", "quantity": 600, "unit": "meal"}],
                "summary": "No kitchen works yet",
            },
        ),
    ]
)
class AidRequestInputSerializer(serializers.Serializer[Any]):
    """What is asked. `id` is optional: sent again with the same content it is one request."""

    id = serializers.UUIDField(required=False)
    beneficiary = BeneficiaryInputSerializer()
    agency = serializers.CharField(max_length=20, help_text=_("Code of the agency"))
    sector = serializers.CharField(
        max_length=40, help_text=_("Code of the sector, such as health or food_security")
    )
    level = serializers.ChoiceField(Level.choices)
    items = ItemSerializer(many=True, allow_empty=False)
    summary = serializers.CharField(
        max_length=4000, help_text=_("What is needed. The agency reads it: write no names.")
    )


class MembersSerializer(serializers.Serializer[Any]):
    age_bracket = serializers.CharField()
    sex = serializers.CharField()
    persons = serializers.IntegerField()


class ContactSerializer(serializers.Serializer[Any]):
    """Only for an agency at work on a request it accepted, where consent allows."""

    name = serializers.CharField()
    phones = serializers.ListField(child=serializers.CharField())


class BeneficiarySerializer(serializers.Serializer[Any]):
    """Staff see references; an agency sees a case reference that holds for one request."""

    kind = serializers.ChoiceField(["household", "person", "site"])
    household = serializers.CharField(required=False)
    person = serializers.UUIDField(required=False)
    site = serializers.CharField(required=False, allow_null=True)
    name = serializers.CharField(
        required=False, allow_null=True, help_text=_("Of a site; null for a hidden one")
    )
    withheld = serializers.BooleanField(required=False)
    case = serializers.CharField(required=False)
    sex = serializers.CharField(required=False)
    age_bracket = serializers.CharField(required=False)
    size = serializers.IntegerField(required=False)
    members = MembersSerializer(many=True, required=False)
    contact = ContactSerializer(required=False)


class AidRequestSerializer(serializers.ModelSerializer[AidRequest]):
    """One request as its reader may see it. Context: `reader`; `identity` for one alone."""

    agency = serializers.CharField(source="agency.code", read_only=True)
    sector = serializers.CharField(source="sector_id", read_only=True)
    level = serializers.ChoiceField(Level.choices, read_only=True)
    status = serializers.ChoiceField(RequestStatus.choices, read_only=True)
    beneficiary = serializers.SerializerMethodField()
    items = ItemSerializer(many=True, read_only=True)
    summary = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)
    overdue = serializers.SerializerMethodField()

    class Meta:
        model = AidRequest
        fields = (
            "id",
            "reference",
            "status",
            "level",
            "sector",
            "agency",
            "beneficiary",
            "items",
            "summary",
            "reason",
            "submitted_at",
            "acknowledge_by",
            "act_by",
            "overdue",
            "acknowledged_at",
            "held_at",
            "closed_at",
            "recorded_at",
            "updated_at",
        )
        read_only_fields = fields

    @extend_schema_field(BeneficiarySerializer)
    def get_beneficiary(self, request: AidRequest) -> dict[str, Any]:
        """Whom it is for, as far as this reader may know."""
        reader: Reader = self.context["reader"]
        identity = bool(self.context.get("identity"))
        return present_beneficiary(request, reader, identity=identity)

    def get_overdue(self, request: AidRequest) -> bool:
        """Whether a deadline has passed and the clock is running."""
        return request.is_overdue(clock.now())


class NoteSerializer(serializers.Serializer[Any]):
    """A step with an optional note."""

    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=4000)


class ReasonSerializer(serializers.Serializer[Any]):
    """A step that needs a reason."""

    reason = serializers.CharField(max_length=4000)


class FulfilSerializer(NoteSerializer):
    """`complete` false: a part of it was done and no more will be."""

    complete = serializers.BooleanField(required=False, default=True)


class RerouteSerializer(NoteSerializer):
    """The agency to ask instead."""

    agency = serializers.CharField(max_length=20)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Meals",
            request_only=True,
            value={
                "item": "hot meals",
                "quantity": 600,
                "unit": "meal",
                "households_reached": 48,
                "persons_reached": 260,
                "breakdown": {"F": {"0-4": 31, "18-59": 74}},
            },
        )
    ]
)
class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """What was delivered. `id` is optional: sent again it is one delivery."""

    id = serializers.UUIDField(required=False)
    quantity = serializers.DecimalField(max_digits=12, decimal_places=2)
    households_reached = serializers.IntegerField(min_value=0, required=False, default=0)
    persons_reached = serializers.IntegerField(min_value=0)
    breakdown = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField(min_value=0)),
        required=False,
        help_text=_('Persons by sex and age bracket: {"F": {"0-4": 3}}'),
    )
    delivered_at = serializers.DateTimeField(required=False)

    class Meta:
        model = Delivery
        fields = (
            "id",
            "item",
            "quantity",
            "unit",
            "households_reached",
            "persons_reached",
            "breakdown",
            "delivered_at",
            "recorded_at",
        )
        read_only_fields = ("recorded_at",)


class ServiceLineSerializer(serializers.Serializer[AgencyService]):
    """One sector an agency serves. Without areas: everywhere."""

    sector = serializers.CharField(max_length=40)
    capacity = serializers.ChoiceField(CapacityAnswer.choices, default=CapacityAnswer.CAPACITY)
    areas = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, default=list, max_length=500
    )
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)

    def to_representation(self, instance: AgencyService) -> dict[str, Any]:
        """The stored line."""
        return {
            "sector": instance.sector_id,
            "capacity": instance.capacity_answer,
            "areas": sorted(area.pk for area in instance.areas.all()),
            "note": instance.note,
        }


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two sectors",
            value={
                "services": [
                    {"sector": "health", "capacity": "capacity", "areas": [], "note": ""},
                    {"sector": "nutrition", "capacity": "waitlist", "areas": [], "note": ""},
                ]
            },
        )
    ]
)
class AgencyServicesSerializer(serializers.Serializer[Any]):
    """All that an agency offers; what is not in the list is no longer offered."""

    services = ServiceLineSerializer(many=True)

    def lines(self) -> list[ServiceLine]:
        """The validated lines for the service."""
        return [ServiceLine(**line) for line in self.validated_data["services"]]
