"""The worker of test_delivery_survives: the project's own, with shorter waits.

`celery -A tests.concurrency.delivery_worker worker`; with `-B` it is its own scheduler.
"""

from datetime import timedelta

import django

from config.celery import app as app

django.setup()

from notifications import delivery, queue, sending  # noqa: E402

# What a dead worker claimed comes free soon, and what a busy machine was too slow for is tried
# again soon; a few at a time, so that a kill is in the middle.
queue.CLAIM = timedelta(seconds=4)
queue.RETRY_AFTER = (timedelta(seconds=1),) * 9
sending.TIMEOUT = 3
delivery.MOST_TO_ONE = 5
app.conf.beat_scheduler = "celery.beat:PersistentScheduler"
app.conf.beat_schedule = {
    "events": {"task": "audit.tasks.dispatch_waiting_events", "schedule": 1},
    "webhooks": {"task": "notifications.tasks.deliver_due_notifications", "schedule": 1},
}
