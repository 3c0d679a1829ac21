"""An agency manages its own webhooks; another's is answered like one that does not exist."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.models import Agency, User
from accounts.policies import Permission, access_of
from audit.idempotency import IdempotentWrites
from common.api.etags import IF_MATCH, check_match, etag_of
from common.errors import FieldProblem, InvalidInput, NotPermitted
from notifications import subscriptions
from notifications.api import serializers as shapes
from notifications.choices import Channel
from notifications.models import Notification, Subscription

P = Permission


class WebhookViewSet(IdempotentWrites, ListModelMixin, GenericViewSet[Subscription]):
    """Webhooks of the agency that calls."""

    queryset = Subscription.objects.none()
    serializer_class = shapes.WebhookSerializer
    filter_backends: list[Any] = []
    lookup_value_regex = r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}"
    policy = {
        "list": P.WEBHOOKS,
        "create": P.WEBHOOKS,
        "retrieve": P.WEBHOOKS,
        "partial_update": P.WEBHOOKS,
        "destroy": P.WEBHOOKS,
        "rotate_secret": P.WEBHOOKS,
        "deliveries": P.WEBHOOKS,
        "redeliver": P.WEBHOOKS,
        "ping": P.WEBHOOKS,
    }

    def get_queryset(self) -> QuerySet[Subscription]:
        """Webhooks of the agencies for which the caller manages them."""
        agencies = access_of(self.request.user).scopes(P.WEBHOOKS).agencies
        return Subscription.objects.filter(
            channel=Channel.WEBHOOK, agency__code__in=agencies, removed_at__isnull=True
        ).select_related("agency")

    @property
    def actor(self) -> User:
        """Who calls."""
        return cast(User, self.request.user)

    def _agency(self) -> Agency:
        agencies = access_of(self.actor).scopes(P.WEBHOOKS).agencies
        found = list(Agency.objects.filter(code__in=agencies, is_active=True)[:2])
        if len(found) != 1:
            raise NotPermitted("one_agency", _("Only who acts for one agency adds its webhooks."))
        return found[0]

    def _answer(self, row: Subscription) -> Response:
        return Response(shapes.WebhookSerializer(row).data, headers={"ETag": etag_of(row)})

    def _found(self, pk: str) -> Subscription:
        found = self.get_queryset().filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    @extend_schema(
        summary="Register a webhook",
        request=shapes.WebhookInputSerializer,
        responses={
            201: shapes.NewWebhookSerializer,
            200: OpenApiResponse(
                shapes.NewWebhookSerializer, "The same id with the same content was sent before."
            ),
        },
    )
    def create(self, request: Request) -> Response:
        """The answer holds the signing secret; it is not shown again."""
        typed = shapes.WebhookInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = typed.validated_data
        made, secret = subscriptions.subscribe_webhook(
            actor=self.actor,
            agency=self._agency(),
            url=data["url"],
            kinds=data["kinds"],
            subscription_id=data.get("id"),
        )
        body = {**shapes.WebhookSerializer(made).data, "secret": secret}
        code = status.HTTP_201_CREATED if secret else status.HTTP_200_OK
        return Response(body, status=code, headers={"ETag": etag_of(made)})

    @extend_schema(summary="Read a webhook", responses=shapes.WebhookSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Without the secret."""
        return self._answer(self._found(pk))

    @extend_schema(
        summary="Change a webhook",
        parameters=[IF_MATCH],
        request=shapes.WebhookEditSerializer,
        responses=shapes.WebhookSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Only what is sent is changed; 412 when it changed since the ETag sent as If-Match.

        Turning it on again forgets why it was turned off. While it is off, nothing is kept for it.
        """
        typed = shapes.WebhookEditSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        changed = subscriptions.change_webhook(
            actor=self.actor,
            subscription=self._found(pk),
            check=lambda row: check_match(request, row),
            **typed.validated_data,
        )
        return self._answer(changed)

    @extend_schema(summary="Remove a webhook", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Nothing more is sent; what was sent stays on record."""
        subscriptions.remove_webhook(actor=self.actor, subscription=self._found(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Make a new signing secret", request=None, responses=shapes.SecretSerializer
    )
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Request, pk: str) -> Response:
        """For 24 hours messages are signed with the old and the new one."""
        secret = subscriptions.rotate_secret(actor=self.actor, subscription=self._found(pk))
        return Response({"secret": secret})

    @extend_schema(
        summary="Messages of a webhook", responses=shapes.DeliveryEntrySerializer(many=True)
    )
    @action(detail=True, methods=["get"])
    def deliveries(self, request: Request, pk: str) -> Response:
        """Newest first, each with its attempts."""
        rows = (
            Notification.objects.filter(subscription=self._found(pk))
            .select_related("event")
            .prefetch_related("tries")
        )
        page: Any = self.paginate_queryset(cast(Any, rows))
        return self.get_paginated_response(shapes.DeliveryEntrySerializer(page, many=True).data)

    @extend_schema(
        summary="Send a message again",
        request=shapes.RedeliverSerializer,
        responses={202: shapes.DeliveryEntrySerializer},
    )
    @action(detail=True, methods=["post"])
    def redeliver(self, request: Request, pk: str) -> Response:
        """Under the same webhook-id, so that the receiver knows it is the same message."""
        typed = shapes.RedeliverSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        subscription = self._found(pk)
        found = Notification.objects.filter(
            pk=typed.validated_data["delivery"], subscription=subscription
        ).first()
        if found is None:
            detail = _("This webhook has no such message.")
            raise InvalidInput(
                "invalid", detail, problems=[FieldProblem("delivery", "unknown", detail)]
            )
        again = subscriptions.redeliver(actor=self.actor, notification=found)
        return Response(shapes.DeliveryEntrySerializer(again).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Send a test message",
        request=None,
        responses={202: shapes.DeliveryEntrySerializer},
    )
    @action(detail=True, methods=["post"], url_path="test")
    def ping(self, request: Request, pk: str) -> Response:
        """A signed `webhook.ping`, sent like any other message."""
        sent = subscriptions.send_ping(actor=self.actor, subscription=self._found(pk))
        return Response(shapes.DeliveryEntrySerializer(sent).data, status=status.HTTP_202_ACCEPTED)
