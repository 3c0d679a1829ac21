"""Forms of the staff site for aid."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from aid.choices import CapacityAnswer, Level
from aid.models import AgencyService, Sector
from reception.models import Site

if TYPE_CHECKING:
    _ServiceForm = forms.ModelForm[AgencyService]
else:
    _ServiceForm = forms.ModelForm


class NoteForm(forms.Form):
    """An optional note for a step."""

    note = forms.CharField(
        label=_("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReasonForm(forms.Form):
    """A reason, which is required."""

    reason = forms.CharField(
        label=_("Reason"), max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )


class DeliveryForm(forms.Form):
    """One delivery."""

    item = forms.CharField(label=_("What was delivered"), max_length=100)
    quantity = forms.DecimalField(label=_("Quantity"), max_digits=12, decimal_places=2, min_value=0)
    unit = forms.CharField(label=_("Unit"), max_length=30)
    households_reached = forms.IntegerField(
        label=_("Households reached"), min_value=0, required=False
    )
    persons_reached = forms.IntegerField(label=_("Persons reached"), min_value=0)

    def clean_households_reached(self) -> int:
        """Zero when left empty."""
        return int(self.cleaned_data.get("households_reached") or 0)


class RerouteForm(NoteForm):
    """The agency to ask instead."""

    agency = forms.ModelChoiceField(label=_("Agency"), queryset=Agency.objects.none())

    field_order = ("agency", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agency: Any = self.fields["agency"]
        agency.queryset = Agency.objects.filter(is_active=True)


class ItemForm(forms.Form):
    """One thing asked for; a row left empty is passed over."""

    item = forms.CharField(label=_("What"), max_length=100)
    quantity = forms.DecimalField(label=_("Quantity"), max_digits=12, decimal_places=2)
    unit = forms.CharField(label=_("Unit"), max_length=30)


ItemFormSet = forms.formset_factory(ItemForm, extra=3, min_num=1, validate_min=True, max_num=50)


class NewRequestForm(forms.Form):
    """Whom, what, how urgent, which agency. `id` makes a form sent twice one request."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    site = forms.ModelChoiceField(
        label=_("For a site"), queryset=Site.objects.none(), required=False, to_field_name="code"
    )
    household = forms.CharField(
        label=_("or a household"),
        required=False,
        max_length=40,
        help_text=_("Its reference, such as PNH-26-000427-K"),
    )
    person = forms.UUIDField(
        label=_("or one person"),
        required=False,
        help_text=_("The id on the person's page"),
    )
    sector = forms.ModelChoiceField(label=_("Sector"), queryset=Sector.objects.none())
    agency = forms.ChoiceField(label=_("Agency"))
    level = forms.ChoiceField(label=_("How urgent"), choices=Level.choices, initial=Level.NORMAL)
    summary = forms.CharField(
        label=_("What is needed"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The agency reads this. Write no names and no phone numbers."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        site: Any = self.fields["site"]
        site.queryset = Site.objects.visible_to(user).exclude(status="closed")
        sector: Any = self.fields["sector"]
        sector.queryset = Sector.objects.filter(disabled_on__isnull=True).order_by("label")
        sector.label_from_instance = lambda each: each.name
        agency: Any = self.fields["agency"]
        chosen = str(self["sector"].value() or "")
        agency.choices = agency_choices(chosen)

    def clean(self) -> dict[str, Any]:
        """Exactly one of site, household and person."""
        data = super().clean() or {}
        given = [name for name in ("site", "household", "person") if data.get(name)]
        failed = [name for name in ("site", "household", "person") if name in self.errors]
        if len(given) != 1 and not failed:
            self.add_error(
                given[-1] if given else "site",
                _("Name one household, one person or one site."),
            )
        return data

    def beneficiary(self) -> dict[str, Any]:
        """What was named, for `find_beneficiary`."""
        data = self.cleaned_data
        site: Site | None = data.get("site")
        person: uuid.UUID | None = data.get("person")
        return {
            "site": site.code if site else "",
            "household": data.get("household") or "",
            "person": person,
        }


def agency_choices(sector: str) -> list[tuple[Any, Any]]:
    """Active agencies as a select's choices: first those that serve `sector`, with capacity."""
    serving = {
        each.agency_id: each.capacity_answer
        for each in AgencyService.objects.filter(sector_id=sector)
    }
    order = list(CapacityAnswer.values)
    agencies = list(Agency.objects.filter(is_active=True))
    first = sorted(
        (each for each in agencies if each.pk in serving),
        key=lambda each: (order.index(serving[each.pk]), each.code),
    )
    suggested = [
        (each.code, f"{each} ({CapacityAnswer(serving[each.pk]).label})") for each in first
    ]
    others = [(each.code, str(each)) for each in agencies if each.pk not in serving]
    if not suggested:
        return [("", "---------"), *others]
    return [
        ("", "---------"),
        (_("Serve this sector"), suggested),
        (_("Other agencies"), others),
    ]


class AgencyServiceForm(_ServiceForm):
    """What an agency offers in one sector."""

    class Meta:
        model = AgencyService
        fields = ("sector", "capacity_answer", "areas", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "areas" in self.fields:
            areas: Any = self.fields["areas"]
            areas.queryset = areas.queryset.filter(country_code="TJK", level__lte=2)
            areas.help_text = _("None: everywhere")
