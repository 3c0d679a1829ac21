"""Two registrations of one family in a count that goes on."""

from __future__ import annotations

import pytest

from intake.duplicates.decisions import decide_pair, undo_decision
from intake.models import DuplicatePair
from reception import services
from tests.factories.head_counts import make_count
from tests.factories.intake import make_household
from tests.factories.reception import make_officer, make_placement, make_site

pytestmark = pytest.mark.django_db


def test_the_line_of_a_repeat_goes_to_the_family_that_stays(operation, alice, dana):
    officer, site = make_officer(), make_site()
    first, second = (make_household(alice) for _ in range(2))
    make_placement(site, household=second, status="checked_in")
    count = make_count(officer, site=site)
    slip = second.token
    pair = DuplicatePair.objects.create(first=first, second=second, score=0.98, reasons=[])
    decide_pair(actor=dana, pair=pair, same=True)
    line = count.lines.get()
    assert line.household == first
    counted = services.count_household(actor=officer, count=count, text=slip)
    assert (counted.status, counted.line.pk) == ("counted", line.pk)
    assert services.close_head_count(actor=officer, count=count).counted == line.expected
    undo_decision(actor=dana, pair=pair)
    assert count.lines.get().household == second
