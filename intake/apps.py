from pathlib import Path

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

LISTS = Path(__file__).parent / "codelists"


class IntakeConfig(AppConfig):
    """See the app's README."""

    name = "intake"
    verbose_name = _("Registration")

    def ready(self) -> None:
        """Stand-in until branch intake."""
        from common.codelists import CodeList, register_codelist
        from intake import models as m

        register_codelist(
            CodeList(
                "areas",
                lambda: m.Area,
                LISTS / "admin_areas.csv",
                lambda r: {
                    "code": r["pcode"],
                    "label": r["name"],
                    "country_code": r["country"],
                    "level": int(r["level"]),
                    "parent_id": r["parent_pcode"] if r["level"] != "1" else None,
                },
            )
        )
        register_codelist(
            CodeList(
                "needs",
                lambda: m.SpecificNeedType,
                LISTS / "specific_needs.csv",
                lambda r: {
                    "code": r["code"],
                    "label": r["label"],
                    "category": r["category"],
                    "tier": int(r["sensitivity_tier"]),
                    "legacy": r["legacy"] == "yes",
                },
            )
        )
        for n, mod in (
            ("countries", "Country"),
            ("languages", "Language"),
            ("document_types", "DocumentType"),
        ):
            register_codelist(
                CodeList(n, lambda mod=mod: getattr(m, mod), LISTS / f"{n}.csv", dict)
            )
        from intake import merge_rules

        merge_rules.register()
