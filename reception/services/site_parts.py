"""Contacts, hours, closed days and pictures of a site."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.policies import Permission
from audit.events import record_event
from common.errors import Conflict, FieldProblem, InvalidInput
from reception.models import Site, SiteClosedDay, SiteContact, SiteHours, SitePhoto
from reception.photos import remade
from reception.policies import require_at
from reception.services.locks import lock_site

Part = SiteContact | SiteHours | SiteClosedDay | SitePhoto
PHOTOS_PER_SITE = 12


def keep_part(*, actor: Any, part: SiteContact | SiteHours | SiteClosedDay) -> Any:
    """Save a new or changed contact, hour or closed day. Raises NotPermitted, InvalidInput."""
    require_at(actor, Permission.SITES_EDIT, part.site)
    _check(part)
    try:
        with transaction.atomic():
            part.save()
            _tell(part, actor=actor, change="kept")
    except IntegrityError as error:
        # The same row was made meanwhile: what `_check` looked for is there now.
        detail = _("This is listed already.")
        raise Conflict("conflict", detail) from error
    return part


@transaction.atomic
def remove_part(*, actor: Any, part: Part) -> None:
    """Take a contact, hour, closed day or picture away for good. Raises NotPermitted."""
    require_at(actor, Permission.SITES_EDIT, part.site)
    _tell(part, actor=actor, change="removed")
    part.delete()


@transaction.atomic
def add_photo(*, actor: Any, site: Site, file: bytes, alt: str) -> SitePhoto:
    """Keep a picture of a site, made anew from its pixels and sealed.

    Raises NotPermitted, InvalidInput (no picture, too large, without words for who cannot see
    it), Conflict `too_many_photos`.
    """
    require_at(actor, Permission.SITES_EDIT, site)
    if not alt.strip():
        detail = _("Say in a few words what the picture shows.")
        raise InvalidInput("invalid", detail, problems=[FieldProblem("alt", "required", detail)])
    picture = remade(file)
    site = lock_site(site.pk)
    if site.photos.count() >= PHOTOS_PER_SITE:
        raise Conflict(
            "too_many_photos",
            _("A site keeps %(count)d pictures. Remove one first.") % {"count": PHOTOS_PER_SITE},
        )
    photo = SitePhoto(
        site=site,
        alt=alt.strip()[:200],
        width=picture.width,
        height=picture.height,
        added_by=actor,
    )
    photo.keep(picture.jpeg)
    photo.save(force_insert=True)
    _tell(photo, actor=actor, change="kept")
    return photo


def _tell(part: Part, *, actor: Any, change: str) -> None:
    record_event(
        f"{part._meta.model_name}.{change}".replace("site", "site.", 1),
        part.site,
        actor=actor,
        row=str(part.pk),
    )


def _check(part: Part) -> None:
    try:
        part.full_clean()
    except ValidationError as error:
        problems = [
            FieldProblem("" if field == "__all__" else field, "invalid", " ".join(texts))
            for field, texts in error.message_dict.items()
        ]
        text = " ".join(str(problem.detail) for problem in problems)
        raise InvalidInput("invalid", text, problems=problems) from error
