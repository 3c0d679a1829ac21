"""Closed sets of the accounts app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person or a client is there to do (design: the people)."""

    REGISTRAR = "registrar", _("Registrar")
    PLACEMENT_OFFICER = "placement_officer", _("Placement officer")
    SITE_MANAGER = "site_manager", _("Site manager")
    AID_COORDINATOR = "aid_coordinator", _("Aid coordinator")
    AGENCY_STAFF = "agency_staff", _("Agency")
    PROTECTION_OFFICER = "protection_officer", _("Protection officer")
    SCREENING_OFFICER = "screening_officer", _("Screening records officer")
    REPORTING_OFFICER = "reporting_officer", _("Reporting officer")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class ScopeKind(models.TextChoices):
    """Where a role holds."""

    OPERATION = "operation", _("Whole operation")
    ENTRY_POINT = "entry_point", _("Entry point")
    SITE = "site", _("Site")
    AGENCY = "agency", _("Agency")


class AgencyKind(models.TextChoices):
    """What sort of organisation an agency is."""

    UN = "un", _("United Nations")
    GOVERNMENT = "government", _("Government")
    RED_CRESCENT = "red_crescent", _("Red Cross or Red Crescent")
    NGO = "ngo", _("Non-governmental")


class UserKind(models.TextChoices):
    """A person signs in to the staff site; a service stands behind an API client."""

    PERSON = "person", _("Person")
    SERVICE = "service", _("Service")
