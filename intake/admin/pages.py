"""What the desk's own pages share."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html


def local_time(moment: datetime, zone: str) -> str:
    """A moment in a zone by its name, as lists show it; safe HTML."""
    local = moment.astimezone(ZoneInfo(zone))
    return format_html('<bdi dir="ltr">{}</bdi>', f"{local:%Y-%m-%d %H:%M}")


def on_household(
    model_admin: ModelAdmin[Any], request: HttpRequest, object_id: str, part: str
) -> HttpResponse:
    """To a part of the household's page, for rows that are answered where the people are shown."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    row: Any = model_admin.get_object(request, object_id)
    if row is None:
        raise Http404
    address = reverse("admin:intake_household_change", args=[row.household_id])
    return HttpResponseRedirect(f"{address}#{part}")


def page(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    template: str,
    title: str | Promise,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page of the staff site that is not one of the admin's own."""
    return TemplateResponse(
        request,
        f"intake/desk/{template}.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.model._meta,
            "title": title,
            "media": model_admin.media,
            **context,
        },
        status=status,
    )
