"""Announcing that a family is to move: it stays until it leaves."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policies import Permission
from reception import services
from reception.api.looking import find_site
from reception.services.transporting import announce_to

ANNOUNCE_POLICY = {"announce_transfer": Permission.PLACEMENTS_WRITE}


class AnnounceSerializer(serializers.Serializer[Any]):
    """Where the family is to go, when that is known."""

    site = serializers.CharField(
        max_length=40, required=False, help_text="The code of the other site; its places wait."
    )


class AnnounceActions:
    """The part of a placement's routes that is about a move to come."""

    @extend_schema(
        operation_id="placements_announce_transfer",
        summary="The family is to move",
        description="It keeps its places until it leaves. With `site` places are kept there too: "
        "answers with these, 201. Without: answers with the placement. Checking in at the other "
        "site ends the old placement.",
        request=AnnounceSerializer,
    )
    @action(detail=True, methods=["post"], url_path="announce-transfer", filterset_class=None)
    def announce_transfer(self, request: Request, pk: str) -> Response:
        """Announce a transfer."""
        placement = self.get_object()  # type: ignore[attr-defined]
        typed = AnnounceSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        code = typed.validated_data.get("site")
        if not code:
            waits = services.announce_transfer(actor=request.user, placement=placement)
        else:
            site = find_site(request.user, code)
            waits = announce_to(actor=request.user, placement=placement, site=site)
        return self._answer(waits, created=bool(code))  # type: ignore[attr-defined,no-any-return]
