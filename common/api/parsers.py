"""Reading JSON that strangers send."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """JSON in which a thousand brackets within each other are an error of the sender."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """The value; ParseError (400) for what is no JSON or is nested too deeply."""
        try:
            return super().parse(*args, **kwargs)
        except RecursionError as error:
            raise ParseError(_("The JSON is nested too deeply.")) from error
