"""Forms of the border: states of entry points, counts, informal crossings, assessments.

They check the shape of what was typed; the rules are those of the services, whose problems are
shown next to the field they name.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common import clock
from common.errors import DomainError
from common.form_errors import add_domain_error
from intake.areas import area_code
from intake.births.brackets import BRACKETS, UNKNOWN_BRACKET
from intake.choices import CountMethod, EntryPointStatus, Finding
from intake.form_fields import MomentField
from intake.forms import _IdField
from intake.models import EntryPoint
from intake.models.border import LONGEST_SUMMARY, SEXES_SEEN
from intake.services.entry_points import LONGEST_CODE, LONGEST_POINT

SEX_LABELS = {
    "female": _("Women and girls"),
    "male": _("Men and boys"),
    "unknown": _("Sex not seen"),
}


def add_problems(form: forms.Form, error: DomainError) -> None:
    """Put what a service found wrong next to the fields, the rest on top of the form."""
    add_domain_error(form, error, fields={name.replace("__", "."): name for name in form.fields})


class OpenForm(forms.Form):
    """From when on an entry point is open; a reason may be said."""

    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    occurred_at = MomentField(label=_("Since"), initial=clock.now)


class RestrictForm(OpenForm):
    """Why and from when on people are kept from crossing."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class EntryPointForm(forms.ModelForm):  # type: ignore[type-arg]
    """An entry point as the administrator sets it up."""

    class Meta:
        model = EntryPoint
        fields = (
            *("code", "name", "kind", "status", "status_reason"),
            *("area", "opposite_area", "latitude", "longitude", "aliases"),
        )

    def clean(self) -> dict[str, Any]:
        """Whoever sets up one that is not open says why."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        status = data.get("status", EntryPointStatus.OPEN)
        if status != EntryPointStatus.OPEN and not data.get("status_reason"):
            self.add_error("status_reason", _("Say why it is restricted or closed."))
        return data


class InformalCrossingForm(forms.Form):
    """A place where people cross: the name is enough, with the nearest district."""

    name = forms.CharField(
        label=_("What people call the place"),
        max_length=LONGEST_POINT,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    area = forms.CharField(
        label=_("Nearest district"),
        max_length=200,
        help_text=_("Type the district and choose it from the list."),
        widget=forms.TextInput(attrs={"list": "areas", "autocomplete": "off", "dir": "auto"}),
    )
    latitude = forms.DecimalField(
        label=_("Latitude"),
        required=False,
        min_value=Decimal(-90),
        max_value=Decimal(90),
        help_text=_("For example 36.99. Kept with two decimals: about a kilometre, no closer."),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal", "dir": "ltr"}),
    )
    longitude = forms.DecimalField(
        label=_("Longitude"),
        required=False,
        min_value=Decimal(-180),
        max_value=Decimal(180),
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal", "dir": "ltr"}),
    )
    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=LONGEST_CODE,
        help_text=_("Made from the name when it is empty."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )

    def clean_area(self) -> str:
        """The P-code of what was chosen or typed."""
        return _known_area(self.cleaned_data["area"])


def _known_area(text: str) -> str:
    if (code := area_code(text)) is None:
        raise forms.ValidationError(_("This area is not known. Choose it from the list."))
    return code


class CountForm(forms.Form):
    """People seen crossing: the total, or as many of each as were told apart."""

    id = _IdField()
    began_at = MomentField(label=_("From"))
    ended_at = MomentField(label=_("Until"), initial=clock.now)
    total = forms.IntegerField(
        label=_("People seen"),
        required=False,
        min_value=0,
        help_text=_("Everybody. Empty: the numbers below are added up."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "bd-total"}),
    )
    method = forms.ChoiceField(label=_("How"), choices=CountMethod.choices)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=1000,
        help_text=_("Write no names."),
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for sex in SEXES_SEEN:
            for bracket in BRACKETS:
                self.fields[f"numbers__{sex}__{bracket}"] = _number(sex, bracket)

    @property
    def rows(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """A row for each age, with a field for each sex."""
        return [
            (bracket_words(bracket), [self[f"numbers__{sex}__{bracket}"] for sex in SEXES_SEEN])
            for bracket in BRACKETS
        ]

    @property
    def sexes(self) -> Sequence[Any]:
        """The headings of the columns."""
        return list(SEX_LABELS.values())

    def numbers(self) -> dict[str, dict[str, int]]:
        """What was typed, by sex and bracket."""
        data = self.cleaned_data
        return {
            sex: {bracket: data.get(f"numbers__{sex}__{bracket}") or 0 for bracket in BRACKETS}
            for sex in SEXES_SEEN
        }

    def clean(self) -> dict[str, Any]:
        """Without a total it is the sum; one of both is needed."""
        data = self.cleaned_data
        typed = [value for name, value in data.items() if name.startswith("numbers__")]
        if data.get("total") is None and "total" not in self.errors:
            if all(value is None for value in typed):
                self.add_error("total", _("Write how many people were seen; 0 if nobody came."))
            data["total"] = sum(value or 0 for value in typed)
        return data


def bracket_words(bracket: str) -> Any:
    """An age bracket as people say it."""
    return _("Age not seen") if bracket == UNKNOWN_BRACKET else bracket


def _number(sex: str, bracket: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=SEX_LABELS[sex],
        required=False,
        min_value=0,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class AssessmentForm(forms.Form):
    """A visit to the border and what was found."""

    id = _IdField()
    entry_point = forms.ModelChoiceField(
        EntryPoint.objects.none(),
        label=_("Entry point"),
        required=False,
        to_field_name="code",
        empty_label="—",
    )
    area = forms.CharField(
        label=_("Or district"),
        required=False,
        max_length=200,
        help_text=_("Type the district and choose it from the list."),
        widget=forms.TextInput(attrs={"list": "areas", "autocomplete": "off", "dir": "auto"}),
    )
    visit_began_at = MomentField(label=_("Visited from"))
    visit_ended_at = MomentField(label=_("Visited until"))
    organisations = forms.CharField(
        label=_("Who visited"),
        max_length=200,
        help_text=_("Organisations and authorities, no names of persons."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    summary = forms.CharField(
        label=_("Summary for the situation report"),
        max_length=LONGEST_SUMMARY,
        help_text=_("At most 600 letters. Write no names and nothing that endangers people."),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )
    quotable = forms.BooleanField(
        label=_("The situation report may quote the summary, also in its public edition"),
        required=False,
    )

    def __init__(self, *args: Any, entry_points: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["entry_point"]
        chosen.queryset = entry_points
        for heading in Finding:
            self.fields[f"findings__{heading.value}"] = forms.CharField(
                label=heading.label,
                required=False,
                max_length=4000,
                widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
            )

    @property
    def headings(self) -> list[forms.BoundField]:
        """The fields of what was found."""
        return [self[f"findings__{heading.value}"] for heading in Finding]

    def findings(self) -> dict[str, str]:
        """What was found, by heading."""
        return {
            heading.value: self.cleaned_data[f"findings__{heading.value}"] for heading in Finding
        }

    def clean_area(self) -> str:
        """The P-code of what was chosen or typed."""
        return _known_area(self.cleaned_data["area"])
