"""Consent on the household's page: what stands, how it was explained, new answers, withdrawals."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from accounts.models import Agency, Operation
from accounts.policies import Permission
from audit.access import record_access
from common.errors import DomainError
from common.form_errors import add_domain_error
from common.ids import new_id
from intake.admin.pages import page
from intake.admin.sections import register_page, register_section
from intake.choices import ConsentHow, ConsentPurpose, LegalBasis
from intake.consent_texts import CURRENT, explanation, explanation_in, site_language
from intake.inputs import ConsentInput
from intake.models import Consent, Household, Language, Person
from intake.presenting import visible_members
from intake.services.consents import give_consent, refuse_consent, withdraw_consent
from intake.services.permitted import holds_for

ALL = gettext_lazy("All agencies that we ask for help")


class QuestionForm(forms.Form):
    """What is asked, and for whom; chosen before the text is shown."""

    purpose = forms.ChoiceField(label=gettext_lazy("What for"), choices=ConsentPurpose.choices)
    recipient = forms.ChoiceField(label=gettext_lazy("With whom"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agencies = Agency.objects.filter(is_active=True).values_list("code", "name")
        self.fields["recipient"].choices = [("", ALL), *agencies]  # type: ignore[attr-defined]


class AnswerForm(QuestionForm):
    """What they answered after the text was read out."""

    id = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)
    purpose = forms.ChoiceField(choices=ConsentPurpose.choices, widget=forms.HiddenInput)
    recipient = forms.ChoiceField(required=False, widget=forms.HiddenInput)
    person = forms.ChoiceField(label=gettext_lazy("Who answers"), required=False)
    given = forms.ChoiceField(
        label=gettext_lazy("Answer"),
        choices=[("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose yes or no.")},
    )
    explained_in = forms.ModelChoiceField(
        Language.objects.none(), label=gettext_lazy("Read out in"), empty_label="—"
    )
    how = forms.ChoiceField(label=gettext_lazy("How they answered"), choices=ConsentHow.choices)
    legal_basis = forms.ChoiceField(
        label=gettext_lazy("Legal basis"), choices=LegalBasis.choices, initial=LegalBasis.CONSENT
    )

    def __init__(self, *args: Any, members: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        whole = ("", gettext_lazy("The whole household"))
        self.fields["person"].choices = [whole, *members]  # type: ignore[attr-defined]
        languages = Language.objects.filter(disabled_on__isnull=True).order_by("label")
        field: Any = self.fields["explained_in"]
        field.queryset, field.label_from_instance = languages, lambda each: each.name

    def data_for_service(self) -> ConsentInput:
        """The answer; `given` is decided by which service is called."""
        data = self.cleaned_data
        return ConsentInput(
            purpose=data["purpose"],
            recipient=data["recipient"],
            given=data["given"] == "yes",
            legal_basis=data["legal_basis"],
            explained=CURRENT,
            explained_in=data["explained_in"].pk,
            how=data["how"],
        )


def consents_section(request: HttpRequest, household: Household) -> str:
    """What stands, and behind a fold what stood before."""
    rows = list(
        Consent.objects.of_known(household, request.user)
        .select_related("explained_in", "explained_by", "person__identity")
        .order_by("-occurred_at", "-id")
    )
    agencies = dict(Agency.objects.values_list("code", "name"))
    for row in rows:
        row.recipient_name = agencies.get(row.recipient, row.recipient)  # type: ignore[attr-defined]
        row.who = row.person.identity.open().name if row.person else ""  # type: ignore[attr-defined]
    return render_to_string(
        "intake/desk/consents.html",
        {
            "household": household,
            "all_agencies": ALL,
            "standing": [row for row in rows if row.stands],
            "ended": [row for row in rows if not row.stands],
            "may_edit": household.merged_into_id is None
            and holds_for(request.user, Permission.HOUSEHOLDS_EDIT, household.pk),
        },
        request=request,
    )


def consent_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Choose what is asked, read the text out, record the answer."""
    record_access(request.user, "read", household)
    form = _answer_form(request, household)
    if request.method == "POST" and form is not None and form.is_valid():
        data = form.data_for_service()
        record = give_consent if data.given else refuse_consent
        key = form.cleaned_data["person"]
        person = Person.objects.filter(pk=key).first() if key else None
        try:
            record(
                actor=request.user,
                household=household,
                data=data,
                person=person,
                id=form.cleaned_data["id"],
            )
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The answer is recorded. It holds from now on."))
            return _back(household)
    return _shown(model_admin, request, household, form)


def _answer_form(request: HttpRequest, household: Household) -> AnswerForm | None:
    members = [
        (str(person.pk), person.identity.open().name)
        for person in visible_members(household, request.user)
        .filter(left_at__isnull=True)
        .select_related("identity")
    ]
    if request.method == "POST":
        return AnswerForm(request.POST, members=members)
    question = QuestionForm(request.GET or None)
    if not question.is_valid():
        return None
    language = household.interpreter_language_id or household.preferred_language_id
    return AnswerForm(initial={**question.cleaned_data, "explained_in": language}, members=members)


def _shown(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    household: Household,
    form: AnswerForm | None,
) -> HttpResponse:
    purpose = str(form["purpose"].value() or "") if form else ""
    recipient = str(form["recipient"].value() or "") if form else ""
    agency = Agency.objects.filter(code=recipient).first() if recipient else None
    family = household.preferred_language
    known = purpose in ConsentPurpose.values
    theirs: list[str] = []
    reading: dict[str, Any] = {}
    if known and family is not None:
        theirs = explanation_in(family.pk, purpose, agency.name if agency else "")
        code = site_language(family.pk)
        reading = {"code": code, "rtl": bool(code and get_language_info(code)["bidi"])}
    with timezone.override(Operation.current().zone):
        return page(
            model_admin,
            request,
            "consent_ask",
            _("Ask for consent"),
            status=422 if form is not None and form.errors else 200,
            household=household,
            question=QuestionForm(initial={"purpose": purpose, "recipient": recipient}),
            form=form if known else None,
            errors_shown=bool(form is not None and form.errors),
            theirs=theirs,
            reading=reading,
            family=family,
            ours=explanation(purpose, agency.name if agency else "") if known else [],
        )


def withdraw_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Withdraw the consent that is named in the form: POST only."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    rows = Consent.objects.of_known(household, request.user).select_related("person")
    try:
        key = forms.UUIDField().clean(request.POST.get("consent"))
        consent = rows.filter(pk=key).first()
    except forms.ValidationError:
        consent = None
    if consent is None:
        messages.error(request, _("This consent is not of this household."))
        return _back(household)
    try:
        withdraw_consent(actor=request.user, consent=consent, reason=request.POST.get("reason", ""))
    except DomainError as error:
        details = [str(problem.detail) for problem in error.problems]
        messages.error(request, " ".join(details) or str(error.message))
    else:
        messages.success(request, _("Withdrawn. Agencies see nothing of it from now on."))
    return _back(household)


def _back(household: Household) -> HttpResponse:
    url = reverse("admin:intake_household_change", args=[household.pk])
    return HttpResponseRedirect(f"{url}#consents")


register_section("consents", consents_section, order=30)
register_page("consents/", "consents", consent_page, policy=Permission.HOUSEHOLDS_EDIT)
register_page(
    "consents/withdraw/", "consent_withdraw", withdraw_page, policy=Permission.HOUSEHOLDS_EDIT
)
