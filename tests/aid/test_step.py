"""The state machine: random calls by random actors never leave the table of transitions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Agency, User
from aid import services
from aid.choices import DEADLINES, Level, RequestStatus
from aid.models import TRANSITIONS, AidRequest
from aid.querysets import OPEN
from audit.models import Event
from common import clock
from common.errors import DomainError, InvalidInput, InvalidState, NotPermitted
from tests.factories.aid import make_request, make_site

S = RequestStatus
STEPS: dict[str, dict[str, Any]] = {
    "acknowledge": {},
    "accept": {},
    "decline": {"reason": "No stock"},
    "start": {},
    "hold": {"reason": "The road is closed"},
    "resume": {},
    "fulfil": {},
    "fulfil_in_part": {"complete": False},
    "fail": {"reason": "Nobody was there"},
    "cancel": {"reason": "Asked by mistake"},
}


def take(step: str, actor: User, request: AidRequest) -> AidRequest:
    name = "fulfil" if step == "fulfil_in_part" else step
    return getattr(services, name)(actor=actor, request=request, **STEPS[step])


def trace(request: AidRequest) -> tuple[int, int]:
    return request.changes.count(), Event.objects.filter(subject_id=request.pk).count()


calls = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 3), st.integers(0, 5000)), max_size=14
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(calls=calls)
def test_random_calls_stay_in_the_table(
    calls: list[tuple[str, int, int]],
    coordinator: User,
    carol: User,
    rival: User,
    omar: User,
    agency: Agency,
) -> None:
    actors = [carol, coordinator, rival, omar]
    moment = clock.now() - timedelta(days=90)
    with clock.replaying(moment):
        request = make_request(coordinator, agency)
    for step, who, minutes in calls:
        moment += timedelta(minutes=minutes)
        before = AidRequest.objects.get(pk=request.pk)
        changes, events = trace(request)
        try:
            with clock.replaying(moment):
                take(step, actors[who], request)
        except DomainError:
            pass
        after = AidRequest.objects.get(pk=request.pk)
        moved = int(after.status != before.status)
        assert trace(request) == (changes + moved, events + moved)
        if not moved:
            assert after.updated_at == before.updated_at
            continue
        assert after.status in TRANSITIONS[before.status]
        assert actors[who] in ((coordinator,) if step == "cancel" else (carol,))
        last = request.changes.order_by("-id")[0]
        assert (last.from_status, last.to_status) == (before.status, after.status)
        assert (after.closed_at is None) == (after.status in OPEN)
        assert (after.held_at is None) == (after.status != S.ON_HOLD)


@pytest.mark.parametrize("level", Level.values)
def test_deadlines_run_from_the_moment_of_asking(
    level: str, coordinator: User, agency: Agency
) -> None:
    moment = clock.now().replace(microsecond=0) - timedelta(days=3)
    with clock.replaying(moment):
        request = make_request(coordinator, agency, level=level)
    # The replayed clock may tick: the margins are what is promised.
    asked = request.submitted_at
    assert (request.acknowledge_by - asked, request.act_by - asked) == DEADLINES[level]
    assert abs(asked - moment) < timedelta(seconds=5)


def freeze(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_hold_moves_both_deadlines_by_the_time_held(
    monkeypatch: pytest.MonkeyPatch, coordinator: User, carol: User, agency: Agency
) -> None:
    start = clock.now()
    freeze(monkeypatch, start)
    request = make_request(coordinator, agency)
    services.accept(actor=carol, request=request)
    services.start(actor=carol, request=request)
    freeze(monkeypatch, start + timedelta(hours=5))
    held = services.hold(actor=carol, request=request, reason="The road is closed")
    assert held.reason == "The road is closed"
    freeze(monkeypatch, start + timedelta(hours=35))
    assert not AidRequest.objects.overdue(start + timedelta(days=30)).exists()
    for skip in (services.accept, services.start):
        with pytest.raises(InvalidState):
            skip(actor=carol, request=request)
    done = services.resume(actor=carol, request=request)
    assert done.status == S.IN_PROGRESS
    assert done.act_by == request.act_by + timedelta(hours=30)
    assert done.acknowledge_by == request.acknowledge_by + timedelta(hours=30)
    assert done.reason == ""
    assert AidRequest.objects.overdue(done.act_by + timedelta(seconds=1)).exists()
    events = Event.objects.filter(subject_id=request.pk).values_list("kind", flat=True)
    assert "aid_request.resumed" in events


def test_overdue_says_the_same_in_python_and_sql(
    coordinator: User, carol: User, agency: Agency
) -> None:
    rows = {}
    for name in ("submitted", "accept", "hold", "decline"):
        request = make_request(coordinator, agency)
        if name == "hold":
            services.accept(actor=carol, request=request)
        if name != "submitted":
            request = take(name, carol, request)
        rows[name] = request
    for hours in (1, 25, 73):
        now = clock.now() + timedelta(hours=hours)
        late = set(AidRequest.objects.overdue(now).values_list("pk", flat=True))
        assert late == {each.pk for each in rows.values() if each.is_overdue(now)}
    assert rows["submitted"].pk in late
    assert rows["hold"].pk not in late


def test_accepting_acknowledges(coordinator: User, carol: User, agency: Agency) -> None:
    request = make_request(coordinator, agency)
    done = services.accept(actor=carol, request=request)
    assert done.acknowledged_at is not None
    assert services.acknowledge(actor=carol, request=request).status == S.ACCEPTED
    assert trace(request) == (2, 2)


@pytest.mark.parametrize("step", ["decline", "cancel"])
def test_a_reason_is_required(step: str, coordinator: User, carol: User, agency: Agency) -> None:
    request = make_request(coordinator, agency)
    actor = coordinator if step == "cancel" else carol
    with pytest.raises(InvalidInput) as error:
        getattr(services, step)(actor=actor, request=request, reason="  ")
    assert error.value.problems[0].field == "reason"
    assert trace(request) == (1, 1)


def test_the_event_says_no_need(coordinator: User, carol: User, agency: Agency) -> None:
    request = make_request(coordinator, agency, sector="health", summary="Insulin")
    services.decline(actor=carol, request=request, reason="No stock")
    event = Event.objects.get(subject_id=request.pk, kind="aid_request.declined")
    assert event.data == {"reference": request.reference, "level": "urgent", "status": "declined"}
    assert event.agency_code == agency.code


def test_rerouting_asks_another_agency(
    coordinator: User, carol: User, rival: User, agency: Agency, wfp: Agency
) -> None:
    site = make_site()
    request = make_request(coordinator, agency, beneficiary=site)
    services.decline(actor=carol, request=request, reason="No stock")
    with pytest.raises(NotPermitted):
        services.reroute(actor=carol, request=request, agency=wfp)
    with pytest.raises(InvalidInput):
        services.reroute(actor=coordinator, request=request, agency=agency)
    new = services.reroute(actor=coordinator, request=request, agency=wfp)
    old = AidRequest.objects.get(pk=request.pk)
    assert (old.status, old.rerouted_to) == (S.REROUTED, new)
    assert (new.agency, new.site, new.summary) == (wfp, site, request.summary)
    assert [each.item for each in new.items.all()] == ["hot meals"]
    assert services.reroute(actor=coordinator, request=request, agency=wfp) == new
    assert AidRequest.objects.count() == 2
    assert services.accept(actor=rival, request=new).status == S.ACCEPTED
    with pytest.raises(InvalidState):
        services.reroute(actor=coordinator, request=new, agency=agency)
