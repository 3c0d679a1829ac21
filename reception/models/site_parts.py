"""What belongs to a site: blocked places, people to call, hours, pictures."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.encryption import SealedTextField, seal, unseal
from common.models import BaseModel
from reception.choices import BlockReason, BlockState, ContactRole, Weekday
from reception.models.sites import Site, Unit
from reception.querysets_sites import BlockQuerySet, ContactQuerySet, PartQuerySet


class SiteBlock(BaseModel):
    """Places of a site, or of one of its units, that nobody gets for a while, and why.

    planned (waits for its time and until so many places are free), in_force (counted in
    `Site.blocked` and `Unit.blocked`), ended (for good). `stated` marks the one that stands for a
    bare number, as older clients and the site's form give it. Holds no personal data.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="blocks", verbose_name=_("site"))
    unit = models.ForeignKey(
        Unit, models.CASCADE, null=True, blank=True, related_name="blocks", verbose_name=_("unit")
    )
    places = models.PositiveIntegerField(
        _("blocked places"), validators=[MinValueValidator(1, _("Block at least one place."))]
    )
    reason = models.CharField(_("reason"), max_length=20, choices=BlockReason)
    text = models.CharField(_("what exactly"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=BlockState, default=BlockState.PLANNED, editable=False
    )
    stated = models.BooleanField(default=False, editable=False)
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = BlockQuerySet.as_manager()

    class Meta:
        verbose_name = _("blocked places of a site")
        verbose_name_plural = _("blocked places of sites")
        constraints = [
            models.CheckConstraint(
                condition=Q(places__gte=1),
                name="site_block_holds_places",
                violation_error_message=_("Block at least one place."),
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")),
                name="site_block_ends_after_it_began",
                violation_error_message=_("The end must come after the beginning."),
            ),
            models.CheckConstraint(
                condition=Q(state=BlockState.ENDED, ended_at__isnull=False)
                | (~Q(state=BlockState.ENDED) & Q(ended_at__isnull=True)),
                name="site_block_ended_has_a_time",
            ),
            models.UniqueConstraint(
                fields=["site"],
                condition=Q(stated=True, state=BlockState.IN_FORCE),
                name="site_block_one_stated_number_per_site",
            ),
            models.CheckConstraint(
                condition=~Q(reason=BlockReason.OTHER) | ~Q(text=""),
                name="site_block_other_is_explained",
                violation_error_message=_("Say why places are blocked."),
            ),
        ]
        indexes = [
            models.Index(fields=["site"], condition=~Q(state="ended"), name="site_block_not_ended"),
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """The reason as a sentence part: the kind, and what exactly."""
        if self.reason == BlockReason.OTHER:
            return self.text
        return ": ".join(part for part in (self.get_reason_display(), self.text) if part)


class SiteContact(BaseModel):
    """Whom to call at a site. Personal data of staff: `name`, `phone` (sealed)."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="contacts", verbose_name=_("site"))
    role = models.CharField(_("task"), max_length=15, choices=ContactRole)
    name = SealedTextField(_("name"), blank=False)
    phone = SealedTextField(_("phone"))
    position = models.PositiveSmallIntegerField(_("order"), default=1)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact of a site")
        verbose_name_plural = _("contacts of sites")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return str(self.get_role_display())


class SiteHours(BaseModel):
    """When a site receives arrivals on a day of the week; several rows for a day with a break.

    In the operation's time zone. Where it closes earlier than it opens, it is open past midnight.
    Counts only where the site does not receive at any hour. Holds no personal data.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="hours", verbose_name=_("site"))
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday)
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("until"))

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = _("hours of a site")
        verbose_name_plural = _("hours of sites")
        ordering = ["weekday", "opens"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "weekday", "opens"],
                name="site_hours_once_per_day_and_hour",
                violation_error_message=_("These hours are listed already."),
            ),
            models.CheckConstraint(
                condition=~Q(opens=F("closes")),
                name="site_hours_last_some_time",
                violation_error_message=_("The end must differ from the beginning."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class SiteClosedDay(BaseModel):
    """A day on which a site receives nobody. Holds no personal data."""

    site = models.ForeignKey(
        Site, models.CASCADE, related_name="closed_days", verbose_name=_("site")
    )
    day = models.DateField(_("day"))
    text = models.CharField(_("reason"), max_length=200, blank=True)

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed day of a site")
        verbose_name_plural = _("closed days of sites")
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "day"],
                name="site_closed_day_once",
                violation_error_message=_("This day is listed already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class SitePhoto(BaseModel):
    """A picture of a site, made anew without what a camera writes into it, and sealed.

    Photos are of places, not of people; they are treated as personal data all the same, since
    somebody may be in them: `image` and `alt` (what it shows) are sealed.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="photos", verbose_name=_("site"))
    alt = SealedTextField(_("what the picture shows"), blank=False)
    image = models.BinaryField(editable=False)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )

    objects = PartQuerySet.as_manager()

    class Meta:
        verbose_name = _("picture of a site")
        verbose_name_plural = _("pictures of sites")
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def _context(self) -> str:
        # Bound to the row: a sealed picture that is copied to another row does not open.
        return f"{self._meta.db_table}.image.{self.pk}"

    def keep(self, jpeg: bytes) -> None:
        """Seal the picture's bytes into the row; the caller saves."""
        self.image = seal(jpeg, context=self._context())

    def jpeg(self) -> bytes:
        """The picture's bytes."""
        return unseal(self.image, context=self._context())
