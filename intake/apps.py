from functools import partial
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db.models import Model
from django.utils.translation import gettext_lazy as _


def _area(row: dict[str, str]) -> dict[str, Any]:
    return {
        "code": row["pcode"],
        "label": row["name"],
        "country_code": row["country"],
        "level": int(row["level"]),
        "parent_id": row["parent_pcode"] if int(row["level"]) > 1 else None,
    }


def _need(row: dict[str, str]) -> dict[str, Any]:
    return {
        "code": row["code"],
        "label": row["label"],
        "category": row["category"],
        "tier": int(row["tier"]),
        "legacy": row["legacy"] == "yes",
    }


def _itself(model: type[Model]) -> type[Model]:
    return model


class IntakeConfig(AppConfig):
    """Households, persons, identities, arrivals: who came."""

    name = "intake"
    verbose_name = _("Registration")

    def ready(self) -> None:
        """Name the code lists that `load_codelists` loads."""
        from audit.events import register_consumer
        from common.codelists import CodeList, register_codelist
        from intake import models
        from intake.duplicates.finding import REGISTERED
        from intake.services import batches

        register_consumer("duplicates", frozenset({REGISTERED}), batches.look_for_duplicates)

        folder = Path(__file__).parent / "codelists"
        register_codelist(
            CodeList("areas", lambda: models.Area, folder / "areas.csv", _area, order=0)
        )
        register_codelist(
            CodeList(
                "specific needs",
                lambda: models.SpecificNeedType,
                folder / "specific_needs.csv",
                _need,
            )
        )
        for name, model in (
            ("countries", models.Country),
            ("languages", models.Language),
            ("document_types", models.DocumentType),
        ):
            register_codelist(
                CodeList(
                    name.replace("_", " "), partial(_itself, model), folder / f"{name}.csv", dict
                )
            )

        from intake import hooks, levels, merge_rules
        from intake.duplicates.following import rate_again
        from intake.quality.refreshing import refresh_questions
        from intake.services.indexing import reindex_household

        merge_rules.register()
        hooks.on_household_changed(levels.settle_level)
        # Before the questions: they compare documents and phones by their keys.
        hooks.on_household_changed(reindex_household)
        hooks.on_household_changed(refresh_questions)
        hooks.on_household_changed(rate_again)
