"""Aid requests and agencies' services over REST.

Each action is open to whoever may read requests; what is not visible to them is 404 with the same
body as what does not exist, and the service then decides by side (403): the addressed agency
answers, coordination cancels and passes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.models import Agency
from accounts.policies import Permission, access_of
from aid import services
from aid.api.filters import AidRequestFilter
from aid.api.serializers import (
    AgencyServicesSerializer,
    AidRequestInputSerializer,
    AidRequestSerializer,
    DeliverySerializer,
    FulfilSerializer,
    NoteSerializer,
    ReasonSerializer,
    RerouteSerializer,
)
from aid.beneficiaries import find_beneficiary
from aid.models import AgencyService, AidRequest, Delivery
from aid.presenting import PREFETCHED, RELATED, Reader, present_beneficiary
from aid.services.base import lock_request
from audit.idempotency import IdempotentWrites
from common.api.etags import IF_MATCH, check_match, etag_of
from common.api.pagination import NewestFirst, OldestChangeFirst
from common.errors import FieldProblem, InvalidInput

P = Permission
View = TypeVar("View", bound=Callable[..., Response])
Step = Callable[..., AidRequest]
_READ_OR_ANSWER = (P.AID_READ, P.AID_RESPOND)
_READ_OR_ASK = (P.AID_READ, P.AID_REQUEST)


def _documented(summary: str, shape: type[Serializer[Any]]) -> Callable[[View], View]:
    """The schema of a step: its body, If-Match, and the request as the answer."""
    decorate: Callable[[View], View] = extend_schema(
        summary=summary, parameters=[IF_MATCH], request=shape, responses=AidRequestSerializer
    )
    return decorate


def _agency(code: str) -> Agency:
    found = Agency.objects.filter(code=code.strip().upper()).first()
    if found is None:
        detail = _("No agency has this code.")
        raise InvalidInput("invalid", detail, problems=[FieldProblem("agency", "unknown", detail)])
    return found


class AidRequestViewSet(IdempotentWrites, ListModelMixin, GenericViewSet[AidRequest]):
    """What agencies are asked to do, and what they answer."""

    queryset = AidRequest.objects.none()
    serializer_class = AidRequestSerializer
    filterset_class = AidRequestFilter
    lookup_field = "reference"
    lookup_value_regex = r"[0-9A-Za-z-]{1,24}"
    policy = {
        "list": P.AID_READ,
        "retrieve": P.AID_READ,
        "create": P.AID_REQUEST,
        "deliveries": P.AID_READ,
        "record_delivery": _READ_OR_ANSWER,
        "acknowledge": _READ_OR_ANSWER,
        "accept": _READ_OR_ANSWER,
        "decline": _READ_OR_ANSWER,
        "start": _READ_OR_ANSWER,
        "hold": _READ_OR_ANSWER,
        "resume": _READ_OR_ANSWER,
        "fulfil": _READ_OR_ANSWER,
        "fail": _READ_OR_ANSWER,
        "cancel": _READ_OR_ASK,
        "reroute": _READ_OR_ASK,
    }

    @property
    def paginator(self) -> BasePagination:
        """Oldest change first for `updated_since`, so that a change during paging comes later."""
        if not hasattr(self, "_paginator"):
            changes = "updated_since" in self.request.query_params
            self._paginator = OldestChangeFirst() if changes else NewestFirst()
        return self._paginator

    def get_queryset(self) -> QuerySet[AidRequest]:
        """What the user may see, with what the serializer shows."""
        visible = AidRequest.objects.visible_to(self.request.user)
        return visible.select_related(*RELATED).prefetch_related(*PREFETCHED)

    def get_object(self) -> AidRequest:
        """The request of this reference; the same 404 whether hidden or absent."""
        reference = self.kwargs["reference"].upper()
        found = self.get_queryset().filter(reference=reference).first()
        if found is None:
            raise Http404
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        """With the reader, so that each sees what they may."""
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["reader"] = Reader.of(self.request.user)
        return context

    @extend_schema(summary="Read one request")
    def retrieve(self, request: Request, reference: str) -> Response:
        """One request. An agency at work on it may see a name, where consent allows."""
        return self._answer(self.get_object())

    @extend_schema(
        summary="Ask an agency for aid",
        request=AidRequestInputSerializer,
        responses={201: AidRequestSerializer, 200: AidRequestSerializer},
    )
    def create(self, request: Request) -> Response:
        """201; or 200 with the same request when its `id` was sent before."""
        given = AidRequestInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        data["beneficiary"] = find_beneficiary(actor=request.user, **data["beneficiary"])
        data["agency"] = _agency(data["agency"])
        pk = data.pop("id", None)
        repeated = pk is not None and AidRequest.objects.filter(pk=pk).exists()
        made = services.request_aid(actor=request.user, request_id=pk, **data)
        return self._answer(made, status=status.HTTP_200_OK if repeated else 201)

    @_documented("Acknowledge", NoteSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, reference: str) -> Response:
        """The agency has seen it."""
        return self._step(services.acknowledge, NoteSerializer)

    @_documented("Accept", NoteSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, reference: str) -> Response:
        """The agency will do it."""
        return self._step(services.accept, NoteSerializer)

    @_documented("Decline", ReasonSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, reference: str) -> Response:
        """The agency will not do it, with a reason."""
        return self._step(services.decline, ReasonSerializer)

    @_documented("Start", NoteSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, reference: str) -> Response:
        """The agency has begun."""
        return self._step(services.start, NoteSerializer)

    @_documented("Put on hold", ReasonSerializer)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, reference: str) -> Response:
        """The clock stands still, with a reason."""
        return self._step(services.hold, ReasonSerializer)

    @_documented("Go on after a hold", NoteSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, reference: str) -> Response:
        """The deadlines move by the time held."""
        return self._step(services.resume, NoteSerializer)

    @_documented("Fulfil", FulfilSerializer)
    @action(detail=True, methods=["post"])
    def fulfil(self, request: Request, reference: str) -> Response:
        """Done, or with `complete: false` partly done."""
        return self._step(services.fulfil, FulfilSerializer)

    @_documented("Report that it could not be done", ReasonSerializer)
    @action(detail=True, methods=["post"])
    def fail(self, request: Request, reference: str) -> Response:
        """Could not be done after all, with a reason."""
        return self._step(services.fail, ReasonSerializer)

    @_documented("Cancel", ReasonSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, reference: str) -> Response:
        """Coordination takes it back, with a reason."""
        return self._step(services.cancel, ReasonSerializer)

    @_documented("Pass on to another agency", RerouteSerializer)
    @action(detail=True, methods=["post"])
    def reroute(self, request: Request, reference: str) -> Response:
        """Answers the new request, which is addressed to the other agency."""
        given = self._checked(RerouteSerializer)
        with transaction.atomic():
            current = self._matching()
            made = services.reroute(
                actor=request.user,
                request=current,
                agency=_agency(given["agency"]),
                note=given["note"],
            )
        return self._answer(made)

    @extend_schema(
        summary="List deliveries", responses=DeliverySerializer(many=True), filters=False
    )
    @action(detail=True, methods=["get"], pagination_class=NewestFirst, filterset_class=None)
    def deliveries(self, request: Request, reference: str) -> Response:
        """What was delivered for a request, newest first."""
        rows = Delivery.objects.filter(request=self.get_object())
        page = NewestFirst()
        shown = DeliverySerializer(page.paginate_queryset(rows, request, self), many=True)
        return page.get_paginated_response(shown.data)

    @extend_schema(
        summary="Record a delivery",
        request=DeliverySerializer,
        responses={201: DeliverySerializer, 200: DeliverySerializer},
    )
    @deliveries.mapping.post
    def record_delivery(self, request: Request, reference: str) -> Response:
        """201; or 200 with the same delivery when its `id` was sent before."""
        current = self.get_object()
        data = self._checked(DeliverySerializer)
        pk = data.pop("id", None)
        repeated = pk is not None and Delivery.objects.filter(pk=pk).exists()
        made = services.record_delivery(actor=request.user, request=current, delivery_id=pk, **data)
        code = status.HTTP_200_OK if repeated else status.HTTP_201_CREATED
        return Response(DeliverySerializer(made).data, status=code)

    def kept(self, data: Any) -> Any:
        """Without name and phones: consent may be withdrawn before the answer is asked again."""
        if not isinstance(data, dict) or "beneficiary" not in data:
            return data
        shown = {key: value for key, value in data["beneficiary"].items() if key != "contact"}
        return {**data, "beneficiary": shown}

    def replayed(self, data: Any) -> Any:
        """The first answer, with whom it is for as the reader may know it now."""
        if not isinstance(data, dict) or "beneficiary" not in data:
            return data
        row = self.get_queryset().filter(reference=data["reference"]).first()
        if row is None:
            return data
        reader = Reader.of(self.request.user)
        return {**data, "beneficiary": present_beneficiary(row, reader, identity=True)}

    def _checked(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        given = shape(data=self.request.data)
        given.is_valid(raise_exception=True)
        return dict(given.validated_data)

    def _matching(self) -> AidRequest:
        """The locked row, when it is still what the client read (If-Match)."""
        row = lock_request(self.get_object())
        check_match(self.request, row)
        return row

    def _step(self, step: Step, shape: type[Serializer[Any]]) -> Response:
        # Found before the body is read: what is not visible is 404 whatever was sent.
        self.get_object()
        given = self._checked(shape)
        with transaction.atomic():
            done = step(actor=self.request.user, request=self._matching(), **given)
        return self._answer(done)

    def _answer(self, row: AidRequest, *, status: int = 200) -> Response:
        shown = self.get_queryset().filter(pk=row.pk).first() or row
        context = {**self.get_serializer_context(), "identity": True}
        body = AidRequestSerializer(shown, context=context).data
        return Response(body, status=status, headers={"ETag": etag_of(shown)})


class AgencyServicesView(IdempotentWrites, APIView):
    """What the agency behind the credentials offers, and whether it has capacity."""

    policy = {"get": P.SERVICES_EDIT, "put": P.SERVICES_EDIT}

    def _own(self) -> Agency:
        codes = access_of(self.request.user).scopes(P.SERVICES_EDIT).agencies
        found = list(Agency.objects.filter(code__in=codes)[:2])
        if len(found) != 1:
            raise Http404
        return found[0]

    @extend_schema(summary="Read own services", responses=AgencyServicesSerializer)
    def get(self, request: Request) -> Response:
        """All sectors the agency serves."""
        rows = AgencyService.objects.filter(agency=self._own()).prefetch_related("areas")
        return Response(AgencyServicesSerializer({"services": rows.order_by("sector_id")}).data)

    @extend_schema(
        summary="State services and capacity",
        request=AgencyServicesSerializer,
        responses=AgencyServicesSerializer,
    )
    def put(self, request: Request) -> Response:
        """Replace the list."""
        given = AgencyServicesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        rows = services.set_agency_services(
            actor=request.user, agency=self._own(), services=given.lines()
        )
        return Response(AgencyServicesSerializer({"services": rows}).data)
