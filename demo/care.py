"""What families agreed to, who was asked the six questions, and what waits for protection."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User
from common import clock
from demo.story import at
from intake.choices import ConsentHow
from intake.consent_texts import CURRENT
from intake.inputs import ConsentInput
from intake.models import Household, Person
from intake.services.consents import give_consent, refuse_consent, withdraw_consent
from intake.services.needs import request_review
from intake.services.washington import record_washington_group
from intake.washington import DOMAINS

Say = Callable[[str], None]
# What older people answered, in turn: domain and difficulty (3: a lot, 4: cannot do at all).
DIFFICULTIES: tuple[dict[str, int], ...] = (
    {"seeing": 3, "walking": 2},
    {"hearing": 2},
    {"walking": 4, "self_care": 3},
    {},
    {"remembering": 3, "communicating": 2},
)


def ask_families(*, registrar: User, say: Say) -> None:
    """Consent for the health agency: most agree, some refuse, one changes its mind."""
    with clock.replaying(at(7, 21)):
        households = list(Household.objects.active().order_by("reference")[:24])
        for index, household in enumerate(households):
            data = ConsentInput(
                purpose="health",
                recipient="AKHS",
                given=index % 6 != 5,
                explained=CURRENT,
                explained_in=household.preferred_language_id or "prs",
                how=ConsentHow.THUMBPRINT if index % 4 == 3 else ConsentHow.SPOKEN,
            )
            record = give_consent if data.given else refuse_consent
            last = record(actor=registrar, household=household, data=data)
            if index == 2:
                withdraw_consent(actor=registrar, consent=last)
    say(f"  {len(households)} households asked about the health agency, one withdrew")


def ask_six_questions(*, registrar: User, say: Say) -> None:
    """The Washington Group short set, to the oldest people."""
    with clock.replaying(at(7, 21, 30)):
        people = list(
            Person.objects.in_count()
            .filter(birth_latest__isnull=False)
            .order_by("birth_latest", "pk")[:15]
        )
        for index, person in enumerate(people):
            hard = DIFFICULTIES[index % len(DIFFICULTIES)]
            record_washington_group(
                actor=registrar, person=person, answers={**dict.fromkeys(DOMAINS, 1), **hard}
            )
        for person in people[3:9:3]:
            request_review(
                actor=registrar, person=person, note="Wants to talk to somebody without the others"
            )
    say(f"  {len(people)} people answered the six questions")
