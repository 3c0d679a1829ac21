"""Known already? Finding a person before they are registered a second time."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission, can
from common.form_errors import mark_errors
from intake.admin.pages import page
from intake.forms_search import SearchForm
from intake.search_results import results_of
from intake.searching import MOST_SHOWN, search_people

# What the page's script asks for: the hits alone.
HITS_ONLY = "X-Panah-Hits"


def search_page(model_admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The search, and the hits of what was posted; the text stands in no address."""
    if not can(request.user, Permission.HOUSEHOLDS_READ):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "POST"])
    with timezone.override(Operation.current().zone):
        form = SearchForm(
            request.POST if request.method == "POST" else None,
            user=request.user,
            auto_id="search_%s",
        )
        context: dict[str, Any] = {"form": form, "most": MOST_SHOWN, "asked": False}
        context["may_register"] = can(request.user, Permission.HOUSEHOLDS_REGISTER)
        if form.is_bound:
            context |= _answer(request, form)
        status = 422 if form.is_bound and form.errors else 200
        if HITS_ONLY in request.headers:
            answer = render(request, "intake/desk/search_hits.html", context, status=status)
        else:
            answer = page(
                model_admin,
                request,
                "search",
                _("Known already?"),
                status=status,
                **context,
            ).render()  # type: ignore[attr-defined]
    patch_cache_control(answer, no_store=True)
    return answer


def _answer(request: HttpRequest, form: SearchForm) -> dict[str, Any]:
    if not form.is_valid():
        mark_errors(form)
        return {"errors_shown": True}
    text = form.cleaned_data["text"].strip()
    if not text:
        return {}
    found = search_people(user=request.user, text=text, filters=form.search_filters())
    return {
        "asked": True,
        "found": found,
        "results": results_of(found.hits, request.user),
    }
