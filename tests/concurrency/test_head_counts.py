"""One site, several phones: real threads, real commits."""

from __future__ import annotations

from collections import Counter

import pytest

from accounts.models import User
from common import codelists
from reception import services
from reception.models import HeadCount, HeadCountDifference, HeadCountLine, Placement
from reception.services import head_counts
from tests.concurrency.together import at_once
from tests.factories.accounts import make_operation
from tests.factories.head_counts import make_count, make_present
from tests.factories.reception import make_household_of, make_officer, make_site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def officer(transactional_db: None) -> User:
    """A placement officer, committed."""
    for codelist in codelists.registered():
        codelists.load(codelist)
    make_operation()
    return make_officer()


def test_many_hands_begin_one_count(officer: User) -> None:
    site = make_site()
    make_present(site, 2, by=officer)
    answers = at_once(*[lambda: services.start_head_count(actor=officer, site=site)] * 4)
    assert Counter(answers) == {"done": 1, "count_open": 3}
    assert HeadCount.objects.get().lines.count() == 1


def test_phones_that_scan_the_same_slips_count_each_family_once(officer: User) -> None:
    count = make_count(officer, 2, 3)
    stranger = make_household_of(4, by=officer)
    texts = [line.household.token for line in count.lines.select_related("household")]
    texts.append(stranger.reference)
    calls = [
        lambda text=text: services.count_household(actor=officer, count=count, text=text)
        for text in texts * 3
    ]
    assert set(at_once(*calls)) == {"done"}
    assert sorted(count.lines.values_list("expected", "seen")) == [(0, 4), (2, 2), (3, 3)]


def test_without_the_lock_a_scan_would_be_lost_in_a_closed_count(
    officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scan that comes while the count is closed is refused, or is in the figures."""
    count = make_count(officer, 2, 3)
    first, second = count.lines.order_by("expected")
    services.count_household(actor=officer, count=count, line=first)
    answers = at_once(
        lambda: services.close_head_count(actor=officer, count=count),
        lambda: services.count_household(actor=officer, count=count, line=second),
    )
    count.refresh_from_db()
    assert answers[0] == "done"
    assert (answers[1], count.counted) in {("done", 5), ("count_closed", 2)}

    unlocked = make_count(officer, 2)
    line = HeadCountLine.objects.get(count=unlocked)
    services.count_unit(actor=officer, count=unlocked, unit=None, seen=0)
    monkeypatch.setattr(head_counts, "lock_head_count", lambda pk: unlocked)
    services.close_head_count(actor=officer, count=HeadCount.objects.get(pk=unlocked.pk))
    unlocked.closed_at = None  # what a phone saw that looked before the close
    services.count_household(actor=officer, count=unlocked, line=line)
    closed = HeadCount.objects.get(pk=unlocked.pk)
    assert (closed.counted, HeadCountLine.objects.get(pk=line.pk).seen) == (0, 2)


def test_a_difference_is_resolved_once(officer: User) -> None:
    count = make_count(officer, 2, 3)
    services.count_household(actor=officer, count=count, line=count.lines.get(expected=2))
    services.close_head_count(actor=officer, count=count)
    difference = count.differences.get()
    answers = at_once(
        *(
            lambda way=way: services.resolve_difference(
                actor=officer, difference=difference, resolution=way
            )
            for way in ("checked_out", "counted_wrong", "checked_out")
        )
    )
    assert set(answers) <= {"done", "already_resolved"}
    resolution = HeadCountDifference.objects.get().resolution
    status = Placement.objects.get(places=3).status
    assert (resolution, status) in {
        ("checked_out", "checked_out"),
        ("counted_wrong", "checked_in"),
    }
