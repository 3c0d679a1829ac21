"""What a message says: a reference, a level and a link. Never a name, a need or a sector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aid.choices import Level
from audit.models import Event

TITLES = {
    "aid_request.submitted": gettext_lazy("You have a new request"),
    "aid_request.received": gettext_lazy("A request was acknowledged"),
    "aid_request.accepted": gettext_lazy("A request was accepted"),
    "aid_request.declined": gettext_lazy("A request was declined"),
    "aid_request.in_progress": gettext_lazy("Work on a request has started"),
    "aid_request.on_hold": gettext_lazy("A request was put on hold"),
    "aid_request.resumed": gettext_lazy("A request was taken up again"),
    "aid_request.delivery_recorded": gettext_lazy("A delivery was recorded"),
    "aid_request.fulfilled": gettext_lazy("A request was fulfilled"),
    "aid_request.partly_fulfilled": gettext_lazy("A request was partly fulfilled"),
    "aid_request.not_fulfilled": gettext_lazy("A request could not be fulfilled"),
    "aid_request.cancelled": gettext_lazy("A request was cancelled"),
    "aid_request.rerouted": gettext_lazy("A request was passed to another agency"),
    "aid_request.reread": gettext_lazy("What you may see of a request changed: read it again"),
    "protection.alert": gettext_lazy("A household waits for a protection officer"),
    "situation_report.made": gettext_lazy("The situation report is ready for review"),
    "situation_report.published": gettext_lazy("A situation report was published"),
    "webhook.disabled": gettext_lazy("A webhook was turned off: its receiver says it is gone"),
}
PING = "webhook.ping"


@dataclass(frozen=True)
class Message:
    """A message in the language active when it was made."""

    title: str
    reference: str
    level: str
    link: str

    @property
    def text(self) -> str:
        """The lines of an email."""
        lines = [self.title]
        if self.reference:
            lines.append(_("Reference: %(reference)s") % {"reference": self.reference})
        if self.level:
            lines.append(_("Urgency: %(level)s") % {"level": level_label(self.level)})
        lines.append(_("Sign in to read it: %(link)s") % {"link": self.link})
        return "\n".join(lines)


def level_label(level: str) -> str:
    """The word for a level; a level that is not known is said as it stands."""
    return str(Level(level).label) if level in Level.values else level


def _link(event: Event) -> str:
    names = {
        "aid.aidrequest": "admin:aid_aidrequest_change",
        "intake.household": "admin:intake_household_change",
        "reports.situationreport": "admin:reports_situationreport_change",
        "notifications.subscription": "admin:notifications_subscription_change",
    }
    try:
        path = reverse(names[event.subject_type], args=[event.subject_id])
    except (KeyError, NoReverseMatch):
        path = reverse("admin:index")
    return f"{settings.BASE_URL}{path}"


def message_for(event: Event) -> Message:
    """What is said of an event, in the active language."""
    other = _("A test message") if event.kind == PING else _("Something happened")
    return Message(
        title=str(TITLES.get(event.kind, other)),
        reference=event.subject_reference,
        level=str(event.data.get("level", "")),
        link=_link(event),
    )


def webhook_body(event: Event) -> dict[str, Any]:
    """The thin payload of a webhook (Standard Webhooks): the receiver reads the rest over REST."""
    data: dict[str, Any] = {
        key: event.data[key]
        for key in ("reference", "level", "status", "number")
        if key in event.data
    }
    if event.subject_type == "aid.aidrequest" and event.subject_reference:
        data["url"] = f"{settings.BASE_URL}/api/v1/aid-requests/{event.subject_reference}/"
    return {"type": event.kind, "timestamp": event.occurred_at.isoformat(), "data": data}
