"""Forms that correct what is registered: of a household, and of one person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from intake.choices import BirthSource, MaritalStatus, Sex
from intake.forms import HouseholdForm, MemberForm
from intake.forms_group import AGES
from intake.inputs import DocumentInput, MemberInput
from intake.models import EntryPoint, Household, Person

HOUSEHOLD_FIELDS = (
    "origin_area",
    "preferred_language",
    "interpreter_language",
    "phones",
    "declared_size",
    "livestock",
    "notes",
)
_LINE: dict[str, Any] = {"dir": "auto", "autocomplete": "off"}


class HouseholdCorrection(HouseholdForm):
    """What is known of a household as a whole; `version` is the one that the page showed."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    livestock = forms.CharField(
        label=_("Livestock and assets"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=_LINE),
    )
    notes = forms.CharField(
        label=_("Notes"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def __init__(self, *args: Any, household: Household, **kwargs: Any) -> None:
        area = household.origin_area
        kwargs["initial"] = {
            "version": household.updated_at.isoformat(),
            "origin_area": f"{area.pk} {area.label}" if area else "",
            "preferred_language": household.preferred_language_id,
            "interpreter_language": household.interpreter_language_id,
            "phones": ", ".join(household.phones),
            "declared_size": household.declared_size,
            "livestock": household.livestock,
            "notes": household.contact.get("notes", ""),
        }
        super().__init__(*args, entry_points=EntryPoint.objects.none(), **kwargs)
        self.household = household
        for name in set(self.fields) - {*HOUSEHOLD_FIELDS, "version"}:
            del self.fields[name]

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from what is recorded."""
        data, household = self.cleaned_data, self.household
        now: dict[str, Any] = {
            "origin_area": household.origin_area_id or "",
            "preferred_language": household.preferred_language_id or "",
            "interpreter_language": household.interpreter_language_id or "",
            "phones": household.phones,
            "declared_size": household.declared_size,
            "livestock": household.livestock,
            "notes": household.contact.get("notes", ""),
        }
        typed = {name: data[name] for name in HOUSEHOLD_FIELDS}
        for name in ("preferred_language", "interpreter_language"):
            typed[name] = typed[name].pk if typed[name] else ""
        return {name: value for name, value in typed.items() if value != now[name]}


class PersonCorrection(MemberForm):
    """Everything that is recorded of a person, as it would be typed; `version` as shown."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    grandfather_name = forms.CharField(
        label=_("Grandfather’s name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=_LINE),
    )
    also_known_as = forms.CharField(
        label=_("Also known as"),
        max_length=400,
        required=False,
        help_text=_("Several: separated by commas."),
        widget=forms.TextInput(attrs=_LINE),
    )
    marital_status = forms.ChoiceField(label=_("Marital status"), choices=MaritalStatus.choices)
    birth_source = forms.ChoiceField(label=_("Source of the birth"), choices=BirthSource.choices)
    bracket = forms.ChoiceField(
        label=_("Age group"), choices=[("", "—"), *AGES.items()], required=False
    )
    phones = forms.CharField(
        label=_("Own phones"),
        max_length=200,
        required=False,
        help_text=_("Several: separated by commas."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "dir": "ltr", "autocomplete": "off"}),
    )
    is_focal_point = forms.BooleanField(label=_("Speaks for the household"), required=False)

    understood: str = ""

    def __init__(
        self, *args: Any, person: Person, now: MemberInput, birth_text: str, **kwargs: Any
    ) -> None:
        self.person, self.now, self.birth_text = person, now, birth_text
        kwargs["initial"] = {
            "version": person.updated_at.isoformat(),
            **{name: getattr(now, name) for name in _SAME},
            "birth": birth_text,
            "also_known_as": ", ".join(now.also_known_as),
            "phones": ", ".join(now.phones),
            "is_focal_point": person.is_focal_point,
        }
        super().__init__(*args, **kwargs)
        for name in ("id", "document_type", "document_number"):
            kind = self.fields.pop(name)
            if name == "document_type":
                types = kind
        self._document_fields(types)
        if not person.pre_registered:
            del self.fields["bracket"]
        else:
            self.fields["name"].required = False
        if person.is_focal_point or person.left_at is not None:
            del self.fields["is_focal_point"]  # another one is chosen on their own page
        self.fields["sex"].choices = Sex.choices  # type: ignore[attr-defined]

    def _document_fields(self, types: forms.Field) -> None:
        """A pair of fields for each document, and one more."""
        for index in range(len(self.now.documents) + 1):
            kind = forms.ChoiceField(
                label=types.label,
                required=False,
                choices=types.widget.choices,
            )
            number = forms.CharField(
                label=_("Number of the document"),
                max_length=60,
                required=False,
                widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
            )
            self.fields[f"document_type_{index}"] = kind
            self.fields[f"document_number_{index}"] = number
            if index < len(self.now.documents):
                self.initial[f"document_type_{index}"] = self.now.documents[index].type
                self.initial[f"document_number_{index}"] = self.now.documents[index].number

    @property
    def document_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """The pairs of fields of documents."""
        count = len(self.now.documents) + 1
        return [(self[f"document_type_{n}"], self[f"document_number_{n}"]) for n in range(count)]

    def clean_name(self) -> str:
        """Empty only for who is still counted."""
        if self.person.pre_registered and not self.cleaned_data["name"].strip():
            return ""
        return super().clean_name()

    def clean(self) -> dict[str, Any]:
        """A document has a type and a number; the number alone may be of any type."""
        data = self.cleaned_data
        for index in range(len(self.now.documents) + 1):
            if data.get(f"document_type_{index}") and not data.get(f"document_number_{index}"):
                self.add_error(
                    f"document_number_{index}",
                    _("Write the number of the document, or choose “—” to take it away."),
                )
        return data

    def has_changed(self) -> bool:
        """Always worth checking: the page is one person's."""
        return True

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from what is recorded, as the service takes it."""
        data, now = self.cleaned_data, self.now
        nationality = data["nationality"].pk if data["nationality"] else ""
        typed: dict[str, Any] = {
            **{name: data[name] for name in _SAME if name in data},
            "nationality": nationality,
            "relationship": data["relationship"] or now.relationship,
            "also_known_as": data["also_known_as"],
            "phones": data["phones"],
            "documents": self._documents(),
        }
        found = {name: value for name, value in typed.items() if value != getattr(now, name)}
        if data["birth"].strip() != self.birth_text:
            found["birth"] = data["birth"].strip()
        if data.get("bracket") and not data["birth"].strip():
            found["bracket"] = data["bracket"]
            found.pop("birth", None)
        if needs := [*data["needs"], *data["other_needs"]]:
            found["specific_needs"] = needs
        if data.get("is_focal_point"):
            found["is_focal_point"] = True
        return found

    def _documents(self) -> tuple[DocumentInput, ...]:
        data = self.cleaned_data
        return tuple(
            DocumentInput(type=data[f"document_type_{n}"] or "other", number=number)
            for n in range(len(self.now.documents) + 1)
            if (number := data[f"document_number_{n}"].strip())
        )


_SAME = (
    "name",
    "father_name",
    "grandfather_name",
    "sex",
    "relationship",
    "nationality",
    "marital_status",
    "birth_source",
    "notes",
)
