"""What tests of journeys share: two sites with room."""

from __future__ import annotations

import pytest

from reception.models import Site
from tests.factories.reception import make_site


@pytest.fixture
def here(db: None) -> Site:
    """Where a journey begins."""
    return make_site(places=20)


@pytest.fixture
def there(db: None) -> Site:
    """Where it goes."""
    return make_site(places=20)
