"""A process that works on places and dies in the middle: the test says where.

`python -m tests.concurrency.placing_worker`: reads a line of JSON (step, placement, statement) from
its standard input, forks a child that does the step and kills itself by SIGKILL before that
statement (counted from 1), and answers with a line: killed, or done when it got to its end before.
Forked, because a start takes seconds and a test wants many deaths.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from accounts.models import User  # noqa: E402
from intake.models import Household  # noqa: E402
from reception import services  # noqa: E402
from reception.models import Placement, Site, Unit  # noqa: E402

Step = Callable[[Any, dict[str, str]], object]


def _placement(told: dict[str, str]) -> Placement:
    return Placement.objects.select_related("site", "household").get(pk=told["placement"])


def _first_person(told: dict[str, str]) -> list[Any]:
    members = _placement(told).household.members.order_by("position")
    return [members.values_list("pk", flat=True)[0]]


STEPS: dict[str, Step] = {
    "place": lambda actor, told: services.place_household(
        actor=actor,
        household=Household.objects.get(pk=told["household"]),
        site=Site.objects.get(code=told["site"]),
        unit=Unit.objects.get(pk=told["unit"]),
    ),
    "check_in": lambda actor, told: services.check_in(
        actor=actor, placement=_placement(told), persons=_first_person(told)
    ),
    "transfer": lambda actor, told: services.transfer_placement(
        actor=actor, placement=_placement(told), site=Site.objects.get(code=told["site"])
    ),
    "split": lambda actor, told: services.split_placement(
        actor=actor,
        placement=_placement(told),
        persons=_first_person(told),
        site=Site.objects.get(code=told["site"]),
        reason="Hospital",
    ),
}


def die_before(statement: int) -> Callable[..., Any]:
    """A wrapper of statements that ends this process as a power cut would."""
    left = statement

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    return wrapper


def _work(told: dict[str, Any]) -> None:
    actor = User.objects.get(pk=told["actor"])
    with connection.execute_wrapper(die_before(told["statement"])):
        STEPS[told["step"]](actor, told)


def main() -> None:
    """Children one after another, until the input ends."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _work(json.loads(line))
                code = 0
            finally:
                os._exit(code)
        _pid, ended = os.waitpid(child, 0)
        said = "done" if ended == 0 else "killed" if os.WIFSIGNALED(ended) else "failed"
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
