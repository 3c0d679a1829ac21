"""Checking in by the slip that a family shows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policies import Permission
from audit.access import record_access
from common.errors import Conflict, FieldProblem, InvalidInput
from intake.references import InvalidReferenceError, InvalidTokenError
from reception import services
from reception.api.looking import find_site
from reception.errors import NotFound
from reception.scanning import Seen, Verdict, look_at

SCAN_POLICY = {"check_in_by_slip": Permission.PLACEMENTS_WRITE}


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "All are here",
            value={"token": "7Q4M-9KXW-2HTB-0C5R-D", "site": "KHOROG-SCHOOL-3"},
            request_only=True,
        )
    ]
)
class SlipCheckInSerializer(serializers.Serializer[Any]):
    """Who shows a slip at which site; with `persons` only these have come."""

    token = serializers.CharField(max_length=200, help_text="As scanned or typed.")
    site = serializers.CharField(max_length=40, help_text="The site's code.")
    persons = serializers.ListField(child=serializers.UUIDField(), required=False)
    occurred_at = serializers.DateTimeField(required=False)


def said_of(seen: Seen) -> str:
    """What to do with a slip whose family cannot be checked in here, in one or two sentences."""
    return {
        Verdict.PRESENT: _("This family is checked in here already."),
        Verdict.ELSEWHERE: _(
            "This family has a place elsewhere and is not expected here. Transfer it to this site, "
            "or send it where its place is."
        ),
        Verdict.NO_PLACE: _("This family has no place. Place it here, or ask a placement officer."),
        Verdict.REVOKED: _(
            "This slip is no longer valid. Take it back and send the people to the "
            "registration desk for a new one."
        ),
        Verdict.UNUSED: _(
            "This slip was not given to anybody. The people are not registered with "
            "it: send them to the registration desk."
        ),
        Verdict.UNKNOWN: _(
            "This slip is not known at this site. Compare every character; then ask "
            "a placement officer where these people are expected."
        ),
        Verdict.DUE: "",
    }[seen.verdict]


class ScanActions:
    """The part of the placements' routes that begins with a slip."""

    @extend_schema(
        summary="Check in the family that shows a slip",
        description="The placement that is due at the site. 404 `not_found` for a slip that is not "
        "known here; 409 `not_due_here` (with `verdict`: present, elsewhere, no_place, revoked, "
        "unused). Sent again, the same persons are answered with the placement as it is.",
        request=SlipCheckInSerializer,
    )
    @action(detail=False, methods=["post"], url_path="check-in", filterset_class=None)
    def check_in_by_slip(self, request: Request) -> Response:
        """Everybody of the family who is expected here, or those named."""
        typed = SlipCheckInSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = typed.validated_data
        site = find_site(request.user, data["site"])
        try:
            seen = look_at(request.user, site, data["token"])
        except (InvalidTokenError, InvalidReferenceError) as error:
            problem = FieldProblem("token", error.code, error.message)
            raise InvalidInput("invalid", str(error.message), problems=[problem]) from None
        if seen.verdict == Verdict.UNKNOWN:
            problem = FieldProblem("token", "does_not_exist", said_of(seen))
            raise NotFound("not_found", said_of(seen), problems=[problem])
        if seen.household is not None:
            record_access(request.user, "scan", seen.household)
        here = seen.placement
        if seen.verdict == Verdict.PRESENT and here is not None and not data.get("persons"):
            return self._answer(here)  # type: ignore[attr-defined,no-any-return]
        if seen.verdict != Verdict.DUE or here is None:
            raise Conflict("not_due_here", said_of(seen), verdict=seen.verdict.value)
        placement = services.check_in(
            actor=request.user,
            placement=here,
            persons=data.get("persons") or [person.pk for person in seen.persons],
            occurred_at=data.get("occurred_at"),
        )
        return self._answer(placement)  # type: ignore[attr-defined,no-any-return]
