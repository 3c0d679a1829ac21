"""Making all keys anew in the background, and counting how common they are."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection, transaction

from common import clock
from intake.frequencies import common_from, fewest_counted, forget
from intake.keys import made_with
from intake.models import (
    Household,
    IdentityIndex,
    KeyCount,
    KeyRebuild,
    Person,
    TracingKey,
    TracingRequest,
)
from intake.services.indexing import reindex_many
from intake.tracing.sought import Sought, tracing_keys

_CHUNK = 100  # households made anew in one transaction


def _reindex_requests() -> None:
    """Who is looked for, made anew as well.

    One by one: whoever decides locks households before requests, so no request may be held here
    when a household is waited for.
    """
    for pk in TracingRequest.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            rows = TracingRequest.objects.filter(pk=pk)
            for request in rows.select_for_update(of=("self",), no_key=True):
                TracingKey.objects.filter(request=request).delete()
                TracingKey.objects.bulk_create(tracing_keys(request, Sought.of(request)))


def rebuild_some(*, seconds: float) -> KeyRebuild:
    """Go on making all keys anew with the present rules and secret, for about so many seconds.

    Each chunk of households is locked and committed by itself, so that registration goes on
    beside it, a kill loses a chunk at most, and whoever comes next goes on from there. New and
    changed households get present keys by themselves. Nothing to do once it is finished.
    """
    rebuild = _begun()
    until = time.monotonic() + seconds
    while rebuild.finished_at is None and time.monotonic() < until:
        rebuild = _rebuild_chunk(rebuild.pk)
    return rebuild


@transaction.atomic
def _begun() -> KeyRebuild:
    """The rebuild with the present rules and secret: the one under way, or from the start.

    From the start also when keys were made with something else since: a secret that comes back.
    """
    wanted = made_with()
    last = KeyRebuild.objects.order_by("-started_at", "-pk").first()
    if last is not None and last.made_with == wanted:
        return last
    rebuild, _made = KeyRebuild.objects.get_or_create(
        made_with=wanted, defaults={"started_at": clock.now()}
    )
    rebuild = KeyRebuild.objects.select_for_update().get(pk=rebuild.pk)
    if last is not None and rebuild.started_at < last.started_at:
        rebuild.started_at, rebuild.finished_at = clock.now(), None
        rebuild.cursor, rebuild.done = None, 0
        rebuild.save()
    return rebuild


def _rebuild_chunk(pk: int) -> KeyRebuild:
    if KeyRebuild.objects.filter(pk=pk, cursor=None, finished_at=None).exists():
        _reindex_requests()
    return _rebuild_households(pk)


@transaction.atomic
def _rebuild_households(pk: int) -> KeyRebuild:
    rebuild = KeyRebuild.objects.select_for_update().get(pk=pk)
    if rebuild.finished_at is not None:
        return rebuild
    if rebuild.cursor is None:
        rebuild.total = Household.objects.count()
    households = Household.objects.order_by("pk")
    if rebuild.cursor is not None:
        households = households.filter(pk__gt=rebuild.cursor)
    ids = list(households.values_list("pk", flat=True)[:_CHUNK])
    if ids:
        reindex_many(ids)
        rebuild.cursor = ids[-1]
        rebuild.done += len(ids)
    else:
        # Ids that clients make may have come in behind: those with other keys are done at the end.
        left = Person.objects.exclude(index__made_with=rebuild.made_with)
        ids = list(left.order_by().values_list("household_id", flat=True).distinct()[:_CHUNK])
        if ids:
            reindex_many(ids)
        else:
            rebuild.finished_at, rebuild.total = clock.now(), rebuild.done
            # Who had no keys yet was compared with nobody who is looked for.
            TracingRequest.objects.searching().update(searched_at=None)
            # The old count is of hashes that nobody has any more.
            count_keys()
    rebuild.save()
    return rebuild


# People read for a count of how common words are; of more, a share of the table's pages, the same
# ones each time.
_SAMPLE = 200_000

_COUNT_WORDS = """
INSERT INTO intake_keyfrequency (digest, persons)
SELECT k, round(count(*) * %(times)s)
FROM intake_identityindex TABLESAMPLE SYSTEM (%(percent)s) REPEATABLE (1)
CROSS JOIN LATERAL unnest(words) k
GROUP BY k HAVING count(*) * %(times)s >= %(fewest)s
"""
_COUNT_BLOCKS = """
INSERT INTO intake_keyfrequency (digest, persons)
SELECT k, count(*) FROM intake_identityindex CROSS JOIN LATERAL unnest(blocks) k
GROUP BY k HAVING count(*) >= %(fewest)s
"""


@transaction.atomic
def count_keys() -> KeyCount:
    """Count anew how many people have each key that many have.

    Blocks are counted one and all, because a search follows the rarest. Of words those matter that
    very many have: of more than _SAMPLE people a share is read.
    """
    with connection.cursor() as cursor:
        # One count at a time; readers keep the old one until this commits.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('intake_keyfrequency'))")
        persons = IdentityIndex.objects.count()
        percent = min(100.0, 100.0 * _SAMPLE / max(persons, 1))
        cursor.execute("DELETE FROM intake_keyfrequency")
        # Sorting on disk takes several times as long.
        cursor.execute("SET LOCAL work_mem = '128MB'")
        words = {"times": 100.0 / percent, "percent": percent, "fewest": common_from(persons)}
        cursor.execute(_COUNT_WORDS, words)
        cursor.execute(_COUNT_BLOCKS, {"fewest": fewest_counted(persons)})
    count = KeyCount.objects.create(counted_at=clock.now(), persons=persons)
    forget()  # for what follows in this transaction
    transaction.on_commit(forget)
    return count


def count_keys_if_due() -> KeyCount | None:
    """Count when a fifth more people are there than at the last count, or a day has passed."""
    last = KeyCount.objects.order_by("-counted_at").first()
    persons = IdentityIndex.objects.count()
    grown = persons > (last.persons * 1.2 if last else 0)
    old = last is not None and clock.now() - last.counted_at > timedelta(days=1)
    return count_keys() if persons and (grown or old) else None
