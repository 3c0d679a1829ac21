"""Forms for relatives, tracing requests and what an authority decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common import clock
from intake.areas import area_code
from intake.choices import (
    KIN,
    LinkSource,
    LinkStrength,
    Relationship,
    ScreeningOutcomeKind,
    Sex,
    TracingEnd,
)
from intake.form_fields import MomentField
from intake.tracing import Sought

Choices = Sequence[tuple[str, str]]
_TEXT = {"dir": "auto", "autocomplete": "off"}


def _text(label: Any, *, longest: int = 200, help_text: Any = "", **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=longest,
        help_text=help_text,
        widget=forms.TextInput(attrs={**_TEXT, **attrs}),
    )


def _lines(label: Any, *, longest: int = 4000, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=longest,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3, **_TEXT}),
    )


class PersonForm(forms.Form):
    """A form about one of the members of a household."""

    person = forms.ChoiceField(label=_("Person"))

    def __init__(self, *args: Any, members: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = list(members)  # type: ignore[attr-defined]


class LinkForm(PersonForm):
    """A relative in another household."""

    reference = forms.CharField(
        label=_("Reference of the relative’s household"),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    relative = forms.ChoiceField(label=_("Relative"), required=False)
    kind = forms.ChoiceField(
        label=_("The relative is the …"), choices=KIN, initial=Relationship.SIBLING
    )
    strength = forms.ChoiceField(label=_("How well known"), choices=LinkStrength.choices)
    said_by = forms.ChoiceField(label=_("Who said so"), choices=LinkSource.choices)
    separated = forms.BooleanField(label=_("They were parted on the way"), required=False)


class TracingForm(PersonForm):
    """Whom a member looks for."""

    name = _text(_("Name of the one looked for"))
    also_known_as = _text(_("Other names"), help_text=_("Several: separated by commas."))
    father_name = _text(_("Father’s name"))
    relation = forms.ChoiceField(
        label=_("The relative is the …"), choices=KIN, initial=Relationship.UNKNOWN
    )
    sex = forms.ChoiceField(label=_("Sex"), choices=Sex.choices, initial=Sex.UNKNOWN)
    birth = _text(
        _("Birth or age"),
        longest=100,
        help_text=_("1360, 24/11/1981, 18 Aqrab 1396, about 40, 13 months"),
    )
    last_seen_area = _text(
        _("Last seen where"),
        help_text=_("Type the district and choose it from the list."),
        list="areas",
    )
    last_seen_when = _text(_("Last seen when"), help_text=_("As they say it: the night of Eid."))
    notes = _lines(_("Notes"), help_text=_("What helps to tell the person from others."))
    override_reason = _text(
        _("Without consent, because"),
        longest=500,
        help_text=_("Only where nobody can be asked, for example a child alone."),
    )

    def __init__(self, *args: Any, officer: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].label = _("Who asks")
        if not officer:
            del self.fields["override_reason"]

    def clean_last_seen_area(self) -> str:
        """The P-code of what was chosen or typed."""
        if (code := area_code(self.cleaned_data["last_seen_area"])) is None:
            raise forms.ValidationError(_("This area is not known. Choose it from the list."))
        return code

    def sought(self) -> Sought:
        """What the service takes."""
        data = self.cleaned_data
        names = re.split(r"[;,،؛\n]+", data["also_known_as"])
        fields = ("name", "father_name", "relation", "sex", "birth", "last_seen_area")
        return Sought(
            **{name: data[name] for name in (*fields, "last_seen_when", "notes")},
            also_known_as=[name.strip() for name in names if name.strip()],
        )


class TracingEndForm(forms.Form):
    """Why nobody is looked for any more."""

    reason = forms.ChoiceField(label=_("Why"), choices=TracingEnd.choices)


class OutcomeForm(PersonForm):
    """What an authority decided, for the sealed record."""

    outcome = forms.ChoiceField(
        label=_("What the authority decided"), choices=[("", "—"), *ScreeningOutcomeKind.choices]
    )
    occurred_at = MomentField(label=_("When"), initial=clock.now)
    authority = _text(_("Which authority"))
    authority_reference = _text(_("Its reference number"), dir="ltr")
    review_on = forms.DateField(
        label=_("Look at it again on"),
        required=False,
        help_text=_("Empty: in thirty days."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    remarks = _lines(_("Remarks"))


class WitnessForm(PersonForm):
    """That the authority took somebody along at the crossing."""

    occurred_at = MomentField(label=_("When"), initial=clock.now)
    authority = _text(_("Which authority"))
    remarks = _lines(_("What you saw"), help_text=_("You cannot read it again afterwards."))
