"""Filters of lists of households and persons."""

import django_filters
from django.utils.translation import gettext_lazy as _

from intake.choices import HouseholdStatus, RegistrationLevel, Sex
from intake.models import EntryPoint, Household, Person


class HouseholdFilter(django_filters.FilterSet):
    """By entry point, arrival, status and last change."""

    entry_point = django_filters.CharFilter(field_name="entry_point", lookup_expr="exact")
    arrived_after = django_filters.IsoDateTimeFilter(field_name="arrived_at", lookup_expr="gte")
    arrived_before = django_filters.IsoDateTimeFilter(field_name="arrived_at", lookup_expr="lt")
    status = django_filters.ChoiceFilter(choices=HouseholdStatus.choices, label=_("status"))
    level = django_filters.ChoiceFilter(choices=RegistrationLevel.choices, label=_("registration"))
    updated_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    class Meta:
        model = Household
        fields: list[str] = []


class PersonFilter(django_filters.FilterSet):
    """By sex, entry point, arrival and last change."""

    sex = django_filters.ChoiceFilter(choices=Sex.choices, label=_("sex"))
    entry_point = django_filters.CharFilter(field_name="arrival__entry_point__code")
    arrived_after = django_filters.IsoDateTimeFilter(field_name="arrived_at", lookup_expr="gte")
    arrived_before = django_filters.IsoDateTimeFilter(field_name="arrived_at", lookup_expr="lt")
    household = django_filters.CharFilter(field_name="household__reference")
    updated_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    class Meta:
        model = Person
        fields: list[str] = []


class EntryPointFilter(django_filters.FilterSet):
    """By last change."""

    updated_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")

    class Meta:
        model = EntryPoint
        fields: list[str] = []
