"""By whom and from where a row is changed, told to the database with the change itself.

The triggers that keep history copy two settings of the transaction: a key that is the same for
all that was done by one request, task or command, and `{"by": …, "user": …}`. They are set in
front of each statement that can change or delete a row, in the same round trip. Never an address,
a body or a name: an address may hold a search.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

# What can fire a trigger of history. Registration is plain INSERT and COPY: nothing is added there.
# A statement that begins with WITH changes rows only where one of these words comes later.
_CHANGES = re.compile(
    r"\s*(?:UPDATE|DELETE|MERGE|WITH\b.*\b(?:UPDATE|DELETE|MERGE))\b", re.IGNORECASE | re.DOTALL
)
_tasks: dict[str, AbstractContextManager[None]] = {}


def _nobody() -> None:
    return None


class Said:
    """What is told of one request, task or command. `user` is asked at each statement.

    A program proves who it is only inside the view, so that the user is not known before.
    """

    def __init__(self, by: str, user: Callable[[], uuid.UUID | None] = _nobody) -> None:
        self.key = uuid.uuid4()
        self.by = by
        self.user = user

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, at: Any
    ) -> Any:
        """Run a statement; before one that changes rows, tell who does it (an execute wrapper).

        Where contexts are nested, the outermost is told: it begins with SELECT for the inner.
        """
        if not isinstance(sql, str) or not (_CHANGES.match(sql) or _upserts(sql)):
            return execute(sql, params, many, at)
        told = self._sql()
        if many:
            execute(told, None, False, at)
            return execute(sql, params, many, at)
        # Without parameters a statement is sent as it is, and a per cent sign means itself.
        result = execute(
            (told if params is None else told.replace("%", "%%")) + sql, params, many, at
        )
        cursor = at["cursor"]
        while cursor.nextset():
            pass
        return result

    def _sql(self) -> str:
        user = self.user()
        data = json.dumps({"by": self.by, "user": str(user) if user else None})
        data = data.replace("'", "''")
        return (
            f"SELECT set_config('pghistory.context_id', '{self.key}', true),"
            f" set_config('pghistory.context_metadata', '{data}', true); "
        )


def _upserts(sql: str) -> bool:
    return sql.startswith("INSERT") and "DO UPDATE" in sql


@contextmanager
def history_context(by: str, user: Callable[[], uuid.UUID | None] = _nobody) -> Iterator[None]:
    """Tell history who changes rows inside the block: `by` is a method, task or command.

    `user` gives the key of the user, or None while nobody is known. What was told holds to the
    end of the transaction: open the block outside of it.
    """
    with connection.execute_wrapper(Said(by, user)):
        yield


def task_begins(task_id: str, task: Any, **_: Any) -> None:
    """Tell history that a task of Celery changes rows (signal `task_prerun`)."""
    _tasks[task_id] = history_context(f"task {task.name}")
    _tasks[task_id].__enter__()


def task_ends(task_id: str, **_: Any) -> None:
    """The end of that (signal `task_postrun`)."""
    if (context := _tasks.pop(task_id, None)) is not None:
        context.__exit__(None, None, None)


def tell_command(arguments: list[str]) -> None:
    """Tell history which command of manage.py this process runs, by its `sys.argv`."""
    if len(arguments) > 1 and Path(arguments[0]).name == "manage.py":
        connection.execute_wrappers.append(Said(f"command {arguments[1]}"))
