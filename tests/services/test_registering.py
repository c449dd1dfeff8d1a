"""Instruments are registered with one validation, once each, and a ledger read twice changes nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry
from metrology.persistence.places import Place
from metrology.persistence.search import SearchDocument
from metrology.services import holding, searching
from metrology.services.holding import HolderFacts
from metrology.services.placing import PlaceFacts
from metrology.services.registering import (
    InstrumentFacts,
    Registrar,
    Row,
    SealFacts,
    check,
    register_instrument,
    revise_instrument,
)
from tests.asking import asked as asked_within
from tests.conftest import NOW, TODAY

OFFICER = Actor(None, "Wang", frozenset({"officer"}))
IN_HONGQI = Actor(None, "Li", frozenset({"officer"}), district_code="410702")
PLATE = {"max": "30 kg", "e": "10 g", "accuracy_class": "III"}
USCC = "91110000600037341L"


def scale(**said: Any) -> InstrumentFacts:
    usual: dict[str, Any] = {
        "type_code": "digital_indicating_scale",
        "serial_number": "SC100001",
        "manufacturer": "示范衡器有限公司",
        "nameplate": PLATE,
        "last_verified_on": date(2026, 2, 20),
    }
    return InstrumentFacts(**{**usual, **said})


def nozzle(label: str, **said: Any) -> InstrumentFacts:
    usual: dict[str, Any] = {
        "type_code": "fuel_dispenser",
        "serial_number": "JY10001",
        "manufacturer": "示范加油设备有限公司",
        "part_label": label,
        "nameplate": {"product": "92#", "accuracy": "±0.30%"},
        "due_date": date(2027, 2, 21),
    }
    return InstrumentFacts(**{**usual, **said})


def refused(facts: InstrumentFacts) -> tuple[str, str | None]:
    with pytest.raises(Problem) as caught:
        check(facts, today=TODAY)
    return caught.value.code, caught.value.field


# -- one validation


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"type_code": "teapot"}, "unknown_category", "type_code"),
        ({"serial_number": " "}, "missing_serial", "serial_number"),
        ({"serial_number": "无"}, "missing_serial", "serial_number"),
        ({"serial_number": "9" * 201}, "text_too_long", "serial_number"),
        ({"model": "a\u200bb"}, "bad_text", "model"),
        ({"part_label": "1"}, "type_has_no_parts", "part_label"),
        ({"nameplate": {**PLATE, "max": "三十"}}, "bad_quantity", "nameplate.max"),
        ({"nameplate": {**PLATE, "accuracy_class": "VII"}}, "bad_choice", "nameplate.accuracy_class"),
        ({"nameplate": {"e": "10 g", "accuracy_class": "III"}}, "missing_characteristic", "nameplate.max"),
        ({"purpose": "fun"}, "bad_choice", "purpose"),
        ({"last_verified_on": date(2026, 11, 23)}, "future_verification", "last_verified_on"),
        ({"due_date": date(2026, 2, 19)}, "date_order", "due_date"),
        ({"manufactured_on": date(2026, 2, 21)}, "date_order", "last_verified_on"),
        ({"manufactured_on": date(2026, 1, 2), "installed_on": date(2026, 1, 1)}, "date_order", "installed_on"),
        ({"installed_on": date(2026, 11, 23)}, "future_date", "installed_on"),
        ({"manufactured_on": date(1026, 1, 1)}, "date_out_of_range", "manufactured_on"),
    ],
)
def test_a_wrong_field_is_named(said: dict[str, Any], code: str, field: str) -> None:
    assert refused(scale(**said)) == (code, field)


def test_today_is_not_in_the_future() -> None:
    assert check(scale(last_verified_on=TODAY), today=TODAY).last_verified_on == TODAY
    assert check(scale(due_date=date(2026, 2, 20)), today=TODAY).due_date == date(2026, 2, 20)


def test_codes_are_kept_half_width_and_names_as_written() -> None:
    facts = check(scale(serial_number="ＳＣ１ ", model=" ＡＣＳ－30", manufacturer=" 示范（新乡） "), today=TODAY)
    assert (facts.serial_number, facts.model, facts.manufacturer) == ("SC1", "ACS-30", "示范（新乡）")


# -- one instrument


def test_registered_with_number_code_journal_and_search_document(session: Session) -> None:
    instrument = register_instrument(session, OFFICER, scale(), today=TODAY, now=NOW)
    session.commit()
    assert instrument.number == "QJ00000001"
    assert len(instrument.public_code) == 22
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "instrument.registered")).one()
    assert (entry.instrument_id, entry.changes["serial_number"]) == (instrument.id, [None, "SC100001"])
    assert session.scalar(select(SearchDocument.object_id).where(SearchDocument.kind == "instrument")) == instrument.id
    assert [hit.row for group in searching.search(session, OFFICER, "sc1000") for hit in group.hits] == [instrument]


def test_due_date_follows_from_last_verification(session: Session) -> None:
    instrument = register_instrument(session, OFFICER, scale(), today=TODAY, now=NOW)
    assert (instrument.due_date, instrument.due_basis, instrument.due_kind) == (
        date(2027, 2, 19),
        "ledger",
        "verification",
    )
    assert instrument.state == "in_use"


def test_due_date_of_the_ledger_counts(session: Session) -> None:
    instrument = register_instrument(session, OFFICER, scale(due_date=date(2027, 1, 1)), today=TODAY, now=NOW)
    assert instrument.due_date == date(2027, 1, 1)


def test_unverified_awaits_verification(session: Session) -> None:
    instrument = register_instrument(session, OFFICER, scale(last_verified_on=None), today=TODAY, now=NOW)
    assert (instrument.state, instrument.due_date, instrument.due_basis) == ("awaiting_verification", None, None)


def test_household_water_meter_is_due_for_rotation(session: Session) -> None:
    meter = InstrumentFacts(
        type_code="cold_water_meter",
        serial_number="W1",
        nameplate={"dn": "DN15", "q3": "2.5", "ratio": "R100", "accuracy_class": "2级"},
        last_verified_on=date(2020, 1, 1),
    )
    instrument = register_instrument(session, OFFICER, meter, today=TODAY, now=NOW)
    assert (instrument.due_kind, instrument.due_date) == ("rotation", date(2025, 12, 31))


def test_the_same_instrument_is_refused_and_named(session: Session) -> None:
    first = register_instrument(session, OFFICER, scale(), today=TODAY, now=NOW)
    with pytest.raises(Problem) as caught:
        register_instrument(session, OFFICER, scale(serial_number="ｓｃ 100001"), today=TODAY, now=NOW)
    assert (caught.value.code, caught.value.params["number"], caught.value.params["id"]) == (
        "duplicate",
        first.number,
        str(first.id),
    )


def test_another_manufacturer_may_use_the_same_serial_number(session: Session) -> None:
    register_instrument(session, OFFICER, scale(), today=TODAY, now=NOW)
    register_instrument(session, OFFICER, scale(manufacturer="别家"), today=TODAY, now=NOW)
    assert session.scalar(select(func.count()).select_from(Instrument)) == 2


def test_an_officer_registers_in_the_own_district_only(session: Session) -> None:
    place = Place(name="P", kind="market", identity_key="p", district_code="410703", created_at=NOW, updated_at=NOW)
    session.add(place)
    session.flush()
    with pytest.raises(Problem, match="outside_scope"):
        register_instrument(session, IN_HONGQI, scale(place_id=place.id), today=TODAY, now=NOW)


def test_a_holder_registers_for_itself_and_proves_nothing(session: Session) -> None:
    mine, other = (
        Holder(number=n, name=n, identity_key=n, district_code="410702", created_at=NOW, updated_at=NOW) for n in "AB"
    )
    session.add_all([mine, other])
    session.flush()
    keeper = Actor(None, "A", frozenset({"holder"}), holder_id=mine.id)
    instrument = register_instrument(session, keeper, scale(holder_id=other.id), today=TODAY, now=NOW)
    assert (instrument.holder_id, instrument.state, instrument.due_date) == (mine.id, "awaiting_verification", None)
    assert instrument.district_code == "410702"
    revise_instrument(session, keeper, instrument, {"model": "ACS-15"}, today=TODAY, now=NOW)
    assert instrument.model == "ACS-15"
    with pytest.raises(Problem, match="ask_the_bureau"):
        revise_instrument(session, keeper, instrument, {"due_date": date(2027, 1, 1)}, today=TODAY, now=NOW)


# -- dispensers and nozzles


def test_nozzles_share_one_dispenser(session: Session) -> None:
    first, second = (register_instrument(session, OFFICER, nozzle(n), today=TODAY, now=NOW) for n in "12")
    whole = first.parent
    assert whole is not None
    assert second.parent_id == whole.id
    assert (whole.is_assembly, whole.part_label, whole.due_date, whole.state) == (True, "", None, "in_use")
    assert whole.nameplate == {"accuracy": "0.30"} or "product" not in whole.nameplate
    assert first.nameplate["product"]


def test_the_same_nozzle_is_refused(session: Session) -> None:
    register_instrument(session, OFFICER, nozzle("1"), today=TODAY, now=NOW)
    with pytest.raises(Problem, match="duplicate"):
        register_instrument(session, OFFICER, nozzle("1"), today=TODAY, now=NOW)


def test_nozzles_follow_their_dispenser(session: Session) -> None:
    part = register_instrument(session, OFFICER, nozzle("1", model="SK65"), today=TODAY, now=NOW)
    other = register_instrument(session, OFFICER, nozzle("2", model="DJY"), today=TODAY, now=NOW)
    whole = part.parent
    assert whole is not None
    revise_instrument(session, OFFICER, whole, {"serial_number": "JY2", "model": "SK66"}, today=TODAY, now=NOW)
    assert (part.serial_key, other.serial_key) == ("jy2", "jy2")
    assert (part.model, other.model) == ("SK66", "DJY")
    with pytest.raises(Problem, match="part_follows_whole"):
        revise_instrument(session, OFFICER, part, {"serial_number": "JY3"}, today=TODAY, now=NOW)


# -- changed by a person


def test_revised_with_old_and_new_in_the_journal(session: Session) -> None:
    instrument = register_instrument(session, OFFICER, scale(model="A"), today=TODAY, now=NOW)
    session.commit()
    revise_instrument(session, OFFICER, instrument, {"model": "B", "purpose": "medical"}, today=TODAY, now=NOW)
    session.commit()
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "instrument.revised")).one()
    assert entry.changes == {"model": ["A", "B"], "purpose": ["trade", "medical"]}


def test_nothing_changed_is_not_journalled(session: Session) -> None:
    instrument = register_instrument(session, OFFICER, scale(), today=TODAY, now=NOW)
    session.commit()
    revise_instrument(session, OFFICER, instrument, {"model": ""}, today=TODAY, now=NOW)
    session.commit()
    assert not session.scalars(select(JournalEntry).where(JournalEntry.action == "instrument.revised")).all()
    assert instrument.version == 1


def test_revised_into_another_ones_identity_is_refused(session: Session) -> None:
    register_instrument(session, OFFICER, scale(), today=TODAY, now=NOW)
    second = register_instrument(session, OFFICER, scale(serial_number="SC2"), today=TODAY, now=NOW)
    with pytest.raises(Problem, match="duplicate"):
        revise_instrument(session, OFFICER, second, {"serial_number": "SC100001"}, today=TODAY, now=NOW)


def test_a_due_date_from_our_certificate_is_not_typed_over(session: Session) -> None:
    instrument = register_instrument(session, OFFICER, scale(), today=TODAY, now=NOW)
    instrument.due_basis = "certificate"
    with pytest.raises(Problem, match="due_is_settled"):
        revise_instrument(session, OFFICER, instrument, {"due_date": date(2028, 1, 1)}, today=TODAY, now=NOW)
    revise_instrument(session, OFFICER, instrument, {"model": "B"}, today=TODAY, now=NOW)


# -- ledgers


def row(facts: InstrumentFacts | None = None, **said: Any) -> Row:
    market = PlaceFacts(name="示范08号集贸市场", kind="market")
    usual: dict[str, Any] = {
        "instrument": facts or scale(),
        "holder": HolderFacts(name="示范经营户244", uscc=USCC, district_code="延津县"),
        "place": PlaceFacts(name="B24", kind="stall", parent=market, district_code="延津县"),
    }
    return Row(**{**usual, **said})


def read(session: Session, *rows: Row, actor: Actor = OFFICER) -> list[str]:
    registrar = Registrar(session, actor, today=TODAY, now=NOW)
    checked = [registrar.check(one) for one in rows]
    registrar.prefetch(checked)
    done = []
    for one in checked:
        told = registrar.outlook(one)
        done.append(registrar.save(one).result)
        assert told == done[-1]
    registrar.flush()
    return list(done)


def test_a_row_makes_holder_market_stall_and_instrument_once(session: Session) -> None:
    rows = [row(scale(serial_number=f"SC{n}")) for n in range(5)]
    assert read(session, *rows) == ["created"] * 5
    session.commit()
    assert session.scalars(select(Place.full_name).order_by(Place.id)).all() == [
        "示范08号集贸市场",
        "示范08号集贸市场 / B24",
    ]
    instrument = session.scalars(select(Instrument)).first()
    assert instrument is not None
    assert instrument.holder is not None
    assert (instrument.holder.number, instrument.district_code) == ("DW00000001", "410726")
    assert read(session, *rows) == ["unchanged"] * 5
    assert session.scalar(select(func.count()).select_from(Holder)) == 1


def test_a_later_ledger_brings_later_dates(session: Session) -> None:
    read(session, row())
    later = scale(last_verified_on=date(2026, 9, 1), due_date=date(2027, 8, 31), model="ACS-30", notes="新")
    assert read(session, row(later)) == ["updated"]
    instrument = session.scalars(select(Instrument)).one()
    assert (instrument.due_date, instrument.model, instrument.notes) == (date(2027, 8, 31), "ACS-30", "新")
    assert read(session, row(scale(model="ACS-30"))) == ["unchanged"]


def test_a_ledger_does_not_overrule_a_certificate_or_a_broken_seal(session: Session) -> None:
    read(session, row())
    instrument = session.scalars(select(Instrument)).one()
    instrument.due_basis = "certificate"
    later = row(scale(last_verified_on=date(2026, 10, 1)))
    assert read(session, later) == ["unchanged"]
    instrument.state, instrument.due_date, instrument.due_basis = "awaiting_verification", None, None
    assert read(session, later) == ["unchanged"]


def test_blanks_of_a_ledger_say_nothing(session: Session) -> None:
    read(session, row(scale(model="ACS-30", lot_code="L1")))
    bare = Row(instrument=scale(last_verified_on=None))
    assert read(session, bare) == ["unchanged"]


def test_a_ledger_with_another_holder_moves_the_instrument(session: Session) -> None:
    read(session, row())
    session.commit()
    other = HolderFacts(name="示范经营户245", district_code="卫辉市")
    registrar = Registrar(session, OFFICER, today=TODAY, now=NOW)
    outcome = registrar.save(registrar.check(row(holder=other)))
    registrar.flush()
    assert outcome.result == "updated"
    assert [made.name for made in outcome.made if isinstance(made, Holder)] == ["示范经营户245"]
    assert list(outcome.before) == ["holder_id"]
    assert read(session, row(holder=other)) == ["unchanged"]


def test_a_name_without_code_means_the_holder_we_know_by_code(session: Session) -> None:
    read(session, row())
    assert read(session, row(holder=HolderFacts(name="示范经营户244"))) == ["unchanged"]


def test_seals_of_a_ledger_are_added_once(session: Session) -> None:
    sealed = row(nozzle("1", seals=(SealFacts("QF1"),)))
    assert read(session, sealed) == ["created"]
    assert read(session, sealed) == ["unchanged"]
    another = row(nozzle("1", seals=(SealFacts("QF1"), SealFacts("QF2"))))
    assert read(session, another) == ["updated"]
    part = session.scalars(select(Instrument).where(Instrument.part_label == "1")).one()
    assert [seal.number for seal in part.seals] == ["QF1", "QF2"]


def test_a_dispenser_row_after_its_nozzle_finds_it(session: Session) -> None:
    whole = nozzle("", nameplate={}, due_date=None, model="SK65")
    assert read(session, row(nozzle("1")), row(whole)) == ["created", "updated"]
    assert session.scalar(select(func.count()).select_from(Instrument)) == 2


def test_a_dispenser_goes_where_all_its_nozzles_go(session: Session) -> None:
    read(session, row(nozzle("1")), row(nozzle("2")))
    whole = session.scalars(select(Instrument).where(Instrument.is_assembly)).one()
    one, two = whole.parts
    old, new = whole.holder_id, holding.register_holder(session, OFFICER, HolderFacts(name="示范加油站"), now=NOW)
    revise_instrument(session, OFFICER, one, {"holder_id": new.id}, today=TODAY, now=NOW)
    assert whole.holder_id == old
    revise_instrument(session, OFFICER, two, {"holder_id": new.id}, today=TODAY, now=NOW)
    assert whole.holder is new


def test_rows_of_another_district_are_refused(session: Session) -> None:
    registrar = Registrar(session, IN_HONGQI, today=TODAY, now=NOW)
    with pytest.raises(Problem, match="outside_scope"):
        registrar.outlook(registrar.check(row()))


def test_problems_of_holder_and_place_name_their_column(session: Session) -> None:
    registrar = Registrar(session, OFFICER, today=TODAY, now=NOW)
    for wrong, code, field in (
        (row(holder=HolderFacts(name="A", uscc="91110000600037341N")), "bad_uscc", "holder.uscc"),
        (row(place=PlaceFacts(name="A", district_code="火星")), "unknown_district", "place.district_code"),
        (row(place=PlaceFacts(name="")), "missing_name", "place.name"),
    ):
        with pytest.raises(Problem) as caught:
            registrar.check(wrong)
        assert (caught.value.code, caught.value.field) == (code, field)


def test_questions_to_the_database_do_not_grow_with_the_rows(session: Session) -> None:
    def asked(count: int, first: int) -> int:
        rows = [
            row(scale(serial_number=f"N{n}"), place=PlaceFacts(name=f"A{n}", kind="stall", parent=PlaceFacts(name="M")))
            for n in range(first, first + count)
        ]
        with asked_within(session.get_bind()) as seen:
            read(session, *rows)
        return sum(not statement.startswith("INSERT") for statement, _values in seen)

    small = asked(10, 0)
    assert asked(200, 1000) <= small + 4
