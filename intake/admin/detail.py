"""The household's page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission, can
from audit.access import record_access
from common import clock
from intake import slots
from intake.admin import sections
from intake.admin.pages import page
from intake.admin.registration import describe_birth
from intake.births import Birth, age_bracket
from intake.choices import BirthPrecision, Calendar
from intake.duplicates import describe, surviving
from intake.models import DocumentType, DuplicatePair, Household, Person, SpecificNeed
from intake.presenting import visible_members
from intake.services.permitted import holds_for

EDIT = Permission.HOUSEHOLDS_EDIT


@dataclass
class MemberView:
    """What the page shows of one member. Personal data; lives for one response."""

    person: Person
    name: str
    father_name: str
    grandfather_name: str
    also_known_as: str
    phones: str
    birth_text: str
    birth: str
    age: str
    documents: list[dict[str, str]]
    notes: str
    needs: list[SpecificNeed]


def household_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """What is urgent, the people with their needs by tier, the buttons, and the rest.

    In the order in which a registrar asks: who is this, is something wrong, what may I do.
    """
    user = request.user
    record_access(user, "read", household)
    operation = Operation.current()
    with timezone.override(operation.zone):
        members = member_views(household, user, operation)
        survivor = surviving(household) if household.merged_into_id else None
        urgent, others = sections.shown_sections(request, household)
        response = page(
            model_admin,
            request,
            "household",
            household.reference,
            household=household,
            survivor=survivor,
            present=[each for each in members if each.person.left_at is None],
            left=[each for each in members if each.person.left_at is not None],
            arrivals=household.arrivals.select_related("entry_point").order_by("occurred_at"),
            duplicates=possible_duplicates(household, user),
            may_decide=can(user, Permission.DUPLICATES_DECIDE),
            may_register=can(user, Permission.HOUSEHOLDS_REGISTER),
            panels=slots.household_panels(household, user),
            urgent=urgent,
            sections=others,
            actions=sections.shown_actions(request, household),
            may_correct=survivor is None and holds_for(user, EDIT, household.pk),
        )
        # Times are local: the page is rendered while the operation's zone is active.
        return response.render() if hasattr(response, "render") else response


def member_views(household: Household, user: Any, operation: Operation) -> list[MemberView]:
    """Every member that the user may know of, opened, with the needs that the user may see."""
    today = clock.today(operation.zone)
    members = visible_members(household, user).select_related("identity", "nationality")
    persons = list(members.order_by("-is_focal_point", "position", "pk"))
    types = {each.pk: each.name or each.pk for each in DocumentType.objects.all()}
    visible: dict[Any, list[SpecificNeed]] = {}
    needs = SpecificNeed.objects.visible_to(user).open().filter(person__household=household)
    for need in needs.select_related("type").order_by("type__tier", "type_id"):
        visible.setdefault(need.person_id, []).append(need)
    views = [_member_view(person, visible.get(person.pk, []), today) for person in persons]
    for each in views:
        each.documents = [
            {**document, "name": str(types.get(document.get("type", ""), ""))}
            for document in each.documents
        ]
    return views


def _member_view(person: Person, needs: list[SpecificNeed], today: Any) -> MemberView:
    identity = person.identity.open()
    birth = ""
    counted = person.birth_precision == BirthPrecision.BRACKET  # the age group says it all
    if person.birth_earliest and person.birth_latest and not counted:
        birth = describe_birth(
            Birth(
                person.birth_earliest,
                person.birth_latest,
                BirthPrecision(person.birth_precision),
                Calendar(person.birth_calendar),
                "",
            )
        )
    return MemberView(
        person=person,
        name=identity.name or _("Not yet named"),
        father_name=identity.father_name,
        grandfather_name=identity.grandfather_name,
        also_known_as="، ".join(identity.also_known_as),
        phones=", ".join(identity.phones),
        birth_text=identity.birth_text,
        birth=birth,
        age=age_bracket(person.birth_earliest, person.birth_latest, today),
        documents=identity.documents,
        notes=identity.notes,
        needs=needs,
    )


def possible_duplicates(household: Household, user: Any) -> list[dict[str, Any]]:
    """Undecided pairs that this household is in, best first.

    Only those of which the user may see both: another leaves no reference, reason or count here.
    """
    pairs = DuplicatePair.objects.visible_to(user).undecided().of(household)
    found = []
    for pair in pairs.select_related("first", "second").order_by("-score", "pk"):
        other = pair.second if pair.first_id == household.pk else pair.first
        found.append(
            {
                "pair": pair,
                "household": other,
                "percent": int(pair.score * 100),
                "reasons": describe(pair.reasons),
            }
        )
    return found
