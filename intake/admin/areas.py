"""Areas by P-code or by name in any script, for the pickers of the desk's forms."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path

from accounts.policies import Permission, can
from intake.areas import area_text, find_areas


def area_search(request: HttpRequest) -> HttpResponse:
    """The areas that a text may mean, best first: POST `text`, for staff of the registration.

    By POST, so that what people say about where they come from stands in no address.
    """
    if not (
        can(request.user, Permission.HOUSEHOLDS_REGISTER)
        or can(request.user, Permission.HOUSEHOLDS_EDIT)
    ):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    found = find_areas(request.POST.get("text", ""))
    areas = [
        {"value": area_text(area), "within": area.parent.name if area.parent else ""}
        for area in found
    ]
    return JsonResponse({"areas": areas})


def addresses(model_admin: ModelAdmin[Any]) -> list[URLPattern]:
    """The address of the search."""
    wrap = model_admin.admin_site.admin_view
    return [path("areas/search/", wrap(area_search), name="intake_household_areas")]
