"""What lists of aid requests can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from aid.choices import Level, RequestStatus
from aid.models import AidRequest
from aid.sectors import canonical
from common import clock


class AidRequestFilter(django_filters.FilterSet):
    """`status` and `level` may be repeated; `updated_since` also turns the order around."""

    status = django_filters.MultipleChoiceFilter(choices=RequestStatus.choices)
    level = django_filters.MultipleChoiceFilter(choices=Level.choices)
    sector = django_filters.CharFilter(method="by_sector", label=_("Code of the sector"))
    agency = django_filters.CharFilter(field_name="agency__code", label=_("Code of the agency"))
    overdue = django_filters.BooleanFilter(
        method="by_overdue", label=_("Past a deadline now, or not")
    )
    updated_since = django_filters.IsoDateTimeFilter(
        field_name="updated_at",
        lookup_expr="gte",
        label=_("Changed at or after this time; oldest change first"),
    )

    class Meta:
        model = AidRequest
        fields = ("status", "level", "sector", "agency", "overdue", "updated_since")

    def by_sector(
        self, queryset: QuerySet[AidRequest], name: str, value: str
    ) -> QuerySet[AidRequest]:
        """A sector by code or alias."""
        return queryset.filter(sector_id=canonical(value))

    def by_overdue(self, queryset: Any, name: str, value: bool) -> Any:
        """Overdue ones, or all others."""
        late = AidRequest.objects.overdue(clock.now()).values("pk")
        return queryset.filter(pk__in=late) if value else queryset.exclude(pk__in=late)
