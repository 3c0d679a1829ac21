"""The form of a site: its fields, and its name in each language of the interface."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from unfold.widgets import UnfoldAdminTextInputWidget

from reception.models import Site
from reception.services.sites import EDITABLE

# Name of the form's field, and the language.
LANGUAGE_FIELDS = {f"names_{code.replace('-', '_')}": code for code, _name in settings.LANGUAGES}


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """Fields named after LANGUAGE_FIELDS make up `names`."""

    class Meta:
        model = Site
        fields: tuple[str, ...] = ("code", *EDITABLE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, code in LANGUAGE_FIELDS.items():
            if name in self.fields:
                self.fields[name].initial = self.instance.names.get(code, "")

    def plain_fields(self) -> list[str]:
        """Names of the fields that are the site's own."""
        return [name for name in self.fields if name not in LANGUAGE_FIELDS]

    def clean(self) -> dict[str, Any]:
        """Gather the names by language; empty ones are left out."""
        data = super().clean() or {}
        given = {code: data.get(name, "").strip() for name, code in LANGUAGE_FIELDS.items()}
        data["names"] = {code: name for code, name in given.items() if name}
        return data


def _field(code: str) -> forms.CharField:
    info = get_language_info(code)
    attrs = {"lang": code, "dir": "rtl" if info["bidi"] else "ltr"}
    return forms.CharField(
        label=info["name_local"],
        max_length=150,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs=attrs),
    )


for _name, _code in LANGUAGE_FIELDS.items():
    SiteForm.base_fields[_name] = SiteForm.declared_fields[_name] = _field(_code)
