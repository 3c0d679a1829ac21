"""Imported spreadsheets and the rows that could not be accepted."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.encryption import SealedJSONField
from common.models import BaseModel
from intake.choices import ImportStatus
from intake.querysets import ImportBatchQuerySet


class ImportBatch(BaseModel):
    """One spreadsheet that was imported. The same file sent again is the same batch.

    Holds no personal data; the rows that were refused are in ImportRow.
    """

    filename = models.CharField(_("file"), max_length=200)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=ImportStatus, default=ImportStatus.RECEIVED
    )
    rows = models.PositiveIntegerField(_("rows"), default=0)
    persons = models.PositiveIntegerField(_("persons accepted"), default=0)
    households_count = models.PositiveIntegerField(_("households accepted"), default=0)
    refused = models.PositiveIntegerField(_("rows refused"), default=0)
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.filename


class ImportRow(BaseModel):
    """A row that was not accepted, with what is wrong by field. Personal data: `values` (sealed).

    `number` is the row in the file, the header being row 1.
    """

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="refused_rows")
    number = models.PositiveIntegerField(_("row"))
    values = SealedJSONField(_("as typed"))
    problems = models.JSONField(_("what is wrong"), default=list)
    corrected_in = models.ForeignKey(
        ImportBatch, models.SET_NULL, null=True, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("refused row")
        verbose_name_plural = _("refused rows")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="import_row_once_per_batch")
        ]

    def __str__(self) -> str:
        return str(self.number)
