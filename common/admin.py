"""The base of every admin class: who may see and change is asked of the policies, never of Django.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from accounts.policies import Permission, can
from audit.access import record_access


class PolicyModelAdmin(ModelAdmin):
    """Deny by default: a policy that is None allows nobody."""

    view_policy: Permission | None = None
    change_policy: Permission | None = None
    add_policy: Permission | None = None
    delete_policy: Permission | None = None

    def _allowed(self, request: HttpRequest, policy: Permission | None) -> bool:
        return policy is not None and can(request.user, policy)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By `view_policy`."""
        return self._allowed(request, self.view_policy)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By `change_policy`."""
        return self._allowed(request, self.change_policy)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By `add_policy`."""
        return self._allowed(request, self.add_policy)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By `delete_policy`."""
        return self._allowed(request, self.delete_policy)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether anything of it may be seen."""
        return self.has_view_permission(request) or self.has_add_permission(request)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Only what the user may see."""
        queryset: Any = super().get_queryset(request)
        return queryset.visible_to(request.user) if hasattr(queryset, "visible_to") else queryset

    def changeform_view(self, request: HttpRequest, object_id: Any = None, *args: Any, **kw: Any):  # type: ignore[no-untyped-def]
        """Record who opened which record."""
        response = super().changeform_view(request, object_id, *args, **kw)
        if object_id and request.method == "GET" and response.status_code == 200:
            obj = self.get_object(request, object_id)
            if obj is not None:
                record_access(request.user, "read", obj)
        return response
