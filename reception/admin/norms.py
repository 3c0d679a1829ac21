"""The norms in use, with their sources. Changed by the code list, not here."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission
from common import clock
from common.admin import PolicyModelAdmin
from reception.models import Norm


@admin.register(Norm)
class NormAdmin(PolicyModelAdmin):
    """Read only."""

    view_policy = Permission.CODELISTS_MANAGE
    records_access = False
    list_display = (
        *("name", "kind", "phase", "persons", "units", "version", "valid_from", "counts"),
        "source",
    )
    list_filter = ("kind", "phase", "version")
    ordering = ("kind", "phase", "-valid_from")

    @admin.display(description=_("norm"), ordering="label")
    def name(self, norm: Norm) -> str:
        """In the reader's language."""
        return norm.name

    @admin.display(description=_("counts today"), boolean=True)
    def counts(self, norm: Norm) -> bool:
        """Whether this edition is the one in use."""
        return bool(getattr(norm, "in_use", False))

    def visible_to(self, request: HttpRequest) -> QuerySet[Norm]:
        """All: norms are public."""
        counting = Norm.objects.counting_on(clock.now().date()).values("code")
        return Norm.objects.annotate(in_use=Q(code__in=counting))
