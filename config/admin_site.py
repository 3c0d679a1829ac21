"""The staff site: the admin, themed, with pages in the order of the work."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

OUR_APPS = frozenset(
    [
        "accounts",
        "aid",
        "audit",
        "common",
        "demo",
        "intake",
        "notifications",
        "reception",
        "reports",
    ]
)


class PanahAdminSite(UnfoldAdminSite):
    """Staff enter here; what they see depends on their roles (accounts.policies).

    Only pages that ask the policies are let in. Libraries bring pages of their own that ask
    Django's permissions instead: those are left out.
    """

    index_title = _("Overview")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register a PolicyModelAdmin; ImproperlyConfigured for another page of ours."""
        from common.admin import PolicyModelAdmin

        if admin_class is not None and issubclass(admin_class, PolicyModelAdmin):
            super().register(model_or_iterable, admin_class, **options)
            return
        models = model_or_iterable if isinstance(model_or_iterable, list | tuple) else None
        for owner in [admin_class] if admin_class else models or [model_or_iterable]:
            if owner.__module__.split(".")[0] in OUR_APPS:
                raise ImproperlyConfigured(f"{owner.__name__} must use a PolicyModelAdmin.")
