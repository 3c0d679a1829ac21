"""Slips over REST: what a scanned one means, sheets for devices that print, replacement."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.policies import Permission
from audit.access import record_access
from audit.idempotency import IdempotentWrites
from common.api.etags import etag_of
from common.errors import FieldProblem
from intake.choices import RevocationReason, TokenState
from intake.models import Household, SlipToken, TokenSheet
from intake.references import InvalidTokenError
from intake.services.checking import invalid
from intake.services.tokens import UNKNOWN, Found, find_by_token, print_sheet, replace_token

Shape = serializers.Serializer[Any]
SLIP_POLICY = {"replace_token": Permission.HOUSEHOLDS_EDIT}


class TokenSerializer(Shape):
    """A slip. Of a revoked one, `household` is the one that it belonged to."""

    token = serializers.CharField()
    state = serializers.ChoiceField(TokenState.choices)
    household = serializers.CharField(allow_null=True, help_text="Reference")
    household_id = serializers.UUIDField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.ChoiceField(RevocationReason.choices, allow_blank=True)


class TokenSheetInputSerializer(Shape):
    """How many slips, and for which desk; without one only for who registers everywhere."""

    count = serializers.IntegerField()
    entry_point = serializers.CharField(
        max_length=40, required=False, allow_blank=True, allow_null=True, default=None
    )
    note = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class TokenSheetSerializer(Shape):
    """Slips that belong to nobody yet."""

    id = serializers.UUIDField()
    count = serializers.IntegerField()
    entry_point = serializers.CharField(allow_null=True)
    printed_at = serializers.DateTimeField()
    tokens = serializers.ListField(child=serializers.CharField())


class ReplaceTokenSerializer(Shape):
    """Why the slip is replaced, and by which; without `token` a new one is made."""

    reason = serializers.CharField(max_length=40, help_text=", ".join(RevocationReason.values))
    token = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


def _shape(found: Found) -> dict[str, Any]:
    return {
        "token": found.token,
        "state": found.state,
        "household": found.household.reference if found.household else None,
        "household_id": found.household.pk if found.household else None,
        "revoked_at": found.slip.revoked_at if found.slip else None,
        "reason": found.slip.reason if found.slip else "",
    }


class TokenViewSet(GenericViewSet[SlipToken]):
    """What a scanned slip means."""

    queryset = SlipToken.objects.none()
    serializer_class = TokenSerializer
    lookup_field = "token"
    lookup_value_regex = r"[^/]+"
    policy = {"retrieve": (Permission.HOUSEHOLDS_READ, Permission.HOUSEHOLDS_REGISTER)}

    @extend_schema(summary="Look up a slip", responses=TokenSerializer)
    def retrieve(self, request: Request, token: str) -> Response:
        """404 for one that is unknown or whose household you may not read; recorded."""
        try:
            found = find_by_token(request.user, token)
        except InvalidTokenError as error:
            raise invalid([FieldProblem("token", error.code, error.message)]) from None
        if found.hidden or found.state == UNKNOWN:
            raise Http404
        if found.household is not None:
            record_access(request.user, "scan", found.household)
        return Response(_shape(found))


class TokenSheetViewSet(IdempotentWrites, GenericViewSet[TokenSheet]):
    """Slips printed ahead, for devices that print."""

    queryset = TokenSheet.objects.none()
    serializer_class = TokenSheetSerializer
    policy = {"create": Permission.HOUSEHOLDS_REGISTER}

    @extend_schema(
        summary="Make slips to be printed ahead",
        request=TokenSheetInputSerializer,
        responses={201: TokenSheetSerializer},
    )
    def create(self, request: Request) -> Response:
        """1 to 500 tokens that belong to nobody until a household is registered with one."""
        typed = TokenSheetInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        sheet = print_sheet(
            actor=request.user,
            count=typed.validated_data["count"],
            entry_point=typed.validated_data["entry_point"] or None,
            note=typed.validated_data["note"],
        )
        body = {
            "id": sheet.pk,
            "count": sheet.count,
            "entry_point": sheet.entry_point.code if sheet.entry_point else None,
            "printed_at": sheet.printed_at,
            "tokens": list(sheet.tokens.order_by("pk").values_list("token", flat=True)),
        }
        return Response(body, status=status.HTTP_201_CREATED)


class SlipActions:
    """The part of a household's routes that is about its slip."""

    @extend_schema(
        summary="Replace the slip of a household",
        request=ReplaceTokenSerializer,
        responses={201: TokenSerializer, 200: TokenSerializer},
    )
    @action(detail=True, methods=["post"], url_path="token")
    def replace_token(self, request: Request, reference: str) -> Response:
        """The old slip never works again. 200 when the household has the named slip already."""
        household: Household = self.get_object()  # type: ignore[attr-defined]
        typed = ReplaceTokenSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        slip = replace_token(actor=request.user, household=household, **typed.validated_data)
        unchanged = slip.token == household.token
        household.refresh_from_db(fields=["token", "updated_at"])
        record_access(request.user, "slip", household)
        return Response(
            _shape(Found(slip.token, slip.state, household, slip)),
            status=status.HTTP_200_OK if unchanged else status.HTTP_201_CREATED,
            headers={"ETag": etag_of(household)},
        )
