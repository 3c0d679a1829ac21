"""Boards as clients see them: read only."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from reception.boards.norms import Light
from reception.boards.waiting import Band, PlaceNeed, Standing


class UnitCountSerializer(serializers.Serializer[Any]):
    """Places of a room or tent."""

    code = serializers.CharField()
    section = serializers.CharField(help_text="For whom: any, women, families, men, quarantine.")
    accessible = serializers.BooleanField()
    capacity = serializers.IntegerField()
    blocked = serializers.IntegerField()
    taken = serializers.IntegerField()
    free = serializers.IntegerField()


class PresentByAgeSerializer(serializers.Serializer[Any]):
    """People present of one age bracket."""

    bracket = serializers.CharField(help_text="0-4, 5-11, 12-17, 18-59, 60+ or unknown")
    female = serializers.IntegerField()
    male = serializers.IntegerField()
    other = serializers.IntegerField(help_text="Other or not recorded.")


class NormLightSerializer(serializers.Serializer[Any]):
    """One measured resource against the norms."""

    kind = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=10, decimal_places=2)
    measured_on = serializers.DateField()
    minimum = serializers.CharField(help_text="The norm of an emergency, in words.")
    minimum_source = serializers.CharField()
    minimum_persons = serializers.IntegerField(allow_null=True)
    target = serializers.CharField(help_text="The norm to be reached, in words.")
    target_source = serializers.CharField()
    target_persons = serializers.IntegerField(allow_null=True)
    light = serializers.ChoiceField(choices=Light.choices)


class SiteBoardSerializer(serializers.Serializer[Any]):
    """A site in counts of people; no family is named."""

    code = serializers.CharField()
    as_of = serializers.DateTimeField()
    capacity = serializers.IntegerField(help_text="With granted overflow.")
    blocked = serializers.IntegerField()
    free = serializers.IntegerField()
    due = serializers.IntegerField(help_text="People expected.")
    late = serializers.IntegerField(help_text="Of them: the reservation is over.")
    present = serializers.IntegerField()
    away = serializers.IntegerField()
    transfer_pending = serializers.IntegerField()
    overstaying = serializers.IntegerField()
    last_sign_at = serializers.DateTimeField(
        allow_null=True, help_text="When the site last told anything."
    )
    not_reporting = serializers.BooleanField()
    ages = PresentByAgeSerializer(many=True)
    units = UnitCountSerializer(many=True)
    norms = NormLightSerializer(many=True)
    unmeasured = serializers.ListField(child=serializers.CharField())


class GroupSerializer(serializers.Serializer[Any]):
    """Families and people of one band, need or entry point."""

    code = serializers.CharField(allow_blank=True)
    families = serializers.IntegerField()
    people = serializers.IntegerField()


class WaitingFamilySerializer(serializers.Serializer[Any]):
    """A family, or the part of it, that has no place."""

    household = serializers.CharField(source="reference")
    arrived_at = serializers.DateTimeField(source="arrived")
    band = serializers.ChoiceField(choices=Band.choices)
    people = serializers.IntegerField()
    needs = serializers.ListField(
        child=serializers.ChoiceField(choices=PlaceNeed.choices),
        help_text="What the place must offer; from tier-1 needs and who is in the family.",
    )
    entry_point = serializers.CharField(allow_blank=True)
    standing = serializers.ChoiceField(
        choices=Standing.choices,
        allow_blank=True,
        help_text="Why it waits although it had a place.",
    )


class WaitingSerializer(serializers.Serializer[Any]):
    """Who waits; the families that wait longest come first."""

    as_of = serializers.DateTimeField()
    people = serializers.IntegerField()
    families_waiting = serializers.IntegerField()
    bands = GroupSerializer(many=True)
    needs = GroupSerializer(many=True)
    entry_points = GroupSerializer(many=True)
    families = WaitingFamilySerializer(many=True, help_text="At most 500.")
    more = serializers.BooleanField(help_text="More families wait than are listed.")


class RangeSerializer(serializers.Serializer[Any]):
    """An estimate: in 80 of 100 such cases the figure lies between low and high."""

    expected = serializers.IntegerField()
    low = serializers.IntegerField()
    high = serializers.IntegerField()


class HorizonSerializer(serializers.Serializer[Any]):
    """What to expect so many hours from now."""

    hours = serializers.IntegerField()
    more_people = RangeSerializer()
    people = RangeSerializer()
    places_left = RangeSerializer(
        allow_null=True, help_text="Below zero: missing. Null: the reader sees no sites."
    )


class ProjectionSerializer(serializers.Serializer[Any]):
    """The next 72 hours. Every figure but those counted is an estimate."""

    as_of = serializers.DateTimeField()
    available = serializers.BooleanField()
    reason = serializers.CharField(
        allow_blank=True, help_text="Why there is no estimate: nobody_came or too_early."
    )
    days = serializers.IntegerField(help_text="Whole days that were counted.")
    arrivals = serializers.IntegerField()
    births = serializers.IntegerField()
    departures = serializers.IntegerField()
    present = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="People without a place now.")
    free = serializers.IntegerField(
        allow_null=True, help_text="Free places of the open sites that the reader may know of."
    )
    horizons = HorizonSerializer(many=True)
    full_in = serializers.IntegerField(
        allow_null=True, help_text="Hours until the places run out, as expected; null: not in 72."
    )
    full_early = serializers.IntegerField(allow_null=True, help_text="If many come.")
    full_late = serializers.IntegerField(allow_null=True, help_text="If few come.")
