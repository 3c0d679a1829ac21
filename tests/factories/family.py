"""Tracing requests and families parted. Invented people only."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from intake.inputs import ConsentInput
from intake.models import Household, Person, TracingMatch, TracingRequest
from intake.services.tracing import file_tracing_request
from intake.tracing import Sought
from tests.factories.intake import make_household, member

CONSENT = ConsentInput(purpose="tracing", given=True)


def asking_household(actor: User, **fields: Any) -> Household:
    """A woman who agreed to be traced for, and her son."""
    members = [
        member("Mahbuba", father_name="Qurban Ali", birth="1360", relationship="head"),
        member("Jamshed", sex="M", birth="10", relationship="child"),
    ]
    return make_household(actor, members, **{"consents": [CONSENT], **fields})


def sought_brother(**fields: Any) -> Sought:
    """Her brother Khudabakhsh, about forty, son of Qurban Ali."""
    return Sought(
        **{
            "name": "خدابخش",
            "father_name": "قربان علی",
            "sex": "M",
            "birth": "about 40",
            "relation": "sibling",
            **fields,
        }
    )


def found_household(actor: User, **fields: Any) -> Household:
    """The brother as another registrar wrote him, in another script."""
    man = {
        "sex": "M",
        "father_name": "Қурбонали",
        "birth": "1360",
        "relationship": "head",
        **fields,
    }
    return make_household(actor, [member(man.pop("name", "Худобахш"), **man)])


def first(household: Household) -> Person:
    """The member who came first in the form."""
    return household.members.select_related("household").get(position=0)


def make_request(actor: User, asker: Person, **fields: Any) -> TracingRequest:
    """A request for the brother."""
    return file_tracing_request(actor=actor, asker=asker, sought=sought_brother(**fields))


def make_match(actor: User) -> TracingMatch:
    """A request with the brother as its candidate."""
    found = found_household(actor)
    request = make_request(actor, first(asking_household(actor)))
    return request.matches.get(person=first(found))
