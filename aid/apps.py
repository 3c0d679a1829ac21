from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.codelists import CodeList, register_codelist


def _sector_model() -> type[models.Model]:
    from aid.models import Sector

    return Sector


def _sector_row(row: dict[str, str]) -> dict[str, Any]:
    return {
        "code": row["code"],
        "label": row["label"],
        "sensitive": row["sensitive"] == "yes",
    }


class AidConfig(AppConfig):
    """See the app's README."""

    name = "aid"
    verbose_name = _("Aid")

    def ready(self) -> None:
        """Register the sectors, and that requests follow a household: its repeat, its consent."""
        from aid.services import consent_changed
        from intake.hooks import on_consent_changed
        from intake.merging import MOVES, register_merge

        on_consent_changed(consent_changed)
        register_merge("aid.AidRequest", "household", MOVES)
        register_merge("aid.AidRequest", "person", MOVES)
        register_codelist(
            CodeList(
                name="sectors",
                model=_sector_model,
                path=Path(__file__).parent / "codelists" / "sectors.csv",
                row=_sector_row,
            )
        )
