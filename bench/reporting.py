"""The figures and the PDF of a situation report."""

from __future__ import annotations

import time
from datetime import timedelta

from bench.registry import Row, World, bench
from bench.world import inputs, registrar


def populate(persons: int) -> int:
    """Bring the population up to so many persons; how many there are."""
    from intake.models import Person
    from intake.services import register_many

    actor = registrar()
    have = Person.objects.count()
    seed = 5_000_000 + have
    while have < persons:
        part = inputs(seed, min(200, (persons - have + 4) // 5))
        register_many(actor=actor, data=part)
        seed += len(part)
        have += 5 * len(part)
    return have


@bench("report")
def report(world: World) -> list[Row]:
    """Freeze the figures, then print them."""
    from accounts.models import Operation
    from common import clock
    from reports.documents import Document, document_pdf
    from reports.models import SituationReport
    from reports.selectors import Moment, figures
    from reports.services import make_report

    persons = populate(world.size.persons)
    now = clock.now()
    moment = Moment(as_of=now, zone=Operation.current().zone)
    began = time.perf_counter()
    figures(moment, now - timedelta(days=1))
    counted = time.perf_counter() - began
    made: SituationReport = make_report(as_of=now)
    document = Document(report=made, edition="internal", language="en")
    document_pdf(document)
    began = time.perf_counter()
    document_pdf(document)
    printed = time.perf_counter() - began
    return [
        Row(
            f"situation report at {persons:,} persons",
            f"figures {counted:.2f} s, PDF {printed:.2f} s",
            f"{persons / counted:,.0f} persons/s",
            "at 1,000,000: figures under 5 s, PDF under 3 s",
        )
    ]
