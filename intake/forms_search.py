"""The search for somebody who may be known already: what was typed, and what narrows it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from intake import slots
from intake.choices import Sex
from intake.models import EntryPoint
from intake.searching import MOST_LETTERS, SearchFilters

OLDEST = 130
_AGE = _("Write an age in years, for example 40.")
_DAY = _("Write a day, for example 2021-07-05.")


class AgeField(forms.IntegerField):
    """Completed years."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_value=0,
            max_value=OLDEST,
            required=False,
            error_messages={"invalid": _AGE},
            widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 0, "max": OLDEST}),
            **kwargs,
        )
        self.error_messages |= {"min_value": _AGE, "max_value": _AGE}


class DayField(forms.DateField):
    """A day in the operation's zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            input_formats=["%Y-%m-%d"],
            error_messages={"invalid": _DAY},
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            **kwargs,
        )


class SearchForm(forms.Form):
    """A text and filters, read by POST only. Sites are those that the user may know of."""

    text = forms.CharField(
        label=_("Name, father’s name, phone, document, reference or slip"),
        max_length=MOST_LETTERS,
        required=False,
        help_text=_("Three letters are enough, of any part of the name and in any script."),
        error_messages={"max_length": _("Write at most 200 letters.")},
        widget=forms.TextInput(
            attrs={
                "dir": "auto",
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "enterkeyhint": "search",
            }
        ),
    )
    sex = forms.ChoiceField(label=_("Sex"), required=False)
    age_from = AgeField(label=_("Age from"))
    age_to = AgeField(label=_("Age to"))
    entry_point = forms.ChoiceField(label=_("Entry point"), required=False)
    site = forms.ChoiceField(label=_("Site"), required=False)
    arrived_from = DayField(label=_("Arrived from"))
    arrived_to = DayField(label=_("Arrived until"))

    filters = ("sex", "age_from", "age_to", "entry_point", "site", "arrived_from", "arrived_to")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unknown = _("This value is not known: choose one from the list.")
        points = EntryPoint.objects.visible_to(user).order_by("name").values_list("code", "name")
        for name, choices in (
            ("sex", Sex.choices),
            ("entry_point", list(points)),
            ("site", slots.sites_known_to(user)),
        ):
            field = self.fields[name]
            field.choices = [("", _("any")), *choices]  # type: ignore[attr-defined]
            # The framework's sentence repeats what was sent.
            field.error_messages["invalid_choice"] = unknown

    def clean(self) -> dict[str, Any]:
        """Ranges the right way round."""
        data: dict[str, Any] = super().clean() or {}
        for first, last in (("age_from", "age_to"), ("arrived_from", "arrived_to")):
            low, high = data.get(first), data.get(last)
            if low is not None and high is not None and low > high:
                self.add_error(last, _("The end lies before the beginning."))
        return data

    @property
    def filters_used(self) -> bool:
        """Whether any filter was chosen, rightly or wrongly."""
        return self.is_bound and any(self.data.get(name) for name in self.filters)

    def search_filters(self) -> SearchFilters:
        """What narrows the search; the days begin and end in the operation's zone."""
        data, zone = self.cleaned_data, Operation.current().zone

        def begins(day: Any) -> datetime | None:
            return datetime.combine(day, time.min, zone) if day else None

        until = data["arrived_to"]
        if until == date.max:
            until = None  # nobody arrives after the last day
        return SearchFilters(
            sex=data["sex"],
            age_from=data["age_from"],
            age_to=data["age_to"],
            entry_point=data["entry_point"],
            site=data["site"],
            arrived_from=begins(data["arrived_from"]),
            arrived_before=begins(until + timedelta(days=1)) if until else None,
        )
