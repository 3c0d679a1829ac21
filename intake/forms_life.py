"""Forms for what happens to the people of a household after it is registered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common import clock
from intake.choices import ExitReason, MoveReason, Relationship, Sex
from intake.form_fields import MomentField
from intake.models import EntryPoint, Household, Person
from intake.references import InvalidReferenceError, parse_reference
from intake.services.exits import NOT_BY_HAND

# A person and how they are called on this page. Personal data; lives for one response.
Named = tuple[Person, str]
ANSWERS = [("", _("Not asked")), ("yes", _("Yes")), ("no", _("No"))]


class _PeopleForm(forms.Form):
    """A form about some people of one household, chosen by their names."""

    def __init__(self, *args: Any, people: Sequence[Named], user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(person.pk): person for person, _name in people}
        self.user = user
        self.named = [(str(person.pk), name) for person, name in people]
        if "persons" in self.fields:
            self.fields["persons"].choices = self.named  # type: ignore[attr-defined]

    def clean_persons(self) -> list[Person]:
        """The people, not their keys."""
        return [self.people[key] for key in self.cleaned_data["persons"]]


def _persons() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_("Who"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one person.")},
    )


class LeaveForm(_PeopleForm):
    """Some people leave, or somebody died."""

    persons = _persons()
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", "—"), *((r.value, r.label) for r in ExitReason if r not in NOT_BY_HAND)],
    )
    occurred_at = MomentField(label=_("When it happened"), initial=clock.now)
    voluntary = forms.ChoiceField(label=_("Did they want to go?"), choices=ANSWERS, required=False)
    destination = forms.CharField(
        label=_("Where to"),
        required=False,
        max_length=100,
        help_text=_("A country, a place or an operation; no names of people."),
    )

    def clean_voluntary(self) -> bool | None:
        """Yes, no, or not asked."""
        return {"yes": True, "no": False}.get(self.cleaned_data["voluntary"])


class ReturnForm(_PeopleForm):
    """Somebody who had left came back."""

    persons = _persons()
    occurred_at = MomentField(label=_("When they came back"), initial=clock.now)


class BirthForm(_PeopleForm):
    """A child was born here."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=200,
        help_text=_("Leave it empty when the child has no name yet."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    sex = forms.ChoiceField(label=_("Sex"), choices=[("", "—"), *Sex.choices])
    occurred_at = MomentField(label=_("When the child was born"), initial=clock.now)
    mother = forms.ChoiceField(label=_("Mother"), required=False)
    father_name = forms.CharField(
        label=_("Father’s name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    relationship = forms.ChoiceField(
        label=_("Relationship to the focal point"),
        choices=Relationship.choices,
        initial=Relationship.CHILD,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        women = [(key, name) for key, name in self.named if self.people[key].sex != Sex.MALE]
        self.fields["mother"].choices = [("", _("Not known")), *women]  # type: ignore[attr-defined]

    def clean_mother(self) -> Person | None:
        """The mother, when one was chosen."""
        return self.people.get(self.cleaned_data["mother"])


class FollowForm(_PeopleForm):
    """Somebody followed the household across the border, or was forgotten."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        error_messages={"required": _("Write the name; one name is enough.")},
    )
    father_name = forms.CharField(
        label=_("Father’s name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    sex = forms.ChoiceField(label=_("Sex"), choices=[("", "—"), *Sex.choices])
    birth = forms.CharField(
        label=_("Birth or age"),
        required=False,
        max_length=100,
        help_text=_("1360, 24/11/1981, 18 Aqrab 1396, about 40, 13 months"),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    relationship = forms.ChoiceField(
        label=_("Relationship to the focal point"),
        choices=Relationship.choices,
        initial=Relationship.UNKNOWN,
    )
    entry_point = forms.ModelChoiceField(
        EntryPoint.objects.none(),
        label=_("Crossed at"),
        required=False,
        to_field_name="code",
        empty_label=_("Came with the household, and was forgotten"),
    )
    arrived_at = MomentField(label=_("Crossed when"), initial=clock.now, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points = EntryPoint.objects.visible_to(self.user).order_by("name")
        self.fields["entry_point"].queryset = points  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Who crossed later crossed at a time."""
        data = self.cleaned_data
        if (
            data.get("entry_point")
            and not data.get("arrived_at")
            and "arrived_at" not in self.errors
        ):
            self.add_error("arrived_at", _("Write when they crossed."))
        return data


class MoveForm(_PeopleForm):
    """People go to another household, or make one of their own."""

    persons = _persons()
    to = forms.CharField(
        label=_("To the household"),
        required=False,
        max_length=40,
        help_text=_("Its reference; empty when they make a household of their own."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=MoveReason.choices)
    relationship = forms.ChoiceField(
        label=_("Relationship to the focal point there"),
        choices=Relationship.choices,
        initial=Relationship.UNKNOWN,
    )
    occurred_at = MomentField(label=_("When it happened"), initial=clock.now)

    def clean_to(self) -> Household | None:
        """The household, by its reference in any spelling."""
        text = self.cleaned_data["to"].strip()
        if not text:
            return None
        try:
            reference = parse_reference(text)
        except InvalidReferenceError as error:
            raise ValidationError(str(error.message), code=error.code) from None
        found = Household.objects.visible_to(self.user).filter(reference=reference).first()
        if found is None:
            raise ValidationError(_("There is no such household that you may change."))
        return found
