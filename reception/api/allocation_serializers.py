"""Proposals and requirements as clients see them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from reception.allocation.facts import Said
from reception.choices import (
    MAY_CONFIRM_AS,
    AllocationScope,
    AllocationStatus,
    ProposedState,
    RequirementKind,
)
from reception.models import AllocationRun, KeepApart, KinGroup, PlacementRequirement
from reception.proposal_view import LineView, ProposalView


@extend_schema_serializer(
    examples=[
        OpenApiExample("All who wait", value={"scope": "waiting"}, request_only=True),
        OpenApiExample(
            "Those of one bus",
            value={
                "scope": "arrivals",
                "entry_point": "TEM",
                "arrived_from": "2021-07-05T02:00:00Z",
                "arrived_until": "2021-07-05T03:00:00Z",
            },
            request_only=True,
        ),
        OpenApiExample(
            "Chosen families",
            value={"scope": "chosen", "households": ["PNH-21-000427-K"]},
            request_only=True,
        ),
    ]
)
class AllocationAskSerializer(serializers.Serializer[Any]):
    """For whom a proposal is asked."""

    id = serializers.UUIDField(
        required=False, help_text="Made by the client; sent again, nothing is asked twice."
    )
    scope = serializers.ChoiceField(
        choices=AllocationScope.choices, default=AllocationScope.WAITING.value
    )
    entry_point = serializers.CharField(
        max_length=40, required=False, help_text="The entry point's code, for `arrivals`."
    )
    arrived_from = serializers.DateTimeField(required=False)
    arrived_until = serializers.DateTimeField(required=False)
    households = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=5000,
        help_text="References, for `chosen`.",
    )


class SaidSerializer(serializers.Serializer[Any]):
    """A stable code with its numbers, as `words` says it in the reader's language."""

    code = serializers.CharField(read_only=True)
    values = serializers.SerializerMethodField(help_text="Numbers, and codes of sites.")

    @extend_schema_field(serializers.DictField())
    def get_values(self, said: Said) -> dict[str, int | str]:
        """By name."""
        return dict(said.values)


class AllocationLineSerializer(serializers.Serializer[Any]):
    """What is proposed for one family, and why. Without personal data."""

    household = serializers.CharField(source="line.household.reference", read_only=True)
    places = serializers.IntegerField(source="line.places", read_only=True)
    proposed_site = serializers.CharField(
        source="line.proposed_site.code", read_only=True, allow_null=True, default=None
    )
    site = serializers.CharField(
        source="line.site.code",
        read_only=True,
        allow_null=True,
        default=None,
        help_text="Null: no place was found, see `missing`; or left out by the officer.",
    )
    locked = serializers.BooleanField(source="line.locked", read_only=True)
    state = serializers.ChoiceField(
        source="line.state", choices=ProposedState.choices, read_only=True
    )
    reasons = SaidSerializer(many=True, read_only=True)
    why = serializers.ListField(child=serializers.CharField(), read_only=True)
    missing = serializers.ListField(child=serializers.CharField(), read_only=True)
    instead = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="What other sites would have given, and what forbade them.",
    )
    refusal = serializers.CharField(read_only=True, allow_blank=True)
    placement = serializers.UUIDField(
        source="line.placement_id", read_only=True, allow_null=True, default=None
    )
    updated_at = serializers.DateTimeField(source="line.updated_at", read_only=True)
    etag = serializers.SerializerMethodField(help_text="Send it as If-Match to change the line.")

    def get_etag(self, view: LineView) -> str:
        """The version of the line."""
        from common.api.etags import etag_of

        return etag_of(view.line)


class AllocationSiteSerializer(serializers.Serializer[Any]):
    """A site before and after."""

    code = serializers.CharField(source="site.code", read_only=True)
    name = serializers.CharField(source="site.local_name", read_only=True)
    families = serializers.IntegerField(read_only=True)
    persons = serializers.IntegerField(read_only=True)
    free = serializers.IntegerField(source="site.free", read_only=True)
    free_after = serializers.IntegerField(read_only=True)


class AllocationSummarySerializer(serializers.ModelSerializer[AllocationRun]):
    """A proposal in a list."""

    status = serializers.ChoiceField(
        source="status_now", choices=AllocationStatus.choices, read_only=True
    )
    entry_point = serializers.CharField(
        source="entry_point.code", read_only=True, allow_null=True, default=None
    )
    scope = serializers.ChoiceField(choices=AllocationScope.choices, read_only=True)

    class Meta:
        model = AllocationRun
        fields: tuple[str, ...] = (
            *("id", "scope", "entry_point", "arrived_from", "arrived_until", "status"),
            *("attempt", "failure", "proposed_at", "ended_at", "recorded_at", "updated_at"),
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A proposal",
            value={
                "id": "0197da3c-1b8e-7c52-9d5b-0f6e6a3c2b11",
                "scope": "arrivals",
                "entry_point": "TEM",
                "arrived_from": "2021-07-05T02:00:00Z",
                "arrived_until": "2021-07-05T03:00:00Z",
                "status": "proposed",
                "attempt": 1,
                "failure": "",
                "proposed_at": "2021-07-05T06:00:02Z",
                "ended_at": None,
                "recorded_at": "2021-07-05T06:00:00Z",
                "updated_at": "2021-07-05T06:00:02Z",
                "gap": 0.0,
                "seconds": 0.4,
                "fingerprint": "6f1e…",
                "counts": {"families": 1, "persons": 7, "families_with_site": 1},
                "sites": [
                    {
                        "code": "KHOROG-SCHOOL-3",
                        "name": "School No. 3 in Khorog",
                        "families": 1,
                        "persons": 7,
                        "free": 40,
                        "free_after": 33,
                    }
                ],
                "lines": [
                    {
                        "household": "PNH-21-000427-K",
                        "places": 7,
                        "proposed_site": "KHOROG-SCHOOL-3",
                        "site": "KHOROG-SCHOOL-3",
                        "locked": False,
                        "state": "proposed",
                        "reasons": [{"code": "village", "values": {"people": 12}}],
                        "why": ["12 people of the same place of origin are there."],
                        "missing": [],
                        "instead": [],
                        "refusal": "",
                        "placement": None,
                        "updated_at": "2021-07-05T06:00:02Z",
                        "etag": '"0197da3c1b8e7c529d5b0f6e6a3c2b12-1625464802.000000"',
                    }
                ],
            },
            response_only=True,
        )
    ]
)
class AllocationSerializer(AllocationSummarySerializer):
    """A proposal with its lines, as far as the reader may see them."""

    counts = serializers.SerializerMethodField()
    sites = serializers.SerializerMethodField()
    lines = serializers.SerializerMethodField()

    class Meta(AllocationSummarySerializer.Meta):
        fields = (
            *AllocationSummarySerializer.Meta.fields,
            *("gap", "seconds", "fingerprint", "counts", "sites", "lines"),
        )
        read_only_fields = fields

    @property
    def _view(self) -> ProposalView:
        view: ProposalView = self.context["view"]
        return view

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_counts(self, run: AllocationRun) -> dict[str, int]:
        """Families and persons."""
        return self._view.counts

    @extend_schema_field(AllocationSiteSerializer(many=True))
    def get_sites(self, run: AllocationRun) -> Any:
        """Sites before and after."""
        return AllocationSiteSerializer(self._view.sites, many=True).data

    @extend_schema_field(AllocationLineSerializer(many=True))
    def get_lines(self, run: AllocationRun) -> Any:
        """Every line that the reader may see."""
        return AllocationLineSerializer(self._view.lines, many=True).data


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Another site", value={"site": "KHOROG-HOSTEL", "locked": True}, request_only=True
        ),
        OpenApiExample("Not this family", value={"site": None}, request_only=True),
    ]
)
class LineEditSerializer(serializers.Serializer[Any]):
    """What an officer changes in a line; what is left out stays."""

    site = serializers.CharField(max_length=40, required=False, allow_null=True)
    locked = serializers.BooleanField(required=False)


@extend_schema_serializer(
    examples=[
        OpenApiExample("All or nothing", value={}, request_only=True),
        OpenApiExample("Those that still hold", value={"only_possible": True}, request_only=True),
    ]
)
class ConfirmAllocationSerializer(serializers.Serializer[Any]):
    """What of a proposal becomes placements."""

    households = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        allow_empty=False,
        help_text="References of the lines to confirm; all when left out.",
    )
    only_possible = serializers.BooleanField(
        default=False, help_text="Confirm the lines that still hold, and name the others."
    )
    status = serializers.ChoiceField(choices=MAY_CONFIRM_AS, default=MAY_CONFIRM_AS[0])
    reserved_until = serializers.DateTimeField(required=False)


class RefusedLineSerializer(serializers.Serializer[Any]):
    """A line that no longer holds."""

    household = serializers.CharField(source="line.household.reference", read_only=True)
    code = serializers.CharField(source="said.code", read_only=True)
    detail = serializers.CharField(source="words", read_only=True)


class ConfirmationSerializer(serializers.Serializer[Any]):
    """What confirming did."""

    status = serializers.ChoiceField(
        source="run.status", choices=AllocationStatus.choices, read_only=True
    )
    confirmed = serializers.SerializerMethodField()
    refused = RefusedLineSerializer(many=True, read_only=True)

    @extend_schema_field(
        serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    )
    def get_confirmed(self, done: Any) -> list[dict[str, str]]:
        """Household, site and placement of each."""
        return [
            {
                "household": line.household.reference,
                "site": line.site.code,
                "placement": str(line.placement_id),
            }
            for line in done.confirmed
        ]


# Requirements -------------------------------------------------------------------------------
class KeepApartSerializer(serializers.ModelSerializer[KeepApart]):
    """Two families that must not be at one site.

    `other` and `household` are null where the reader may not read that household; `reason` is
    null for who may not read it.
    """

    household = serializers.SerializerMethodField()
    other = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()

    class Meta:
        model = KeepApart
        fields = (
            *("id", "household", "other", "reason", "since", "until", "ended_at"),
            *("recorded_at", "updated_at"),
        )
        read_only_fields = fields

    def _reference(self, household: Any) -> str | None:
        return household.reference if household.pk in self.context["known"] else None

    def get_household(self, pair: KeepApart) -> str | None:
        """The reference, where the reader may read the household."""
        return self._reference(pair.household)

    def get_other(self, pair: KeepApart) -> str | None:
        """The reference, where the reader may read the household."""
        return self._reference(pair.other)

    def get_reason(self, pair: KeepApart) -> str | None:
        """Why, for protection officers."""
        return pair.reason if self.context["reasons"] else None


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two families",
            value={
                "household": "PNH-21-000427-K",
                "other": "PNH-21-000112-M",
                "reason": "An old dispute; both families asked for it.",
            },
            request_only=True,
        )
    ]
)
class KeepApartCreateSerializer(serializers.Serializer[Any]):
    """Which two, and why."""

    household = serializers.CharField(max_length=40)
    other = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=2000)
    until = serializers.DateTimeField(required=False)


class RequirementSerializer(serializers.ModelSerializer[PlacementRequirement]):
    """What must hold for a household's place; `note` is null for who may not read it."""

    household = serializers.CharField(source="household.reference", read_only=True)
    site = serializers.CharField(source="site.code", read_only=True, allow_null=True, default=None)
    kind = serializers.ChoiceField(choices=RequirementKind.choices, read_only=True)
    note = serializers.SerializerMethodField()

    class Meta:
        model = PlacementRequirement
        fields = (
            *("id", "household", "kind", "minutes", "site", "note", "until", "ended_at"),
            *("recorded_at", "updated_at"),
        )
        read_only_fields = fields

    def get_note(self, row: PlacementRequirement) -> str | None:
        """The note, read with needs of tier 2."""
        return row.note if self.context["reasons"] else None


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Dialysis",
            value={"household": "PNH-21-000427-K", "kind": "medical", "minutes": 20},
            request_only=True,
        )
    ]
)
class RequirementCreateSerializer(serializers.Serializer[Any]):
    """What must hold."""

    household = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(choices=RequirementKind.choices)
    minutes = serializers.IntegerField(required=False, min_value=1, max_value=1440)
    site = serializers.CharField(max_length=40, required=False)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    until = serializers.DateTimeField(required=False)


class KinGroupSerializer(serializers.ModelSerializer[KinGroup]):
    """Households that ask to stay near each other, as far as the reader may read them."""

    households = serializers.SerializerMethodField()

    class Meta:
        model = KinGroup
        fields = ("id", "households", "recorded_at", "updated_at")
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_households(self, group: KinGroup) -> list[str]:
        """References."""
        members = group.members.filter(
            ended_at__isnull=True, household__in=self.context["households"]
        )
        return list(members.order_by("pk").values_list("household__reference", flat=True))


class KinGroupCreateSerializer(serializers.Serializer[Any]):
    """At least two references."""

    households = serializers.ListField(
        child=serializers.CharField(max_length=40), min_length=2, max_length=50
    )
