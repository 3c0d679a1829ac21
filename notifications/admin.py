"""What one was told, who is told by which channel, and what came of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminEmailInputWidget,
)

from accounts.policies import Permission
from common.admin import PolicyModelAdmin, button, domain_errors_as_messages, holds
from notifications import services, subscriptions
from notifications.choices import Channel, NotificationStatus
from notifications.messages import TITLES, level_label, message_for
from notifications.models import DeliveryAttempt, Notification, OwnMessage, Subscription

P = Permission


class MessageAdmin(PolicyModelAdmin):
    """What the pages of messages share. No personal data is on them."""

    records_access = False
    list_select_related = ("event", "subscription__agency", "subscription__user")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Newest first: keys are time-ordered."""
        return super().get_queryset(request).order_by("-id")

    @admin.display(description=_("Message"))
    def what(self, row: Notification) -> str:
        """What it says."""
        return message_for(row.event).title

    @admin.display(description=_("Reference"))
    def reference(self, row: Notification) -> str:
        """What it is about."""
        return row.event.subject_reference

    @admin.display(description=_("Urgency"))
    def level(self, row: Notification) -> str:
        """How soon."""
        return level_label(str(row.event.data.get("level", "")))


@admin.register(OwnMessage)
class OwnMessageAdmin(MessageAdmin):
    """One's own list. Opening a message marks it as read."""

    view_policy = P.NOTIFICATIONS_READ
    list_display = ("what", "reference", "level", "recorded_at", "state", "link")
    list_filter = (("read_at", admin.EmptyFieldListFilter),)
    fields = readonly_fields = ("what", "reference", "level", "recorded_at", "state", "link")
    change_list_template = "notifications/admin/own_messages.html"

    def get_urls(self) -> list[URLPattern]:
        """Also: open one, mark all as read, turn email on or off."""
        view = self.admin_site.admin_view
        name = "notifications_ownmessage"
        return [
            path("<uuid:pk>/open/", view(self.open), name=f"{name}_open"),
            path("read-all/", view(self.read_all), name=f"{name}_read_all"),
            path("email/", view(self.email), name=f"{name}_email"),
            *super().get_urls(),
        ]

    @display(  # type: ignore[untyped-decorator]
        description=_("Status"), label={"unread": "warning", "read": "success"}
    )
    def state(self, row: OwnMessage) -> tuple[str, Any]:
        """Read or not."""
        return ("read", _("Read")) if row.read_at else ("unread", _("Unread"))

    @admin.display(description=_("Open"))
    def link(self, row: OwnMessage) -> SafeString:
        """To the matter, by way of marking it as read."""
        return format_html(
            '<a class="text-primary-600 underline" href="{}">{}</a>',
            reverse("admin:notifications_ownmessage_open", args=[row.pk]),
            _("Open"),
        )

    def open(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Mark it as read and go to what it is about."""
        row = self._mine(request).filter(pk=pk).select_related("event", "subscription").first()
        if row is None:
            raise Http404
        services.mark_read(actor=request.user, notification=row)  # type: ignore[arg-type]
        return redirect(message_for(row.event).link.removeprefix(settings.BASE_URL))

    def read_all(self, request: HttpRequest) -> HttpResponse:
        """Mark the whole list as read."""
        self._posted_by_reader(request)
        services.mark_all_read(actor=request.user)  # type: ignore[arg-type]
        return redirect("admin:notifications_ownmessage_changelist")

    def email(self, request: HttpRequest) -> HttpResponse:
        """Have the same messages by email too, or no longer."""
        self._posted_by_reader(request)
        on = request.POST.get("on") == "1"
        with domain_errors_as_messages(request):
            subscriptions.email_me(actor=request.user, on=on)  # type: ignore[arg-type]
            said = _("You will be told by email too.") if on else _("No more email.")
            messages.success(request, said)
        return redirect("admin:notifications_ownmessage_changelist")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list says how many are unread and whether email is on."""
        by_email = Subscription.objects.filter(
            user__username=request.user.get_username(), channel=Channel.EMAIL, is_active=True
        )
        extra = {"unread": self._mine(request).unread().count(), "by_email": by_email.exists()}
        return super().changelist_view(request, {**(extra_context or {}), **extra})

    def _mine(self, request: HttpRequest) -> Any:
        if not holds(request.user, self.view_policy):
            raise PermissionDenied
        return OwnMessage.objects.visible_to(request.user)

    def _posted_by_reader(self, request: HttpRequest) -> None:
        if request.method != "POST" or not holds(request.user, self.view_policy):
            raise PermissionDenied


class AttemptInline(TabularInline):
    """Each attempt to send."""

    model = DeliveryAttempt
    fields = readonly_fields = (
        "number",
        "recorded_at",
        "succeeded",
        "status_code",
        "error",
        "milliseconds",
    )
    extra = 0
    can_delete = False
    ordering = ("number",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Attempts are made by workers."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are a record."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the message."""
        return True


@admin.register(Notification)
class NotificationAdmin(MessageAdmin):
    """What is sent out: to agencies' addresses and to people's, with each attempt."""

    view_policy = (P.WEBHOOKS, P.ACCOUNTS_MANAGE)
    list_display = ("what", "reference", "level", "owner", "channel", "state", "recorded_at")
    list_filter = ("status", "subscription__channel")
    fields = readonly_fields = (
        "what",
        "reference",
        "level",
        "owner",
        "channel",
        "state",
        "attempts",
        "next_attempt_at",
        "sent_at",
    )
    inlines = (AttemptInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What is shown in the application is in each user's own list."""
        return super().get_queryset(request).exclude(subscription__channel=Channel.IN_APP)

    @admin.display(description=_("For"))
    def owner(self, row: Notification) -> str:
        """The agency or the user."""
        return str(row.subscription.agency or row.subscription.user)

    @admin.display(description=_("Channel"))
    def channel(self, row: Notification) -> str:
        """By which channel."""
        return row.subscription.get_channel_display()

    @display(  # type: ignore[untyped-decorator]
        description=_("Status"),
        label={"waiting": "warning", "sent": "success", "failed": "danger"},
    )
    def state(self, row: Notification) -> tuple[str, str]:
        """Waiting, sent or given up."""
        return row.status, row.get_status_display()

    @button(
        _("Send again"),
        policy=(P.WEBHOOKS, P.ACCOUNTS_MANAGE),
        shown=lambda row: row.status != NotificationStatus.WAITING and row.subscription.is_active,
        icon="replay",
    )
    def again(self, request: HttpRequest, row: Notification) -> Any:
        """Under the same id."""
        subscriptions.redeliver(actor=request.user, notification=row)  # type: ignore[arg-type]
        return _("The message is on its way again.")


class SubscriptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """An email address of an agency or of a member of staff."""

    target = forms.EmailField(
        label=_("Email"),
        required=False,
        widget=UnfoldAdminEmailInputWidget,
        help_text=_("Of a user: leave it empty to use the address of the account."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("events"),
        required=False,
        choices=list(TITLES.items()),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None chosen means all."),
    )

    class Meta:
        model = Subscription
        fields = ("agency", "user", "target", "language", "kinds")

    def clean(self) -> Any:
        """The address is checked here so that the page says what to do."""
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("agency")) == bool(cleaned.get("user")):
            self.add_error("agency", str(_("Name an agency or a user, not both.")))
        elif not cleaned.get("target") and not getattr(cleaned.get("user"), "email", ""):
            self.add_error("target", str(_("Write an email address.")))
        elif (user := cleaned.get("user")) and Subscription.objects.filter(
            user=user, channel=Channel.EMAIL
        ).exists():
            self.add_error("user", str(_("This user is told by email already.")))
        return cleaned


@admin.register(Subscription)
class SubscriptionAdmin(PolicyModelAdmin):
    """Who is told: administrators add email addresses, agencies register webhooks over REST."""

    view_policy = (P.ACCOUNTS_MANAGE, P.WEBHOOKS)
    add_policy = P.ACCOUNTS_MANAGE
    records_access = False
    form = SubscriptionForm
    list_display = ("owner", "channel", "is_active", "disabled_reason", "recorded_at")
    list_filter = ("channel", "is_active")
    list_select_related = ("agency", "user")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked for when it is made, and what it is."""
        if obj is None:
            return SubscriptionForm.Meta.fields
        return (
            "owner",
            "channel",
            "sent_to",
            "language",
            "told_of",
            "is_active",
            "disabled_reason",
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """An address is not changed: it is turned off and another one is made."""
        return () if obj is None else self.get_fields(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What was removed is history; what is in the application is nobody's to turn off."""
        rows = super().get_queryset(request).filter(removed_at__isnull=True)
        return rows.exclude(channel=Channel.IN_APP).order_by("-id")

    @admin.display(description=_("For"))
    def owner(self, row: Subscription) -> str:
        """The agency or the user."""
        return str(row.agency or row.user)

    @admin.display(description=_("address"))
    def sent_to(self, row: Subscription) -> str:
        """Where it goes."""
        return row.address

    @admin.display(description=_("events"))
    def told_of(self, row: Subscription) -> str:
        """Which kinds, or all."""
        return ", ".join(str(TITLES.get(each, each)) for each in row.kinds) or str(_("All"))

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        """Through the service, so that it is an event."""
        made = subscriptions.subscribe_email(
            actor=request.user,  # type: ignore[arg-type]
            email=form.cleaned_data["target"],
            agency=obj.agency,
            user=obj.user,
            language=form.cleaned_data["language"],
            kinds=form.cleaned_data["kinds"],
        )
        obj.pk = made.pk

    @button(
        _("Turn off"),
        policy=(P.ACCOUNTS_MANAGE, P.WEBHOOKS),
        shown=lambda row: row.is_active,
        icon="notifications_off",
        danger=True,
    )
    def off(self, request: HttpRequest, row: Subscription) -> Any:
        """Send nothing more."""
        subscriptions.switch(actor=request.user, subscription=row, on=False)  # type: ignore[arg-type]
        return _("It is turned off: nothing more is sent.")

    @button(
        _("Turn on"),
        policy=(P.ACCOUNTS_MANAGE, P.WEBHOOKS),
        shown=lambda row: not row.is_active,
        icon="notifications_active",
    )
    def on(self, request: HttpRequest, row: Subscription) -> Any:
        """Send again, from now on."""
        subscriptions.switch(actor=request.user, subscription=row, on=True)  # type: ignore[arg-type]
        return _("It is turned on.")
