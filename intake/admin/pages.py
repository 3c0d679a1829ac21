"""What the desk's own pages share."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise


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
