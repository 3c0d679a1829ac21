"""The standard cast and what every test may use.

Alice works here, Bob at another place, Carol is a partner agency's, Dana supervises, Omar is an
outsider without any role.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.choices import Role, ScopeKind
from accounts.models import Agency, Operation, User
from common import codelists
from intake import frequencies, lookups
from intake.duplicates import weights
from tests.factories import accounts as make


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Load the code lists once per test database: they are part of the schema in use."""
    with django_db_blocker.unblock():
        for codelist in codelists.registered():
            codelists.load(codelist)


@pytest.fixture(autouse=True)
def counted_anew() -> None:
    """How common names are, and what weights say, is of the test's own database."""
    frequencies.forget()
    weights.forget()


@pytest.fixture(autouse=True)
def code_lists_after_real_commits(request: pytest.FixtureRequest) -> None:
    """A test with real commits empties every table behind it: fill the code lists before it."""
    marker = request.node.get_closest_marker("django_db")
    real = marker is not None and marker.kwargs.get("transaction", False)
    if not real and not {"transactional_db", "live_server"} & set(request.fixturenames):
        return
    request.getfixturevalue("transactional_db")
    for codelist in codelists.registered():
        if not codelist.model()._default_manager.exists():
            codelists.load(codelist)
    lookups.forget()


@pytest.fixture
def operation(db: None) -> Operation:
    """The operation of the founding case."""
    return make.make_operation()


@pytest.fixture
def alice(operation: Operation) -> User:
    """A registrar of the whole operation."""
    return make.make_user(Role.REGISTRAR, username="alice")


@pytest.fixture
def bob(operation: Operation) -> User:
    """A registrar at the Tem crossing only."""
    return make.make_user(Role.REGISTRAR, scope=ScopeKind.ENTRY_POINT, code="TEM", username="bob")


@pytest.fixture
def agency(operation: Operation) -> Agency:
    """The partner agency."""
    return make.make_agency("AKHS")


@pytest.fixture
def carol(agency: Agency) -> User:
    """Staff of the partner agency."""
    return make.make_agency_user(agency, username="carol")


@pytest.fixture
def dana(operation: Operation) -> User:
    """A protection officer, who supervises."""
    return make.make_user(Role.PROTECTION_OFFICER, username="dana")


@pytest.fixture
def omar(operation: Operation) -> User:
    """An outsider: signed in, and without a role."""
    return make.make_user(username="omar")


@pytest.fixture
def api() -> Callable[[User | None], APIClient]:
    """An API client that acts as a user (as by session) or as nobody."""

    def for_user(user: User | None = None) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_authenticate(User.objects.get(pk=user.pk))
        return client

    return for_user
