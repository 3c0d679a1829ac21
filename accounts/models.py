"""Users, agencies, roles with their scopes, the operation, and API clients."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from accounts.choices import AgencyKind, Role, ScopeKind, UserKind
from accounts.policies import Permission, can
from common.ids import new_id
from common.models import BaseModel
from common.ready import read_row


def _validate_zone(value: str) -> None:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValidationError(_("Write a time zone such as Asia/Dushanbe.")) from error


class Operation(BaseModel):
    """The one operation of this installation. Holds no personal data.

    `cut_off` is the local time of day at which the situation report is made.
    """

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    country = models.CharField(_("country (ISO 3166 alpha-3)"), max_length=3)
    time_zone = models.CharField(_("time zone"), max_length=60, validators=[_validate_zone])
    cut_off = models.TimeField(_("cut-off of the daily report (local time)"))
    started_on = models.DateField(_("started on"))
    planning_figure = models.PositiveIntegerField(_("planning figure (persons)"), default=0)
    reference_prefix = models.CharField(_("prefix of references"), max_length=5, default="PNH")

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the operation counts its days."""
        return ZoneInfo(self.time_zone)

    @classmethod
    def current(cls) -> Operation:
        """The operation of this installation; Operation.DoesNotExist before it is set up."""
        found = read_row((cls,), "ORDER BY m0.recorded_at LIMIT 1")
        if found is None:
            raise cls.DoesNotExist("no operation is set up")
        operation: Operation = found[0]
        return operation


class Agency(BaseModel):
    """An organisation that is asked for aid. Holds no personal data."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, choices=AgencyKind)
    iati_code = models.CharField(_("IATI identifier"), max_length=40, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.code} – {self.name}"


class UserManager(BaseUserManager["User"]):
    """Makes users; a superuser is a user with the administrator's role."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """Make a user; without a password nobody can sign in as them."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> User:
        """For `manage.py createsuperuser`: an administrator of the whole operation."""
        user = self.create_user(username, password, **fields)
        RoleAssignment.objects.create(user=user, role=Role.ADMINISTRATOR)
        return user


class User(AbstractBaseUser):
    """A member of staff, of an agency, or the service behind an API client.

    Personal data of staff: username, name, email. What a user may do stands in role
    assignments only; there is no flag that allows everything.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username = models.CharField(
        _("username"), max_length=150, unique=True, validators=[UnicodeUsernameValidator()]
    )
    full_name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.EmailField(_("email"), blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=UserKind, default=UserKind.PERSON)
    agency = models.ForeignKey(
        Agency,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="users",
        verbose_name=_("agency"),
    )
    is_active = models.BooleanField(_("active"), default=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    objects = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]

    def __str__(self) -> str:
        return self.username

    @property
    def is_staff(self) -> bool:
        """Whether the staff site lets them in."""
        return self.is_active and self.kind == UserKind.PERSON and can(self, Permission.OPEN_SITE)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's own permissions are not used: deny. Admin classes ask the policies."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        """Deny, like `has_perm`."""
        return False


class RoleAssignment(BaseModel):
    """That a user holds a role somewhere, until it expires. Holds no personal data."""

    user = models.ForeignKey(User, models.CASCADE, related_name="role_assignments")
    role = models.CharField(_("role"), max_length=30, choices=Role)
    scope_kind = models.CharField(
        _("holds for"), max_length=20, choices=ScopeKind, default=ScopeKind.OPERATION
    )
    scope_code = models.CharField(
        _("code of the place or agency"), max_length=40, blank=True, default=""
    )
    expires_at = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("role assignment")
        verbose_name_plural = _("role assignments")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "scope_kind", "scope_code"],
                name="role_assignment_once_per_scope",
                violation_error_message=_("This person already holds this role there."),
            ),
            models.CheckConstraint(
                condition=(Q(scope_kind=ScopeKind.OPERATION) & Q(scope_code=""))
                | (~Q(scope_kind=ScopeKind.OPERATION) & ~Q(scope_code="")),
                name="role_assignment_names_its_scope",
                violation_error_message=_(
                    "Name the place or agency, or choose the whole operation without one."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(role=Role.AGENCY_STAFF) | Q(scope_kind=ScopeKind.AGENCY),
                name="role_assignment_agency_staff_at_an_agency",
                violation_error_message=_("Agency staff hold their role at one agency."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.scope_kind} {self.scope_code}".strip()


class ApiClient(AbstractApplication):
    """An OAuth2 client of an agency or a device; acts as its service user.

    The secret is stored as a hash only. Holds no personal data.
    """

    agency = models.ForeignKey(
        Agency, models.PROTECT, null=True, blank=True, related_name="clients"
    )
    allowed_scopes = models.TextField(_("scopes it may ask for"), blank=True)

    class Meta(AbstractApplication.Meta):
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"

    def __str__(self) -> str:
        return str(self.name or self.client_id)

    def is_usable(self, request: Any) -> bool:
        """Whether it may get and use tokens: while its service user is active (RFC 6749 5.2)."""
        return self.user is not None and self.user.is_active
