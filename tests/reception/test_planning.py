"""The contingency plan: what is made ready, what is lacking, who may plan what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Operation, RoleAssignment
from audit.models import Event
from common import clock
from common.errors import DomainError, InvalidInput, InvalidState, NotPermitted, Stale
from reception import services
from reception.boards.contingency import contingency, places_left
from reception.choices import ResourceKind
from reception.models import Site, SitePlan, SitePlanItem, Unit
from tests.factories.accounts import make_user
from tests.factories.reception import (
    make_area,
    make_manager,
    make_officer,
    make_placement,
    make_resource,
    make_site,
)

pytestmark = pytest.mark.django_db
ADD = reverse("admin:reception_siteplan_add")


@pytest.fixture(autouse=True)
def _operation(operation):
    Operation.objects.update(planning_figure=1000)
    return operation


@pytest.fixture
def officer():
    return make_officer(username="petra")


def plan_for(actor, **fields):
    return services.plan_site(
        actor=actor, **{"name": "Old school", "area": make_area(), "places": 80, **fields}
    )


def page_of(plan):
    return reverse("admin:reception_siteplan_change", args=[plan.pk])


# Services ------------------------------------------------------------------------------------
def test_a_place_is_planned_with_what_is_needed_and_each_change_is_told(officer):
    plan = plan_for(officer, needs=["Stoves", "  A   pump "])
    assert [item.text for item in plan.items.all()] == ["Stoves", "A pump"]
    stoves = plan.items.first()
    services.tick_need(actor=officer, item=stoves)
    services.tick_need(actor=officer, item=stoves)
    services.change_plan(actor=officer, plan=plan, places=100)
    services.change_plan(actor=officer, plan=plan, places=100)
    done = SitePlanItem.objects.get(pk=stoves.pk)
    assert done.done_by == officer
    events = Event.objects.filter(subject_id=plan.pk).order_by("pk")
    assert [event.kind for event in events] == [
        *("plan.made", "plan.need_added", "plan.need_added", "plan.need_met", "plan.changed"),
    ]
    assert events.last().data["places"] == [80, 100]
    services.tick_need(actor=officer, item=done, done=False)
    assert SitePlanItem.objects.get(pk=stoves.pk).done_at is None


def test_a_plan_is_ready_only_when_nothing_is_left_to_be_done(officer):
    plan = plan_for(officer, needs=["Stoves", "A pump"])
    with pytest.raises(InvalidState) as refused:
        services.end_plan(actor=officer, plan=plan, state="ready")
    assert refused.value.code == "things_missing"
    stoves, pump = plan.items.all()
    services.tick_need(actor=officer, item=stoves)
    services.drop_need(actor=officer, item=pump)
    services.drop_need(actor=officer, item=pump)
    ended = services.end_plan(actor=officer, plan=plan, state="ready")
    assert (ended.state, ended.ended_at is not None) == ("ready", True)
    for step in (
        lambda: services.change_plan(actor=officer, plan=plan, places=3),
        lambda: services.add_need(actor=officer, plan=plan, text="More"),
        lambda: services.end_plan(actor=officer, plan=plan, state="dropped"),
    ):
        with pytest.raises(InvalidState):
            step()
    assert not contingency(officer, clock.now()).preparing


def test_bad_input_is_named_and_nothing_is_saved(officer):
    for wrong, field in (({"name": ""}, ""), ({"area": None}, ""), ({"places": 0}, "")):
        with pytest.raises(InvalidInput) as refused:
            plan_for(officer, **wrong)
        assert refused.value.problems[0].field == field
    with pytest.raises(InvalidInput):
        plan_for(officer, needs=["", "x"])
    assert not SitePlan.objects.exists()
    plan = plan_for(officer)
    for text in (" ", "x" * 201):
        with pytest.raises(InvalidInput):
            services.add_need(actor=officer, plan=plan, text=text)
    with pytest.raises(InvalidInput):
        services.end_plan(actor=officer, plan=plan, state="preparing")
    with pytest.raises(TypeError):
        services.change_plan(actor=officer, plan=plan, state="ready")


def test_one_plan_stands_for_a_site_and_a_change_of_another_is_not_overwritten(officer):
    site = make_site()
    plan = plan_for(officer, site=site, name="")
    with pytest.raises(DomainError):
        plan_for(officer, site=site, name="")
    read = plan.updated_at
    services.change_plan(actor=officer, plan=plan, places=90)
    with pytest.raises(Stale):
        services.change_plan(actor=officer, plan=plan, unchanged_since=read, places=70)
    services.end_plan(actor=officer, plan=plan, state="dropped")
    assert plan_for(officer, site=site, name="").places == 80


def test_the_database_stands_behind_the_rules(officer):
    plan = plan_for(officer, needs=["Stoves"])
    item, now = plan.items.get(), clock.now()
    wrong = [
        lambda: SitePlan.objects.update(name=""),
        lambda: SitePlan.objects.update(places=0),
        lambda: SitePlan.objects.update(state="ready"),
        lambda: SitePlan.objects.update(ended_at=now),
        lambda: SitePlanItem.objects.update(text=""),
        lambda: SitePlanItem.objects.update(done_at=now),
        lambda: SitePlanItem.objects.update(done_by=officer),
    ]
    for statement in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            statement()
    site = make_site()
    for _ in range(2):
        row = SitePlan(site=site, places=3, made_by=officer)
        if SitePlan.objects.filter(site=site).exists():
            with pytest.raises(IntegrityError), transaction.atomic():
                row.save()
        else:
            row.save()
    assert SitePlanItem.objects.get().pk == item.pk


def test_who_may_plan_where(officer, alice, dana, omar):
    site, other, safe = make_site(), make_site(), make_site("SAFE", hidden=True)
    manager = make_manager(site)
    plan = plan_for(manager, site=site, name="")
    there = plan_for(officer, site=other, name="")
    for actor in (alice, dana, omar, make_manager(other)):
        with pytest.raises(NotPermitted):
            services.change_plan(actor=actor, plan=plan, places=9)
    # A manager neither plans elsewhere, nor moves a plan there, nor plans what is no site yet.
    for step in (
        lambda: services.change_plan(actor=manager, plan=there, places=9),
        lambda: services.change_plan(actor=manager, plan=plan, site=other),
        lambda: plan_for(manager),
        lambda: plan_for(officer, site=safe, name=""),
        lambda: plan_for(officer, hidden=True),
        lambda: services.add_need(actor=omar, plan=plan, text="x"),
    ):
        with pytest.raises(NotPermitted):
            step()
    assert SitePlan.objects.get(pk=plan.pk).site == site


# The board -----------------------------------------------------------------------------------
def test_the_board_holds_what_is_ready_planned_and_missing(officer, django_assert_max_num_queries):
    make_site("OPEN", places=200)
    make_site("FULL", places=50, status="not_receiving")
    make_site("GONE", places=70, status="closed")
    prepared = make_site("SOON", places=30, status="preparing")
    plan_for(officer, site=prepared, name="", places=60)
    plan_for(officer, places=90)
    found = contingency(officer, clock.now())
    assert (found.figure, found.places_ready, found.places_planned) == (1000, 250, 150)
    assert found.missing == 600
    assert [line.name for line in found.preparing] == ["Site Soon", "Old school"]
    assert {line.name for line in found.ready} == {"Site Open", "Site Full"}
    for number in range(4):
        plan_for(officer, site=make_site(status="preparing"), name="", needs=[str(number)])
    with django_assert_max_num_queries(13):
        contingency(make_officer(), clock.now())


def test_an_open_site_that_is_enlarged_counts_what_the_plan_adds(officer):
    site = make_site(places=100)
    plan_for(officer, site=site, name="", places=130)
    found = contingency(officer, clock.now())
    assert (found.places_ready, found.places_planned, found.missing) == (100, 30, 870)


def test_each_site_says_what_it_lacks(officer):
    site = make_site("GYM", places=100, interim_care=False, cold_rated=False)
    make_resource(site, ResourceKind.LATRINES, 1)
    Site.objects.filter(pk=site.pk).update(blocked=3, blocked_reason="leaking roof")
    plan = plan_for(officer, site=site, name="", places=120, needs=["Stoves"])
    SitePlan.objects.filter(pk=plan.pk).update(ready_on=clock.now().date() - timedelta(days=2))
    (line,) = contingency(officer, clock.now()).ready
    lacks = {lack.code: lack.words for lack in line.lacks}
    assert set(lacks) >= {
        *("unmeasured", "short", "heating", "blocked", "manager", "care", "overdue", "item"),
    }
    assert "Latrines serves 50 of 120 persons" in [lack.detail for lack in line.lacks]
    assert "leaking roof" in lacks["blocked"]
    assert "Stoves" in lacks["item"]
    make_manager(site)
    Site.objects.filter(pk=site.pk).update(cold_rated=True, interim_care=True)
    (line,) = contingency(officer, clock.now()).ready
    assert not {"heating", "manager", "care"} & {lack.code for lack in line.lacks}


def test_places_left_are_told_by_kind():
    plain = make_site(places=20, accessible=True, women_only_section=True, interim_care=True)
    rooms = make_site(places=10)
    for code, section, accessible in (("w", "women", True), ("f", "families", False)):
        Unit.objects.create(
            site=rooms, code=code, name=code, section=section, accessible=accessible, capacity=8
        )
    make_placement(rooms, size=5)
    full = make_site(places=2, accessible=True)
    make_placement(full, size=2)
    left = {kind.code: kind for kind in places_left(Site.objects.all())}
    assert left["all"].places == 25
    assert left["step_free"].places == 20 + 5
    assert (left["women"].places, left["women"].unlisted) == (5, 1)
    assert (left["families"].places, left["families"].sites) == (5, 1)
    assert (left["interim_care"].places, left["interim_care"].sites) == (20, 1)
    assert plain.free == 20


def test_the_plan_of_a_hidden_place_is_for_who_may_know_it(officer, dana):
    safe = make_site("SAFE", places=40, hidden=True, status="preparing")
    admin = make_user(Role.ADMINISTRATOR)
    SitePlan.objects.create(site=safe, places=40, made_by=admin)
    SitePlan.objects.create(
        name="Quiet house", area=make_area(), hidden=True, places=9, made_by=admin
    )
    found = contingency(officer, clock.now())
    assert (found.preparing, found.places_planned, found.missing) == ((), 0, 1000)
    assert {line.name for line in contingency(dana, clock.now()).preparing} == {
        *("Site Safe", "Quiet house"),
    }
    assert SitePlanItem.objects.visible_to(officer).count() == 0
    both = make_user(Role.ADMINISTRATOR)
    RoleAssignment.objects.create(user=both, role=Role.PROTECTION_OFFICER)
    plan = SitePlan.objects.get(site=safe)
    services.add_need(actor=both, plan=plan, text="Stoves")
    event = Event.objects.get(kind="plan.need_added")
    assert "SAFE" not in f"{event.subject_reference} {event.data}"


def test_the_manager_of_one_site_sees_that_site_and_no_sum_of_the_operation():
    site = make_site(places=10)
    make_site(places=500)
    found = contingency(make_manager(site), clock.now())
    assert [line.site for line in found.ready] == [site]
    assert (found.figure, found.missing, found.places_ready) == (None, None, 10)


# Pages ---------------------------------------------------------------------------------------
@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def test_a_plan_is_made_changed_and_ticked_off_on_its_pages(as_user, officer):
    client = as_user(officer)
    sent = {"name": "Old school", "area": make_area().pk, "places": 80}
    answer = client.post(ADD, sent)
    plan = SitePlan.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(plan))
    press = reverse("admin:reception_siteplan_add_need", args=[plan.pk])
    client.post(press, {"text": "Stoves"})
    item = plan.items.get()
    text = client.get(page_of(plan)).content.decode()
    assert "Stoves" in text
    assert "Plan made" in text
    client.post(reverse("admin:reception_siteplan_met", args=[plan.pk]), {"item": item.pk})
    assert plan.items.get().done_by == officer
    client.post(page_of(plan), {**sent, "places": 120})
    assert SitePlan.objects.get().places == 120
    assert "80 → 120" in client.get(page_of(plan)).content.decode()
    client.post(reverse("admin:reception_siteplan_ready", args=[plan.pk]))
    assert SitePlan.objects.get().state == "ready"
    assert client.post(page_of(plan), {**sent, "places": 5}).status_code == 403


def test_a_refused_plan_says_why_and_keeps_the_input(as_user, officer):
    client = as_user(officer)
    answer = client.post(ADD, {"name": "Only a name", "places": 80})
    assert answer.status_code == 200
    assert "Choose a site, or give a name and a district." in answer.content.decode()
    assert "Only a name" in answer.content.decode()
    assert not SitePlan.objects.exists()


def test_a_line_of_another_plan_cannot_be_ticked_through_ones_own(as_user, officer):
    site = make_site()
    manager = make_manager(site)
    own = plan_for(manager, site=site, name="")
    foreign = plan_for(officer, needs=["Stoves"])
    press = reverse("admin:reception_siteplan_met", args=[own.pk])
    as_user(manager).post(press, {"item": foreign.items.get().pk})
    assert foreign.items.get().done_at is None
    # A plan that is no site yet is of the whole operation: a manager does not find it.
    press = reverse("admin:reception_siteplan_met", args=[foreign.pk])
    assert as_user(manager).post(press, {"item": foreign.items.get().pk}).status_code == 404


def test_others_neither_see_nor_press(as_user, alice, carol, omar, officer):
    plan = plan_for(officer)
    for user in (carol, omar):
        assert as_user(user).get(page_of(plan)).status_code in (302, 403)
    client = as_user(alice)
    assert client.get(page_of(plan)).status_code == 200
    assert client.get(ADD).status_code == 403
    for name in ("ready", "give_up", "add_need"):
        press = reverse(f"admin:reception_siteplan_{name}", args=[plan.pk])
        assert client.post(press, {"text": "x"}).status_code == 403
    assert SitePlan.objects.get().state == "preparing"
