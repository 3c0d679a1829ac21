"""Cursor pages `{next, previous, results}`: as quick deep in a list as at its start."""

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Newest records first; keys are time-ordered, so the key is the order."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200


class ByCode(CursorPagination):
    """Lists of named places and agencies, by their code."""

    ordering = "code"
    page_size_query_param = "page_size"
    page_size = 200
    max_page_size = 500


class OldestChangeFirst(CursorPagination):
    """For `updated_since`: oldest change first, so that a change during paging comes later."""

    ordering = ("updated_at", "id")
    page_size_query_param = "page_size"
    max_page_size = 200
