"""What a browser seals its own copies of unfinished registrations with, and calls them by."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from common.encryption import derived_key, lookup_hash


def owner_tag(user: Any) -> str:
    """What a browser calls this user's copies by: says nothing, and differs between users."""
    return lookup_hash("draft owner", str(user.pk)).hex()


def browser_key(user: Any, draft_id: uuid.UUID) -> str:
    """The key under which a browser keeps its own copy of one draft (AES-256, base64).

    Made anew from the server's secret whenever this user asks for it; the browser never stores
    it, so that what lies on its disk opens for nobody who is not signed in as this user.
    """
    return base64.b64encode(derived_key("draft in a browser", f"{user.pk}:{draft_id}")).decode()
