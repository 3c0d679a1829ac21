"""Persons without their names."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission
from common import clock
from common.admin import PolicyModelAdmin
from intake.births import age_bracket
from intake.models import Person


def household_link(household: Any) -> str:
    """A link to the household, by its reference."""
    url = reverse("admin:intake_household_change", args=[household.pk])
    return format_html('<a href="{}">{}</a>', url, household.reference)


@admin.register(Person)
class PersonAdmin(PolicyModelAdmin):
    """Read only and pseudonymous; names are on the household's page, where reading is recorded."""

    view_policy = Permission.HOUSEHOLDS_READ
    list_display = (
        "short_id",
        "household_reference",
        "sex",
        "bracket",
        "arrived_at",
        "exit_reason",
    )
    list_filter = ("sex", "exit_reason", "legal_status")
    list_select_related = ("household",)
    search_fields = ("household__reference__exact",)
    search_help_text = _("Reference of the household")
    show_full_result_count = False
    fields = (
        "household_reference",
        "relationship",
        "is_focal_point",
        "pre_registered",
        "sex",
        "birth_earliest",
        "birth_latest",
        "birth_precision",
        "nationality",
        "marital_status",
        "legal_status",
        "process_status",
        "arrived_at",
        "exit_reason",
        "left_at",
    )
    readonly_fields = ("household_reference", "arrived_at")

    @admin.display(description=_("person"))
    def short_id(self, person: Person) -> str:
        """The end of the id: its start is the same for all who came at one time."""
        return str(person.pk)[-8:]

    @admin.display(description=_("household"))
    def household_reference(self, person: Person) -> str:
        """A link to the household."""
        return household_link(person.household)

    @admin.display(description=_("age"))
    def bracket(self, person: Person) -> str:
        """The age bracket today."""
        today = clock.today(ZoneInfo(person.zone))  # type: ignore[attr-defined]
        return age_bracket(person.birth_earliest, person.birth_latest, today)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Visible persons, with the zone in which their ages are counted."""
        persons: QuerySet[Any] = super().get_queryset(request)
        return persons.annotate(  # type: ignore[no-any-return]
            zone=Value(Operation.current().time_zone)
        )
