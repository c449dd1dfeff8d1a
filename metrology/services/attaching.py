"""Photographs and documents kept with an instrument: checked by their content, kept once by their hash."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime
from typing import Final

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.database import Model
from metrology.persistence.instruments import Attachment, Instrument, StoredFile
from metrology.persistence.journal import record
from metrology.services import cleaning

LARGEST: Final = 15_000_000
MOST: Final = 60
"""Files of one thing."""
_PIXELS: Final = 100_000_000
_IMAGES: Final = {"JPEG": ("image/jpeg", ".jpg"), "PNG": ("image/png", ".png"), "WEBP": ("image/webp", ".webp")}
_PDF: Final = ("application/pdf", ".pdf")


def media_type_of(data: bytes) -> tuple[str, str]:
    """What a file is by its content, with the ending of its name: an image or a PDF. Anything else is refused."""
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return _PDF
    try:
        with Image.open(io.BytesIO(data), formats=list(_IMAGES)) as image:
            kind, size = image.format, image.width * image.height
            image.verify()
    except Exception as error:  # Pillow raises many kinds for what is no image
        raise Problem("not_image_or_pdf", "file") from error
    if kind not in _IMAGES or size > _PIXELS:
        raise Problem("not_image_or_pdf", "file")
    return _IMAGES[kind]


def attach(
    session: Session,
    actor: Actor,
    subject: Model,
    data: bytes,
    *,
    name: str,
    caption: str = "",
    now: datetime,
    instrument: Instrument | None = None,
) -> Attachment:
    """Keep a file with a thing of the registry. ``instrument`` is whose timeline tells of it (an instrument its own)."""
    if not data:
        raise Problem("file_empty", "file")
    if len(data) > LARGEST:
        raise Problem("file_too_large", "file", limit=LARGEST // 1_000_000)
    media_type, ending = media_type_of(data)
    kind, key = subject.__tablename__, int(subject.id)  # type: ignore[attr-defined]
    if len(attachments_of(session, subject)) >= MOST:
        raise Problem("too_many_files", "file", limit=MOST)
    attachment = Attachment(
        object_kind=kind, object_id=key, file_id=store(session, data).id, name=_file_name(name, ending),
        media_type=media_type, caption=cleaning.words("caption", caption), added_by_id=actor.user_id, added_at=now,
    )  # fmt: skip
    session.add(attachment)
    record(session, actor, "attachment.added", attachment, at=now, instrument=instrument or _own(subject))
    session.flush()
    return attachment


def _own(subject: Model) -> Instrument | None:
    return subject if isinstance(subject, Instrument) else None


def _file_name(name: str, ending: str) -> str:
    """The name given, without folders, with the ending its content has."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(". ")
    stem = stem.rsplit(".", 1)[0] if "." in stem else stem
    return (stem[:120] or "file") + ending


def store(session: Session, data: bytes) -> StoredFile:
    """The bytes, kept once."""
    digest = hashlib.sha256(data).hexdigest()
    known = session.scalar(select(StoredFile).where(StoredFile.sha256 == digest))
    if known is None:
        known = StoredFile(sha256=digest, size=len(data), data=data)
        session.add(known)
        session.flush()
    return known


def attachments_of(session: Session, subject: Model) -> list[Attachment]:
    """The files kept with a thing, the latest first."""
    statement = select(Attachment).where(
        Attachment.object_kind == subject.__tablename__,
        Attachment.object_id == subject.id,  # type: ignore[attr-defined]
        Attachment.removed_at.is_(None),
    )
    return list(session.scalars(statement.order_by(Attachment.id.desc())))


def remove_attachment(
    session: Session, actor: Actor, attachment: Attachment, *, now: datetime, instrument: Instrument | None = None
) -> None:
    """Take a file away from a thing. Its bytes stay for the record; an account of a holder removes only its own."""
    if actor.is_holder and attachment.added_by_id != actor.user_id:
        raise Problem("ask_the_bureau")
    attachment.removed_at = now
    record(session, actor, "attachment.removed", attachment, at=now, instrument=instrument)
    session.flush()
