"""Holders are known by credit code, or by name, market and stall; what they hold follows them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.holders import Holder
from metrology.persistence.journal import JournalEntry
from metrology.persistence.search import SearchDocument
from metrology.services import holding, registering, searching
from metrology.services.holding import HolderFacts
from metrology.services.locating import Districts
from tests.conftest import NOW, TODAY

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
IN_HONGQI = Actor(None, "Li", frozenset({"officer"}), district_code="410702")
USCC = "91110000600037341L"


def register(session: Session, name: str = "示范商贸", **said: Any) -> Holder:
    return holding.register_holder(session, OFFICER, HolderFacts(name=name, **said), now=NOW)


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"name": ""}, "missing_name", "name"),
        ({"uscc": "91110000600037341N"}, "bad_uscc", "uscc"),
        ({"kind": "friend"}, "bad_choice", "kind"),
        ({"district_code": "火星区"}, "unknown_district", "district_code"),
        ({"address": "x" * 201}, "text_too_long", "address"),
    ],
)
def test_a_wrong_field_is_named(session: Session, said: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        holding.check(HolderFacts(**{"name": "A", **said}), Districts(session))
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("410702", "410702"),
        ("红旗区", "410702"),
        ("新乡市红旗区", "410702"),
        ("河南省新乡市 红旗", "410702"),
        ("新乡县", "410721"),
        ("长垣", "410783"),
        ("高新区", "410771X"),
        ("Hongqi District", "410702"),
        ("", None),
    ],
)
def test_districts_are_known_by_the_names_people_use(session: Session, written: str, code: str | None) -> None:
    assert Districts(session).code_of(written) == code


@pytest.mark.parametrize("written", ["新乡市", "新乡", "北京市"])
def test_the_city_is_no_district(session: Session, written: str) -> None:
    with pytest.raises(Problem, match="unknown_district"):
        Districts(session).code_of(written)


def test_kind_follows_from_the_credit_code(session: Session) -> None:
    districts = Districts(session)
    kinds = {
        uscc: holding.check(HolderFacts(name="A", uscc=uscc), districts).kind
        for uscc in (USCC, "92410726LKR53E9425", None)
    }
    assert kinds == {USCC: "enterprise", "92410726LKR53E9425": "vendor", None: "vendor"}


def test_the_same_credit_code_is_the_same_holder(session: Session) -> None:
    first = register(session, uscc=USCC)
    again, is_new = holding.find_or_register(session, OFFICER, HolderFacts(name="另名", uscc=USCC.lower()), now=NOW)
    assert (again, is_new, again.name) == (first, False, "示范商贸")
    with pytest.raises(Problem) as caught:
        register(session, "另名", uscc=USCC)
    assert (caught.value.code, caught.value.field, caught.value.params["number"]) == (
        "duplicate_holder",
        "uscc",
        "DW00000001",
    )


def test_vendors_of_one_name_at_two_stalls_are_two(session: Session) -> None:
    register(session, "王小二", market="东湖市场", stall="A1")
    register(session, "王小二", market="东湖市场", stall="A2")
    with pytest.raises(Problem, match="duplicate_holder"):
        register(session, "王小二", market="东湖 市场", stall="ａ２")
    assert holding.facts_of(session.scalars(select(Holder).order_by(Holder.id)).all()[1]).stall == "A2"


def test_a_vendor_gets_a_credit_code(session: Session) -> None:
    holder = register(session, "王小二", stall="A1")
    session.commit()
    holding.revise_holder(session, OFFICER, holder, {"uscc": USCC}, now=NOW)
    session.commit()
    assert holder.identity_key == USCC
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "holder.revised")).one()
    assert entry.changes["uscc"] == [None, USCC]
    other = register(session, "李四")
    with pytest.raises(Problem, match="duplicate_holder"):
        holding.revise_holder(session, OFFICER, other, {"uscc": USCC}, now=NOW)


def test_instruments_without_a_place_follow_their_holder_to_another_district(session: Session) -> None:
    holder = register(session, district_code="红旗区")
    facts = registering.InstrumentFacts(
        type_code="digital_indicating_scale",
        serial_number="S1",
        nameplate={"max": "30 kg", "e": "10 g", "accuracy_class": "III"},
        holder_id=holder.id,
    )
    scale = registering.register_instrument(session, OFFICER, facts, today=TODAY, now=NOW)
    session.commit()
    holding.revise_holder(session, OFFICER, holder, {"district_code": "410703", "name": "示范新名"}, now=NOW)
    session.commit()
    assert scale.district_code == "410703"
    document = session.scalars(select(SearchDocument).where(SearchDocument.kind == "instrument")).one()
    assert document.district_code == "410703"
    found = {hit.kind for group in searching.search(session, OFFICER, "示范新名") for hit in group.hits}
    assert found == {"holder", "instrument"}


def test_only_in_the_own_district(session: Session) -> None:
    with pytest.raises(Problem, match="outside_scope"):
        holding.register_holder(session, IN_HONGQI, HolderFacts(name="A", district_code="410703"), now=NOW)
    holding.register_holder(session, IN_HONGQI, HolderFacts(name="A", district_code="410702"), now=NOW)


def test_a_holder_with_instruments_is_not_closed(session: Session) -> None:
    holder = register(session)
    facts = registering.InstrumentFacts(type_code="fuel_dispenser", serial_number="S1", holder_id=holder.id)
    instrument = registering.register_instrument(session, OFFICER, facts, today=TODAY, now=NOW)
    with pytest.raises(Problem, match="holder_has_instruments"):
        holding.set_active(session, OFFICER, holder, is_active=False, reason="closed", now=NOW)
    instrument.state = "retired"
    holding.set_active(session, OFFICER, holder, is_active=False, reason="closed", now=NOW)
    assert not holder.is_active
