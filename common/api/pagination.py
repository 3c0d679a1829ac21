"""Cursor pages `{next, previous, results}`: as quick deep in a list as at its start."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


def _code(text: str) -> str:
    if not text.isprintable():
        raise ValueError("no code")
    return text


class CheckedCursor(CursorPagination):
    """A cursor that somebody made up is answered 404 like one that is no cursor at all."""

    position: ClassVar[Callable[[str], Any]]

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the request; NotFound when its position is none of this list's."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            try:
                type(self).position(cursor.position)
            except ValueError as error:
                raise NotFound(self.invalid_cursor_message) from error
        return cursor


class NewestFirst(CheckedCursor):
    """Newest records first; keys are time-ordered, so the key is the order."""

    position = uuid.UUID
    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200


class ByCode(CheckedCursor):
    """Lists of named places and agencies, by their code."""

    position = staticmethod(_code)
    ordering = "code"
    page_size_query_param = "page_size"
    page_size = 200
    max_page_size = 500


class OldestChangeFirst(CheckedCursor):
    """For `updated_since`: oldest change first, so that a change during paging comes later."""

    position = datetime.fromisoformat
    ordering = ("updated_at", "id")
    page_size_query_param = "page_size"
    max_page_size = 200
