"""Cursor pages `{next, previous, results}`: as quick deep in a list as at its start."""

from __future__ import annotations

import uuid
from datetime import datetime

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


class CheckedCursor(CursorPagination):
    """A cursor that somebody made up is answered 404 like one that is no cursor at all."""

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the request; NotFound when its position is none of this list's."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            try:
                self.check_position(str(cursor.position))
            except ValueError as error:
                raise NotFound(self.invalid_cursor_message) from error
        return cursor

    def check_position(self, text: str) -> None:
        """ValueError when a list in this order holds no such position."""
        raise NotImplementedError


class NewestFirst(CheckedCursor):
    """Newest records first; keys are time-ordered, so the key is the order."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200

    def check_position(self, text: str) -> None:
        """A key."""
        uuid.UUID(text)


class ByCode(CheckedCursor):
    """Lists of named places and agencies, by their code."""

    ordering = "code"
    page_size_query_param = "page_size"
    page_size = 200
    max_page_size = 500

    def check_position(self, text: str) -> None:
        """Signs that can be printed: the database knows no NUL."""
        if not text.isprintable():
            raise ValueError("no code")


class OldestChangeFirst(CheckedCursor):
    """For `updated_since`: oldest change first, so that a change during paging comes later."""

    ordering = ("updated_at", "id")
    page_size_query_param = "page_size"
    max_page_size = 200

    def check_position(self, text: str) -> None:
        """A time."""
        datetime.fromisoformat(text)
