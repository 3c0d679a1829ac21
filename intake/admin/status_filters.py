"""Lists of work: what is to do is shown, unless something else is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


class WorkFilter(admin.SimpleListFilter):
    """`first` names what is to do, shown without a choice; `others` are (value, words).

    A filter says in `chosen` which rows each value means; "" is what is to do.
    """

    title = gettext_lazy("status")
    parameter_name = "status"
    first: ClassVar[str | Promise]
    others: ClassVar[Sequence[tuple[str, str | Promise]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """All but the first."""
        return list(self.others)

    def choices(self, changelist: Any) -> Any:
        """The first choice is what is to do."""
        first, *others = super().choices(changelist)
        yield {**first, "display": self.first}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that were chosen; a value that nobody offered means what is to do."""
        offered = {value for value, _words in self.others}
        value = self.value() or ""
        return self.chosen(queryset, value if value in offered else "")

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Which rows a value means."""
        raise NotImplementedError
