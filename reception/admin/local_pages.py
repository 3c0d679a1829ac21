"""Pages of the staff site that show times of the operation's zone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise

from accounts.models import Operation


def local_page(
    model_admin: Any,
    request: HttpRequest,
    template: str,
    title: str | Promise,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A rendered page of reception; its times are those on the wall of the operation."""
    with timezone.override(Operation.current().zone):
        response = TemplateResponse(
            request,
            f"reception/admin/{template}.html",
            {
                **model_admin.admin_site.each_context(request),
                "opts": model_admin.model._meta,
                "title": title,
                "media": model_admin.media,
                **context,
            },
            status=status,
        )
        return response.render()
