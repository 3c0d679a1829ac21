"""What was decided about where families may be placed; the newest decision holds."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.policies import Permission
from common.admin import PolicyModelAdmin
from common.errors import DomainError
from common.form_errors import add_domain_error
from reception import services
from reception.models import PlacementPolicy, Site


@admin.register(PlacementPolicy)
class PlacementPolicyAdmin(PolicyModelAdmin):
    """Decided anew by adding; what was decided before stays readable."""

    view_policy = (Permission.PLACEMENTS_WRITE, Permission.CAPACITY_OVERRIDE)
    add_policy = Permission.CAPACITY_OVERRIDE
    records_access = False
    list_display = (
        "recorded_at", "near_border_km", "first_nights", "decision", "step_free_required",
    )  # fmt: skip
    ordering = ("-recorded_at",)
    fields = ("near_border_km", "first_nights", "sites", "decision", "step_free_required")

    def visible_to(self, request: HttpRequest) -> QuerySet[PlacementPolicy]:
        """All: they hold for every family."""
        return PlacementPolicy.objects.all()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only sites that the user may know of."""
        kwargs["queryset"] = Site.objects.visible_to(request.user).order_by("name")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A decision that was made is shown without its sites: some may be hidden."""
        return self.fields if obj is None else [f for f in self.fields if f != "sites"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """A form that asks for the decision where sites are named."""
        form = super().get_form(request, obj, **kwargs)

        class Checked(form):  # type: ignore[misc,valid-type]
            def clean(self) -> Any:
                data = super().clean()
                if data.get("sites") and not data.get("decision"):
                    message = _("Name the decision that allows longer stays there.")
                    self.add_error("decision", message)
                return data

        return Checked

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service; the row that the form made is its row."""
        try:
            made = services.decide_policy(actor=request.user, **form.cleaned_data)
        except DomainError as error:  # judged by the form already
            add_domain_error(form, error)
            raise
        obj.pk = made.pk
        obj.recorded_at = made.recorded_at

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """The service wrote the sites."""
