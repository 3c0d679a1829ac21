"""What lists of sites and placements can be narrowed by."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from reception.choices import OPEN_STATUSES, PlacementStatus, SiteStatus, SiteType
from reception.models import Placement, Site


class SiteFilter(filters.FilterSet):
    """By type, status, district and change."""

    type = filters.MultipleChoiceFilter(choices=SiteType.choices)
    status = filters.MultipleChoiceFilter(choices=SiteStatus.choices)
    area = filters.CharFilter(field_name="area_id", help_text="P-code of the district.")
    updated_since = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    class Meta:
        model = Site
        fields: list[str] = []


class PlacementFilter(filters.FilterSet):
    """By site, household, status, whether places are held, and change."""

    site = filters.CharFilter(field_name="site__code", help_text="The site's code.")
    household = filters.CharFilter(
        field_name="household__reference", help_text="The household's reference."
    )
    status = filters.MultipleChoiceFilter(choices=PlacementStatus.choices)
    open = filters.BooleanFilter(method="filter_open", help_text="Whether places are held.")
    updated_since = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    class Meta:
        model = Placement
        fields: list[str] = []

    def filter_open(
        self, queryset: QuerySet[Placement], name: str, value: bool
    ) -> QuerySet[Placement]:
        """Open ones, or ended ones."""
        if value:
            return queryset.filter(status__in=OPEN_STATUSES)
        return queryset.exclude(status__in=OPEN_STATUSES)
