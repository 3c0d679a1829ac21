"""What one was told, who is told by which channel, and what came of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget

from accounts.policies import Permission
from common.admin import PolicyModelAdmin, button
from notifications import services
from notifications.choices import Channel, NotificationStatus
from notifications.messages import message_for
from notifications.models import DeliveryAttempt, Notification, Subscription

P = Permission


class AttemptInline(TabularInline):
    """Each attempt to send."""

    model = DeliveryAttempt
    fields = readonly_fields = ("number", "recorded_at", "succeeded", "status_code", "error")
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
class NotificationAdmin(PolicyModelAdmin):
    """Messages to the user and, for an agency, to its addresses."""

    view_policy = (P.NOTIFICATIONS_READ, P.ACCOUNTS_MANAGE)
    records_access = False
    list_display = ("what", "reference", "channel", "state", "recorded_at", "seen")
    list_filter = ("status", "subscription__channel")
    list_select_related = ("event", "subscription", "subscription__agency")
    fields = readonly_fields = ("what", "reference", "channel", "state", "link", "sent_at", "seen")
    inlines = (AttemptInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Newest first."""
        return super().get_queryset(request).order_by("-id")

    @admin.display(description=_("Message"))
    def what(self, row: Notification) -> str:
        """What it says."""
        return message_for(row.event).title

    @admin.display(description=_("Reference"))
    def reference(self, row: Notification) -> str:
        """What it is about."""
        return row.event.subject_reference

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

    @admin.display(description=_("Read"), boolean=True)
    def seen(self, row: Notification) -> bool:
        """Whether the receiver opened it here."""
        return row.read_at is not None

    @admin.display(description=_("Open"))
    def link(self, row: Notification) -> SafeString:
        """Where the matter is."""
        return format_html(
            '<a class="text-primary-600 underline" href="{}">{}</a>',
            message_for(row.event).link,
            _("Open"),
        )

    @button(
        _("Mark as read"),
        policy=P.NOTIFICATIONS_READ,
        shown=lambda row: row.read_at is None,
        icon="done",
    )
    def read(self, request: HttpRequest, row: Notification) -> Any:
        """Done with it."""
        services.mark_read(actor=request.user, notification=row)  # type: ignore[arg-type]
        return _("Marked as read.")

    @button(
        _("Send again"),
        policy=P.WEBHOOKS,
        shown=lambda row: (
            row.subscription.channel == Channel.WEBHOOK and row.status != NotificationStatus.WAITING
        ),
        icon="replay",
    )
    def again(self, request: HttpRequest, row: Notification) -> Any:
        """Under the same id."""
        services.redeliver(actor=request.user, notification=row)  # type: ignore[arg-type]
        return _("The message is on its way again.")


class SubscriptionForm(forms.ModelForm):  # type: ignore[type-arg]
    """An email address of an agency or of a member of staff."""

    target = forms.EmailField(label=_("Email"), widget=UnfoldAdminEmailInputWidget)

    class Meta:
        model = Subscription
        fields = ("agency", "user", "target")


@admin.register(Subscription)
class SubscriptionAdmin(PolicyModelAdmin):
    """Who is told: administrators add email addresses, agencies register webhooks over REST."""

    view_policy = (P.ACCOUNTS_MANAGE, P.WEBHOOKS)
    add_policy = P.ACCOUNTS_MANAGE
    change_policy = P.ACCOUNTS_MANAGE
    records_access = False
    form = SubscriptionForm
    list_display = ("owner", "channel", "is_active", "disabled_reason", "recorded_at")
    list_filter = ("channel", "is_active")
    list_select_related = ("agency", "user")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The address is asked for once, when the subscription is made."""
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whom and where when it is made; later only whether it is on."""
        if obj is None:
            return ("agency", "user", "target")
        return ("owner", "channel", "target", "is_active", "disabled_reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """An address is not changed: it is turned off and another one is made."""
        return () if obj is None else ("owner", "channel", "target", "disabled_reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What was removed is history."""
        return super().get_queryset(request).filter(removed_at__isnull=True).order_by("-id")

    @admin.display(description=_("For"))
    def owner(self, row: Subscription) -> str:
        """The agency or the user."""
        return str(row.agency or row.user)

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        """Through the service, so that it is an event."""
        if change:
            obj.save(update_fields=["is_active"])
            return
        made = services.subscribe_email(
            actor=request.user,  # type: ignore[arg-type]
            email=form.cleaned_data["target"],
            agency=obj.agency,
            user=obj.user,
        )
        obj.pk = made.pk
