"""Forms of the staff site for accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.choices import Role, ScopeKind
from accounts.models import Agency, RoleAssignment, User
from accounts.policies import API_SCOPES
from accounts.services import check_assignment
from common.errors import InvalidInput
from common.form_errors import add_domain_error

if TYPE_CHECKING:
    _UserForm = forms.ModelForm[User]
    _RoleForm = forms.ModelForm[RoleAssignment]
else:
    _UserForm = _RoleForm = forms.ModelForm


class PasswordForm(forms.Form):
    """A password that the validators accept."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters."),
    )

    def clean_password(self) -> str:
        """What the password validators accept."""
        password = str(self.cleaned_data["password"])
        password_validation.validate_password(password)
        return password


class UserForm(_UserForm):
    """A person who signs in. Roles are given below, or after saving."""

    class Meta:
        model = User
        fields = ("username", "full_name", "email", "language", "agency", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "language" in self.fields:
            self.fields["language"] = forms.ChoiceField(
                label=_("language"),
                choices=[("", "---------"), *settings.LANGUAGES],
                required=False,
                widget=UnfoldAdminSelectWidget,
            )


class NewUserForm(UserForm):
    """With a first password."""

    password = PasswordForm.base_fields["password"]

    def clean_password(self) -> str:
        """What the password validators accept for this user."""
        password = str(self.cleaned_data["password"])
        password_validation.validate_password(password, self.instance)
        return password


class RoleForm(_RoleForm):
    """One role in one scope; what the service would refuse is said beside the field."""

    class Meta:
        model = RoleAssignment
        fields = ("role", "scope_kind", "scope_code", "expires_at")

    def clean(self) -> dict[str, Any]:
        """Ask the service's rule, for new rows and new ends."""
        data = super().clean() or {}
        if not self.errors and self.has_changed():
            try:
                check_assignment(
                    self.instance.user,
                    data["role"],
                    data["scope_kind"],
                    data.get("scope_code", ""),
                    data.get("expires_at"),
                )
            except InvalidInput as error:
                add_domain_error(self, error)
        return data


class NewClientForm(forms.Form):
    """An API client: of an agency, or of a device of staff."""

    name = forms.CharField(label=_("Name"), max_length=200)
    agency = forms.ModelChoiceField(
        label=_("Agency"),
        queryset=Agency.objects.none(),
        required=False,
        help_text=_("Empty for a device of staff"),
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.AGENCY_STAFF)
    scope_kind = forms.ChoiceField(
        label=_("Holds for"), choices=ScopeKind.choices, initial=ScopeKind.AGENCY
    )
    scope_code = forms.CharField(
        label=_("Code of the place or agency"), max_length=40, required=False
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes it may ask for"),
        choices=[(name, f"{name} – {text}") for name, (text, _granted) in API_SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agency: Any = self.fields["agency"]
        agency.queryset = Agency.objects.filter(is_active=True)

    def clean(self) -> dict[str, Any]:
        """A client of an agency acts for it: its code need not be typed."""
        data = super().clean() or {}
        if data.get("agency") and data.get("scope_kind") == ScopeKind.AGENCY:
            data["scope_code"] = data.get("scope_code") or data["agency"].code
        return data


class ScopesForm(forms.Form):
    """What a client may ask for from now on."""

    scopes = forms.MultipleChoiceField(
        label=_("Scopes it may ask for"),
        choices=[(name, f"{name} – {text}") for name, (text, _granted) in API_SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
    )
