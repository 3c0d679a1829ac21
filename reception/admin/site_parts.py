"""Rooms, blocked places, contacts, hours and pictures of a site: small pages of their own.

The page of the site lists them (`things_of`) and leads here; from here people go back to it.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from accounts.policies import Permission
from common.admin import PolicyModelAdmin, button
from reception import services
from reception.admin.refusals import RefusalsInForm
from reception.admin.shown import address
from reception.choices import BlockState
from reception.models import (
    Site,
    SiteBlock,
    SiteClosedDay,
    SiteContact,
    SiteHours,
    SitePhoto,
    Unit,
)
from reception.photos import MOST_BYTES
from reception.policies import may_at
from reception.querysets import sites_q
from reception.services.site_units import UNIT_EDITABLE

EDIT = Permission.SITES_EDIT


class SitePartAdmin(RefusalsInForm, PolicyModelAdmin):
    """A row of a site, changed by whoever may change that site."""

    view_policy = Permission.SITES_READ
    add_policy = EDIT
    change_policy = EDIT
    records_access = False
    list_select_related: Any = ("site",)
    search_fields: Any = ("site__code", "site__name")
    ordering: Any = ("site__code", "pk")

    class Media:
        css = {"all": ("reception/reception.css", "reception/sites.css")}

    # Who may -----------------------------------------------------------------------------
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """At this very site."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or may_at(request.user, EDIT, obj.site))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """At this very site, where rows may be removed at all."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or may_at(request.user, EDIT, obj.site))

    # The form ----------------------------------------------------------------------------
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row stays at its site."""
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, "site") if obj else fixed

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Sites that the user may change, and their rooms; of one site where the page names it."""
        if db_field.name == "site":
            kwargs["queryset"] = Site.objects.filter(sites_q(request.user, EDIT))
        if db_field.name == "unit":
            units = Unit.objects.filter(sites_q(request.user, EDIT, "site__"))
            if site := _uuid(request.GET.get("site")):
                units = units.filter(site_id=site)
            kwargs["queryset"] = units.select_related("site").order_by("site__code", "code")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the signs for adding another site from here."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and field.label:
            field.label = capfirst(field.label)
        for right in ("add", "change", "delete", "view"):
            if hasattr(getattr(field, "widget", None), f"can_{right}_related"):
                setattr(field.widget, f"can_{right}_related", False)  # type: ignore[union-attr]
        return field

    # Saving ------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service of this kind of row."""
        if change:
            self.change_row(request, obj, {n: form.cleaned_data[n] for n in form.changed_data})
            return
        made = self.make_row(request, obj, dict(form.cleaned_data))
        obj.pk, obj._state.adding = made.pk, False

    def make_row(self, request: HttpRequest, row: Any, data: dict[str, Any]) -> Any:
        """A new row; its site was chosen among those that the user may change."""
        return services.keep_part(actor=request.user, part=row)

    def change_row(self, request: HttpRequest, row: Any, changes: dict[str, Any]) -> None:
        """A changed row."""
        services.keep_part(actor=request.user, part=row)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Through the service."""
        services.remove_part(actor=request.user, part=obj)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Back to the site."""
        return HttpResponseRedirect(address("reception_site_change", obj.site_id))

    response_post_save_change = response_post_save_add

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        """Back to the sites: the row that named its site is gone."""
        self.message_user(request, _("It is removed."))
        return HttpResponseRedirect(address("reception_site_changelist"))


def _uuid(text: str | None) -> str | None:
    try:
        return str(forms.UUIDField().clean(text)) if text else None
    except forms.ValidationError:
        return None


@admin.register(Unit)
class UnitAdmin(SitePartAdmin):
    """Rooms and tents."""

    list_display = ("name", "site", "kind", "section", "accessible", "capacity", "taken", "blocked")
    list_filter = ("kind", "section", "accessible")
    search_fields = ("code", "name", "site__code")
    fields = ("site", "code", *UNIT_EDITABLE)
    ordering = ("site__code", "code")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The code stays; what is taken is counted."""
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, "code", "taken", "blocked") if obj else fixed

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """With what is taken, once there is something."""
        return (*self.fields, "taken", "blocked") if obj else self.fields

    def make_row(self, request: HttpRequest, row: Unit, data: dict[str, Any]) -> Any:
        """A new room."""
        return services.create_unit(actor=request.user, **data)

    def change_row(self, request: HttpRequest, row: Unit, changes: dict[str, Any]) -> None:
        """A changed room."""
        services.edit_unit(actor=request.user, unit=row, **changes)


class BlockForm(forms.ModelForm):  # type: ignore[type-arg]
    """From now on, where no beginning is given."""

    class Meta:
        model = SiteBlock
        fields = ("site", "unit", "places", "reason", "text", "since", "until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if since := self.fields.get("since"):
            since.required = False
            since.help_text = _("Empty: from now on.")
        if until := self.fields.get("until"):
            until.help_text = _("Empty: until somebody ends it.")


@admin.register(SiteBlock)
class BlockAdmin(SitePartAdmin):
    """Blocked places. They are ended, never changed: what was true stays readable."""

    form = BlockForm
    list_display = ("site", "unit", "places", "words", "state", "since", "until", "ended_at")
    list_filter = ("state", "reason")
    list_select_related = ("site", "unit")
    ordering = ("-pk",)
    fields = ("site", "unit", "places", "reason", "text", "since", "until")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """With how it went on."""
        return (*self.fields, "state", "ended_at", "made_by", "ended_by") if obj else self.fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: it is ended and another made."""
        return False

    @admin.display(description=_("reason"))
    def words(self, block: SiteBlock) -> str:
        """The reason in words."""
        return block.words

    def make_row(self, request: HttpRequest, row: SiteBlock, data: dict[str, Any]) -> Any:
        """A new block."""
        return services.block_places(actor=request.user, **data)

    @button(
        _("End it now"),
        policy=EDIT,
        shown=lambda block: block.state != BlockState.ENDED,
        icon="lock_open",
    )
    def end(self, request: HttpRequest, block: SiteBlock) -> Any:
        """The places can be taken again."""
        services.end_block(actor=request.user, block=block)
        self.message_user(request, _("The places can be given again."))
        return HttpResponseRedirect(address("reception_site_change", block.site_id))


@admin.register(SiteContact)
class ContactAdmin(SitePartAdmin):
    """Whom to call: sealed, and for those who work with the site."""

    view_policy = Permission.PLACEMENTS_READ
    delete_policy = EDIT
    records_access = True
    list_display = ("site", "role", "name", "phone")
    list_filter = ("role",)
    fields = ("site", "role", "name", "phone", "position")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """One line each, not a text area."""
        if db_field.name in ("name", "phone"):
            kwargs["widget"] = UnfoldAdminTextInputWidget(
                attrs={"dir": "ltr", "inputmode": "tel"} if db_field.name == "phone" else {}
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(SiteHours)
class HoursAdmin(SitePartAdmin):
    """When arrivals are received."""

    delete_policy = EDIT
    list_display = ("site", "weekday", "opens", "closes")
    fields = ("site", "weekday", "opens", "closes")


@admin.register(SiteClosedDay)
class ClosedDayAdmin(SitePartAdmin):
    """Days on which nobody is received."""

    delete_policy = EDIT
    list_display = ("site", "day", "text")
    fields = ("site", "day", "text")


class PhotoForm(forms.ModelForm):  # type: ignore[type-arg]
    """A picture and words for who cannot see it."""

    file = forms.FileField(
        label=_("Picture"),
        help_text=_("JPEG, PNG or WebP, at most 12 MB. No people who can be recognised."),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    class Meta:
        model = SitePhoto
        fields = ("site", "alt")

    def clean_file(self) -> bytes:
        """The bytes of the file, as far as they are allowed to go."""
        file = self.cleaned_data["file"]
        return bytes(file.read(MOST_BYTES + 1))


@admin.register(SitePhoto)
class PhotoAdmin(SitePartAdmin):
    """Pictures of sites; shown only to those who may see the site."""

    form = PhotoForm
    delete_policy = EDIT
    list_display = ("site", "alt", "recorded_at")
    fields = ("site", "file", "alt")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A picture that was kept is shown, not sent again."""
        return ("site", "picture", "alt") if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only the words can be seen to."""
        return ("site", "picture", "alt") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: it is removed and another added."""
        return False

    @admin.display(description=_("Picture"))
    def picture(self, photo: SitePhoto) -> SafeString:
        """The picture itself."""
        return format_html('<img class="st-photo" src="{}" alt="{}">', image_of(photo), photo.alt)

    def make_row(self, request: HttpRequest, row: SitePhoto, data: dict[str, Any]) -> Any:
        """Made anew and sealed."""
        return services.add_photo(actor=request.user, **data)

    def get_urls(self) -> list[URLPattern]:
        """Also the picture itself."""
        return [
            path(
                "<uuid:pk>/image/",
                self.admin_site.admin_view(self.image_view),
                name="reception_sitephoto_image",
            ),
            *super().get_urls(),
        ]

    def image_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """The bytes of a picture of a site that the user may see; 404 otherwise."""
        photo = self.get_queryset(request).filter(pk=pk).first()
        if photo is None:
            raise Http404
        return HttpResponse(
            photo.jpeg(),
            content_type="image/jpeg",
            headers={"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"},
        )


def image_of(photo: SitePhoto) -> str:
    """The address of a picture."""
    return address("reception_sitephoto_image", photo.pk)


def things_of(site: Site, user: Any) -> dict[str, Any]:
    """What the page of a site lists below its form, as far as the user may see and change it."""
    units = list(site.units.all())
    edit = may_at(user, EDIT, site)
    return {
        "site": site,
        "may_edit": edit,
        "units": units,
        "unit_places": sum(unit.capacity - unit.blocked for unit in units),
        "site_places": max(site.capacity - site.blocked, 0),
        "blocks": list(site.blocks.standing().select_related("unit").order_by("since")),
        "contacts": list(SiteContact.objects.visible_to(user).filter(site=site)),
        "hours": list(site.hours.all()),
        "closed_days": list(site.closed_days.all()),
        "photos": [(photo, image_of(photo)) for photo in site.photos.defer("image")],
    }
