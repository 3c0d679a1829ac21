"""Transports over REST: planning, the list, loading, leaving and coming."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policies import Permission
from audit.access import record_access
from audit.idempotency import IdempotentWrites
from common.api.pagination import NewestFirst
from common.errors import FieldProblem, InvalidInput
from intake.models import EntryPoint
from reception.api.looking import find_household, find_site
from reception.api.serializers import REFUSED
from reception.choices import (
    LineState,
    MissingReason,
    StayedBehindReason,
    VehicleKind,
)
from reception.errors import NotFound
from reception.models import Placement, Transport, TransportLine
from reception.policies import may_at
from reception.services import transporting, travelling

READ, WRITE = Permission.PLACEMENTS_READ, Permission.PLACEMENTS_WRITE
Shape = serializers.Serializer[Any]
ALL = "all"


class LineSerializer(serializers.ModelSerializer[TransportLine]):
    """A family on the list, without the note on its baggage."""

    household = serializers.CharField(source="target.household.reference", read_only=True)
    placement = serializers.UUIDField(
        source="placement_id", read_only=True, allow_null=True, help_text="Where it leaves from."
    )
    target = serializers.SerializerMethodField(
        help_text="The places that wait for it; null where you may not know of them."
    )

    class Meta:
        model = TransportLine
        fields = (
            *("id", "household", "placement", "target", "persons", "wheelchairs", "step_free"),
            *("escort", "state", "boarded_at", "arrived_at", "arrived_persons"),
            *("stayed_behind", "missing_reason"),
        )
        read_only_fields = fields

    def get_target(self, line: TransportLine) -> str | None:
        """Hidden with the site that it belongs to."""
        return str(line.target_id) if _knows(self.context, line.target.site) else None


def _knows(context: Any, site: Any) -> bool:
    known: dict[Any, bool] = context.setdefault("known_sites", {})
    if site.pk not in known:
        known[site.pk] = may_at(context["request"].user, READ, site)
    return known[site.pk]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A bus that is loading",
            value={
                "id": "0197da3c-1b8e-7c52-9d5b-0f6e6a3c2b11",
                "reference": "TRN-21-000003-X",
                "from_site": "KHOROG-SCHOOL-3",
                "from_entry_point": None,
                "to_site": "RUSHAN-CENTRE",
                "status": "loading",
                "vehicle": "bus",
                "seats": 40,
                "wheelchair_places": 1,
                "seats_left": 33,
                "wheelchair_places_left": 1,
                "planned_departure": "2021-07-09T04:00:00Z",
                "departed_at": None,
                "arrived_at": None,
                "recorded_at": "2021-07-08T12:00:00Z",
                "updated_at": "2021-07-09T03:50:00Z",
            },
            response_only=True,
        )
    ]
)
class TransportSerializer(serializers.ModelSerializer[Transport]):
    """One journey of one vehicle. A site that you may not know of is null."""

    from_site = serializers.SerializerMethodField()
    to_site = serializers.SerializerMethodField()
    from_entry_point = serializers.CharField(
        source="from_entry_point.code", read_only=True, allow_null=True, default=None
    )
    seats_left = serializers.IntegerField(read_only=True)
    wheelchair_places_left = serializers.IntegerField(read_only=True)

    class Meta:
        model = Transport
        fields: tuple[str, ...] = (
            *("id", "reference", "from_site", "from_entry_point", "to_site", "status", "vehicle"),
            *("seats", "wheelchair_places", "seats_left", "wheelchair_places_left"),
            *("planned_departure", "departed_at", "arrived_at", "recorded_at", "updated_at"),
        )
        read_only_fields = fields

    def get_from_site(self, transport: Transport) -> str | None:
        """Its code, where the reader may know of it."""
        site = transport.from_site
        return site.code if site is not None and _knows(self.context, site) else None

    def get_to_site(self, transport: Transport) -> str | None:
        """Its code, where the reader may know of it."""
        return transport.to_site.code if _knows(self.context, transport.to_site) else None


class TransportDetailSerializer(TransportSerializer):
    """One transport with its list, and how driver and escort are reached."""

    lines = serializers.SerializerMethodField()
    contact = serializers.CharField(read_only=True)

    class Meta(TransportSerializer.Meta):
        fields = (*TransportSerializer.Meta.fields, "contact", "lines")
        read_only_fields = fields

    @extend_schema_field(LineSerializer(many=True))
    def get_lines(self, transport: Transport) -> list[dict[str, Any]]:
        """Those taken off are left out."""
        rows = transport.lines.exclude(state=LineState.REMOVED)
        rows = rows.select_related("target__household", "target__site").order_by("pk")
        return list(LineSerializer(rows, many=True, context=self.context).data)


class TransportCreateSerializer(Shape):
    """A transport to be planned; it begins at a site or at an entry point."""

    id = serializers.UUIDField(required=False, help_text="Made by the client.")
    from_site = serializers.CharField(max_length=40, required=False, help_text="A site's code.")
    from_entry_point = serializers.CharField(max_length=40, required=False)
    to_site = serializers.CharField(max_length=40, help_text="A site's code.")
    planned_departure = serializers.DateTimeField()
    vehicle = serializers.ChoiceField(choices=VehicleKind.choices)
    seats = serializers.IntegerField()
    wheelchair_places = serializers.IntegerField(default=0)
    contact = serializers.CharField(
        required=False, allow_blank=True, max_length=200, default="", help_text="Kept sealed."
    )


class FamilySerializer(Shape):
    """A family to be put on the list."""

    household = serializers.CharField(max_length=40, help_text="The household's reference.")
    placement = serializers.UUIDField(
        required=False, help_text="Which part of a family that lives apart."
    )
    wheelchairs = serializers.IntegerField(default=0)
    step_free = serializers.BooleanField(default=False)
    escort = serializers.BooleanField(default=False, help_text="A medical escort is needed.")
    baggage = serializers.CharField(
        required=False, allow_blank=True, max_length=200, default="", help_text="Kept sealed."
    )


class FamiliesSerializer(Shape):
    """Families for the list: all of them, or none."""

    families = FamilySerializer(many=True)


class OnListSerializer(Shape):
    """Which family of the list."""

    household = serializers.CharField(max_length=40, help_text="Its reference.")
    placement = serializers.UUIDField(
        required=False, help_text="Which part of a family that lives apart: where it leaves from."
    )


class BoardSerializer(OnListSerializer):
    """The family is on board; `persons` when somebody counted."""

    persons = serializers.IntegerField(required=False, min_value=0)


class StayedBehindSerializer(OnListSerializer):
    """A family that does not travel, and why."""

    reason = serializers.ChoiceField(choices=StayedBehindReason.choices)


class DepartSerializer(Shape):
    """The vehicle leaves. Whoever is not on board and not named here "was not there"."""

    occurred_at = serializers.DateTimeField(required=False)
    stayed_behind = StayedBehindSerializer(many=True, required=False)


class ArriveSerializer(Shape):
    """The vehicle is there; with `household` that family, with `all` everybody who left with it."""

    occurred_at = serializers.DateTimeField(required=False)
    household = serializers.CharField(max_length=40, required=False)
    placement = serializers.UUIDField(required=False)
    persons = serializers.ListField(
        child=serializers.UUIDField(), required=False, help_text="Who came, when not all did."
    )
    all = serializers.BooleanField(default=False)


class MissingSerializer(OnListSerializer):
    """A family that left and did not arrive, and what is known of it."""

    reason = serializers.ChoiceField(choices=MissingReason.choices)
    keep_place = serializers.BooleanField(default=False)


class CancelSerializer(Shape):
    """Why the transport does not take place."""

    reason = serializers.CharField(max_length=200)


def _step(summary: str, request: Any, **more: Any) -> dict[str, Any]:
    return {
        "summary": summary,
        "request": request,
        "responses": {200: TransportDetailSerializer, 409: REFUSED},
        **more,
    }


@extend_schema_view(
    list=extend_schema(summary="Transports"),
    retrieve=extend_schema(summary="A transport", responses=TransportDetailSerializer),
)
class TransportViewSet(
    IdempotentWrites,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[Transport],
):
    """Journeys that begin or end where the reader may read placements."""

    policy = {
        "list": READ,
        "retrieve": READ,
        **dict.fromkeys(
            (
                *("create", "families", "remove", "load", "board", "get_off", "depart"),
                *("arrive", "missing", "cancel"),
            ),
            WRITE,
        ),
    }
    queryset = Transport.objects.none()
    serializer_class = TransportSerializer
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def get_queryset(self) -> Any:
        """Visible transports."""
        rows = Transport.objects.visible_to(self.request.user)
        if status := self.request.query_params.get("status"):
            rows = rows.filter(status=status)
        return rows.select_related("from_site", "from_entry_point", "to_site")

    @extend_schema(
        summary="Plan a transport",
        request=TransportCreateSerializer,
        responses={
            201: TransportDetailSerializer,
            200: OpenApiResponse(TransportDetailSerializer, description="Sent again."),
            409: REFUSED,
        },
    )
    def create(self, request: Request) -> Response:
        """A transport without families."""
        data = checked(TransportCreateSerializer, request)
        known = data.get("id")
        before = known is not None and Transport.objects.filter(pk=known).exists()
        made = transporting.plan_transport(
            actor=request.user,
            transport_id=data.pop("id", None),
            from_site=find_site(request.user, code)
            if (code := data.pop("from_site", ""))
            else None,
            from_entry_point=_point(data.pop("from_entry_point", "")),
            to_site=find_site(request.user, data.pop("to_site")),
            **data,
        )
        return self._answer(made, status=200 if before else 201)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One transport with its list; the reading is recorded."""
        transport = self.get_object()
        record_access(request.user, "read", transport)
        return self._answer(transport)

    @extend_schema(
        **_step(
            "Put families on the list",
            FamiliesSerializer,
            description="Seats and places at the target for all of them, or nothing. 409 codes: "
            "`seats_exceeded`, `capacity_exceeded`, `already_on_a_list`, `already_on_its_way`, "
            "`already_placed`, `family_incomplete`, `interim_care_required`, "
            "`site_not_receiving`.",
        )
    )
    @action(detail=True, methods=["post"])
    def families(self, request: Request, pk: str) -> Response:
        """Families travel with it."""
        transport = self.get_object()
        data = checked(FamiliesSerializer, request)
        wanted = [self._wanted(each) for each in data["families"]]
        transporting.add_families(actor=request.user, transport=transport, families=wanted)
        return self._answer(transport)

    def _wanted(self, data: dict[str, Any]) -> transporting.Wanted:
        household = find_household(self.request.user, data.pop("household"))
        placement = None
        if key := data.pop("placement", None):
            held = Placement.objects.visible_to(self.request.user).open()
            placement = held.filter(pk=key, household=household).first()
            if placement is None:
                raise _not_found("placement", _("This family has no such place."))
        return transporting.Wanted(household, placement, **data)

    @extend_schema(**_step("Take a family off the list", OnListSerializer))
    @action(detail=True, methods=["post"])
    def remove(self, request: Request, pk: str) -> Response:
        """It stays where it is."""
        return self._on_list(transporting.remove_family, OnListSerializer)

    @extend_schema(**_step("The vehicle is being loaded", None))
    @action(detail=True, methods=["post"])
    def load(self, request: Request, pk: str) -> Response:
        """Start loading."""
        transport = self.get_object()
        return self._answer(travelling.start_loading(actor=request.user, transport=transport))

    @extend_schema(**_step("A family is on board", BoardSerializer))
    @action(detail=True, methods=["post"])
    def board(self, request: Request, pk: str) -> Response:
        """The whole family; 409 `family_incomplete` when `persons` are not all."""
        return self._on_list(travelling.board, BoardSerializer)

    @extend_schema(**_step("A family got off before it left", OnListSerializer))
    @action(detail=True, methods=["post"], url_path="get-off")
    def get_off(self, request: Request, pk: str) -> Response:
        """On the list again, and not on board."""
        return self._on_list(travelling.take_off_board, OnListSerializer)

    @extend_schema(**_step("The vehicle leaves", DepartSerializer))
    @action(detail=True, methods=["post"])
    def depart(self, request: Request, pk: str) -> Response:
        """Who is on board has left; who is not stays."""
        transport = self.get_object()
        data = checked(DepartSerializer, request)
        reasons = {
            self._line(transport, each).pk: each["reason"] for each in data.get("stayed_behind", [])
        }
        left = travelling.depart(
            actor=request.user,
            transport=transport,
            occurred_at=data.get("occurred_at"),
            stayed_behind=reasons,
        )
        return self._answer(left)

    @extend_schema(**_step("The vehicle or a family has come", ArriveSerializer))
    @action(detail=True, methods=["post"])
    def arrive(self, request: Request, pk: str) -> Response:
        """Check in one family, everybody, or say only that the vehicle is there."""
        transport = self.get_object()
        data = checked(ArriveSerializer, request)
        common: dict[str, Any] = {
            "actor": request.user,
            "transport": transport,
            "occurred_at": data.get("occurred_at"),
        }
        if data.get("household"):
            line = self._line(transport, data)
            travelling.arrive_family(**common, line=line, persons=data.get("persons"))
        elif data[ALL]:
            travelling.arrive_all(**common)
        else:
            travelling.arrive(**common)
        return self._answer(transport)

    @extend_schema(**_step("A family did not arrive", MissingSerializer))
    @action(detail=True, methods=["post"])
    def missing(self, request: Request, pk: str) -> Response:
        """What is known of a family that left and did not come."""
        return self._on_list(travelling.report_missing, MissingSerializer)

    @extend_schema(**_step("It does not take place", CancelSerializer))
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Everybody stays where they are."""
        transport = self.get_object()
        data = checked(CancelSerializer, request)
        return self._answer(
            transporting.cancel_transport(actor=request.user, transport=transport, **data)
        )

    def _on_list(self, service: Any, form: Any) -> Response:
        transport = self.get_object()
        data = checked(form, self.request)
        line = self._line(transport, data)
        more = {k: v for k, v in data.items() if k not in ("household", "placement")}
        service(actor=self.request.user, transport=transport, line=line, **more)
        return self._answer(transport)

    def _line(self, transport: Transport, data: dict[str, Any]) -> TransportLine:
        """The line of a family: of its lines on this list the newest that is not taken off."""
        household = find_household(self.request.user, data["household"])
        lines = transport.lines.filter(target__household=household)
        if key := data.get("placement"):
            lines = lines.filter(placement=key)
        found = list(lines.exclude(state=LineState.REMOVED)) or list(lines.order_by("-pk")[:1])
        if not found:
            raise _not_found("household", _("This family is not on the list."))
        if len(found) > 1:
            detail = _("This family lives apart: say which part, by its placement.")
            problem = FieldProblem("placement", "required", detail)
            raise InvalidInput("invalid", detail, problems=[problem])
        return found[0]

    def _answer(self, transport: Transport, *, status: int = 200) -> Response:
        rows = Transport.objects.select_related("from_site", "from_entry_point", "to_site")
        body = TransportDetailSerializer(
            rows.get(pk=transport.pk), context={"request": self.request}
        )
        return Response(body.data, status=status)


def _point(code: str) -> EntryPoint | None:
    if not code:
        return None
    point = EntryPoint.objects.filter(code=code).first()
    if point is None:
        raise _not_found("from_entry_point", _("There is no such entry point."))
    return point


def _not_found(field: str, detail: str) -> NotFound:
    return NotFound("not_found", detail, problems=[FieldProblem(field, "does_not_exist", detail)])


def checked(form: Any, request: Request) -> dict[str, Any]:
    """The body of a request in its shape."""
    typed = form(data=request.data)
    typed.is_valid(raise_exception=True)
    data: dict[str, Any] = typed.validated_data
    return data
