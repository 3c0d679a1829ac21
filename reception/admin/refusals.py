"""What a service refuses is shown in the form that asked for it, and nothing is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from common.admin import add_domain_error
from common.errors import DomainError

if TYPE_CHECKING:
    _Base = Any
else:
    _Base = object


class RefusalsInForm(_Base):
    """A mixin for pages whose `save_model` calls services."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Save through the services; what they refuse is shown in the form, nothing is saved."""
        try:
            return self._super_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            # The transaction of the page was rolled back. Show the same input with the refusal.
            request._refusal = error  # type: ignore[attr-defined]
            return self._super_view(request, object_id, form_url, extra_context)

    def _super_view(self, request: HttpRequest, *arguments: Any) -> HttpResponse:
        response: HttpResponse = super().changeform_view(request, *arguments)
        return response

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form; with a refusal of the services it is invalid and says why."""
        form_class: Any = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "_refusal", None)
        if refusal is None:
            return form_class

        def clean(form: Any) -> Any:
            cleaned = form_class.clean(form)
            add_domain_error(form, refusal)
            return cleaned

        return type("RefusedForm", (form_class,), {"clean": clean})
