"""The registration form: a household and its members on one page.

The forms check the shape of what was typed; the rules are those of the registration service,
whose problems are shown next to the field they name.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import QuerySet, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common import clock
from common.errors import FieldProblem
from common.ids import new_id
from intake.areas import area_code
from intake.choices import BirthSource, LegalBasis, MaritalStatus, Relationship, Sex
from intake.form_fields import MomentField
from intake.imports.lists import need_words
from intake.imports.vocabulary import plain
from intake.lookups import codes
from intake.models import Country, DocumentType, EntryPoint, Language, SpecificNeedType
from intake.names import is_blank
from intake.needs import REVIEW_CODE

MAX_MEMBERS = 60

# Frequent needs in plain words; every other code can be typed.
COMMON_NEEDS: dict[str, Promise] = {
    "PG-HR": _("Pregnant"),
    "PG-LC": _("Breastfeeding"),
    "SM-CI": _("Long illness (diabetes, asthma, …)"),
    "SM-CC": _("Serious illness"),
    "DS-PM": _("Physical disability, wheelchair"),
    "DS-BD": _("Blind or sees badly"),
    "DS-DF": _("Deaf or hears badly"),
    "DS-MM": _("Mental disability"),
    "ER-FR": _("Older person who needs care"),
    "SP-PT": _("Single parent"),
    "SC-UC": _("Unaccompanied child"),
    "SC-SC": _("Separated child"),
    "FU-TR": _("Looks for relatives"),
    REVIEW_CODE: _("A protection officer should look"),
}
CONSENT_PURPOSES = {
    "assistance": _("Share what is needed with agencies that help"),
    "health": _("Share health needs with a health agency"),
    "tracing": _("Look for relatives"),
}
ANSWERS = [("", _("Not asked")), ("yes", _("Yes")), ("no", _("No"))]


def _words() -> forms.TextInput:
    """A line of text in any script that no browser fills in from another family."""
    return forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})


def _several(text: str) -> list[str]:
    """What stands between commas or semicolons of any script."""
    return [part.strip() for part in re.split(r"[;,،؛\n]+", text) if part.strip()]


def _others(choices: type[TextChoices]) -> list[tuple[str, Any]]:
    """All choices but the one that an empty choice stands for."""
    usual = {LegalBasis.VITAL_INTEREST, BirthSource.STATED, MaritalStatus.UNKNOWN}
    return [(value, label) for value, label in choices.choices if value not in usual]


class _IdField(forms.UUIDField):
    """The id that a form carries, so that sending it twice is one record."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False, initial=new_id)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """An id alone is not something that was typed."""
        return False

    def clean(self, value: Any) -> uuid.UUID:
        """The id that was sent, or a new one."""
        found: uuid.UUID | None = super().clean(value)
        return found or new_id()


class HouseholdForm(forms.Form):
    """What holds for the whole household."""

    id = _IdField()
    arrived_at = MomentField(label=_("Arrived at"), initial=clock.now)
    entry_point = forms.ModelChoiceField(
        EntryPoint.objects.none(), label=_("Entry point"), to_field_name="code"
    )
    origin_area = forms.CharField(
        label=_("Comes from"),
        required=False,
        max_length=200,
        help_text=_("Type the district, in any script, or its P-code; choose it from the list."),
        widget=forms.TextInput(
            attrs={"list": "areas", "autocomplete": "off", "dir": "auto", "data-areas": ""}
        ),
    )
    preferred_language = forms.ModelChoiceField(
        Language.objects.none(), label=_("Language"), required=False
    )
    interpreter_language = forms.ModelChoiceField(
        Language.objects.none(), label=_("Language of the interpreter"), required=False
    )
    phones = forms.CharField(
        label=_("Phones"),
        required=False,
        max_length=200,
        help_text=_("Several: separated by commas."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "dir": "ltr", "autocomplete": "off"}),
    )
    declared_size = forms.IntegerField(
        label=_("People in the household, as told"), required=False, min_value=1, max_value=200
    )
    token = forms.CharField(
        label=_("Slip printed ahead"),
        required=False,
        max_length=200,
        help_text=_("Scan it or type its characters. Leave it empty to print a new slip."),
        widget=forms.TextInput(
            attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "characters"}
        ),
    )
    consent_assistance = forms.ChoiceField(
        label=CONSENT_PURPOSES["assistance"], choices=ANSWERS, required=False
    )
    consent_health = forms.ChoiceField(
        label=CONSENT_PURPOSES["health"], choices=ANSWERS, required=False
    )
    consent_tracing = forms.ChoiceField(
        label=CONSENT_PURPOSES["tracing"], choices=ANSWERS, required=False
    )

    legal_basis = forms.ChoiceField(
        label=_("Legal basis"),
        choices=[("", LegalBasis.VITAL_INTEREST.label), *_others(LegalBasis)],
        required=False,
    )
    transferred_from = forms.CharField(
        label=_("Transferred from the operation"),
        required=False,
        max_length=100,
        help_text=_("Only for people whom another operation sends."),
        widget=_words(),
    )
    livestock = forms.CharField(
        label=_("Livestock and assets"),
        max_length=200,
        required=False,
        widget=_words(),
        help_text=_("For example: 4 cows, 20 sheep, a motorcycle."),
    )
    notes = forms.CharField(
        label=_("Notes on the household"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    # The prefix of the row whose person speaks for the household: a radio button in each row.
    focal_point = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, *args: Any, entry_points: QuerySet[EntryPoint], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["entry_point"].queryset = entry_points  # type: ignore[attr-defined]
        if entry_points.count() == 1:
            self.fields["entry_point"].initial = entry_points.first()
        languages = Language.objects.filter(disabled_on__isnull=True).order_by("label")
        for name in ("preferred_language", "interpreter_language"):
            field = self.fields[name]
            field.queryset = languages  # type: ignore[attr-defined]
            field.label_from_instance = _label  # type: ignore[attr-defined]

    def clean_origin_area(self) -> str:
        """The P-code of what was chosen or typed."""
        if (code := area_code(self.cleaned_data["origin_area"])) is None:
            raise forms.ValidationError(_("This area is not known. Choose it from the list."))
        return code

    def clean_phones(self) -> list[str]:
        """Each number by itself."""
        return _several(self.cleaned_data["phones"])

    @property
    def more_open(self) -> bool:
        """Whether the fields that are folded away hold something or are wrong."""
        names = [f"consent_{purpose}" for purpose in CONSENT_PURPOSES]
        names += ["interpreter_language", "legal_basis", "livestock", "notes"]
        names.append("transferred_from")
        return any(self[name].errors or self[name].value() for name in names)

    @property
    def consents(self) -> list[tuple[str, bool]]:
        """Purposes that were asked for, with the answer."""
        answers = {name: self.cleaned_data.get(f"consent_{name}") for name in CONSENT_PURPOSES}
        return [(name, answer == "yes") for name, answer in answers.items() if answer]


class MemberForm(forms.Form):
    """One person."""

    id = _IdField()
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        widget=_words(),
        error_messages={"required": _("Write the name as the person says it.")},
    )
    father_name = forms.CharField(
        label=_("Father’s name"),
        max_length=200,
        required=False,
        widget=_words(),
    )
    sex = forms.ChoiceField(
        label=_("Sex"),
        choices=[("", "—"), *Sex.choices],
        error_messages={"required": _("Choose the sex; “Unknown” if nobody can say.")},
    )
    birth = forms.CharField(
        label=_("Birth or age"),
        max_length=100,
        required=False,
        help_text=_("1360, 24/11/1981, 18 Aqrab 1396, about 40, 13 months"),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off", "data-birth": ""}),
    )
    relationship = forms.ChoiceField(
        label=_("Relationship"), choices=[("", "—"), *Relationship.choices], required=False
    )
    nationality = forms.ModelChoiceField(
        Country.objects.none(), label=_("Nationality"), required=False, empty_label="—"
    )
    needs = forms.MultipleChoiceField(
        label=_("Specific needs"),
        choices=list(COMMON_NEEDS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    other_needs = forms.CharField(
        label=_("Other needs (codes)"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "need-codes", "autocomplete": "off", "dir": "auto"}),
    )
    grandfather_name = forms.CharField(
        label=_("Grandfather’s name"), max_length=200, required=False, widget=_words()
    )
    also_known_as = forms.CharField(
        label=_("Also known as"),
        max_length=600,
        required=False,
        widget=_words(),
        help_text=_("Several: separated by commas."),
    )
    marital_status = forms.ChoiceField(
        label=_("Marital status"),
        choices=[("", "—"), *_others(MaritalStatus)],
        required=False,
    )
    birth_source = forms.ChoiceField(
        label=_("How the birth is known"),
        choices=[("", BirthSource.STATED.label), *_others(BirthSource)],
        required=False,
    )
    phones = forms.CharField(
        label=_("Own phone"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"inputmode": "tel", "dir": "ltr", "autocomplete": "off"}),
    )
    document_type = forms.ModelChoiceField(
        DocumentType.objects.none(), label=_("Document"), required=False, empty_label="—"
    )
    document_number = forms.CharField(
        label=_("Number of the document"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def __init__(self, *args: Any, lists: MemberLists, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # One list of choices for all rows of the form, read once.
        for name, choices in (
            ("nationality", lists.countries),
            ("document_type", lists.document_types),
        ):
            field = self.fields[name]
            field.queryset = lists.querysets[name]  # type: ignore[attr-defined]
            field.widget.choices = choices
        # Offered are fewer than taken: what is above the tiers waits for review.
        self.fields["needs"].widget.choices = lists.needs

    def has_changed(self) -> bool:
        """Whether anything about a person was typed; a nationality chosen beforehand is not."""
        return bool(set(self.changed_data) - {"nationality"})

    def clean_name(self) -> str:
        """A name that holds a letter."""
        name: str = self.cleaned_data["name"]
        if is_blank(name):
            raise forms.ValidationError(_("Write the name as the person says it."))
        return name

    def clean_also_known_as(self) -> list[str]:
        """Each name by itself."""
        names = _several(self.cleaned_data["also_known_as"])
        if len(names) > 10 or any(len(name) > 200 for name in names):
            raise forms.ValidationError(_("Write at most ten names, separated by commas."))
        return names

    def clean_phones(self) -> list[str]:
        """Each number by itself."""
        return _several(self.cleaned_data["phones"])

    def clean_other_needs(self) -> list[str]:
        """Codes of needs that were typed."""
        return need_codes(self.cleaned_data["other_needs"])

    def clean(self) -> dict[str, Any]:
        """A document has a type and a number."""
        data = self.cleaned_data
        if data.get("document_type") and not data.get("document_number"):
            self.add_error("document_number", _("Write the number of the document."))
        return data

    @property
    def more_open(self) -> bool:
        """Whether the fields that are folded away hold something or are wrong."""
        return any(self[name].errors or self[name].value() for name in FOLDED)


# Fields of a person that are folded away, so that the usual case stays short.
FOLDED = (
    "needs",
    "other_needs",
    "grandfather_name",
    "also_known_as",
    "marital_status",
    "birth_source",
    "phones",
    "document_type",
    "document_number",
    "notes",
)


class MemberLists:
    """Choices that every row of the form shares.

    Staff are offered needs of their own tiers, and to ask for a review.
    """

    def __init__(self, tiers: Collection[int]) -> None:
        known = codes().needs
        self.needs = [
            (code, label)
            for code, label in COMMON_NEEDS.items()
            if code == REVIEW_CODE or known.get(code) in tiers
        ]
        countries = Country.objects.filter(disabled_on__isnull=True).order_by("label")
        types = DocumentType.objects.filter(disabled_on__isnull=True).order_by("label")
        self.querysets: dict[str, QuerySet[Any]] = {
            "nationality": countries,
            "document_type": types,
        }
        self.countries = [("", "—"), *((each.pk, _label(each)) for each in countries)]
        self.document_types = [("", "—"), *((each.pk, _label(each)) for each in types)]


if TYPE_CHECKING:
    _BaseFormSet = forms.BaseFormSet[MemberForm]
else:
    _BaseFormSet = forms.BaseFormSet


class _MemberFormSet(_BaseFormSet):
    """Rows of members. Rows that were left empty are not people, wherever they stand."""

    default_error_messages = {
        **forms.BaseFormSet.default_error_messages,
        "too_few_forms": _("Add at least one person."),
    }

    def add_fields(self, form: MemberForm, index: int | None) -> None:
        """No row must be filled: the first may have been emptied and the second used."""
        super().add_fields(form, index)
        form.empty_permitted = True


MemberFormSet = forms.formset_factory(
    MemberForm,
    formset=_MemberFormSet,
    extra=0,
    min_num=1,
    max_num=MAX_MEMBERS,
    absolute_max=MAX_MEMBERS,
    validate_min=True,
    validate_max=True,
)


def filled_rows(members: forms.BaseFormSet[MemberForm]) -> list[MemberForm]:
    """The rows in which something was typed, in their order."""
    return [form for form in members.forms if form.has_changed()]


def show_problems(
    problems: Iterable[FieldProblem], household: HouseholdForm, members: list[MemberForm]
) -> None:
    """Put the problems of the registration service next to the fields they name."""
    for problem in problems:
        form, name = _place(problem.field, household, members)
        form.add_error(name if name in form.fields else None, str(problem.detail))


_MEMBER_FIELDS = {
    "specific_needs": "needs",
    "documents": "document_number",
    "is_focal_point": "name",
}
_HOUSEHOLD_FIELDS = {"arrival": "arrived_at", "consents": "consent_assistance"}


def _place(
    field: str, household: HouseholdForm, members: list[MemberForm]
) -> tuple[forms.Form, str]:
    parts = field.split(".")
    if parts[0] == "members" and len(parts) > 1 and parts[1].isdecimal():
        if int(parts[1]) < len(members):
            name = parts[2] if len(parts) > 2 else "name"
            return members[int(parts[1])], _MEMBER_FIELDS.get(name, name)
        return household, ""
    if parts[0] == "arrival" and len(parts) > 1:
        return household, parts[1]
    return household, _HOUSEHOLD_FIELDS.get(parts[0], parts[0])


def need_codes(text: str) -> list[str]:
    """Codes or words for needs, separated by commas or semicolons, as codes."""
    known = need_words()
    found = []
    for part in _several(text):
        if (code := known.get(plain(part))) is None:
            raise forms.ValidationError(
                _("One of the needs is unknown. Use the codes, for example SM-CI.")
            )
        found.append(code)
    return found


def _label(entry: Country | Language | DocumentType | SpecificNeedType) -> str:
    return entry.name or entry.code
