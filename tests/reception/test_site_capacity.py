"""What grew in the capacity: latrines by sex, heated rooms, water points, editions of norms."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.choices import Role
from audit.models import Event
from common import clock, codelists
from common.errors import Conflict, InvalidInput
from reception.capacity import explain_capacity, latrines_needed_by, quantity_for
from reception.choices import NormPhase, ResourceKind, SiteType
from reception.models import Norm, Site
from reception.services import (
    apply_norms,
    block_places,
    create_site,
    create_unit,
    edit_site,
    place_household,
    recalculate_capacity,
)
from reception.services.site_upkeep import mend_blocked
from tests.factories.accounts import make_user
from tests.factories.reception import (
    make_area,
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_resource,
    make_site,
)

K = ResourceKind


@pytest.fixture
def here(operation):
    return make_site("HERE", places=None, norm_phase=NormPhase.COLD)


def measure(site, **quantities):
    for kind, quantity in quantities.items():
        make_resource(site, kind, quantity)
    return explain_capacity(site)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("counted", "persons", "limit"),
    [
        ({"latrines": 4}, 200, "latrines"),
        ({"latrines_women": 3, "latrines_men": 1}, 200, "latrines_women"),
        ({"latrines_women": 2, "latrines_men": 2}, 133, "latrines_women"),
        ({"latrines_women": 9, "latrines_men": 1}, 200, "latrines_men"),
        ({"latrines_women": 2, "latrines_men": 1, "latrines": 1}, 200, "latrines_women"),
        ({"latrines_women": 6}, 400, "latrines_women"),
        ({"latrines_women": 0, "latrines_men": 4}, 0, "latrines_women"),
    ],
)
def test_three_of_four_latrines_are_for_women(here, counted, persons, limit):
    explanation = measure(here, **counted)
    [line] = explanation.lines
    assert (line.persons, line.kind) == (persons, limit)
    assert ("latrines_men" in explanation.unmeasured) == (set(counted) == {"latrines_women"})
    assert "latrines" not in explanation.unmeasured


@settings(max_examples=60, deadline=None)
@given(*[st.integers(0, 60)] * 3)
def test_the_latrines_are_enough_for_exactly_so_many(women, men, shared):
    counted = {K.LATRINES_WOMEN: Decimal(women), K.LATRINES_MEN: Decimal(men)}
    most, _limit = latrines_needed_by({**counted, K.LATRINES: Decimal(shared)})

    def enough(n):
        lacking = max(0, n * Fraction(3, 4) - women) + max(0, n * Fraction(1, 4) - men)
        return lacking <= shared

    assert enough(most)
    assert not enough(most + Fraction(1, 1000))


@pytest.mark.django_db
def test_in_the_cold_the_heated_rooms_limit_and_not_the_whole_floor(here):
    explanation = measure(here, covered_floor_area=900)
    assert explanation.capacity == 200
    assert any("counts as heated" in told for told in explanation.sentences())
    explanation = measure(here, heated_floor_area=450)
    assert (explanation.capacity, explanation.binding.kind) == (100, K.HEATED_AREA)
    assert (explanation.next_shortest.kind, explanation.gain) == (K.FLOOR_AREA, 100)
    assert any("up to 100 more places" in told for told in explanation.sentences())
    here.norm_phase = NormPhase.EMERGENCY
    assert explain_capacity(here).binding.kind == K.FLOOR_AREA


@pytest.mark.django_db
def test_taps_and_handpumps_add_up_and_kitchens_are_named_without_a_norm(here):
    explanation = measure(here, taps=1, handpumps=1, kitchens=2)
    [line] = explanation.lines
    assert (line.persons, len(line.parts)) == (750, 2)
    assert explanation.without_norm == ("kitchens",)
    assert not {"taps", "handpumps", "kitchens"} & set(explanation.unmeasured)


@pytest.mark.django_db
def test_what_the_manager_states_bounds_the_gain(here):
    here.operational_capacity, here.operational_reason = 120, "staff"
    explanation = measure(here, heated_floor_area=450, covered_floor_area=900)
    assert (explanation.capacity, explanation.gain) == (100, 20)


@pytest.mark.django_db
def test_how_much_a_number_of_persons_needs():
    floor, latrine = Norm.objects.get(code="floor-cold"), Norm.objects.get(code="latrines-cold")
    assert quantity_for(93, floor) == Decimal("418.5")
    assert quantity_for(101, latrine) == 3


@pytest.mark.django_db
def test_a_new_edition_counts_from_its_day_and_the_old_one_stays(here):
    make_resource(here, K.FLOOR_AREA, 450)
    Norm.objects.create(
        code="floor-cold-2030",
        kind=K.FLOOR_AREA,
        phase=NormPhase.COLD,
        persons=1,
        units=5,
        label="5 m² of covered floor a person",
        source="An invented handbook",
        version="2030",
        valid_from=date(2030, 1, 1),
    )
    old, new = explain_capacity(here, date(2029, 12, 31)), explain_capacity(here, date(2030, 1, 1))
    assert (old.capacity, old.lines[0].version) == (100, "2018")
    assert (new.capacity, new.lines[0].version) == (90, "2030")
    Norm.objects.filter(code="floor-cold-2030").update(disabled_on=date(2031, 1, 1))
    assert explain_capacity(here, date(2031, 1, 1)).capacity == 100
    for codelist in codelists.registered():
        if codelist.name == "norms":
            codelists.load(codelist)
    assert Norm.objects.filter(kind=K.FLOOR_AREA, phase=NormPhase.COLD).count() == 2
    with pytest.raises(IntegrityError, match="norm_ends_after"), transaction.atomic():
        Norm.objects.filter(code="floor-cold-2030").update(disabled_on=date(2029, 1, 1))
    for field, constraint in (("version", "kind_phase_and_version"), ("valid_from", "and_day")):
        same = getattr(Norm.objects.get(code="floor-cold"), field)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            Norm.objects.filter(code="floor-cold-2030").update(**{field: same})


@pytest.mark.django_db
def test_a_safe_house_is_always_hidden(operation):
    administrator = make_user(Role.ADMINISTRATOR)
    made = create_site(
        actor=administrator, code="SAFE", name="Safe", type=SiteType.SAFE_HOUSE, area=make_area()
    )
    assert Site.objects.get(pk=made.pk).hidden
    site = make_site()
    manager = make_manager(site)
    with pytest.raises(InvalidInput) as refused:
        edit_site(actor=manager, site=site, type=SiteType.SAFE_HOUSE, hidden=False)
    assert "always hidden" in str(refused.value.message)
    edit_site(actor=manager, site=site, type=SiteType.SAFE_HOUSE)
    assert Site.objects.get(pk=site.pk).hidden
    with pytest.raises(IntegrityError, match="site_safe_house_is_hidden"), transaction.atomic():
        Site.objects.filter(pk=site.pk).update(hidden=False)


@pytest.mark.django_db
def test_nobody_is_placed_at_a_facility_of_the_authority(operation):
    site = make_site(type=SiteType.SEPARATED, places=20)
    assert (site.capacity, site.free) == (0, 0)
    assert "Run by the authority" in explain_capacity(site).sentences()[0]
    officer = make_officer()
    for status in ("reserved", "checked_in"):
        with pytest.raises(Conflict, match="household_not_placeable"):
            place_household(actor=officer, household=make_household_of(2), site=site, status=status)
    placement = make_placement(make_site())
    from reception.services import transfer_placement

    with pytest.raises(Conflict, match="household_not_placeable"):
        transfer_placement(actor=officer, placement=placement, site=site)
    with pytest.raises(IntegrityError, match="holds_nobody"), transaction.atomic():
        Site.objects.filter(pk=site.pk).update(present=1, capacity=5)
    taken = placement.site
    with pytest.raises(Conflict, match="site_not_empty"):
        edit_site(actor=make_manager(taken), site=taken, type=SiteType.SEPARATED)
    assert not Site.objects.for_refugees().filter(pk=site.pk).exists()


@pytest.mark.django_db
def test_a_site_is_called_as_its_reader_calls_it(operation):
    site = make_site(name="School 3")
    manager = make_manager(site)
    edit_site(actor=manager, site=site, names={"tg": "Мактаби №3", "ru": " ", "fa-af": "مکتب ۳"})
    site = Site.objects.get(pk=site.pk)
    assert site.names == {"tg": "Мактаби №3", "fa-af": "مکتب ۳"}
    for language, name in (("tg", "Мактаби №3"), ("ru", "School 3"), ("en", "School 3")):
        with translation.override(language):
            assert (str(site), site.local_name) == (name, name)
    for bad in ({"xx": "Name"}, {"tg": 3}, {"tg": "x" * 151}, ["tg"]):
        with pytest.raises(InvalidInput) as refused:
            edit_site(actor=manager, site=site, names=bad)
        assert refused.value.problems[0].field == "names"


@pytest.mark.django_db
def test_the_words_of_a_norm_are_translated(monkeypatch):
    monkeypatch.setattr("common.models.pgettext", lambda context, text: f"{context}: {text}")
    assert str(Norm.objects.get(code="beds-cold")) == "code list: one bed a person"
    site = make_site(places=5)
    assert "code list: one bed a person" in recalculate_capacity(site=site).sentences()[0]


@pytest.mark.django_db
def test_a_new_edition_is_applied_on_its_day_and_moves_nobody_out(operation):
    roomy, full = make_site(), make_site()
    for site, area in ((roomy, 450), (full, 45)):
        make_resource(site, K.FLOOR_AREA, area)
        recalculate_capacity(site=site)
    make_placement(full, size=10)
    Norm.objects.create(
        code="floor-new",
        kind=K.FLOOR_AREA,
        phase=NormPhase.COLD,
        persons=1,
        units=15,
        label="15 m²",
        source="An invented handbook",
        version="new",
        valid_from=clock.now().date(),
    )
    assert apply_norms() == 1
    assert Site.objects.get(pk=roomy.pk).capacity == 30
    assert Site.objects.get(pk=full.pk).capacity == 10
    assert Event.objects.get(kind="site.norms_not_met").data == {"capacity": 3}


@pytest.mark.django_db
def test_sums_of_blocked_places_are_proved_and_mended(operation):
    site = make_site(places=10)
    manager = make_manager(site)
    room = create_unit(actor=manager, site=site, code="R", name="Room", capacity=4)
    block_places(actor=manager, site=site, unit=room, places=3, reason="repair")
    call_command("check_counters")
    Site.objects.filter(pk=site.pk).update(blocked=1)
    type(room).objects.filter(pk=room.pk).update(blocked=0, taken=2)
    with pytest.raises(CommandError):
        call_command("check_counters")
    assert mend_blocked() == 1
    now = Site.objects.get(pk=site.pk)
    assert (now.blocked, now.units.get().blocked, now.units.get().capacity) == (3, 3, 5)
    assert mend_blocked() == 0
