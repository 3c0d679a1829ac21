"""Keyed hashes by which people are found, and what is known of how common they are."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from intake.models.persons import Person


class KeyRebuild(models.Model):
    """Keys made anew with other rules or another secret, and how far that has come.

    `made_with` names both, as IdentityIndex does. Running until `finished_at` is set; `cursor` is
    the last household that was done, in the order of their keys. Holds no personal data.
    """

    made_with = models.CharField(_("made with"), max_length=16, unique=True)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    cursor = models.UUIDField(null=True)
    done = models.PositiveIntegerField(_("households done"), default=0)
    total = models.PositiveIntegerField(_("households in all"), default=0)

    class Meta:
        verbose_name = _("search keys made anew")
        verbose_name_plural = _("search keys made anew")

    def __str__(self) -> str:
        return self.made_with


class IdentityIndex(models.Model):
    """The keyed hashes by which a person is found: no personal data without the secret.

    Each is the first 64 bits of an HMAC, as a signed number. `words`: names and the beginnings of
    their parts. `blocks`: what two registrations of one person have in common (intake.keys), with
    documents and phones, which stand by themselves as well. `made_with` names the rules and the
    secret.
    """

    person = models.OneToOneField(
        Person, models.CASCADE, primary_key=True, related_name="index", db_index=False
    )
    words = ArrayField(models.BigIntegerField())
    blocks = ArrayField(models.BigIntegerField())
    documents = ArrayField(models.BigIntegerField(), default=list)
    phones = ArrayField(models.BigIntegerField(), default=list)
    made_with = models.CharField(max_length=16)

    class Meta:
        # Without the pending list, which every search would have to read from end to end.
        indexes = [
            GinIndex(fields=["words"], name="identity_words", fastupdate=False),
            GinIndex(fields=["blocks"], name="identity_blocks", fastupdate=False),
        ]

    def __str__(self) -> str:
        return str(self.person_id)


class KeyFrequency(models.Model):
    """How many people have a key, of keys that many have; counted anew from time to time."""

    digest = models.BigIntegerField(primary_key=True)
    persons = models.PositiveIntegerField()

    def __str__(self) -> str:
        return str(self.persons)


class KeyCount(models.Model):
    """A count of how common keys are, of so many people; the last one holds."""

    counted_at = models.DateTimeField(_("counted"))
    persons = models.PositiveIntegerField(_("persons"))

    class Meta:
        get_latest_by = "counted_at"

    def __str__(self) -> str:
        return str(self.persons)


class DuplicateSweep(models.Model):
    """One night in which everybody is compared with everybody, and how far it has come.

    `night` is the day on which it began, in the operation's time zone. Running until `finished_at`
    is set; `cursor` is the last household that was done.
    """

    night = models.DateField(_("night"), unique=True)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    cursor = models.UUIDField(null=True)
    done = models.PositiveIntegerField(_("households done"), default=0)

    class Meta:
        verbose_name = _("nightly check for repeats")
        verbose_name_plural = _("nightly checks for repeats")

    def __str__(self) -> str:
        return str(self.night)


class MatchWeight(models.Model):
    """An estimate of how much it says that a feature of two records agrees so far: a row a level.

    Takes the place of the shipped number of that level (intake/data/match_weights.csv).
    `m`: how often true repeats are at this level. `u`: how often two different people are; null
    where it follows from how common the value is. `source` says where the numbers come from.
    """

    feature = models.CharField(_("feature"), max_length=20)
    level = models.CharField(_("level"), max_length=20)
    m = models.FloatField(_("among repeats"))
    u = models.FloatField(_("among different people"), null=True)
    source = models.CharField(_("source"), max_length=200)
    estimated_at = models.DateTimeField(_("estimated"), null=True)

    class Meta:
        verbose_name = _("weight of a feature")
        verbose_name_plural = _("weights of features")
        constraints = [
            models.UniqueConstraint(fields=["feature", "level"], name="match_weight_once"),
            models.CheckConstraint(
                condition=models.Q(m__gt=0, m__lt=1),
                name="match_weight_m_is_a_probability",
            ),
            models.CheckConstraint(
                condition=models.Q(u__isnull=True) | models.Q(u__gt=0, u__lt=1),
                name="match_weight_u_is_a_probability",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.feature} {self.level}"
