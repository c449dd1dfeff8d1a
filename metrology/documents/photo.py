"""Photographs people send: made small, upright, and without what a phone writes into them (place, device, owner)."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageOps

from metrology.domain.problems import Problem

LONGEST_SIDE: Final = 2400
_PIXELS: Final = 100_000_000


def plain_photo(data: bytes) -> bytes:
    """The picture as a JPEG of at most 2400 dots a side, with nothing beside the picture in it. Anything else is refused."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
            is_too_large = image.width * image.height > _PIXELS
            upright = None if is_too_large else ImageOps.exif_transpose(image).convert("RGB")
    except Exception as error:  # Pillow raises many kinds for what is no image
        raise Problem("not_a_photo", "photo") from error
    if upright is None:
        raise Problem("image_too_large", "photo", width=image.width, height=image.height)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=85)
    return out.getvalue()
