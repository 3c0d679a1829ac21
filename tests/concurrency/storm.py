"""Many clients over REST and the staff pages at once, and what must hold at every moment."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from common import clock
from intake.models import Household
from reception import services
from reception.models import Placement, Site, Unit
from reception.selectors import counter_drifts, places_drifts, unit_drifts

# One statement, so one snapshot: a change that is being written is not seen in halves.
_FAULTS = """
WITH held AS (
    SELECT s.person_id, s.unit_id, s.state, s.incoming, s.placement_id, p.site_id
    FROM reception_stay s JOIN reception_placement p ON p.id = s.placement_id
    WHERE s.until IS NULL AND s.state IN ('due', 'present', 'away')
), main AS (
    SELECT * FROM reception_placement p
    WHERE transfer_of_id IS NULL AND ended_at IS NULL
), per_site AS (
    SELECT s.id, s.code, s.capacity + s.overflow - s.blocked AS room, s.reserved, s.present,
        count(h.person_id) FILTER (WHERE h.state = 'due') AS due,
        count(h.person_id) FILTER (WHERE h.state <> 'due') AS here
    FROM reception_site s LEFT JOIN held h ON h.site_id = s.id GROUP BY s.id
), per_unit AS (
    SELECT u.id, u.code, u.capacity - u.blocked AS room, u.taken, count(h.person_id) AS people
    FROM reception_unit u LEFT JOIN held h ON h.unit_id = u.id GROUP BY u.id
)
SELECT 'site over', code FROM per_site WHERE due + here > room
UNION ALL SELECT 'counter of a site', code FROM per_site WHERE (due, here) <> (reserved, present)
UNION ALL SELECT 'unit over', code FROM per_unit WHERE people > room
UNION ALL SELECT 'counter of a unit', code FROM per_unit WHERE people <> taken
UNION ALL SELECT 'person in two places', person_id::text FROM held
    GROUP BY person_id, incoming HAVING count(*) > 1
UNION ALL SELECT 'place without a person in the count', h.person_id::text
    FROM held h JOIN intake_person n ON n.id = h.person_id WHERE n.left_at IS NOT NULL
UNION ALL SELECT 'place of an ended placement', p.id::text
    FROM held h JOIN reception_placement p ON p.id = h.placement_id WHERE p.ended_at IS NOT NULL
UNION ALL SELECT 'family apart without a decision', household_id::text FROM main
    GROUP BY household_id HAVING count(*)
    FILTER (WHERE octet_length(split_reason) <= 30 + get_byte(split_reason, 1)) > 1
UNION ALL SELECT 'member left out without a decision', n.id::text
    FROM main p JOIN intake_person n ON n.household_id = p.household_id AND n.left_at IS NULL
    WHERE NOT EXISTS (SELECT 1 FROM reception_placement d
                      WHERE d.household_id = p.household_id
                        AND octet_length(d.split_reason) > 30 + get_byte(d.split_reason, 1))
      AND NOT EXISTS (SELECT 1 FROM reception_stay s
                      WHERE s.placement_id = p.id AND s.person_id = n.id AND s.until IS NULL)
"""


def faults() -> list[tuple[str, str]]:
    """What is wrong now by the rows themselves, each with what it is about."""
    with connection.cursor() as cursor:
        cursor.execute(_FAULTS)
        return [(str(what), str(where)) for what, where in cursor.fetchall()]


def all_is_well() -> None:
    """The rows keep every promise and the counters are their sums."""
    assert faults() == []
    assert (counter_drifts(), unit_drifts(), places_drifts()) == ([], [], [])


@contextmanager
def watched() -> Iterator[list[tuple[str, str]]]:
    """A thread that looks all the time; what it saw wrong."""
    seen: list[tuple[str, str]] = []
    over = threading.Event()
    looked = threading.Event()

    def look() -> None:
        try:
            while not over.is_set():
                seen.extend(faults())
                looked.set()
                over.wait(0.02)
        finally:
            connection.close()

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
        assert looked.is_set(), "nobody watched"


@dataclass
class Cast:
    """Who acts: ids, read anew by each client."""

    officer: User
    head: User
    households: list[Household] = field(default_factory=list)


def clients_at_once(count: int, hands: int, work: Callable[[int], Any]) -> None:
    """`work` for each client by its number, so many of them at the same moment."""

    def run(number: int) -> None:
        try:
            work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(hands) as pool:
        list(pool.map(run, range(count)))


def signed_in(user: User) -> Client:
    """A browser of a user."""
    browser = Client()
    browser.force_login(user)
    return browser


def same_session(browser: Client) -> Client:
    """Another browser with the same session, for another thread."""
    other = Client(raise_request_exception=False)
    other.cookies.update(browser.cookies)
    return other


class Hand:
    """One client who does steps by chance. What it was answered goes to `answers`."""

    def __init__(self, cast: Cast, number: int, answers: Counter[tuple[str, int, str]]) -> None:
        self.cast, self.answers = cast, answers
        self.dice = random.Random(number)
        self.rest = APIClient(raise_request_exception=False)
        self.rest.force_authenticate(User.objects.get(pk=cast.officer.pk))

    def note(self, what: str, answer: Any) -> None:
        """Keep the answer: its status and, of a problem document, its code."""
        kind = answer.headers.get("Content-Type", "")
        code = answer.json()["code"] if kind.startswith("application/problem+json") else ""
        self.answers[what, answer.status_code, code] += 1

    def over_rest(self) -> None:
        """A step of placing, or a change of a household, as a program sends it."""
        household = self.dice.choice(self.cast.households)
        held = list(Placement.objects.open().filter(household=household))
        if not held:
            return self._place(household)
        step = self.dice.choice(
            (
                *("_check_in", "_check_in", "_unit", "_unit", "_split", "_transfer", "_away"),
                *("_away", "_back", "_reunite", "_check_out", "_cancel", "_leave", "_birth"),
                "_move",
            )
        )
        getattr(self, step)(self.dice.choice(held))
        return None

    def _send(self, placement: Placement, step: str, **body: Any) -> None:
        url = f"/api/v1/placements/{placement.pk}/{step}/"
        extra = {}
        if self.dice.random() < 0.3:
            extra["HTTP_IDEMPOTENCY_KEY"] = f"{self.dice.random()}"
        self.note(step, self.rest.post(url, body, format="json", **extra))

    def _site(self) -> Site:
        return self.dice.choice(list(Site.objects.order_by("code")))

    def _some(self, placement: Placement) -> list[str]:
        members = list(placement.household.members.in_count().values_list("pk", flat=True))
        return [str(pk) for pk in members if self.dice.random() < 0.6] or [str(members[0])]

    def _place(self, household: Household) -> None:
        body = {"household": household.reference, "site": self._site().code}
        body["status"] = self.dice.choice(("reserved", "confirmed", "checked_in"))
        self.note("place", self.rest.post("/api/v1/placements/", body, format="json"))

    def _check_in(self, placement: Placement) -> None:
        some = {} if self.dice.random() < 0.5 else {"persons": self._some(placement)}
        self._send(placement, "check-in", **some)

    def _unit(self, placement: Placement) -> None:
        units = list(Unit.objects.filter(site=placement.site_id).order_by("code"))
        self._send(placement, "unit", unit=self.dice.choice([*(unit.code for unit in units), None]))

    def _split(self, placement: Placement) -> None:
        reason = self.dice.choice(("Hospital with one child", ""))
        self._send(
            placement,
            "split",
            persons=self._some(placement)[:1],
            site=self._site().code,
            reason=reason,
        )

    def _transfer(self, placement: Placement) -> None:
        arrived = self.dice.random() < 0.5
        self._send(placement, "transfer", site=self._site().code, arrived=arrived)

    def _away(self, placement: Placement) -> None:
        some = {} if self.dice.random() < 0.5 else {"persons": self._some(placement)}
        keep = self.dice.random() < 0.4
        self._send(placement, "absence", reason="hospital", keep_place=keep, **some)

    def _back(self, placement: Placement) -> None:
        self._send(placement, "return")

    def _reunite(self, placement: Placement) -> None:
        self._send(placement, "reunite")

    def _check_out(self, placement: Placement) -> None:
        self._send(placement, "check-out")

    def _cancel(self, placement: Placement) -> None:
        self._send(placement, "cancel")

    def _household(self, placement: Placement, what: str, body: dict[str, Any]) -> None:
        url = f"/api/v1/households/{placement.household.reference}/{what}/"
        self.note(what, self.rest.post(url, body, format="json"))

    def _leave(self, placement: Placement) -> None:
        member = placement.household.members.in_count().order_by("-position").first()
        if member is None or member.position == 0:
            return
        now = clock.now().isoformat()
        body = {"person": str(member.pk), "reason": "spontaneous_departure", "occurred_at": now}
        self._household(placement, "exits", body)

    def _birth(self, placement: Placement) -> None:
        at = (clock.now() - timedelta(minutes=1)).isoformat()
        self._household(placement, "births", {"sex": "F", "occurred_at": at})

    def _move(self, placement: Placement) -> None:
        member = placement.household.members.in_count().order_by("-position").first()
        other = self.dice.choice(self.cast.households)
        if member is None or member.position == 0 or other.pk == placement.household_id:
            return
        ago = clock.now() - timedelta(seconds=self.dice.choice((0, 2)))
        body = {"persons": [str(member.pk)], "to": other.reference, "reason": "joined"}
        self._household(placement, "moves", {**body, "occurred_at": ago.isoformat()})

    def on_pages(self, browser: Client, head: Client) -> None:
        """A button of the staff pages."""
        held = list(Placement.objects.open().order_by("pk"))
        if self.dice.random() < 0.15:
            site = self._site()
            data = {"places": self.dice.randrange(4), "reason": "Families are in the yard"}
            url = reverse("admin:reception_site_grant_overflow", args=[site.pk])
            return self.note("page overflow", head.post(url, data))
        if not held or self.dice.random() < 0.3:
            household = self.dice.choice(self.cast.households)
            url = reverse("admin:reception_place", args=[household.pk])
            data = {"site": self._site().code, "status": "checked_in", "note": ""}
            return self.note("page place", browser.post(url, data))
        placement = self.dice.choice(held)
        name = self.dice.choice(("check_in", "check_in", "people", "come_back", "no_show"))
        if name == "people":
            url = reverse("admin:reception_placement_people", args=[placement.pk])
            step = self.dice.choice(("came", "away", "back", "stayed_away"))
            data = {"step": step, "persons": self._some(placement), "reason": "school"}
            return self.note(f"page {step}", browser.post(url, data))
        url = reverse(f"admin:reception_placement_{name}", args=[placement.pk])
        return self.note(f"page {name}", browser.post(url))

    def sweep(self) -> None:
        """What the scheduler does, after the time of one reservation ran out."""
        due = Placement.objects.filter(status="reserved").order_by("pk").first()
        if due is not None:
            Placement.objects.filter(pk=due.pk).update(reserved_until=clock.now())
        services.expire_reservations()
        services.end_overflows()
