"""Pictures as they are kept: made anew from their pixels, so that nothing else of the file stays.

A phone writes where and when it took a picture into the file, and a file may claim to be what it
is not. Decoding it and encoding the pixels again as JPEG leaves all that behind, turns the picture
upright and makes it small enough for a poor line.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from common.errors import FieldProblem, InvalidInput

# What a phone makes; by content, whatever the name of the file says.
FORMATS = ("JPEG", "PNG", "WEBP")
MOST_BYTES = 12 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 1600
QUALITY = 80


@dataclass(frozen=True)
class Picture:
    """A JPEG without metadata, and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


def remade(file: bytes) -> Picture:
    """The picture in `file` (JPEG, PNG or WebP), made anew.

    Raises InvalidInput for what is no picture, more than 12 MB or more than 50 million pixels.
    """
    if len(file) > MOST_BYTES:
        raise _refused(_("This file is too large. Send a picture of at most 12 MB."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(file), formats=FORMATS) as opened:
                # The header tells the size before anything is decoded.
                if opened.width * opened.height > MOST_PIXELS:
                    raise _refused(_("This picture has too many pixels. Send a smaller one."))
                opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                upright = ImageOps.exif_transpose(opened)
                upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                return _encoded(upright)
    except InvalidInput:
        raise
    # A damaged or hostile file fails in many ways inside the decoders; all mean the same.
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        ArithmeticError,
    ) as error:
        raise _refused(
            _("This is no picture that can be read. Send a JPEG, PNG or WebP.")
        ) from error


def _encoded(image: Image.Image) -> Picture:
    """The pixels alone, on white where the picture is transparent."""
    colours = (
        image.convert("RGBA")
        if "A" in image.getbands() or "transparency" in image.info
        else image.convert("RGB")
    )
    flat = Image.new("RGB", colours.size, "white")
    flat.paste(colours, mask=colours.getchannel("A") if colours.mode == "RGBA" else None)
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=QUALITY, optimize=True)
    return Picture(out.getvalue(), flat.width, flat.height)


def _refused(detail: str) -> InvalidInput:
    return InvalidInput("invalid", detail, problems=[FieldProblem("image", "invalid", detail)])
