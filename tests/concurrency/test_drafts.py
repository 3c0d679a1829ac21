"""One draft saved from two windows at the same moment is one draft."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.models import User
from intake.models import RegistrationDraft
from intake.services.drafts import save_draft

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_draft_saved_by_two_windows_at_once_is_one(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft_id = uuid.uuid4()
    together = Barrier(2, timeout=20)
    make = RegistrationDraft.objects.create

    def make_at_once(**fields: object) -> RegistrationDraft:
        together.wait()  # both have seen that there is none
        return make(**fields)

    monkeypatch.setattr(RegistrationDraft.objects, "create", make_at_once)

    def save(text: str) -> str:
        try:
            draft = save_draft(actor=alice, draft_id=draft_id, fields=[["notes", text]])
            return str(draft.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        saved = list(pool.map(save, ["one", "two"]))
    assert saved == [str(draft_id)] * 2
    draft = RegistrationDraft.objects.get()
    assert draft.content["fields"] in ([["notes", "one"]], [["notes", "two"]])
