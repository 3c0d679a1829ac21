"""Open questions of a household over REST: read and answer them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.policies import Permission, can
from common.errors import DomainError
from common.ids import read_id
from intake.choices import ExitReason, QuestionAnswer, QuestionCode, QuestionStatus
from intake.models import Household, OpenQuestion, Person
from intake.presenting import visible_members
from intake.quality.answering import LONGEST_NOTE, answer_question
from intake.quality.presenting import open_of, places_of, question_shapes
from intake.services.rows import Registration

if TYPE_CHECKING:
    _Base = GenericViewSet[Household]
else:
    _Base = object
Shape = serializers.Serializer[Any]


class OfferedAnswerSerializer(Shape):
    """One answer that may be given."""

    answer = serializers.ChoiceField(QuestionAnswer.choices)
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="In the language of the request"
    )


class OpenQuestionSerializer(Shape):
    """What is doubtful; correcting the field settles it as well."""

    id = serializers.UUIDField()
    code = serializers.ChoiceField(QuestionCode.choices)
    person = serializers.UUIDField(allow_null=True, help_text="Null: about the whole household")
    field = serializers.CharField(help_text="Where to look: members.2.birth, declared_size")
    question = serializers.CharField(help_text="In the language of the request")
    answers = OfferedAnswerSerializer(many=True)


class AnswerSerializer(Shape):
    """An answer to an open question."""

    answer = serializers.CharField(max_length=40)
    note = serializers.CharField(
        max_length=LONGEST_NOTE, required=False, allow_blank=True, default=""
    )


class AnsweredSerializer(Shape):
    """A question with what was answered."""

    id = serializers.UUIDField()
    code = serializers.ChoiceField(QuestionCode.choices)
    status = serializers.ChoiceField(QuestionStatus.choices)
    answer = serializers.ChoiceField(QuestionAnswer.choices)
    answered_at = serializers.DateTimeField()


class QuestionActions(_Base):
    """What HouseholdViewSet does with questions; `policy` entries below belong to it."""

    @extend_schema(
        summary="Open questions of a household", responses=OpenQuestionSerializer(many=True)
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def questions(self, request: Request, reference: str) -> Response:
        """What is doubtful in its data, oldest first; no names."""
        household = self.get_object()
        places = places_of(list(visible_members(household, request.user)))
        return Response(question_shapes(open_of(household, request.user), places))

    @extend_schema(
        summary="Answer an open question",
        parameters=[OpenApiParameter("question", uuid.UUID, OpenApiParameter.PATH)],
        request=AnswerSerializer,
        responses=AnsweredSerializer,
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="questions/(?P<question>[0-9a-fA-F-]{36})/answer",
        pagination_class=None,
        filter_backends=[],
    )
    def answer(self, request: Request, reference: str, question: str) -> Response:
        """The same answer again is answered 200; another one 409 `already_answered`."""
        household = self.get_object()
        typed = AnswerSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        found = self._question(household, question)
        made = answer_question(actor=request.user, question=found, **typed.validated_data)
        return Response(AnsweredSerializer(made).data)

    def _question(self, household: Household, text: str) -> OpenQuestion:
        if (key := read_id(text)) is None:
            raise Http404
        visible = OpenQuestion.objects.visible_to(self.request.user)
        found = visible.filter(household=household, pk=key).first()
        if found is None:
            raise Http404
        return found


QUESTION_POLICY = {"questions": Permission.HOUSEHOLDS_READ, "answer": Permission.HOUSEHOLDS_EDIT}


def asked_at_registration(
    results: Sequence[Registration | DomainError], user: Any
) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """The open questions of registered households, by household: one statement at most.

    What was just written is not read again; of households that were there already it is read.
    """
    made = [each for each in results if isinstance(each, Registration)]
    known: dict[uuid.UUID, list[OpenQuestion]] = {
        each.household.pk: [] for each in made if each.written is None
    }
    if known:
        rows = OpenQuestion.objects.visible_to(user).open().filter(household__in=known)
        for question in rows.order_by("recorded_at", "pk"):
            known[question.household_id].append(question)
    return {
        each.household.pk: question_shapes(
            [q for q in each.written.questions if q.status == QuestionStatus.OPEN]
            if each.written is not None
            else known[each.household.pk],
            places_of(each.members if each.written is not None else _shown(each.members, user)),
        )
        for each in made
    }


def _shown(members: Sequence[Person], user: Any) -> list[Person]:
    """The members whom the user may know of: an index must not tell that there is another."""
    if can(user, Permission.SCREENING):
        return list(members)
    return [each for each in members if each.exit_reason != ExitReason.SEPARATED]
