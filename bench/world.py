"""A scratch database with an operation and invented people in three scripts."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

NAMES = (
    "محمد نبی", "Zarina", "Суҳроб", "Golnaz", "عبدالحکیم", "Малика", "Rustam", "نیلوفر", "Farhad",
    "Шабнам", "Nargis", "دولت", "Safar", "Гулноз", "Habib", "روشنک", "Kareem", "Лола", "Bahram",
    "شاهین", "Homa", "Назармуҳаммад", "Khuda Bakhsh", "ضیا", "Tahmineh", "Амирхон",
)  # fmt: skip
# What parents and children of a family say: nothing doubtful, as in most families.
BIRTHS = {
    "head": ("1360", "about 40", "24/11/1981"),
    "spouse": ("about 36", "18 Aqrab 1366", "35"),
    "child": ("2015-03-21", "13 months", "12", "18 Aqrab 1396"),
}
RELATIONS = ("head", "spouse", "child", "child", "child")
ENTRY_POINTS = ("TEM", "ISHKOSHIM", "RUZVAI", "KHUMROGI")


def scratch_name() -> str:
    """The name of the scratch database."""
    return f"{urlsplit(os.environ['DATABASE_URL']).path.rsplit('/', 1)[-1]}_bench"


@contextmanager
def scratch_database() -> Iterator[None]:
    """Use a database of the bench's own inside the block; it is dropped at the end."""
    name = scratch_name()
    original = connection.settings_dict["NAME"]
    _outside(
        original, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"'
    )
    connections.close_all()
    connection.settings_dict["NAME"] = name
    settings.DATABASES["default"]["NAME"] = name
    try:
        call_command("migrate", verbosity=0)
        call_command("load_codelists", verbosity=0, stdout=open(os.devnull, "w"))  # noqa: SIM115
        make_operation()
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = original
        _outside(original, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _outside(database: str, *statements: str) -> None:
    parameters = connection.get_connection_params()
    wanted = {k: v for k, v in parameters.items() if k in {"host", "port", "user", "password"}}
    with psycopg.connect(**wanted, dbname=database, autocommit=True) as link:
        for statement in statements:
            link.execute(statement)


def make_operation() -> None:
    """The operation, its crossings, a registrar and a client."""
    from datetime import time

    from accounts.choices import Role, ScopeKind
    from accounts.models import Operation, RoleAssignment, User
    from accounts.services import create_api_client
    from intake.models import EntryPoint

    Operation.objects.create(
        code="bench",
        name="Bench",
        country="TJK",
        time_zone="Asia/Dushanbe",
        cut_off=time(6, 0),
        started_on=date(2026, 1, 1),
    )
    for code in ENTRY_POINTS:
        EntryPoint.objects.create(code=code, name=code, kind="official", area_id="3590401")
    administrator = User.objects.create_superuser("bench-administrator")
    registrar = User.objects.create_user("bench-registrar")
    RoleAssignment.objects.create(user=registrar, role=Role.REGISTRAR)
    client, secret = create_api_client(
        actor=administrator,
        name="bench",
        scopes="households:read households:write",
        role=Role.REGISTRAR,
        scope_kind=ScopeKind.OPERATION,
        scope_code="",
    )
    os.environ["BENCH_CLIENT"] = f"{client.client_id}:{secret}"


def registrar() -> Any:
    """The registrar who registers in the bench."""
    from accounts.models import User

    return User.objects.get(username="bench-registrar")


def family(seed: int) -> dict[str, Any]:
    """An invented family of five as a client sends it."""
    dice = random.Random(seed)  # noqa: S311
    arrived = datetime.now().astimezone() - timedelta(minutes=dice.randrange(60 * 72))
    father = dice.choice(NAMES)
    return {
        "arrival": {"entry_point": dice.choice(ENTRY_POINTS), "arrived_at": arrived.isoformat()},
        "origin_area": "AF1723",
        "preferred_language": "prs",
        "phones": [f"+9370{dice.randrange(10**7):07d}"],
        "consents": [{"purpose": "assistance", "given": True}],
        # One family in twenty leaves a question: it told one person more than came.
        **({"declared_size": 6} if seed % 20 == 0 else {}),
        "members": [
            {
                "name": f"{dice.choice(NAMES)} {dice.choice(NAMES)}",
                "father_name": father,
                "sex": dice.choice("FM"),
                "birth": dice.choice(BIRTHS[relation]),
                "relationship": relation,
                "nationality": "AFG",
                "documents": [
                    {"type": "tazkira", "number": f"{dice.randrange(10**13):013d}"},
                ]
                if relation == "head"
                else [],
            }
            for relation in RELATIONS
        ],
    }


def inputs(start: int, count: int) -> list[Any]:
    """Families as the service takes them."""
    from intake.api.serializers import HouseholdInputSerializer, household_input

    found = []
    for seed in range(start, start + count):
        typed = HouseholdInputSerializer(data=family(seed))
        typed.is_valid(raise_exception=True)
        found.append(household_input(typed.validated_data))
    return found
