"""Who asks and who is asked."""

import pytest

from accounts.choices import Role
from accounts.models import Agency, Operation, User
from tests.factories import accounts as make


@pytest.fixture
def coordinator(operation: Operation) -> User:
    """The aid coordinator of the operation."""
    return make.make_user(Role.AID_COORDINATOR, username="coordinator")


@pytest.fixture
def wfp(operation: Operation) -> Agency:
    """Another agency."""
    return make.make_agency("WFP")


@pytest.fixture
def rival(wfp: Agency) -> User:
    """Staff of the other agency."""
    return make.make_agency_user(wfp, username="rival")
