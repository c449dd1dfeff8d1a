"""Instruments a text finds for a list: the same by their keys and row by row, however many they are."""

from __future__ import annotations

import pytest
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.instruments import Instrument
from metrology.services import finding, searching
from tests.services.test_searching import OFFICER, create_holder, create_instrument


@pytest.fixture
def meters(session: Session) -> None:
    works = create_holder(session, "新乡水表公司")
    for n in range(6):
        kind = "cold_water_meter" if n < 3 else "digital_indicating_scale"
        holder = works.id if n in (0, 3) else None
        create_instrument(session, f"M{n}", type_code=kind, holder_id=holder, model="东湖" if n % 2 else "西湖")
    searching.index(session, *session.query(Instrument))


def found(session: Session, text: str, actor: Actor = OFFICER) -> tuple[list[str], finding.InstrumentsFound]:
    what = finding.find_instruments(session, actor, text)
    assert what is not None
    condition = Instrument.type_code.in_(what.type_codes) if what.condition is None else what.condition
    return list(session.scalars(select(Instrument.serial_number).where(condition).order_by(Instrument.id))), what


@pytest.mark.parametrize("few", [10_000, 0], ids=["by keys", "row by row"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("东湖", "M1 M3 M5"),
        ("m3", "M3"),
        ("公司", "M0 M3"),
        ("水表", "M0 M1 M2 M3"),
        ("冷水水表", "M0 M1 M2"),
        ("东湖 冷水水表", "M1"),
        ("公司 电子秤", "M3"),
        ("水", "M0 M1 M2"),
        ("x9 冷水水表", ""),
        ("东 冷水水表", ""),
    ],
)
def test_a_text_finds_the_same_however_many_it_finds(
    session: Session, meters: None, monkeypatch: pytest.MonkeyPatch, text: str, expected: str, few: int
) -> None:
    monkeypatch.setattr(finding, "FEW", few)
    assert found(session, text)[0] == expected.split()


def test_it_tells_few_from_many_and_types(session: Session, meters: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(session, "东湖")[1].is_few
    assert found(session, "冷水水表")[1].type_codes == ("cold_water_meter",)
    monkeypatch.setattr(finding, "FEW", 2)
    many = found(session, "东湖")[1]
    assert (many.is_few, len(many.some)) == (False, 3)


@pytest.mark.parametrize("text", ["东湖", "公司", "水表", "东湖 冷水水表", "公司 电子秤", "水"])
def test_a_list_and_a_search_find_alike(session: Session, meters: None, text: str) -> None:
    condition = searching.instrument_condition(session, OFFICER, text)
    assert condition is not None
    rows = session.scalars(select(Instrument.serial_number).where(or_(condition)).order_by(Instrument.id))
    assert list(rows) == found(session, text)[0]


def test_nothing_is_asked_without_words(session: Session) -> None:
    assert finding.find_instruments(session, OFFICER, " - ") is None


def test_a_holder_finds_its_own(session: Session, meters: None) -> None:
    mine = Actor(2, "x", frozenset({"holder"}), holder_id=1)
    assert found(session, "东湖", mine)[0] == ["M3"]
