"""Closed sets of the reports app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    SUPERSEDED = "superseded", _("Superseded")


class Edition(models.TextChoices):
    """Internal figures are whole; public ones have small cells withheld."""

    INTERNAL = "internal", _("Internal")
    PUBLIC = "public", _("Public")
