"""Possible duplicates over REST, for staff who decide about them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.policies import Permission
from audit.access import record_access
from audit.idempotency import IdempotentWrites
from common import clock
from common.api.pagination import CheckedCursor
from common.errors import FieldProblem
from common.ids import read_id
from intake.api.serializers import Choice, Shape
from intake.choices import FieldAnswer, FieldStatus, FieldTopic, PairStatus
from intake.duplicates import (
    Ask,
    answer_field_question,
    ask_in_field,
    decide_pair,
    describe,
    surviving,
    undo_decision,
)
from intake.duplicates.asking import LONGEST_NOTE
from intake.duplicates.reasons import describe_news
from intake.models import DuplicatePair, FieldQuestion, Household
from intake.services.checking import invalid

P = Permission
_DECISIONS = [("same", "same"), ("different", "different"), ("ask", "ask")]


class ByScore(CheckedCursor):
    """The queue: most alike first."""

    ordering = ("-score", "id")
    page_size_query_param = "page_size"
    max_page_size = 200

    def check_position(self, text: str) -> None:
        """A score."""
        if not 0 <= float(text) <= 1:
            raise ValueError("no score")


class FieldQuestionSerializer(Shape):
    """What the staff of one of the households were asked, and what they answered."""

    id = serializers.UUIDField()
    household = serializers.CharField(help_text="Reference")
    topic = serializers.ChoiceField(FieldTopic.choices)
    note = serializers.CharField()
    status = serializers.ChoiceField(FieldStatus.choices)
    due_at = serializers.DateTimeField()
    answer = serializers.ChoiceField(FieldAnswer.choices, allow_blank=True)
    answer_note = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)


class PairEntrySerializer(Shape):
    """A pair in the queue: no names. Scores and reasons are for who decides."""

    id = serializers.UUIDField()
    households = serializers.ListField(child=serializers.CharField(), help_text="Two references")
    score = serializers.FloatField(help_text="From 0 to 1")
    reasons = serializers.ListField(child=serializers.CharField())
    news = serializers.ListField(
        child=serializers.CharField(),
        help_text="What was learnt since it was decided different",
    )
    status = serializers.ChoiceField(PairStatus.choices)
    asked_until = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    recorded_at = serializers.DateTimeField()


class PairSerializer(PairEntrySerializer):
    """A pair with who matches whom, and what the field answered."""

    matches = serializers.ListField(
        child=serializers.ListField(child=serializers.UUIDField()),
        help_text="Ids of persons: of the first household, of the second",
    )
    questions = FieldQuestionSerializer(many=True)
    merged_into = serializers.CharField(
        allow_null=True, help_text="Of a pair decided `same`: the reference that stays"
    )


class AskSerializer(Shape):
    """What to ask the family of one household; its own staff read the note."""

    household = serializers.CharField(max_length=40, help_text="Reference")
    topic = Choice(FieldTopic.choices)
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True, default=""
    )


class DecisionSerializer(Shape):
    """`ask` is needed with the decision `ask`, and with no other."""

    decision = serializers.ChoiceField(_DECISIONS)
    ask = AskSerializer(many=True, required=False, default=list)


class DuplicatePairViewSet(IdempotentWrites, ListModelMixin, GenericViewSet[DuplicatePair]):
    """Households that may be one. Nothing merges by machine.

    A pair of which the caller may not see both households is unknown here: 404, and in no list.
    """

    queryset = DuplicatePair.objects.none()
    serializer_class = PairEntrySerializer
    pagination_class = ByScore
    policy = {
        "list": P.DUPLICATES_DECIDE,
        "retrieve": P.DUPLICATES_DECIDE,
        "decide": P.DUPLICATES_DECIDE,
        "undo": P.DUPLICATES_DECIDE,
    }

    def get_queryset(self) -> QuerySet[DuplicatePair]:
        """Visible pairs with their households."""
        visible = DuplicatePair.objects.visible_to(self.request.user)
        return visible.select_related("first", "second")

    @extend_schema(
        summary="List possible duplicates",
        parameters=[
            OpenApiParameter(
                "status",
                enum=PairStatus.values,
                description="Without it: what waits for a decision.",
            )
        ],
    )
    def list(self, request: Request) -> Response:
        """Most alike first; each list is recorded."""
        pairs = self.get_queryset()
        status = request.query_params.get("status", "")
        if status and status not in PairStatus.values:
            detail = _("Choose one of: %(codes)s") % {"codes": ", ".join(PairStatus.values)}
            raise invalid([FieldProblem("status", "invalid_choice", detail)])
        listed: Any = pairs
        found = listed.unsettled().filter(status=status) if status else listed.waiting(clock.now())
        page = self.paginate_queryset(found) or []
        record_access(request.user, "list", DuplicatePair, count=len(page))
        return self.get_paginated_response([_entry(pair) for pair in page])

    @extend_schema(summary="Read a possible duplicate", responses=PairSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Who matches whom, by ids; read the households for names. Both accesses are recorded."""
        return self._answer(self._pair(pk))

    @extend_schema(
        summary="Decide about a possible duplicate",
        request=DecisionSerializer,
        responses=PairSerializer,
    )
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """`same`, `different`, or `ask` in the field first.

        409 `already_decided` when another officer was quicker, `already_asked`,
        `household_merged`, or `people_left`: somebody is here by one record and gone by the other.
        """
        pair = self._pair(pk)
        typed = DecisionSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        sent, actor = typed.validated_data, request.user
        if sent["decision"] == "ask":
            asks = [_ask(pair, index, each) for index, each in enumerate(sent["ask"])]
            ask_in_field(actor=actor, pair=pair, asks=asks)
        elif sent["ask"]:
            detail = _("This goes only with the decision “ask”.")
            raise invalid([FieldProblem("ask", "not_expected", detail)])
        else:
            decide_pair(actor=actor, pair=pair, same=sent["decision"] == "same")
        return self._answer(self._pair(pk))

    @extend_schema(
        summary="Undo a decision about a possible duplicate",
        request=None,
        responses=PairSerializer,
    )
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """409 `not_decided`; `household_merged` or `merged_later`: undo that decision first."""
        undo_decision(actor=request.user, pair=self._pair(pk))
        return self._answer(self._pair(pk))

    def _pair(self, text: str) -> DuplicatePair:
        key = read_id(text)
        pair = self.get_queryset().filter(pk=key).first() if key else None
        if pair is None:
            raise Http404
        return pair

    def _answer(self, pair: DuplicatePair) -> Response:
        for household in (pair.first, pair.second):
            record_access(self.request.user, "read", household)
        questions = pair.questions.select_related("household").order_by("recorded_at", "pk")
        stays = surviving(pair.first)
        return Response(
            {
                **_entry(pair),
                "matches": pair.matches,
                "questions": [_question(each) for each in questions],
                "merged_into": stays.reference if pair.status == PairStatus.SAME else None,
            }
        )


def _ask(pair: DuplicatePair, index: int, sent: dict[str, Any]) -> Ask:
    said = "".join(sent["household"].split()).upper()
    household: Household | None = next(
        (each for each in (pair.first, pair.second) if each.reference == said), None
    )
    if household is None:
        detail = _("Write the reference of one of the two households of this pair.")
        raise invalid([FieldProblem(f"ask.{index}.household", "unknown", detail)])
    return Ask(household, sent["topic"], sent["note"])


def _entry(pair: DuplicatePair) -> dict[str, Any]:
    return {
        "id": pair.pk,
        "households": [pair.first.reference, pair.second.reference],
        "score": round(pair.score, 4),
        "reasons": describe(pair.reasons),
        "news": describe_news(pair.news),
        "status": pair.status,
        "asked_until": pair.asked_until,
        "decided_at": pair.decided_at,
        "recorded_at": pair.recorded_at,
    }


def _question(row: FieldQuestion) -> dict[str, Any]:
    return {
        "id": row.pk,
        "household": row.household.reference,
        "topic": row.topic,
        "note": row.note,
        "status": row.status,
        "due_at": row.due_at,
        "answer": row.answer,
        "answer_note": row.answer_note,
        "answered_at": row.answered_at,
    }


FIELD_POLICY = {
    "field_questions": P.HOUSEHOLDS_READ,
    "answer_field_question": P.HOUSEHOLDS_EVENTS,
}
WHOLE: dict[str, Any] = {"pagination_class": None, "filter_backends": []}


class FieldAnswerSerializer(Shape):
    """What the family answered; a `registered_before` needs where and when in the note."""

    answer = Choice(FieldAnswer.choices)
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True, default=""
    )


class FieldQuestionActions:
    """What the staff of a household are asked about it; a mixin of the household views."""

    @extend_schema(
        summary="Questions to ask a household", responses=FieldQuestionSerializer(many=True)
    )
    @action(detail=True, methods=["get"], url_path="field-questions", **WHOLE)
    def field_questions(self, request: Request, reference: str) -> Response:
        """Open ones, about this household only; recorded."""
        household = self.get_object()  # type: ignore[attr-defined]
        record_access(request.user, "read", household)
        rows = FieldQuestion.objects.visible_to(request.user).open().filter(household=household)
        rows = rows.select_related("household").order_by("due_at", "pk")
        return Response([_question(each) for each in rows])

    @extend_schema(
        summary="Answer a question that a household was to be asked",
        parameters=[OpenApiParameter("question", str, OpenApiParameter.PATH)],
        request=FieldAnswerSerializer,
        responses=FieldQuestionSerializer,
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="field-questions/(?P<question>[0-9a-fA-F-]{36})/answer",
        **WHOLE,
    )
    def answer_field_question(self, request: Request, reference: str, question: str) -> Response:
        """The same answer again is answered 200; another one 409 `already_answered`."""
        household = self.get_object()  # type: ignore[attr-defined]
        typed = FieldAnswerSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        rows = FieldQuestion.objects.visible_to(request.user).select_related("household")
        key = read_id(question)
        found = rows.filter(household=household, pk=key).first() if key else None
        if found is None:
            raise Http404
        made = answer_field_question(actor=request.user, question=found, **typed.validated_data)
        return Response(_question(made))
