"""How a request's beneficiary is shown: to staff by reference, to agencies by a case reference.

An agency learns what the request needs and no more. A household or person is a case reference
that is made for one request: two requests for the same family cannot be joined. Names and phones
are opened only while the agency works on a request it accepted, when consent allows, for who is
in the civilian register; each opening is recorded. Specific needs are never shown. A hidden site
is never named: where it is, is told by protection staff in person.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import Operation
from accounts.policies import Access, Permission, access_of
from aid.choices import AT_WORK, is_emergency_care
from aid.models import AidRequest
from audit.access import record_access
from common import clock
from common.encryption import lookup_hash
from intake.births import age_bracket
from intake.choices import ConsentPurpose
from intake.consents import answers_of
from intake.models import Person
from reception.models import Site

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
P = ConsentPurpose
# Which consents cover a sector, the most specific first; the first answer found decides.
PURPOSES: dict[str, tuple[str, ...]] = {
    "health": (P.HEALTH, P.ASSISTANCE),
    "mental_health": (P.HEALTH, P.ASSISTANCE),
    "protection": (P.PROTECTION,),
}
RELATED = ("agency", "sector", "site", "household", "person__household")
PREFETCHED = ("items", "household__members")


@dataclass
class Reader:
    """Who reads: their access, and today's date for age brackets, looked up once."""

    user: Any
    access: Access
    today: date

    @classmethod
    def of(cls, user: Any) -> Reader:
        """The reader that `user` is now."""
        zone = Operation.current().zone
        return cls(user=user, access=access_of(user), today=clock.today(zone))

    @property
    def is_agency(self) -> bool:
        """Whether they get the agency's view: unless coordination or a site lets them in."""
        scopes = self.access.scopes(Permission.AID_READ)
        return not (scopes.everywhere or scopes.sites)

    def bracket(self, person: Person) -> str:
        """The age bracket of a person today."""
        return age_bracket(person.birth_earliest, person.birth_latest, self.today)


def case_reference(request: AidRequest) -> str:
    """The pseudonym of the beneficiary in this request only, such as C-4KQ7-0ZP9."""
    digest = lookup_hash("aid-case", str(request.pk))
    number = int.from_bytes(digest[:5], "big")
    text = "".join(ALPHABET[number >> shift & 31] for shift in range(35, -5, -5))
    return f"C-{text[:4]}-{text[4:]}"


def present_beneficiary(
    request: AidRequest, reader: Reader, *, identity: bool = False
) -> dict[str, Any]:
    """What the reader may know of whom the request is for; with `identity` names if allowed.

    `identity` opens sealed data and records the access: for one request, not for lists.
    """
    if request.site is not None:
        return _site(request.site, reader.access)
    if not reader.is_agency:
        return _for_staff(request)
    shown = _for_agency(request, reader)
    if identity and (named := may_be_named(request)).person:
        shown["contact"] = _contact(request, named)
        record_access(reader.user, "read", request.person or request.household)
    return shown


@dataclass(frozen=True)
class Named:
    """What an agency at work may learn: of the person who is named, of the household's phones."""

    person: bool = False
    household: bool = False


def may_be_named(request: AidRequest) -> Named:
    """What the agency at work may learn: with consent, and of nobody who left.

    The household's phones need the household's own answer, also where a person agreed for
    themself; a person's own no holds also in a request for the household.
    """
    household = request.household or (request.person.household if request.person else None)
    person = contact_person(request)
    if request.status not in AT_WORK or household is None:
        return Named()
    if person is not None and person.left_at is not None:
        return Named()
    purposes = PURPOSES.get(request.sector_id, (P.ASSISTANCE,))
    agency = request.agency.code
    answers = answers_of(household.pk, person.pk if person else None, (agency,))
    for_person = answers.for_person(purposes, agency)
    return Named(for_person, for_person and answers.for_household(purposes, agency))


def contact_person(request: AidRequest) -> Person | None:
    """Whose name it would be: the person, or the focal point of the household."""
    if request.person is not None or request.household is None:
        return request.person
    present = request.household.members.filter(left_at__isnull=True)
    return present.order_by("-is_focal_point", "position").first()


def _site(site: Site, access: Access) -> dict[str, Any]:
    scopes = access.scopes(Permission.SITES_READ)
    known = access.can(Permission.SITES_HIDDEN) or site.code in scopes.sites
    if site.hidden and not known:
        return {"kind": "site", "site": None, "name": None, "withheld": True}
    return {"kind": "site", "site": site.code, "name": site.name}


def _for_staff(request: AidRequest) -> dict[str, Any]:
    if request.household is not None:
        return {"kind": "household", "household": request.household.reference}
    return {"kind": "person", "person": str(request.person_id)}


def _for_agency(request: AidRequest, reader: Reader) -> dict[str, Any]:
    case = case_reference(request)
    if request.person is not None:
        person = request.person
        if person.left_at is not None and not is_emergency_care(request.level, request.sector_id):
            return {"kind": "person", "case": case, "withheld": True}
        return {
            "kind": "person",
            "case": case,
            "sex": person.sex,
            "age_bracket": reader.bracket(person),
        }
    household = request.household
    assert household is not None
    members = [each for each in household.members.all() if each.left_at is None]
    cells = Counter((reader.bracket(each), each.sex) for each in members)
    return {
        "kind": "household",
        "case": case,
        "size": len(members) or household.declared_size or 0,
        "members": [
            {"age_bracket": bracket, "sex": sex, "persons": count}
            for (bracket, sex), count in sorted(cells.items())
        ],
    }


def _contact(request: AidRequest, named: Named) -> dict[str, Any]:
    """Name and phones of the person, or of the household's focal point. Personal data."""
    person = contact_person(request)
    household = request.household or (person.household if person else None)
    assert household is not None
    identity = getattr(person, "identity", None) if person is not None else None
    data = identity.open() if identity is not None else None
    own = data.phones if data else []
    phones = [*own, *(household.phones if named.household else [])]
    return {"name": data.name if data else "", "phones": list(dict.fromkeys(phones))}
