"""Rare characters in names: looked for in further fonts, told before submission, refused by name before issuing."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents import fonts
from metrology.documents.fonts import MissingGlyphs, paper_fonts
from metrology.persistence.certificates import Certificate
from metrology.services import certifying, paper, verifying
from metrology.services.paper import Press
from tests.conftest import NOW, TODAY
from tests.documents.paper import page_texts
from tests.people import sign_in
from tests.records import Team, create_holder, create_scale, create_team, hand_in, scale_readings

RARE = "\U00020bb7"  # 𠮷, CJK extension B: no packaged font has it
HOLDER = f"{RARE}野家示范店"


@pytest.fixture(autouse=True)
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> object:
    """As on a server without any CJK font."""
    monkeypatch.setattr(fonts, "_SYSTEM_FOLDERS", ())
    paper_fonts.cache_clear()
    yield
    paper_fonts.cache_clear()


def font_with(folder: Path, character: str) -> Path:
    """A font of one glyph, a square, for this character."""
    pen = TTGlyphPen(None)
    for point in ((100, 0), (100, 800), (900, 800), (900, 0)):
        (pen.moveTo if point == (100, 0) else pen.lineTo)(point)
    pen.closePath()
    square, empty = pen.glyph(), TTGlyphPen(None).glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "rare"])
    builder.setupCharacterMap({ord(character): "rare"})
    builder.setupGlyf({".notdef": empty, "rare": square})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "rare": (1000, 100)})
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Rare Test", "styleName": "Regular", "psName": "RareTest-Regular"})
    builder.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
    builder.setupPost()
    folder.mkdir(parents=True, exist_ok=True)
    builder.save(folder / "rare.ttf")
    return folder


def checked(session: Session) -> tuple[Team, object]:
    team = create_team(session)
    scale = create_scale(session, holder_id=create_holder(session, HOLDER).id)
    record = hand_in(session, team, scale, scale_readings(kind="initial"))
    verifying.check(session, team.actor("checker"), record, now=NOW)
    session.commit()
    return team, record


def test_without_a_font_nothing_is_issued_and_the_character_is_named(session: Session) -> None:
    team, record = checked(session)
    with pytest.raises(MissingGlyphs) as caught:
        verifying.approve(session, team.actor("approver"), record, today=TODAY, now=NOW)  # type: ignore[arg-type]
    assert caught.value.params["characters"] == f"{RARE} (U+20BB7)"
    session.rollback()
    assert session.scalar(select(Certificate.id)) is None
    assert record.state == "checked"  # type: ignore[attr-defined]


def test_with_a_font_in_the_folder_it_is_issued_and_printed(session: Session, tmp_path: Path) -> None:
    team, record = checked(session)
    folder = font_with(tmp_path / "fonts", RARE)
    assert paper.unprintable_of(record, None) == (RARE,)  # type: ignore[arg-type]
    assert paper.unprintable_of(record, folder) == ()  # type: ignore[arg-type]
    verifying.approve(session, team.actor("approver"), record, today=TODAY, now=NOW, fonts_folder=folder)  # type: ignore[arg-type]
    certificate = certifying.document_of(session, record.id)  # type: ignore[attr-defined]
    assert certificate is not None
    pdf = paper.pdf(session, certificate, "zh", Press("https://jl.example.cn", folder))
    assert f"送检单位{HOLDER}" in page_texts(pdf)[0]
    assert b"RareTest" in pdf
    with pytest.raises(MissingGlyphs):
        paper.pdf(session, certificate, "zh", Press("https://jl.example.cn"))


def test_a_noto_font_of_the_system_is_looked_in(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    font_with(tmp_path / "noto", RARE).joinpath("rare.ttf").rename(tmp_path / "noto" / "NotoSansCJK-Regular.ttf")
    monkeypatch.setattr(fonts, "_SYSTEM_FOLDERS", (tmp_path,))
    paper_fonts.cache_clear()
    team, record = checked(session)
    verifying.approve(session, team.actor("approver"), record, today=TODAY, now=NOW)  # type: ignore[arg-type]
    assert certifying.document_of(session, record.id) is not None  # type: ignore[attr-defined]


def test_checker_and_approver_are_told_on_the_record(session: Session, client: FlaskClient) -> None:
    team, record = checked(session)
    sign_in(client, team.approver)
    page = f"/verifications/{record.id}"  # type: ignore[attr-defined]
    assert f"{RARE} (U+20BB7)" in client.get(page).text
    answer = client.post(f"{page}/approve", follow_redirects=True)
    assert f"{RARE} (U+20BB7)" in answer.text
    session.expire_all()
    assert record.state == "checked"  # type: ignore[attr-defined]


def test_the_verifier_is_told_while_writing(session: Session, client: FlaskClient) -> None:
    team = create_team(session)
    scale = create_scale(session, holder_id=create_holder(session, HOLDER).id)
    draft = verifying.start_draft(session, team.actor("verifier"), scale, today=TODAY, now=NOW)
    session.commit()
    sign_in(client, team.verifier)
    assert f"{RARE} (U+20BB7)" in client.get(f"/verifications/{draft.id}/edit").text
