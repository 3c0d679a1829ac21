"""The forms say that a family may be registered already; the import and the keys' page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import User
from audit.models import AccessRecord
from intake.admin.known import SEEN, typed_so_far
from intake.duplicates import find_duplicates, finding, weights
from intake.imports import import_spreadsheet
from intake.models import DuplicatePair, Household, ImportBatch, MatchWeight
from intake.services.rebuilding import count_keys, rebuild_some
from tests.factories import accounts
from tests.factories import intake as make
from tests.factories.desk import make_entry_points, sheet
from tests.intake.test_admin import ADD, signed_in, typed
from tests.intake.test_known import AGAIN, FAMILY, NABI_AGAIN, ZARINA_AGAIN, members

pytestmark = pytest.mark.django_db

PANEL = "/admin/intake/household/known/"
GROUP = "/admin/intake/household/add-group/"
KEYS = "/admin/intake/keyrebuild/"
SAID = "This family may be registered already"


@pytest.fixture(autouse=True)
def entry_points(operation: Any) -> None:
    """The crossings."""
    make_entry_points()


@pytest.fixture
def family(alice: User) -> Household:
    """A family that is registered."""
    return make.make_household(alice, members(*FAMILY))


def filled(*people: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A form without what makes other questions come up."""
    return typed(*people, phones="", origin_area="", **fields)


def group(**fields: Any) -> dict[str, Any]:
    """A group of two whose focal point is the man who is registered."""
    focal = {f"focal-{name}": value for name, value in NABI_AGAIN.items()}
    focal["focal-birth"] = "1360"
    return {
        "arrived_at": "2021-07-05T08:21",
        "entry_point": "TEM",
        "counts-F_18-59": "1",
        "save": "1",
        **focal,
        **fields,
    }


# The step of the form -----------------------------------------------------------------------------
def test_without_the_script_it_is_asked_once_and_one_key_registers(
    family: Household, alice: User
) -> None:
    client, sent = signed_in(alice), filled(*AGAIN)
    answer = client.post(ADD, sent)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert SAID in page
    assert family.reference in page
    assert 'target="_blank"' in page
    assert "2021-07-05" in page
    assert "Tem" in page
    assert "3 of 3 members" in page
    assert "Сӯҳроб" in page, "nothing typed is lost"
    assert "Nothing is saved yet. Correct" not in page, "nothing is wrong"
    assert Household.objects.count() == 1
    # The button that has the focus sends what the page holds, with who was shown.
    assert f'name="{SEEN}" value="{family.pk}"' in page
    answer = client.post(ADD, {**sent, SEEN: [str(family.pk)]})
    assert answer.status_code == 302
    assert Household.objects.count() == 2
    assert DuplicatePair.objects.get().score > 0.9


def test_another_family_is_not_asked_about(family: Household, alice: User) -> None:
    other = {"name": "Gulbahor", "father_name": "Davlat", "birth": "1349"}
    assert signed_in(alice).post(ADD, filled(other)).status_code == 302


def test_who_was_seen_does_not_hide_another(family: Household, alice: User) -> None:
    make.make_household(alice, members(*FAMILY), entry_point="RUZVAI")
    sent = {**filled(*AGAIN), SEEN: [str(family.pk), "x", "<b>"]}
    answer = signed_in(alice).post(ADD, sent)
    assert answer.status_code == 200
    assert Household.objects.count() == 2


def test_the_same_form_sent_twice_is_one_household(family: Household, alice: User) -> None:
    ids = {"id": "01970000-0000-7000-8000-000000000001"}
    ids |= {f"members-{n}-id": f"01970000-0000-7000-8000-00000000001{n}" for n in range(3)}
    sent = {**filled(*AGAIN), **ids, SEEN: [str(family.pk)]}
    for _time in range(2):
        assert signed_in(alice).post(ADD, sent).status_code == 302
    del sent[SEEN]
    assert signed_in(alice).post(ADD, sent).status_code == 302, "it is registered: nothing to ask"
    assert Household.objects.count() == 2


def test_a_family_elsewhere_is_not_told_of(alice: User, bob: User) -> None:
    there = make.make_household(alice, members(*FAMILY), entry_point="RUZVAI")
    for answer in (
        signed_in(bob).post(PANEL, filled(*AGAIN)),
        signed_in(bob).post(ADD, filled(*AGAIN), follow=True),
    ):
        page = answer.content.decode()
        assert SAID not in page
        assert there.reference not in page
    assert Household.objects.count() == 2


def test_a_group_is_asked_about_by_its_focal_point(alice: User) -> None:
    alone = make.make_household(alice, members(FAMILY[0]))
    client = signed_in(alice)
    answer = client.post(GROUP, group())
    page = answer.content.decode()
    assert answer.status_code == 200, page
    assert SAID in page
    assert alone.reference in page
    assert Household.objects.count() == 1
    assert client.post(GROUP, group(**{SEEN: [str(alone.pk)]})).status_code == 302


def test_a_person_who_is_added_is_asked_about_too(family: Household, alice: User) -> None:
    home = make.make_household(alice, [make.member("Gulbahor", father_name="Davlat")])
    url = reverse("admin:intake_household_follow", args=[home.pk])
    sent = {**ZARINA_AGAIN, "birth": "35", "relationship": "spouse", "arrived_at": ""}
    client = signed_in(alice)
    answer = client.post(url, sent)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert SAID in page
    assert family.reference in page
    assert home.members.count() == 1
    assert client.post(url, {**sent, SEEN: [str(family.pk)]}).status_code == 302
    assert home.members.count() == 2


# While one types ----------------------------------------------------------------------------------
def test_the_panel_takes_half_a_form_and_writes_only_the_look(
    family: Household, alice: User
) -> None:
    half = {f"members-0-{name}": value for name, value in NABI_AGAIN.items()}
    half |= {"members-1-name": "زرینه", "members-1-birth": "thirty-odd", "members-2-name": "Сӯҳроб"}
    half |= {"members-2-father_name": "محمد نبی", "arrived_at": "soon", "id": "no id"}
    client = signed_in(alice)
    looks = AccessRecord.objects.count()
    answer = client.post(PANEL, half)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert family.reference in page
    # Not seen before it was on the screen: the script enables it then.
    assert f'value="{family.pk}" disabled' in page
    assert "register anyway" not in page
    assert Household.objects.count() == 1
    assert not DuplicatePair.objects.exists()
    assert AccessRecord.objects.count() == looks + 1
    assert client.post(PANEL, {}).content == b""
    assert client.get(PANEL).status_code == 405


def test_the_panel_of_a_household_leaves_it_out(family: Household, alice: User) -> None:
    url = reverse("admin:intake_household_known", args=[family.pk])
    assert signed_in(alice).post(url, {**ZARINA_AGAIN, "birth": "35"}).content == b""


@pytest.mark.parametrize("who", ["carol", "dana", "omar"])
def test_nobody_else_is_told(family: Household, who: str, request: Any) -> None:
    client = signed_in(request.getfixturevalue(who))
    own = reverse("admin:intake_household_known", args=[family.pk])
    for url in (PANEL, own):
        answer = client.post(url, filled(*AGAIN))
        assert answer.status_code in (302, 403, 404)
        assert family.reference not in answer.content.decode()


@pytest.mark.parametrize("page", [ADD, GROUP])
def test_the_forms_have_the_place_and_the_script(alice: User, page: str) -> None:
    text = signed_in(alice).get(page).content.decode()
    assert f'data-known-url="{PANEL}"' in text
    assert 'aria-live="polite"' in text
    assert "intake/known.js" in text


def test_typed_text_is_taken_as_it_comes() -> None:
    from django.http import QueryDict

    sent = QueryDict("members-0-name=A%00li&members-0-sex=Q&members-99999-name=x&name=&id=7")
    data = typed_so_far(sent)
    assert [each.name for each in data.members] == ["Ali", ""]
    assert data.members[0].sex == "unknown"
    assert data.id is None


# The import ---------------------------------------------------------------------------------------
def rows(*families: tuple[dict[str, Any], ...]) -> bytes:
    """A file of families."""
    return sheet(
        [
            {"relationship": "other", **person, "household_no": str(number)}
            for number, people in enumerate(families, 1)
            for person in people
        ]
    )


def test_the_import_says_how_many_pairs_the_importer_may_see(alice: User, dana: User) -> None:
    make.make_household(alice, members(*FAMILY), entry_point="RUZVAI", origin_area="AF1719")
    batch = import_spreadsheet(actor=alice, filename="x.csv", content=rows(FAMILY, AGAIN))
    assert DuplicatePair.objects.count() == 3
    url = reverse("admin:intake_importbatch_change", args=[batch.pk])
    page = signed_in(alice).get(url).content.decode()
    assert "3 pairs of households of this file" in page
    assert reverse("admin:intake_duplicatepair_changelist") + '">Possible' not in page
    bob = accounts.make_user(Role.REGISTRAR, scope="entry_point", code="TEM")
    assert finding.offered_pairs(batch, bob) == 1, "not those with a household elsewhere"
    assert finding.offered_pairs(ImportBatch.objects.get(), accounts.make_user()) == 0


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pairs_of_one_file_are_the_same_for_any_chunk(
    alice: User, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    other = ({"name": "Gulbahor", "father_name": "Davlat", "sex": "F", "birth": "1970"},)
    import_spreadsheet(
        actor=alice, filename="x.csv", content=rows(FAMILY, other, AGAIN, FAMILY, other)
    )

    def pairs() -> dict[Any, Any]:
        return {
            (each.first_id, each.second_id): (each.score, each.reasons, each.matches)
            for each in DuplicatePair.objects.all()
        }

    expected = pairs()
    assert len(expected) == 4, "each pair once: three of the family, one of the woman"
    DuplicatePair.objects.all().delete()
    monkeypatch.setattr(finding, "_CHUNK", size)
    found = find_duplicates(Household.objects.values_list("pk", flat=True))
    assert len(found) == 4
    assert pairs() == expected


# The page of keys ---------------------------------------------------------------------------------
def test_administrators_see_how_keys_and_weights_stand(family: Household) -> None:
    admin = accounts.make_user(Role.ADMINISTRATOR)
    client = signed_in(admin)
    assert "begins within a minute" in client.get(KEYS).content.decode()
    rebuild_some(seconds=60)
    count_keys()
    MatchWeight.objects.create(feature="name", level="alike", m=0.2, u=0.01, source="from a test")
    weights.forget()
    page = client.get(KEYS).content.decode()
    assert "All are made with the present rules and secret." in page
    assert "Counted from 3 people." in page
    assert "from a test" in page
    assert "judgement before any pair was decided" in page
    assert "Nabi" in page or family.reference not in page
    assert "محمد" not in page
    weights.forget()


@pytest.mark.parametrize("who", ["alice", "carol", "dana", "omar"])
def test_nobody_else_sees_the_keys(who: str, request: Any) -> None:
    client: Client = signed_in(request.getfixturevalue(who))
    assert client.get(KEYS).status_code in (302, 403)
    assert KEYS not in client.get("/admin/", follow=True).content.decode()
