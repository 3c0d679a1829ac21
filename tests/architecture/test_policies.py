"""Deny by default, everywhere: no route, no admin page and no table escapes the policies."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps
from django.urls import get_resolver, path
from rest_framework.views import APIView
from rest_framework.viewsets import ModelViewSet

from accounts.models import Agency, User
from accounts.permissions import OpenToAll
from accounts.policies import Permission
from common.admin import PolicyModelAdmin
from config.admin_site import PanahAdminSite
from tests.architecture import checkers

# Routes that need no policy of their own, each with its reason.
OPEN_ROUTES = {
    "home": "leads to the staff site, which asks for a sign-in",
    "schema": "the OpenAPI document holds no data",
    "docs": "the readable page of that document",
    "token": "checks a client's secret itself",
    "set_language": "changes the language of this browser only",
    "healthz": "says that the process answers",
    "readyz": "says whether the database and Redis answer",
    "metrics": "checks the metrics token itself",
    "reports:page": "asks reports.policies in the view: sign-in, then the right to read reports",
    "reports:file": "the same view as reports:page",
}
# Unsealed fields that sound like personal data, each with its reason.
NOT_PERSONAL = {
    "accounts.Agency.name": "an organisation",
    "accounts.ApiClient.name": "a client program",
    "accounts.Operation.name": "an operation",
    "accounts.User.username": "staff sign in with it",
    "accounts.User.full_name": "staff, shown to colleagues",
    "accounts.User.email": "staff, for messages",
    "aid.AgencyService.note": "about a service",
    "intake.BorderAssessment.summary": "written to be published, without names",
    "intake.Country.aliases": "spellings of a country",
    "intake.Language.aliases": "spellings of a language",
    "intake.EntryPoint.name": "a place",
    "intake.EntryPoint.aliases": "spellings of a place",
    "reception.Unit.name": "a room or a tent",
    "intake.ImportBatch.filename": "a file's name, as staff chose it",
    "intake.TokenSheet.note": "what a sheet of slips is for",
    "reception.Site.name": "a place",
    "reception.Site.address": "a place",
    "reception.Site.names": "a place",
    "reports.ReportRecipient.email": "an address on the mailing list, needed to send",
    "reports.SituationReport.notes": "the narrative of a published report",
    "notifications.Subscription.email": "where staff or an agency want to be told",
}


def test_every_route_has_a_policy_for_each_of_its_actions() -> None:
    patterns = get_resolver().url_patterns
    assert checkers.routes_without_policy(patterns, OPEN_ROUTES) == []


def test_every_admin_page_asks_the_policies() -> None:
    assert len(admin.site._registry) >= 2
    assert checkers.admins_without_base(admin.site) == []


def test_every_served_table_says_who_sees_which_row() -> None:
    assert checkers.pages_without_visible_to(admin.site) == []
    assert checkers.api_models_without_visible_to(get_resolver().url_patterns, {}) == []


def test_personal_data_is_sealed() -> None:
    ours = [table for table in apps.get_models() if table._meta.app_label in checkers.APPS]
    assert len(ours) > 30
    assert checkers.plain_personal_fields(ours, NOT_PERSONAL) == []


# The checkers find what they are for -------------------------------------------------------------
class _Unguarded(APIView):
    permission_classes = [OpenToAll]

    def get(self, request: object) -> None: ...


class _HalfGuarded(ModelViewSet[Agency]):
    policy = {"list": Permission.AGENCIES_READ}
    queryset = Agency.objects.all()


def test_the_checkers_find_an_unguarded_view() -> None:
    found = checkers.routes_without_policy([path("x/", _Unguarded.as_view(), name="x")], {})
    assert any("HasPolicy" in each for each in found)
    assert any("no policy for get" in each for each in found)


def test_the_checkers_find_an_unguarded_action_and_table() -> None:
    view = _HalfGuarded.as_view({"get": "list", "post": "create"})
    found = checkers.routes_without_policy([path("y/", view, name="y")], {})
    assert found == ["y/ (y): _HalfGuarded has no policy for create"]
    assert checkers.api_models_without_visible_to([path("y/", view, name="y")], {}) == [
        "accounts.Agency"
    ]


def test_the_checkers_find_a_plain_view() -> None:
    assert checkers.routes_without_policy([path("z/", lambda request: None, name="z")], {})


def test_the_checkers_find_a_page_that_asks_nobody() -> None:
    site = admin.AdminSite(name="bare")
    site.register(User)
    assert checkers.admins_without_base(site) == ["accounts.User"]
    site = admin.AdminSite(name="open")
    site.register(User, PolicyModelAdmin)
    assert checkers.pages_without_visible_to(site) == ["accounts.User"]


@isolate_apps("intake")
def test_the_checkers_find_unsealed_personal_data() -> None:
    class Diary(models.Model):
        father_name = models.CharField(max_length=10)

        class Meta:
            app_label = "intake"

    assert checkers.plain_personal_fields([Diary], {}) == ["intake.Diary.father_name"]


def test_the_staff_site_refuses_our_own_page_without_policies_and_leaves_out_others() -> None:
    site = PanahAdminSite(name="strict")
    with pytest.raises(ImproperlyConfigured, match="PolicyModelAdmin"):
        site.register(User)
    from django.contrib.auth.admin import GroupAdmin
    from django.contrib.auth.models import Group

    site.register(Group, GroupAdmin)
    assert site._registry == {}
