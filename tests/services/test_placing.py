"""Places stand in a tree; what stands in one follows it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.services import placing, registering
from metrology.services.locating import Districts
from metrology.services.placing import PlaceFacts
from tests.conftest import NOW, TODAY

OFFICER = Actor(None, "Wang", frozenset({"officer"}))


def register(session: Session, name: str, **said: Any) -> Place:
    return placing.register_place(session, OFFICER, PlaceFacts(name=name, **said), now=NOW)


def instrument_at(session: Session, place: Place, serial: str = "S1") -> Instrument:
    facts = registering.InstrumentFacts(
        type_code="electronic_clinical_thermometer", serial_number=serial, place_id=place.id
    )
    return registering.register_instrument(session, OFFICER, facts, today=TODAY, now=NOW)


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"name": "无"}, "missing_name", "name"),
        ({"kind": "planet"}, "bad_choice", "kind"),
        ({"latitude": "90.1", "longitude": "1"}, "bad_coordinates", "latitude"),
        ({"latitude": "35.3", "longitude": "181"}, "bad_coordinates", "longitude"),
        ({"latitude": "35.3"}, "bad_coordinates", "longitude"),
        ({"latitude": "north", "longitude": "1"}, "bad_coordinates", "latitude"),
        ({"latitude": "NaN", "longitude": "1"}, "bad_coordinates", "latitude"),
    ],
)
def test_a_wrong_field_is_named(session: Session, said: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        placing.check(PlaceFacts(**{"name": "A", **said}), Districts(session))
    assert (caught.value.code, caught.value.field) == (code, field)


def test_the_poles_and_the_date_line_are_places(session: Session) -> None:
    facts = placing.check(PlaceFacts(name="A", latitude="-90", longitude="180"), Districts(session))
    assert (facts.latitude, facts.longitude) == (Decimal("-90.000000"), Decimal("180.000000"))


def test_a_stall_brings_its_market_and_both_are_found_again(session: Session) -> None:
    said = PlaceFacts(
        name="A1", kind="stall", district_code="红旗区", parent=PlaceFacts(name="东湖市场", kind="market")
    )
    stall, is_new = placing.find_or_register(session, OFFICER, said, now=NOW)
    market = stall.parent
    assert is_new
    assert market is not None
    assert (stall.path, stall.full_name) == (f"/{market.id}/{stall.id}/", "东湖市场 / A1")
    assert (market.district_code, stall.district_code) == ("410702", "410702")
    assert placing.find_or_register(session, OFFICER, said, now=NOW) == (stall, False)
    by_key = PlaceFacts(name="ａ1", kind="stall", parent_id=market.id)
    assert placing.find_or_register(session, OFFICER, by_key, now=NOW) == (stall, False)


def test_two_markets_of_one_name_in_two_districts(session: Session) -> None:
    register(session, "东湖市场", kind="market", district_code="410702")
    register(session, "东湖市场", kind="market", district_code="410703")
    with pytest.raises(Problem, match="duplicate_place"):
        register(session, "东湖市场", kind="market", district_code="410703")


def test_a_renamed_market_renames_its_stalls_and_is_found_under_the_new_name(session: Session) -> None:
    market = register(session, "旧市场", kind="market", district_code="410702")
    row = register(session, "一排", parent_id=market.id)
    stall = register(session, "A1", kind="stall", parent_id=row.id)
    placing.revise_place(session, OFFICER, market, {"name": "新市场"}, now=NOW)
    assert stall.full_name == "新市场 / 一排 / A1"
    said = PlaceFacts(
        name="A1",
        kind="stall",
        parent=PlaceFacts(name="一排", parent=PlaceFacts(name="新市场", kind="market", district_code="410702")),
    )
    assert placing.find_or_register(session, OFFICER, said, now=NOW) == (stall, False)


def test_a_place_moves_with_all_that_stands_in_it(session: Session) -> None:
    market = register(session, "市场", kind="market", district_code="410702")
    other = register(session, "商场", kind="market", district_code="410703")
    stall = register(session, "A1", kind="stall", parent_id=market.id)
    scale = instrument_at(session, stall)
    placing.revise_place(session, OFFICER, market, {"parent_id": other.id}, now=NOW)
    assert stall.path == f"/{other.id}/{market.id}/{stall.id}/"
    assert [one.id for one in placing.subtree(session, other)] == [other.id, market.id, stall.id]
    assert scale.district_code == "410702"


def test_a_place_does_not_stand_in_itself(session: Session) -> None:
    market = register(session, "市场", kind="market")
    stall = register(session, "A1", kind="stall", parent_id=market.id)
    for inside in (market, stall):
        with pytest.raises(Problem, match="place_cycle"):
            placing.revise_place(session, OFFICER, market, {"parent_id": inside.id}, now=NOW)


def test_another_district_takes_stalls_and_instruments_along(session: Session) -> None:
    market = register(session, "市场", kind="market", district_code="410702")
    stall = register(session, "A1", kind="stall", parent_id=market.id)
    elsewhere = register(session, "A2", kind="stall", parent_id=market.id, district_code="410711")
    scale, other = instrument_at(session, stall), instrument_at(session, elsewhere, "S2")
    placing.revise_place(session, OFFICER, market, {"district_code": "410703"}, now=NOW)
    assert (stall.district_code, scale.district_code) == ("410703", "410703")
    assert (elsewhere.district_code, other.district_code) == ("410711", "410711")


def test_the_tree_is_eight_deep_at_most(session: Session) -> None:
    place = register(session, "1")
    for level in range(2, 9):
        place = register(session, str(level), parent_id=place.id)
    with pytest.raises(Problem, match="place_too_deep"):
        register(session, "9", parent_id=place.id)


def test_a_place_where_instruments_stand_is_not_closed(session: Session) -> None:
    market = register(session, "市场", kind="market")
    stall = register(session, "A1", kind="stall", parent_id=market.id)
    scale = instrument_at(session, stall)
    with pytest.raises(Problem, match="place_has_instruments"):
        placing.set_active(session, OFFICER, market, is_active=False, reason="", now=NOW)
    scale.state = "retired"
    placing.set_active(session, OFFICER, market, is_active=False, reason="", now=NOW)
    assert session.scalar(select(Place.is_active).where(Place.id == market.id)) is False
