"""Forms of group pre-registration: the grid of counts, and the rows that complete it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.ids import read_id
from intake.births import BRACKETS, UNKNOWN_BRACKET, age_bracket
from intake.choices import Relationship, Sex
from intake.forms import MAX_MEMBERS, MemberForm, MemberLists
from intake.inputs import DocumentInput, GroupCount, MemberInput
from intake.models import Person
from intake.models.persons import IdentityData
from intake.names import is_blank

AGES: dict[str, Promise | str] = {
    "0-4": "0–4",
    "5-11": "5–11",
    "12-17": "12–17",
    "18-59": "18–59",
    "60+": "60+",
    UNKNOWN_BRACKET: _("Age not known"),
}
CHILDREN = ("0-4", "5-11", "12-17")
PEOPLE: dict[tuple[str, bool], Promise | str] = {
    (Sex.FEMALE, True): _("Girl"),
    (Sex.MALE, True): _("Boy"),
    (Sex.FEMALE, False): _("Woman"),
    (Sex.MALE, False): _("Man"),
}


def described(person: Person, on: date) -> str:
    """How somebody without a name is called on the page: `Woman, 18–59`."""
    bracket = age_bracket(person.birth_earliest, person.birth_latest, on)
    who = PEOPLE.get((person.sex, bracket in CHILDREN), _("Person"))
    if bracket == UNKNOWN_BRACKET and person.sex in (Sex.FEMALE, Sex.MALE):
        who = Sex(person.sex).label
    return f"{who}, \u2066{AGES[bracket]}\u2069"


class CountField(forms.IntegerField):
    """How many; empty is none. Digits of any script."""

    default_error_messages = {"invalid": _("Write a number, for example 2.")}

    def __init__(self, label: str) -> None:
        attrs = {"inputmode": "numeric", "autocomplete": "off", "data-count": "", "maxlength": 2}
        super().__init__(
            label=label,
            required=False,
            min_value=0,
            max_value=MAX_MEMBERS,
            widget=forms.TextInput(attrs=attrs),
        )


class CountsForm(forms.Form):
    """The others by sex and age: everybody but the focal point."""

    sexes = (Sex.FEMALE, Sex.MALE, Sex.UNKNOWN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for sex, bracket in self._cells():
            label = f"{sex.label}, {AGES[bracket]}"
            field = CountField(label)
            field.widget.attrs["aria-label"] = label
            self.fields[self._name(sex, bracket)] = field

    def _cells(self) -> Iterable[tuple[Sex, str]]:
        return ((sex, bracket) for bracket in BRACKETS for sex in self.sexes)

    @staticmethod
    def _name(sex: str, bracket: str) -> str:
        return f"{sex}_{bracket}"

    @property
    def rows(self) -> list[tuple[Promise | str, list[forms.BoundField]]]:
        """The grid: the name of each age group with its fields for women and men."""
        return [
            (AGES[bracket], [self[self._name(sex, bracket)] for sex in self.sexes[:2]])
            for bracket in BRACKETS
        ]

    @property
    def unknown(self) -> list[tuple[Promise | str, forms.BoundField]]:
        """The fields for people whose sex is not known, which are folded away."""
        return [(AGES[b], self[self._name(Sex.UNKNOWN, b)]) for b in BRACKETS]

    @property
    def unknown_open(self) -> bool:
        """Whether one of them holds something or is wrong."""
        return any(field.errors or field.value() for _age, field in self.unknown)

    @property
    def wrong(self) -> list[str]:
        """What is wrong with the grid, each sentence once."""
        found = [str(error) for errors in self.errors.values() for error in errors]
        return list(dict.fromkeys(found))

    @property
    def counts(self) -> tuple[GroupCount, ...]:
        """What the registration service takes: the cells in which something stands."""
        return tuple(
            GroupCount(sex=sex, bracket=bracket, persons=persons)
            for sex, bracket in self._cells()
            if (persons := self.cleaned_data.get(self._name(sex, bracket)))
        )


class CompletionForm(MemberForm):
    """One person of a group: who it is, beside what was counted. Left empty: for later."""

    person = forms.UUIDField(required=False, widget=forms.HiddenInput)
    version = forms.CharField(required=False, widget=forms.HiddenInput)
    absent = forms.BooleanField(label=_("Was not here: take away from the count"), required=False)

    # Set by the page for the rows of people who were counted.
    counted: Person | None = None
    opened: IdentityData | None = None
    title: str = ""
    understood: str = ""
    now_recorded: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False

    def has_changed(self) -> bool:
        """Whether anything about the person was typed."""
        return bool(set(self.changed_data) - {"nationality", "person", "version"})

    @property
    def waiting(self) -> bool:
        """Whether the row is of somebody without a name so far."""
        return self.counted is not None and self.counted.pre_registered

    def clean(self) -> dict[str, Any]:
        """A row that names a person belongs to one of this household."""
        data = super().clean()
        if self.counted is None and data.get("person"):
            self.add_error(None, _("This person is not in this household."))
        return data

    def clean_name(self) -> str:
        """A name with a letter for who is added; nothing for who is left for later."""
        name: str = self.cleaned_data["name"]
        if is_blank(name) and (name.strip() or self.counted is None):
            raise forms.ValidationError(_("Write the name as the person says it."))
        return name

    @property
    def typed(self) -> dict[str, Any]:
        """What differs from what is recorded of the person; what was left empty stays."""
        assert self.counted is not None
        assert self.opened is not None
        data, person, opened = self.cleaned_data, self.counted, self.opened
        nationality = data["nationality"].pk if data["nationality"] else ""
        now = {
            "name": opened.name,
            "father_name": opened.father_name,
            "sex": person.sex,
            "birth": opened.birth_text,
            "relationship": person.relationship,
            "notes": opened.notes,
        }
        found = {name: data[name] for name, was in now.items() if data[name] not in ("", was)}
        # A nationality that the form proposed is the person's once somebody says who it is.
        if found and nationality and nationality != (person.nationality_id or ""):
            found["nationality"] = nationality
        if needs := [*data["needs"], *data["other_needs"]]:
            found["specific_needs"] = needs
        kind, number = data["document_type"], data["document_number"]
        first = opened.documents[0] if opened.documents else {}
        if number and (number != first.get("number") or (kind and kind.pk != first.get("type"))):
            document = DocumentInput(type=kind.pk if kind else "other", number=number)
            rest = [DocumentInput(**each) for each in opened.documents[1:]]
            found["documents"] = (document, *rest)
        return found

    @property
    def added(self) -> MemberInput:
        """A person who was not counted, as the service takes them."""
        data = self.cleaned_data
        kind, number = data["document_type"], data["document_number"]
        return MemberInput(
            id=data["id"],
            name=data["name"],
            father_name=data["father_name"],
            sex=data["sex"],
            birth=data["birth"],
            relationship=data["relationship"] or Relationship.UNKNOWN,
            nationality=data["nationality"].pk if data["nationality"] else "",
            specific_needs=[*data["needs"], *data["other_needs"]],
            documents=[DocumentInput(type=kind.pk if kind else "other", number=number)]
            if number
            else [],
            notes=data["notes"],
        )


if TYPE_CHECKING:
    _BaseFormSet = forms.BaseFormSet[CompletionForm]
else:
    _BaseFormSet = forms.BaseFormSet


class _CompletionFormSet(_BaseFormSet):
    """The rows of a group: people who were counted, then people who are added."""

    def add_fields(self, form: CompletionForm, index: int | None) -> None:
        """Every row may be left for later."""
        super().add_fields(form, index)
        form.empty_permitted = True


CompletionFormSet = forms.formset_factory(
    CompletionForm,
    formset=_CompletionFormSet,
    extra=0,
    max_num=MAX_MEMBERS,
    absolute_max=MAX_MEMBERS,
    validate_max=True,
)


@dataclass(frozen=True)
class Row:
    """A counted person with what is recorded now. Personal data; lives for one response."""

    person: Person
    opened: IdentityData
    title: str

    def initial(self, nationality: str | None) -> dict[str, Any]:
        """What the row shows before anybody types."""
        person, opened = self.person, self.opened
        document = opened.documents[0] if opened.documents else {}
        known = person.relationship != Relationship.UNKNOWN
        return {
            "person": person.pk,
            "version": person.updated_at.isoformat(),
            "name": opened.name,
            "father_name": opened.father_name,
            "sex": person.sex,
            "birth": opened.birth_text,
            "relationship": person.relationship if known else "",
            "nationality": person.nationality_id or nationality,
            "document_type": document.get("type"),
            "document_number": document.get("number", ""),
            "notes": opened.notes,
        }


def completion_rows(
    rows: Mapping[uuid.UUID, Row], lists: MemberLists, data: Any = None
) -> forms.BaseFormSet[CompletionForm]:
    """The rows, blank or as sent; each stands beside the person whom it names. `lists` are for
    all of them.
    """
    proposed = next((r.person.nationality_id for r in rows.values() if r.person.nationality_id), "")
    wanted: list[Row | None] = list(rows.values())
    if data is not None:
        wanted = [rows.get(key) if key else None for key in _sent_keys(data)]
    initial = [row.initial(proposed) if row else {"nationality": proposed} for row in wanted]
    found = CompletionFormSet(data, prefix="members", initial=initial, form_kwargs={"lists": lists})
    for form, row in zip(found.forms, wanted, strict=False):
        if row is not None:
            form.counted, form.opened, form.title = row.person, row.opened, row.title
    return found


def persons_named(data: Any) -> set[uuid.UUID]:
    """The people whom the rows of a sent page are about."""
    return {key for key in _sent_keys(data) if key}


def _sent_keys(data: Any) -> list[uuid.UUID | None]:
    total = min(_number(data.get("members-TOTAL_FORMS")), MAX_MEMBERS)
    return [read_id(data.get(f"members-{index}-person")) for index in range(total)]


def _number(text: Any) -> int:
    return int(text) if str(text or "").isdecimal() else 0
