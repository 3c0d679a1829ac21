"""The permission class of every API view: deny unless the view's policy allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.policies import Permission, can

if TYPE_CHECKING:
    from rest_framework.views import APIView


class HasPolicy(BasePermission):
    """Look the action up in `view.policy`; what is not listed is denied.

    `policy` maps a viewset's action (or the lower-case method of a plain view) to a Permission
    or a tuple of them, of which one is enough.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the policy of this action is held by the user."""
        policy = getattr(view, "policy", {})
        action = getattr(view, "action", None) or (request.method or "").lower()
        if action in {"metadata", "options"}:
            return bool(request.user and request.user.is_authenticated)
        needed = policy.get(action)
        if needed is None:
            method = (request.method or "").lower()
            if request.user.is_authenticated and not hasattr(view, method):
                raise MethodNotAllowed(request.method or "")
            return False
        wanted = (needed,) if isinstance(needed, Permission) else needed
        return any(can(request.user, permission) for permission in wanted)


class OpenToAll(BasePermission):
    """For what carries no data: the schema and its readable page."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Everybody."""
        return True
