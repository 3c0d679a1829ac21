"""The norms in use, with their sources. Changed by the code list, not here."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.policies import Permission
from common.admin import PolicyModelAdmin
from reception.models import Norm


@admin.register(Norm)
class NormAdmin(PolicyModelAdmin):
    """Read only."""

    view_policy = Permission.CODELISTS_MANAGE
    records_access = False
    list_display = ("label", "kind", "phase", "persons", "units", "source")
    list_filter = ("kind", "phase")
    ordering = ("kind", "phase")

    def visible_to(self, request: HttpRequest) -> QuerySet[Norm]:
        """All: norms are public."""
        return Norm.objects.all()
