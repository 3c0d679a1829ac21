"""Shapes of webhooks over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from notifications.choices import NotificationStatus
from notifications.messages import TITLES
from notifications.models import DeliveryAttempt, Notification, Subscription

KINDS = sorted(TITLES)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Told of new and cancelled requests",
            value={
                "url": "https://agency.example/hooks/panah",
                "kinds": ["aid_request.submitted", "aid_request.cancelled"],
            },
            request_only=True,
        )
    ]
)
class WebhookInputSerializer(serializers.Serializer[Any]):
    """Where to send and of what; no kinds means all kinds."""

    id = serializers.UUIDField(required=False)
    url = serializers.CharField(max_length=500)
    kinds = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, default=list, max_length=50
    )


class WebhookEditSerializer(serializers.Serializer[Any]):
    """Only what is sent is changed."""

    url = serializers.CharField(max_length=500, required=False)
    kinds = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, max_length=50
    )
    is_active = serializers.BooleanField(required=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A webhook that its receiver turned off",
            value={
                "id": "01981b2a-6c00-7000-8000-000000000001",
                "url": "https://agency.example/hooks/panah",
                "kinds": ["aid_request.cancelled", "aid_request.submitted"],
                "is_active": False,
                "disabled_reason": "410 Gone",
                "recorded_at": "2021-07-06T05:10:00Z",
                "updated_at": "2021-07-07T09:00:00Z",
            },
            response_only=True,
        )
    ]
)
class WebhookSerializer(serializers.ModelSerializer[Subscription]):
    """A webhook as its agency sees it; the secret is shown only when it is made."""

    url = serializers.CharField(source="target")
    kinds = serializers.ListField(child=serializers.ChoiceField(KINDS))

    class Meta:
        model = Subscription
        fields = ["id", "url", "kinds", "is_active", "disabled_reason", "recorded_at", "updated_at"]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The secret is shown this once",
            value={
                "id": "01981b2a-6c00-7000-8000-000000000001",
                "url": "https://agency.example/hooks/panah",
                "kinds": [],
                "is_active": True,
                "disabled_reason": "",
                "recorded_at": "2021-07-06T05:10:00Z",
                "updated_at": "2021-07-06T05:10:00Z",
                "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            },
            response_only=True,
        )
    ]
)
class NewWebhookSerializer(WebhookSerializer):
    """With the signing secret, this once (Standard Webhooks: `whsec_…`)."""

    secret = serializers.CharField(help_text="Empty when the same webhook was sent again.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "The new secret",
            value={"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
            response_only=True,
        )
    ]
)
class SecretSerializer(serializers.Serializer[Any]):
    """A new signing secret."""

    secret = serializers.CharField()


class AttemptSerializer(serializers.ModelSerializer[DeliveryAttempt]):
    """One attempt to deliver."""

    at = serializers.DateTimeField(source="recorded_at")

    class Meta:
        model = DeliveryAttempt
        fields = ["number", "at", "succeeded", "status_code", "error", "milliseconds"]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Arrived at the second attempt",
            value={
                "id": "01981b2a-6c00-7000-8000-00000000000a",
                "type": "aid_request.submitted",
                "reference": "AID-21-000012-4",
                "status": "sent",
                "next_attempt_at": "2021-07-06T05:10:06Z",
                "sent_at": "2021-07-06T05:10:07Z",
                "attempts": [
                    {
                        "number": 1,
                        "at": "2021-07-06T05:10:00Z",
                        "succeeded": False,
                        "status_code": 503,
                        "error": "refused",
                        "milliseconds": 120,
                    },
                    {
                        "number": 2,
                        "at": "2021-07-06T05:10:07Z",
                        "succeeded": True,
                        "status_code": 204,
                        "error": "",
                        "milliseconds": 80,
                    },
                ],
            },
            response_only=True,
        )
    ]
)
class DeliveryEntrySerializer(serializers.ModelSerializer[Notification]):
    """One message to a webhook; `id` is its webhook-id."""

    type = serializers.CharField(source="event.kind")
    reference = serializers.CharField(source="event.subject_reference")
    status = serializers.ChoiceField(NotificationStatus.choices)
    attempts = AttemptSerializer(source="tries", many=True)

    class Meta:
        model = Notification
        fields = ["id", "type", "reference", "status", "next_attempt_at", "sent_at", "attempts"]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "By its webhook-id",
            value={"delivery": "01981b2a-6c00-7000-8000-00000000000a"},
            request_only=True,
        )
    ]
)
class RedeliverSerializer(serializers.Serializer[Any]):
    """Which message to send again."""

    delivery = serializers.UUIDField()
