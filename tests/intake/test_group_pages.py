"""The pages that count a group, complete it and correct people: nothing typed is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import AccessRecord
from common import clock
from intake.choices import RegistrationLevel
from intake.models import Household, IdentityVersion, Person
from intake.services import record_exit
from intake.services.editing import edit_household
from intake.services.members import edit_member
from tests.factories import groups
from tests.factories import intake as make
from tests.intake.test_admin import signed_in

pytestmark = pytest.mark.django_db
ADD = "/admin/intake/household/add-group/"


@pytest.fixture(autouse=True)
def crossings(operation: Any) -> None:
    """Two crossings."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


def typed(**fields: Any) -> dict[str, Any]:
    """What a browser sends for a group of six."""
    return {
        "id": "01970000-0000-7000-8000-000000000001",
        "arrived_at": "2021-07-05T08:21",
        "entry_point": "TEM",
        "phones": "+93700000001",
        "declared_size": "6",
        "focal-name": "محبوبه",
        "focal-sex": "F",
        "focal-birth": "1360",
        "counts-F_0-4": "۲",
        "counts-M_5-11": "1",
        "counts-M_18-59": "1",
        "counts-unknown_60+": "1",
        "save": "1",
        **fields,
    }


def test_a_group_is_registered_on_one_page_and_the_slip_is_next(alice: User) -> None:
    answer = signed_in(alice).post(ADD, typed(), follow=True)
    page = answer.content.decode()
    home = Household.objects.get()
    assert (home.level, home.members.count()) == (RegistrationLevel.GROUP, 6)
    assert home.members.get(is_focal_point=True).relationship == "head"
    for shown in (
        home.reference,
        "محبوبه",
        "Not yet named",
        "Print the slip",
        "5 people are counted",
    ):
        assert shown in page
    assert reverse("admin:intake_household_complete", args=[home.pk]) in page


def test_the_page_sent_twice_is_one_group(alice: User) -> None:
    client = signed_in(alice)
    ids = {"focal-id": "01970000-0000-7000-8000-000000000002"}
    for _ in range(2):
        assert client.post(ADD, typed(**ids)).status_code == 302
    assert Person.objects.count() == 6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"declared_size": "7"}, "The counts make 6 people with the focal point."),
        ({"counts-F_0-4": "many"}, "Write a number, for example 2."),
        ({"counts-F_0-4": "-1"}, "greater than or equal to 0"),
        ({"counts-F_0-4": "60", "declared_size": ""}, "Register at most 60 people"),
        ({"focal-name": ""}, "Write the name as the person says it."),
        ({"focal-birth": "spring"}, "The birth cannot be read."),
        ({"entry_point": ""}, "This field is required."),
    ],
)
def test_errors_are_said_and_nothing_typed_is_lost(
    alice: User, change: dict[str, Any], said: str
) -> None:
    answer = signed_in(alice).post(ADD, typed(**change))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    values = typed(**change)
    for name in ("focal-name", "focal-birth", "counts-F_0-4", "counts-unknown_60+", "phones"):
        if values[name]:
            assert f'value="{values[name]}"' in page
    assert not Household.objects.exists()


def test_the_declared_size_names_its_field(alice: User) -> None:
    page = signed_in(alice).post(ADD, typed(declared_size="7")).content.decode()
    assert re.search(r'<p class="dk-error" id="id_declared_size_error">The counts make', page)


def test_who_may_not_sees_no_page(bob: User, carol: User, dana: User, omar: User) -> None:
    for user in (carol, dana, omar):
        client = signed_in(user)
        assert client.get(ADD).status_code in (302, 403)
        assert client.post(ADD, typed()).status_code in (302, 403)
    assert signed_in(bob).post(ADD, typed(entry_point="RUZVAI")).status_code == 422
    assert not Household.objects.exists()
    assert Client().get(ADD).status_code == 302


@pytest.mark.parametrize("language", ["fa-af", "ru", "tg"])
def test_every_page_opens_in_every_language(alice: User, language: str) -> None:
    home = groups.make_group(alice)
    client = signed_in(alice, language)
    focal = home.members.get(is_focal_point=True)
    for address in (
        ADD,
        complete(home),
        correct(home),
        correct(home, focal),
        "/admin/intake/household/",
    ):
        assert client.get(address).status_code == 200


def test_lists_lead_to_the_page_and_to_the_groups_that_wait(alice: User, dana: User) -> None:
    groups.make_group(alice)
    make.make_household(alice)
    page = signed_in(alice).get("/admin/intake/household/").content.decode()
    assert ADD in page
    assert ADD not in signed_in(dana).get("/admin/intake/household/").content.decode()
    found = signed_in(alice).get("/admin/intake/household/?level__exact=group")
    assert found.context["cl"].result_count == 1


# Completing --------------------------------------------------------------------------------
def complete(home: Household) -> str:
    """The address of the page that completes a group."""
    return reverse("admin:intake_household_complete", args=[home.pk])


def shown_on(client: Client, home: Household) -> dict[str, Any]:
    """What a browser would send back of the page as it stands."""
    page = client.get(complete(home)).context
    data: dict[str, Any] = {"save": "1"}
    formset = page["members"]
    for form in (formset.management_form, *formset.forms):
        for bound in form:
            value = bound.value()
            if value not in (None, False, []):
                data[bound.html_name] = value
    return data


def test_rows_show_what_was_counted_and_take_names_beside_it(alice: User) -> None:
    home = groups.make_group(alice)
    client = signed_in(alice)
    page = client.get(complete(home)).content.decode()
    for shown in ("Girl", "Boy", "Woman", "Man", "60+", "18–59", "Зарина"):
        assert shown in page
    data = shown_on(client, home)
    data |= {"members-1-name": "Gul", "members-1-birth": "2019-03-01", "members-2-name": "Malika"}
    answer = client.post(complete(home), data, follow=True)
    assert "2 people now have a name." in answer.content.decode()
    home.refresh_from_db()
    assert (home.level, home.members.filter(pre_registered=True).count()) == ("group", 3)
    gul = next(p for p in home.members.all() if p.identity.open().name == "Gul")
    assert (gul.sex, gul.birth_precision) == ("F", "day")
    # What was not touched is not changed, nor kept as changed.
    assert IdentityVersion.objects.count() == 2


def test_a_page_sent_as_it_stands_changes_nothing(alice: User) -> None:
    home = groups.make_group(alice)
    client = signed_in(alice)
    answer = client.post(complete(home), shown_on(client, home), follow=True)
    assert "nothing was changed" in answer.content.decode()
    assert not IdentityVersion.objects.exists()


def test_one_more_and_one_less_than_were_counted(alice: User) -> None:
    home = groups.make_group(alice)
    client = signed_in(alice)
    data = shown_on(client, home)
    data |= {
        "members-TOTAL_FORMS": "7",
        "members-1-absent": "on",
        "members-6-name": "Habib",
        "members-6-sex": "M",
        "members-6-id": "01970000-0000-7000-8000-00000000000a",
    }
    client.post(complete(home), data)
    home.refresh_from_db()
    assert home.members.in_count().count() == 6
    assert Person.objects.get(exit_reason="registered_in_error").pre_registered
    # Sent again because no answer came: nobody is added twice.
    client.post(complete(home), {**data, "members-1-absent": ""})
    assert home.members.count() == 7


def test_problems_stand_at_their_rows_and_nothing_is_half_saved(alice: User) -> None:
    home = groups.make_group(alice)
    client = signed_in(alice)
    data = shown_on(client, home) | {
        "members-1-name": "Gul",
        "members-2-name": "Malika",
        "members-2-birth": "spring",
        "members-TOTAL_FORMS": "7",
        "members-6-father_name": "Zia",
    }
    answer = client.post(complete(home), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_members-6-name_error"' in page
    answer = client.post(complete(home), {**data, "members-6-father_name": ""})
    page = answer.content.decode()
    assert 'id="id_members-2-birth_error"' in page
    for kept in ("Gul", "Malika", "spring"):
        assert f'value="{kept}"' in page
    assert home.members.filter(pre_registered=True).count() == 5


def test_when_somebody_else_named_a_person_meanwhile_both_are_shown(alice: User, bob: User) -> None:
    home = groups.make_group(alice)
    client = signed_in(alice)
    data = shown_on(client, home) | {"members-1-name": "Gul", "members-2-name": "Malika"}
    first = Person.objects.get(pk=data["members-1-person"])
    edit_member(actor=bob, person=first, changes={"name": "Farida"})
    answer = client.post(complete(home), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody else changed this person meanwhile." in page
    for kept in ("Farida", 'value="Gul"', 'value="Malika"'):
        assert kept in page
    # All that is wrong is told at once.
    wrong = client.post(complete(home), data | {"members-2-birth": "spring"}).content.decode()
    assert "Somebody else changed this person meanwhile." in wrong
    assert "The birth cannot be read." in wrong
    assert home.members.count() == 6
    assert home.members.filter(pre_registered=True).count() == 4
    # Saved again with both in sight, ours is recorded and theirs is kept.
    again = {
        **data,
        "members-1-version": Person.objects.get(pk=first.pk).updated_at.isoformat(),
    }
    assert again["members-1-version"] in page
    assert client.post(complete(home), again).status_code == 302
    assert Person.objects.get(pk=first.pk).identity.open().name == "Gul"
    assert "Farida" in [each.open()["identity"]["name"] for each in IdentityVersion.objects.all()]


def test_a_row_of_nobody_here_is_refused_and_not_added(alice: User) -> None:
    home, other = groups.make_group(alice), make.make_household(alice)
    client = signed_in(alice)
    stranger = other.members.get(position=0)
    data = shown_on(client, home) | {
        "members-1-person": str(stranger.pk),
        "members-1-name": "Gul",
    }
    assert client.post(complete(home), data).status_code == 422
    assert (home.members.count(), other.members.count()) == (6, 5)
    assert not IdentityVersion.objects.exists()


@pytest.mark.parametrize("total", ["", "x", "-1", "99999999", "١٢"])
def test_a_broken_number_of_rows_breaks_nothing(alice: User, total: str) -> None:
    home = groups.make_group(alice)
    client = signed_in(alice)
    for way in ({"save": "1"}, {"add_person": "1"}):
        answer = client.post(complete(home), {"members-TOTAL_FORMS": total, **way})
        assert answer.status_code in (200, 302, 422)
    assert home.members.count() == 6


def test_without_script_another_person_is_a_button_that_loses_nothing(alice: User) -> None:
    home = groups.make_group(alice)
    client = signed_in(alice)
    data = shown_on(client, home) | {"members-1-name": "Gul", "add_person": "1"}
    del data["save"]
    page = client.post(complete(home), data).content.decode()
    assert 'name="members-6-name"' in page
    assert 'value="Gul"' in page
    assert "dk-error" not in page


def test_one_who_left_meanwhile_is_not_taken_away_twice(alice: User) -> None:
    home = groups.make_group(alice)
    client = signed_in(alice)
    data = shown_on(client, home) | {"members-1-absent": "on"}
    gone = Person.objects.get(pk=data["members-1-person"])
    record_exit(actor=alice, person=gone, reason="deceased", occurred_at=clock.now())
    assert client.post(complete(home), data).status_code == 422
    gone.refresh_from_db()
    assert gone.exit_reason == "deceased"


def test_others_do_not_complete(alice: User, bob: User, carol: User, omar: User) -> None:
    home = groups.make_group(alice, entry_point="RUZVAI")
    for user in (bob, carol, omar):
        client = signed_in(user)
        for address in (complete(home), correct(home), correct(home, home.members.all()[0])):
            assert client.get(address).status_code in (302, 403, 404)
            assert client.post(address, {"save": "1"}).status_code in (302, 403, 404)


# Correcting --------------------------------------------------------------------------------
def correct(home: Household, person: Person | None = None) -> str:
    """The address of a correction."""
    if person is None:
        return reverse("admin:intake_household_correct", args=[home.pk])
    return f"{reverse('admin:intake_household_correct_person', args=[home.pk])}?person={person.pk}"


def form_on(client: Client, address: str) -> dict[str, Any]:
    """What a browser would send back of the form as it stands."""
    form = client.get(address).context["form"]
    data: dict[str, Any] = {"save": "1"}
    for bound in form:
        value = bound.value()
        if value not in (None, False, []):
            data[bound.html_name] = value
    return data


def test_a_household_is_corrected_and_the_rest_stays(alice: User) -> None:
    home = make.make_household(
        alice, phones=["+93700000001"], origin_area="AF1728", preferred_language="prs", notes="Old"
    )
    client = signed_in(alice)
    data = form_on(client, correct(home)) | {"phones": "+93700000002", "declared_size": "6"}
    assert client.post(correct(home), data).status_code == 302
    home.refresh_from_db()
    assert (home.phones, home.declared_size) == (["+93700000002"], 6)
    assert (home.origin_area_id, home.preferred_language_id) == ("AF1728", "prs")
    assert home.contact["notes"] == "Old"


def test_a_household_that_changed_meanwhile_is_said_and_kept(alice: User, bob: User) -> None:
    home = make.make_household(alice)
    client = signed_in(alice)
    data = form_on(client, correct(home)) | {"livestock": "two cows"}
    edit_household(actor=bob, household=home, changes={"declared_size": 9})
    answer = client.post(correct(home), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody else changed this meanwhile." in page
    assert 'value="two cows"' in page
    home.refresh_from_db()
    assert home.livestock == ""
    assert home.updated_at.isoformat() in page


def test_a_person_is_corrected_with_everything_in_its_place(alice: User) -> None:
    home = make.make_household(alice)
    person = home.members.get(position=1)
    born = (person.birth_earliest, person.birth_latest)
    client = signed_in(alice)
    data = form_on(client, correct(home, person))
    assert data["birth"] == "about 36"
    data |= {
        "name": "Zuhra",
        "grandfather_name": "Nur",
        "also_known_as": "Bibi، Zari",
        "document_type_0": "tazkira",
        "document_number_0": "77",
        "needs": ["PG-HR"],
        "is_focal_point": "on",
    }
    answer = client.post(correct(home, person), data)
    assert answer.status_code == 302
    person.refresh_from_db()
    opened = person.identity.open()
    assert (opened.name, opened.grandfather_name) == ("Zuhra", "Nur")
    assert opened.also_known_as == ["Bibi", "Zari"]
    assert opened.documents == [{"type": "tazkira", "number": "77"}]
    assert person.is_focal_point
    assert person.needs.filter(type="PG-HR").exists()
    assert opened.birth_text == "about 36"  # untouched, and not read anew
    assert (person.birth_earliest, person.birth_latest) == born
    # A second document has its own row; the first is taken away by emptying it.
    data = form_on(client, correct(home, person)) | {"document_number_1": "88"}
    client.post(correct(home, person), data)
    data = form_on(client, correct(home, person)) | {
        "document_number_0": "",
        "document_type_0": "",
    }
    client.post(correct(home, person), data)
    assert Person.objects.get(pk=person.pk).identity.open().documents == [
        {"type": "other", "number": "88"}
    ]


def test_a_wrong_correction_is_seen_and_put_back(alice: User) -> None:
    home = make.make_household(alice)
    person = home.members.get(position=1)
    edit_member(actor=alice, person=person, changes={"name": "Wrong"})
    client = signed_in(alice)
    page = client.get(correct(home, person)).content.decode()
    assert "Зарина" in page
    version = IdentityVersion.objects.get()
    data = {
        "put_back": str(version.pk),
        "version": form_on(client, correct(home, person))["version"],
    }
    assert client.post(correct(home, person), data).status_code == 302
    assert Person.objects.get(pk=person.pk).identity.open().name == "Зарина"
    # With the page of before it is not done a second time.
    client.post(correct(home, person), data)
    assert IdentityVersion.objects.count() == 2


def test_a_version_of_another_person_is_not_put_back(alice: User) -> None:
    home = make.make_household(alice)
    person, other = home.members.order_by("position")[:2]
    edit_member(actor=alice, person=other, changes={"name": "Gul"})
    version = IdentityVersion.objects.get()
    client = signed_in(alice)
    for sent in (str(version.pk), "nonsense"):
        answer = client.post(correct(home, person), {"put_back": sent, "version": ""})
        assert answer.status_code == 404


def test_errors_of_a_correction_lose_nothing(alice: User) -> None:
    home = make.make_household(alice)
    person = home.members.get(position=1)
    client = signed_in(alice)
    data = form_on(client, correct(home, person)) | {"name": "Gul", "birth": "2999-01-01"}
    answer = client.post(correct(home, person), data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The birth is in the future" in page
    assert 'value="Gul"' in page
    assert "Зарина" in page  # what is recorded now
    assert not IdentityVersion.objects.exists()


def test_a_person_that_changed_meanwhile_is_said_and_kept(alice: User, bob: User) -> None:
    home = make.make_household(alice)
    person = home.members.get(position=1)
    client = signed_in(alice)
    data = form_on(client, correct(home, person)) | {"name": "Gul"}
    edit_member(actor=bob, person=person, changes={"name": "Farida"})
    page = client.post(correct(home, person), data).content.decode()
    for shown in ("Somebody else changed this meanwhile.", "Farida", 'value="Gul"'):
        assert shown in page
    assert Person.objects.get(pk=person.pk).identity.open().name == "Farida"


def test_an_age_group_is_corrected_while_nobody_has_said_who_it_is(alice: User) -> None:
    home = groups.make_group(alice, ("F", "0-4", 1))
    person = home.members.get(pre_registered=True)
    client = signed_in(alice)
    data = form_on(client, correct(home, person)) | {"bracket": "60+"}
    assert client.post(correct(home, person), data).status_code == 302
    person.refresh_from_db()
    assert person.pre_registered
    assert home.members.get(pre_registered=True).birth_precision == "age_bracket"
    page = client.get(correct(home, person)).content.decode()
    assert 'placeholder="60+"' in page
    edit_member(actor=alice, person=person, changes={"name": "Gul"})
    data = form_on(client, correct(home, person))
    assert "bracket" not in data
    client.post(correct(home, person), data | {"notes": "Old"})
    person.refresh_from_db()
    assert person.birth_precision == "age_bracket"  # an untouched birth stays as it was counted


@pytest.mark.parametrize("person", ["", "nonsense", "01970000-0000-7000-8000-000000000009"])
def test_nobody_is_not_found(alice: User, person: str) -> None:
    home = make.make_household(alice)
    address = reverse("admin:intake_household_correct_person", args=[home.pk])
    assert signed_in(alice).get(f"{address}?person={person}").status_code == 404


def test_that_names_were_shown_is_recorded(alice: User) -> None:
    home = groups.make_group(alice)
    person = home.members.get(is_focal_point=True)
    client = signed_in(alice)
    AccessRecord.objects.all().delete()
    client.get(complete(home))
    client.get(correct(home, person))
    subjects = set(AccessRecord.objects.values_list("subject_id", flat=True))
    assert {home.pk, person.pk} <= subjects
