"""The six questions of the Washington Group, asked of one person on one page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.errors import DomainError
from common.form_errors import add_domain_error
from common.ids import new_id
from intake.admin.pages import page
from intake.admin.sections import register_page
from intake.choices import Difficulty, Respondent
from intake.models import Household, Person
from intake.presenting import visible_members
from intake.services.washington import record_washington_group
from intake.washington import DOMAINS, INTRODUCTION, QUESTIONS, certainly_too_young

ANSWERS = Difficulty.choices


class WashingtonGroupForm(forms.Form):
    """Six questions with the answers as they are read out."""

    id = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)
    respondent = forms.ChoiceField(
        label=gettext_lazy("Who answers"),
        choices=Respondent.choices,
        initial=Respondent.SELF,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for domain in DOMAINS:
            self.fields[domain] = forms.TypedChoiceField(
                label=QUESTIONS[domain],
                choices=ANSWERS,
                coerce=int,
                widget=forms.RadioSelect,
                error_messages={"required": gettext_lazy("Choose one of the answers.")},
            )

    @property
    def questions(self) -> list[forms.BoundField]:
        """The six, in the order in which they are asked."""
        return [self[domain] for domain in DOMAINS]


def washington_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Ask; recorded, back to the household."""
    person = _person(request, household)
    record_access(request.user, "read", person)
    form = WashingtonGroupForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = record_washington_group(
                actor=request.user,
                person=person,
                answers={domain: data[domain] for domain in DOMAINS},
                respondent=data["respondent"],
                id=data["id"],
            )
        except DomainError as error:
            add_domain_error(form, error, fields={"person": "__all__"})
        else:
            messages.success(
                request,
                _("Recorded. A need is suggested: confirm it, or say that it is not so.")
                if made.has_disability
                else _("Recorded. No great difficulty."),
            )
            url = reverse("admin:intake_household_change", args=[household.pk])
            return HttpResponseRedirect(f"{url}#needs")
    today = clock.today(Operation.current().zone)
    return page(
        model_admin,
        request,
        "washington_group",
        _("Six questions"),
        status=422 if form.errors else 200,
        household=household,
        person=person,
        name=person.identity.open().name,
        form=form,
        introduction=INTRODUCTION,
        too_young=certainly_too_young(person.birth_earliest, today),
    )


def _person(request: HttpRequest, household: Household) -> Person:
    try:
        key = forms.UUIDField().clean(request.GET.get("person"))
    except forms.ValidationError:
        raise Http404 from None
    members = visible_members(household, request.user).filter(left_at__isnull=True)
    person = members.select_related("identity").filter(pk=key).first()
    if person is None:
        raise Http404
    return person


register_page(
    "washington-group/", "washington_group", washington_page, policy=Permission.HOUSEHOLDS_EDIT
)
