"""Pairs follow what happens to their households: scored anew after every change."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.db import transaction

from intake.duplicates.finding import rescored
from intake.duplicates.offering import offer
from intake.models import DuplicatePair, Household


def rate_again(household: Household, actor: Any = None) -> None:
    """Have the undecided pairs of a changed household scored anew, once the change is committed.

    So that a pair says nothing of who is no longer part of the household: somebody whom the
    authority separated, or who moved. New pairs are for the search.
    """
    transaction.on_commit(partial(_rate, household.pk), robust=True)


def _rate(pk: uuid.UUID) -> None:
    if DuplicatePair.objects.undecided().of(pk).exists():
        offer({}, compared=[pk], rescore=rescored)
