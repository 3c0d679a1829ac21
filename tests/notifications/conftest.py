"""What the tests of notifications share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.notifications import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks on this machine."""
    with receiving() as found:
        yield found
