"""Searching for a person over REST: by POST, so that no name stands in an address."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Operation
from accounts.policies import Permission
from common import clock
from common.errors import FieldProblem
from intake import slots
from intake.api.aliases import merged_into
from intake.api.serializers import PersonWithHouseholdSerializer
from intake.choices import Sex
from intake.forms_search import OLDEST
from intake.models import EntryPoint
from intake.presenting import person_shapes
from intake.ranking import describe
from intake.searching import MOST_LETTERS, MOST_SHOWN, SearchFilters, search_people
from intake.services.checking import invalid

MOST = 100
_UNKNOWN = _("This value is not known: choose one from the list.")
_REVERSED = _("The end lies before the beginning.")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A name and a father's name",
            value={"text": "zah ghulam", "sex": "F", "age_from": 20, "limit": 10},
            request_only=True,
        )
    ]
)
class PersonSearchSerializer(serializers.Serializer[Any]):
    """What is looked for."""

    text = serializers.CharField(
        max_length=MOST_LETTERS,
        help_text="A name in any script and spelling, from three letters of any part; the father's "
        "name; a phone, a document, a reference or the token of a slip. Kept nowhere.",
    )
    sex = serializers.ChoiceField(Sex.choices, required=False, allow_blank=True, default="")
    age_from = serializers.IntegerField(
        min_value=0, max_value=OLDEST, required=False, allow_null=True, default=None
    )
    age_to = serializers.IntegerField(
        min_value=0,
        max_value=OLDEST,
        required=False,
        allow_null=True,
        default=None,
        help_text="Completed years; who may be of that age is found.",
    )
    entry_point = serializers.CharField(
        max_length=40, required=False, allow_blank=True, default="", help_text="Code"
    )
    site = serializers.CharField(
        max_length=40,
        required=False,
        allow_blank=True,
        default="",
        help_text="Code of the site where they stay, of those that you may read",
    )
    arrived_from = serializers.DateTimeField(required=False, allow_null=True, default=None)
    arrived_before = serializers.DateTimeField(required=False, allow_null=True, default=None)
    limit = serializers.IntegerField(
        min_value=1, max_value=MOST, required=False, default=MOST_SHOWN
    )


class FoundPersonSerializer(PersonWithHouseholdSerializer):
    """A person who may be meant."""

    score = serializers.FloatField(help_text="From 0 to 1; comparable within one search only")
    reasons = serializers.ListField(
        child=serializers.CharField(), help_text="Why, in the language of the request"
    )
    reason_codes = serializers.ListField(child=serializers.CharField())


class PersonsFoundSerializer(serializers.Serializer[Any]):
    """Who may be meant, best first."""

    results = FoundPersonSerializer(many=True)
    more = serializers.BooleanField(help_text="Others fit as well: another letter narrows it")
    too_short = serializers.BooleanField(help_text="Three letters are needed; nothing was searched")


class PersonSearchView(APIView):
    """Search for a person. Answers are kept for no Idempotency-Key: nothing is written."""

    policy = {"post": Permission.HOUSEHOLDS_READ}

    @extend_schema(
        operation_id="persons_search",
        summary="Search for a person in any script and spelling",
        request=PersonSearchSerializer,
        responses=PersonsFoundSerializer,
    )
    def post(self, request: Request) -> Response:
        """Among those whom you may know of. Each search is recorded, without its text."""
        asked = PersonSearchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        data: dict[str, Any] = asked.validated_data
        _check(data, request.user)
        found = search_people(
            user=request.user,
            text=data["text"],
            limit=data["limit"],
            filters=SearchFilters(
                sex=data["sex"],
                age_from=data["age_from"],
                age_to=data["age_to"],
                entry_point=data["entry_point"],
                site=data["site"],
                arrived_from=_on_clock(data["arrived_from"]),
                arrived_before=_on_clock(data["arrived_before"]),
            ),
        )
        persons = [hit.person for hit in found.hits]
        today = clock.today(Operation.current().zone)
        shapes = person_shapes(persons, request.user, today)
        aliases = merged_into(persons)
        for shape, hit in zip(shapes, found.hits, strict=True):
            shape["household"] = hit.person.household.reference
            shape["merged_into"] = aliases.get(hit.person.pk)
            shape["score"] = hit.score
            shape["reasons"] = describe(hit.reasons)
            shape["reason_codes"] = [reason["code"] for reason in hit.reasons]
        body = {"results": shapes, "more": found.more, "too_short": found.too_short}
        return Response(body, headers={"Cache-Control": "no-store"})


def _on_clock(moment: Any) -> Any:
    return clock.on_operation_clock(moment) if moment else None


def _check(data: dict[str, Any], user: Any) -> None:
    """Codes that are known, and ranges the right way round; all problems at once.

    A site that the user may not know of is answered like one that there is not.
    """
    problems = []
    points = EntryPoint.objects.visible_to(user).filter(code=data["entry_point"])
    if data["entry_point"] and not points.exists():
        problems.append(FieldProblem("entry_point", "unknown_code", _UNKNOWN))
    if data["site"] and data["site"] not in dict(slots.sites_known_to(user)):
        problems.append(FieldProblem("site", "unknown_code", _UNKNOWN))
    for first, last in (("age_from", "age_to"), ("arrived_from", "arrived_before")):
        low, high = data[first], data[last]
        if low is not None and high is not None and low > high:
            problems.append(FieldProblem(last, "before_start", _REVERSED))
    if problems:
        raise invalid(problems)
