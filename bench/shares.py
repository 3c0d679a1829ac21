"""What share of the time of a registration each of its steps takes.

Samples of the stack on the wall clock, a thousand a second: waiting for the database counts where
it is waited for. A sample belongs to the innermost step in its stack.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

# The functions of each step, by the end of their file and their name.
STEPS: dict[str, tuple[tuple[str, str], ...]] = {
    "token, roles and rate": (("rest_framework/views.py", "initial"),),
    "validation": (
        ("services/checking.py", "context_for"),
        ("services/checking.py", "check_household"),
        ("api/serializers.py", "household_sent"),
    ),
    "encryption": (("common/encryption.py", "seal"),),
    "keys": (("services/rows.py", "_index"),),
    "questions": (("quality/refreshing.py", "questions_of_new"),),
    "inserts": (("services/rows.py", "write"),),
    "events": (("audit/events.py", "build_event"), ("audit/events.py", "events_written")),
    "commit": (("backends/base/base.py", "_commit"),),
    "possible duplicates": (("duplicates/finding.py", "candidates_for"),),
    "answer": (
        ("intake/presenting.py", "written_shapes"),
        ("rest_framework/response.py", "rendered_content"),
    ),
}
_STEP_OF = {name: (step, file) for step, found in STEPS.items() for file, name in found}


def step_of(frame: FrameType | None) -> str:
    """The innermost step that a stack is in."""
    while frame is not None:
        known = _STEP_OF.get(frame.f_code.co_name)
        if known is not None and frame.f_code.co_filename.endswith(known[1]):
            return known[0]
        frame = frame.f_back
    return "rest"


def shares(work: Callable[[], Any]) -> str:
    """Do the work and say what share of its time each step took, the largest first."""
    seen: Counter[str] = Counter()

    def note(_signal: int, frame: FrameType | None) -> None:
        seen[step_of(frame)] += 1

    before = signal.signal(signal.SIGALRM, note)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    total = max(sum(seen.values()), 1)
    parts = [f"{step} {100 * count / total:.0f} %" for step, count in seen.most_common()]
    return ", ".join(parts)
