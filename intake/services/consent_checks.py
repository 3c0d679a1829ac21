"""Checking answers about consent, wherever they were typed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from common.errors import FieldProblem
from intake.choices import ConsentHow, ConsentPurpose, LegalBasis
from intake.consent_texts import VERSIONS
from intake.inputs import ConsentInput
from intake.services.moments import happened_at

# Django makes the list of values anew each time that it is asked for.
PURPOSES, BASES = tuple(ConsentPurpose.values), tuple(LegalBasis.values)
HOW = tuple(ConsentHow.values)


def known_recipients(recipients: Iterable[str]) -> frozenset[str]:
    """Which of these are agencies, by code; one query at most."""
    wanted = {each for each in recipients if each}
    if not wanted:
        return frozenset()
    return frozenset(Agency.objects.filter(code__in=wanted).values_list("code", flat=True))


def check_consents(
    consents: Iterable[ConsentInput],
    languages: Collection[str],
    agencies: Collection[str],
    problems: list[FieldProblem],
) -> None:
    """Check the answers of a household, and that each purpose and recipient is answered once."""
    seen: set[tuple[str, str]] = set()
    for index, consent in enumerate(consents):
        check_consent(consent, languages, agencies, f"consents.{index}.", problems)
        if (consent.purpose, consent.recipient) in seen:
            problems.append(
                FieldProblem(
                    f"consents.{index}.purpose",
                    "duplicate",
                    _("This purpose and recipient are already answered."),
                )
            )
        seen.add((consent.purpose, consent.recipient))


def check_consent(
    consent: ConsentInput,
    languages: Collection[str],
    agencies: Collection[str],
    path: str,
    problems: list[FieldProblem],
) -> None:
    """Check one answer; problems are added under `path`, which ends in a dot or is empty."""
    for field, value, allowed in (
        ("purpose", consent.purpose, PURPOSES),
        ("legal_basis", consent.legal_basis, BASES),
        ("how", consent.how or None, HOW),
        ("explained", consent.explained or None, VERSIONS),
        ("explained_in", consent.explained_in or None, languages),
    ):
        if value is not None and value not in allowed:
            problems.append(
                FieldProblem(
                    f"{path}{field}",
                    "unknown_code",
                    _("This value is not known: choose one from the list."),
                )
            )
    if consent.recipient and consent.recipient not in agencies:
        problems.append(
            FieldProblem(
                f"{path}recipient",
                "unknown_code",
                _("No agency has this code: choose one from the list, or leave it empty for all."),
            )
        )
    happened_at(consent.occurred_at, f"{path}occurred_at", problems)
