"""Buttons on an admin page: one POST, one service call, one message.

The page is left as it was when the service refuses; what it says is shown on top.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from common.errors import DomainError, Text, refusal_of

if TYPE_CHECKING:
    _Base = Any
else:
    _Base = object


@dataclass(frozen=True)
class Button:
    """What the `button` decorator was told."""

    label: Text
    name: str
    policy: Any
    form: type[forms.Form] | None
    shown: Callable[[Any], bool]
    icon: str
    danger: bool
    call: Callable[..., Any]


def button(
    label: Text,
    *,
    policy: Any,
    form: type[forms.Form] | None = None,
    shown: Callable[[Any], bool] = lambda obj: True,
    icon: str = "",
    danger: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a method of a PolicyModelAdmin a button on the change page.

    The method is called with `(request, obj)`, or `(request, obj, cleaned_data)` with a `form`
    whose fields fold out under the button. It returns the message to show, or a response.
    `shown(obj)` hides the button where it makes no sense; the service has the last word.
    `danger` marks what is hard to undo.
    """

    def mark(method: Callable[..., Any]) -> Callable[..., Any]:
        method.panah_button = Button(  # type: ignore[attr-defined]
            label, method.__name__, policy, form, shown, icon, danger, method
        )
        return method

    return mark


@contextmanager
def domain_errors_as_messages(request: HttpRequest) -> Iterator[None]:
    """Show a DomainError of the block as a message instead of raising it."""
    try:
        yield
    except DomainError as error:
        messages.error(request, str(error.message))
        for problem in error.problems:
            messages.error(request, str(problem.detail))
    except DatabaseError as error:
        if (refused := refusal_of(error)) is None:
            raise
        messages.error(request, str(refused.message))


class ButtonsMixin(_Base):
    """The buttons of a PolicyModelAdmin: their addresses and what is shown."""

    change_form_outer_before_template = "common/admin/buttons.html"

    @classmethod
    def _buttons(cls) -> list[Button]:
        found: dict[str, Button] = {}
        for each in reversed(cls.__mro__):
            for name, value in vars(each).items():
                found.pop(name, None)
                if isinstance(mark := getattr(value, "panah_button", None), Button):
                    found[name] = mark
        return list(found.values())

    def get_urls(self) -> list[URLPattern]:
        """The pages' addresses and one for each button."""
        options = self.model._meta
        extra = [
            path(
                f"<path:object_id>/do/{each.name.replace('_', '-')}/",
                self.admin_site.admin_view(self._view_of(each)),
                name=f"{options.app_label}_{options.model_name}_{each.name}",
            )
            for each in self._buttons()
        ]
        return [*extra, *super().get_urls()]

    def _view_of(self, mark: Button) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            return self.press(request, object_id, mark)

        return view

    def press(self, request: HttpRequest, object_id: str, mark: Button) -> HttpResponse:
        """Do what a button says: 405 unless POST, 403 without the policy, 404 when not visible."""
        from common.admin import holds

        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not holds(request.user, mark.policy):
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        answer = None
        arguments = [obj]
        if mark.form is not None:
            form = mark.form(request.POST)
            if not form.is_valid():
                for name, errors in form.errors.items():
                    label = form.fields[name].label or name if name in form.fields else ""
                    messages.error(request, f"{label} {' '.join(map(str, errors))}".strip())
                return redirect(self.page_of(obj))
            arguments.append(form.cleaned_data)
        with domain_errors_as_messages(request):
            answer = mark.call(self, request, *arguments)
        if isinstance(answer, HttpResponse):
            return answer
        if answer:
            messages.success(request, str(answer))
        return redirect(self.page_of(obj))

    def page_of(self, obj: Any) -> str:
        """The address of a row's page."""
        options = self.model._meta
        return reverse(
            f"{self.admin_site.name}:{options.app_label}_{options.model_name}_change",
            args=[obj.pk],
        )

    def shown_buttons(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """The buttons this user sees on `obj`'s page, for the template."""
        from common.admin import holds

        if obj is None or not obj.pk:
            return []
        options = self.model._meta
        return [
            {
                "label": mark.label,
                "icon": mark.icon,
                "danger": mark.danger,
                "form": mark.form(auto_id=f"{mark.name}_%s") if mark.form else None,
                "url": reverse(
                    f"{self.admin_site.name}:{options.app_label}_{options.model_name}_{mark.name}",
                    args=[obj.pk],
                ),
            }
            for mark in self._buttons()
            if holds(request.user, mark.policy) and mark.shown(obj)
        ]
