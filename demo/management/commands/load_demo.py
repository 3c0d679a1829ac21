"""Load the founding case; a second run keeps what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import Agency, Operation
from audit.context import history_context
from demo import (
    accounts,
    border,
    care,
    family,
    places,
    roll_call,
    sites,
    slips,
    story,
    transports,
)
from notifications.choices import Channel
from notifications.models import Subscription
from reports.choices import Edition
from reports.models import ReportRecipient


class Command(BaseCommand):
    """`manage.py load_demo`."""

    help = "Loads the operation in Gorno-Badakhshan, July 2021, with invented people."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the demonstration is served and where its logins are written."""
        parser.add_argument("--base-url", default=settings.BASE_URL)
        parser.add_argument(
            "--credentials", type=Path, default=Path("var") / "demo" / "credentials.json"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load everything in one transaction, or find it loaded."""
        if settings.PRODUCTION:
            raise CommandError("The demonstration is not loaded into a production system.")
        path: Path = options["credentials"]
        if Operation.objects.exists():
            if not path.exists():
                raise CommandError(
                    f"The demonstration is loaded, but {path} is gone, and passwords are kept"
                    " as hashes only. Run `make demo-reset` and start again."
                )
            accounts.update_base_url(path, options["base_url"])
            self.stdout.write("The demonstration is already loaded; its data is kept.")
            return
        with history_context("command load_demo"), transaction.atomic():
            content = self.load(options["base_url"])
            accounts.write_credentials(path, content)

    def load(self, base_url: str) -> dict[str, Any]:
        """Everything, step by step; the content of the credentials file."""
        self.say("Operation, crossings, agencies")
        places.load_operation()
        places.load_entry_points()
        places.load_agencies()
        self.say("People and clients")
        users, logins = accounts.load_people()
        clients, agencies = accounts.load_clients(actor=users["administrator"])
        self.subscribe()
        self.say("Safe locations")
        places.load_sites(actor=users["administrator"])
        sites.equip(actor=users["administrator"], say=self.say)
        self.say("Importing the arrivals as they were typed")
        batch = story.import_arrivals(actor=users["registrar"], say=self.say)
        story.decide_repeats(actor=users["protection_officer"], batch=batch, say=self.say)
        self.say("Printing slips ahead")
        slips.print_ahead(actor=users["registrar"], say=self.say)
        self.say("Placing families")
        story.place_families(actor=users["placement_officer"], say=self.say)
        self.say("Counting the people of a site")
        roll_call.count_the_school(actor=users["placement_officer"], say=self.say)
        self.say("Asking agencies for aid")
        story.ask_for_aid(coordinator=users["aid_coordinator"], say=self.say)
        self.say("The border: states of entry points, counts, a visit")
        border.tell(registrar=users["registrar"], officer=users["protection_officer"], say=self.say)
        self.say("Consent and needs")
        care.ask_families(registrar=users["registrar"], say=self.say)
        care.ask_six_questions(registrar=users["registrar"], say=self.say)
        self.say("Looking for relatives")
        family.look_for_a_brother(actor=users["registrar"], moment=story.at(6, 19), say=self.say)
        self.say("Situation reports")
        story.make_reports(publisher=users["reporting_officer"], say=self.say)
        self.say("A bus to Rushan")
        transports.plan_a_bus(actor=users["placement_officer"], moment=story.at(8, 9), say=self.say)
        return {
            "base_url": base_url,
            "users": logins,
            "clients": clients,
            "agencies": agencies,
        }

    def say(self, line: str) -> None:
        """Progress."""
        self.stdout.write(line)
        self.stdout.flush()

    def subscribe(self) -> None:
        """Agencies are told by email; two addresses get the report each morning."""
        for code in accounts.AGENCIES:
            Subscription.objects.create(
                agency=Agency.objects.get(code=code),
                channel=Channel.EMAIL,
                target=f"duty@{code.lower()}.example",
            )
        for email, organisation, edition, language in (
            ("governor@gbao.example", "Office of the governor", Edition.INTERNAL, "tg"),
            ("coordination@panah.example", "Coordination", Edition.INTERNAL, "en"),
            ("press@gbao.example", "Press service", Edition.PUBLIC, "ru"),
        ):
            ReportRecipient.objects.create(
                email=email, organisation=organisation, edition=edition, language=language
            )
