"""Only what is an image or a PDF by its content is kept, once."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.instruments import Attachment, StoredFile
from metrology.services import attaching
from tests.conftest import NOW
from tests.records import create_scale

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def picture(kind: str = "PNG", size: tuple[int, int] = (4, 3)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "media_type", "name"),
    [
        (picture("PNG"), "image/png", "铭牌.png"),
        (picture("JPEG"), "image/jpeg", "铭牌.jpg"),
        (picture("WEBP"), "image/webp", "铭牌.webp"),
        (PDF, "application/pdf", "铭牌.pdf"),
    ],
    ids=["png", "jpeg", "webp", "pdf"],
)
def test_its_content_says_what_it_is(session: Session, data: bytes, media_type: str, name: str) -> None:
    kept = attaching.attach(session, OFFICER, create_scale(session), data, name="../x\\铭牌.exe", now=NOW)
    assert (kept.media_type, kept.name) == (media_type, name)


@pytest.mark.parametrize(
    "data",
    [
        b"<html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + b"\0" * 20,
        picture("PNG")[:40],
        b"%PDF-1.7 and nothing more",
        b"MZ" + b"\0" * 100,
    ],
    ids=["html", "svg", "gif", "cut", "no-pdf", "program"],
)
def test_anything_else_is_refused(session: Session, data: bytes) -> None:
    with pytest.raises(Problem, match="not_image_or_pdf"):
        attaching.attach(session, OFFICER, create_scale(session), data, name="a.png", now=NOW)


def test_empty_and_too_large_files_are_refused(session: Session) -> None:
    scale = create_scale(session)
    for data, code in ((b"", "file_empty"), (PDF + b" " * attaching.LARGEST, "file_too_large")):
        with pytest.raises(Problem, match=code):
            attaching.attach(session, OFFICER, scale, data, name="a.pdf", now=NOW)


def test_the_same_bytes_are_kept_once(session: Session) -> None:
    one, two = create_scale(session, "S1"), create_scale(session, "S2")
    for scale in (one, two):
        attaching.attach(session, OFFICER, scale, PDF, name="a.pdf", now=NOW)
    assert session.scalar(select(func.count()).select_from(StoredFile)) == 1
    assert session.scalar(select(func.count()).select_from(Attachment)) == 2


def test_a_removed_file_is_seen_no_more_and_stays_in_the_record(session: Session) -> None:
    scale = create_scale(session)
    kept = attaching.attach(session, OFFICER, scale, PDF, name="a.pdf", now=NOW)
    attaching.remove_attachment(session, OFFICER, kept, now=NOW, instrument=scale)
    assert attaching.attachments_of(session, scale) == []
    assert session.get(StoredFile, kept.file_id) is not None


def test_a_holder_removes_only_what_it_added(session: Session) -> None:
    scale = create_scale(session)
    kept = attaching.attach(session, OFFICER, scale, PDF, name="a.pdf", now=NOW)
    keeper = Actor(77, "店", frozenset({"holder"}), holder_id=scale.holder_id)
    with pytest.raises(Problem, match="ask_the_bureau"):
        attaching.remove_attachment(session, keeper, kept, now=NOW)
