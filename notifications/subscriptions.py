"""The life of a subscription: webhooks of agencies, email of agencies and staff."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from accounts.policies import Permission, access_of
from audit.events import record_event
from audit.models import Event
from common import clock
from common.errors import (
    Conflict,
    FieldProblem,
    InvalidInput,
    InvalidState,
    NotPermitted,
    Text,
    constraints_as_errors,
)
from notifications.addresses import AddressRefused, check_url
from notifications.choices import Channel, NotificationStatus
from notifications.messages import TITLES
from notifications.models import Notification, Subscription
from notifications.services import send_soon

EVENT_KINDS = frozenset(TITLES)
# After a rotation both secrets sign for so long, so that a receiver can change at its own time.
BOTH_SECRETS = timedelta(hours=24)
MOST_WEBHOOKS = 20
Check = Callable[[Subscription], None]


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


# Webhooks ----------------------------------------------------------------------------------
def subscribe_webhook(
    *,
    actor: User,
    agency: Agency,
    url: str,
    kinds: list[str],
    subscription_id: uuid.UUID | None = None,
) -> tuple[Subscription, str]:
    """Register an agency's webhook; its signing secret is returned this once.

    The same id sent again with the same content returns the webhook and an empty secret; with
    other content, or when it is anybody else's, Conflict.
    """
    require_manager(actor, agency)
    checked_kinds, checked_url = _known_kinds(kinds), _checked_url(url)
    known = Subscription.objects.filter(pk=subscription_id).first() if subscription_id else None
    if known is not None:
        return _the_same(known, agency, checked_url, checked_kinds), ""
    secret = new_secret()
    made = Subscription(
        agency=agency,
        channel=Channel.WEBHOOK,
        kinds=checked_kinds,
        target=checked_url,
        secret=secret,
        **({"id": subscription_id} if subscription_id else {}),
    )
    with (
        constraints_as_errors({"notifications_subscription_pkey": _taken()}),
        transaction.atomic(),
    ):
        # One at a time for an agency, so that the limit holds.
        list(Agency.objects.filter(pk=agency.pk).select_for_update(no_key=True))
        if _webhooks_of(agency) >= MOST_WEBHOOKS:
            raise Conflict("too_many_webhooks", _("Remove a webhook before you add another."))
        made.save(force_insert=True)
        record_event("webhook.subscribed", made, actor=actor, agency_code=agency.code)
    return made, secret


def change_webhook(
    *,
    actor: User,
    subscription: Subscription,
    url: str | None = None,
    kinds: list[str] | None = None,
    is_active: bool | None = None,
    check: Check | None = None,
) -> Subscription:
    """Change address, kinds of events or whether it is on; turning it on forgets why it was off.

    `check` is called with the locked row before anything is written.
    """
    require_manager(actor, subscription.agency)
    with transaction.atomic():
        row = locked(subscription)
        if check is not None:
            check(row)
        if url is not None:
            row.target = _checked_url(url)
        if kinds is not None:
            row.kinds = _known_kinds(kinds)
        if is_active is not None:
            row.is_active = is_active
            row.disabled_reason = ""
        row.save(update_fields=["target", "kinds", "is_active", "disabled_reason"])
        _record("webhook.changed", row, actor)
    return row


@transaction.atomic
def rotate_secret(*, actor: User, subscription: Subscription) -> str:
    """A new signing secret; for a day messages are signed with the old one as well."""
    require_manager(actor, subscription.agency)
    row = locked(subscription)
    row.previous_secret = row.secret
    row.previous_secret_until = clock.now() + BOTH_SECRETS
    row.secret = secret = new_secret()
    row.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
    _record("webhook.secret_rotated", row, actor)
    return secret


@transaction.atomic
def remove_webhook(*, actor: User, subscription: Subscription) -> None:
    """Send nothing more and forget address and secrets; the record of what was sent stays."""
    require_manager(actor, subscription.agency)
    _forget(locked(subscription))
    _record("webhook.removed", subscription, actor)


@transaction.atomic
def send_ping(*, actor: User, subscription: Subscription) -> Notification:
    """A test message to one webhook, through the same delivery as every other."""
    require_manager(actor, subscription.agency)
    row = _switched_on(locked(subscription))
    event = _record("webhook.ping", row, actor)
    sent = Notification.objects.create(event=event, subscription=row)
    send_soon({row.channel})
    return sent


@transaction.atomic
def redeliver(*, actor: User, notification: Notification) -> Notification:
    """Send a message again under its own id: the receiver sees that it is the same one."""
    subscription = notification.subscription
    if not access_of(actor).can(Permission.ACCOUNTS_MANAGE):
        require_manager(actor, subscription.agency)
    if subscription.channel == Channel.IN_APP:
        raise InvalidState("not_sent", _("This message is shown in the application."))
    _switched_on(Subscription.objects.get(pk=subscription.pk))
    row = Notification.objects.select_for_update(of=("self",)).get(pk=notification.pk)
    row.status = NotificationStatus.WAITING
    row.next_attempt_at = clock.now()
    row.save(update_fields=["status", "next_attempt_at"])
    send_soon({subscription.channel})
    return row


# Email -------------------------------------------------------------------------------------
def subscribe_email(
    *,
    actor: User,
    email: str = "",
    agency: Agency | None = None,
    user: User | None = None,
    language: str = "",
    kinds: list[str] | None = None,
) -> Subscription:
    """Tell an agency's duty desk, or a member of staff, by email.

    Administrators may for all; anybody for themselves, at the address of their account.
    """
    if (agency is None) == (user is None):
        raise _invalid("agency", "one_owner", _("Name an agency or a user, not both."))
    if not access_of(actor).can(Permission.ACCOUNTS_MANAGE) and (user != actor or email):
        raise NotPermitted("not_permitted", _("Only administrators add addresses."))
    address = email or (user.email if user else "")
    try:
        validate_email(address)
    except ValidationError:
        raise _invalid("target", "email", _("Write an email address.")) from None
    made = Subscription(
        agency=agency,
        user=user,
        channel=Channel.EMAIL,
        target=email,
        language=language,
        kinds=_known_kinds(kinds or []),
    )
    taken = Conflict("already_subscribed", _("This user is told by email already."))
    with (
        constraints_as_errors({"subscription_once_per_user_and_channel": taken}),
        transaction.atomic(),
    ):
        made.save(force_insert=True)
        _record("subscription.made", made, actor)
    return made


def email_me(*, actor: User, on: bool) -> Subscription | None:
    """Turn one's own email on or off; None when there is none to turn off."""
    found = Subscription.objects.filter(
        user=actor, channel=Channel.EMAIL, removed_at__isnull=True
    ).first()
    if found is not None:
        return switch(actor=actor, subscription=found, on=on)
    return subscribe_email(actor=actor, user=actor) if on else None


@transaction.atomic
def switch(*, actor: User, subscription: Subscription, on: bool) -> Subscription:
    """Turn any subscription on or off: administrators, its agency, or the user it is for."""
    if subscription.user_id != actor.pk and not access_of(actor).can(Permission.ACCOUNTS_MANAGE):
        require_manager(actor, subscription.agency)
    row = locked(subscription)
    if row.is_active != on:
        row.is_active = on
        row.disabled_reason = ""
        row.save(update_fields=["is_active", "disabled_reason"])
        _record("subscription.turned_on" if on else "subscription.turned_off", row, actor)
    return row


# What the services share -------------------------------------------------------------------
def require_manager(actor: User, agency: Agency | None) -> None:
    """NotPermitted unless the actor manages this agency's webhooks."""
    scopes = access_of(actor).scopes(Permission.WEBHOOKS)
    if agency is None or agency.code not in scopes.agencies:
        raise NotPermitted("not_permitted", _("An agency manages its own webhooks only."))


def locked(subscription: Subscription) -> Subscription:
    """The row as it stands now, locked; InvalidState when it was removed meanwhile."""
    row = (
        Subscription.objects.filter(pk=subscription.pk, removed_at__isnull=True)
        .select_for_update(of=("self",), no_key=True)
        .select_related("agency")
        .first()
    )
    if row is None:
        raise InvalidState("removed", _("It was removed."))
    return row


def _switched_on(row: Subscription) -> Subscription:
    if not row.is_active:
        raise InvalidState("subscription_is_off", _("It is turned off: turn it on first."))
    return row


def _forget(row: Subscription) -> None:
    row.is_active = False
    row.removed_at = clock.now()
    row.target = row.secret = row.previous_secret = ""
    row.save(
        update_fields=["is_active", "removed_at", "target", "secret", "previous_secret"],
    )


def _record(kind: str, row: Subscription, actor: User) -> Event:
    return record_event(kind, row, actor=actor, agency_code=row.agency.code if row.agency else "")


def _webhooks_of(agency: Agency) -> int:
    return Subscription.objects.filter(
        agency=agency, channel=Channel.WEBHOOK, removed_at__isnull=True
    ).count()


def _the_same(known: Subscription, agency: Agency, url: str, kinds: list[str]) -> Subscription:
    same = known.agency_id == agency.pk and known.removed_at is None
    if not same or (known.target, known.kinds) != (url, kinds):
        raise _taken()
    return known


def _taken() -> Conflict:
    return Conflict("conflict", _("This id is taken: choose another, or leave it out."))


def _known_kinds(kinds: list[str]) -> list[str]:
    if set(kinds) - EVENT_KINDS:
        named = ", ".join(sorted(EVENT_KINDS))
        raise _invalid("kinds", "unknown_kind", _("Choose from: %(kinds)s.") % {"kinds": named})
    return sorted(set(kinds))


def _checked_url(url: str) -> str:
    try:
        check_url(url)
    except AddressRefused as refused:
        raise _invalid("url", refused.code, refused.message) from refused
    return url


def _invalid(field: str, code: str, detail: Text) -> InvalidInput:
    return InvalidInput(
        "invalid",
        _("Correct the fields named in errors and send it again."),
        problems=[FieldProblem(field, code, detail)],
    )
