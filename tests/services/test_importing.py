"""Ledgers come in once, whole or not at all by the chunk, survive a restart, and can be taken back while nobody touched them."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.database import reading
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.journal import JournalEntry, verify_chain
from metrology.persistence.ledgers import HeadingMapping, LedgerBatch, LedgerRow
from metrology.persistence.places import Place
from metrology.persistence.search import SearchDocument
from metrology.persistence.tasks import Task
from metrology.services import importing, ledger_checking, ledger_chunks, ledger_importing, ledger_undoing
from metrology.services.revising import revise_instrument
from tests.conftest import NOW, TODAY
from tests.ledgers import (
    EXAMPLES,
    EXPECTED,
    METER_HEADINGS,
    SCALE_HEADINGS,
    as_csv,
    as_xlsx,
    create_uscc,
    fuel_ledger,
    market_ledger,
    meter_ledger,
    meter_row,
    nozzle_row,
    scale_row,
)
from tests.people import create_user
from tests.records import actor_of

OFFICER = Actor(None, "Wang", frozenset({"officer"}))


class Clock:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


CLOCK = Clock()


def committing(session: Session) -> Any:
    def step(progress: int, total: int | None = None, note: str = "") -> None:
        session.commit()

    return step


def checked(
    session: Session, data: bytes, actor: Actor = OFFICER, name: str = "ledger.xlsx", **chosen: Any
) -> LedgerBatch:
    batch = importing.upload(session, actor, data, name, now=CLOCK(), **chosen)
    session.commit()
    ledger_checking.check(session, batch.id, today=TODAY, now=CLOCK, step=committing(session))
    session.commit()
    return session.get_one(LedgerBatch, batch.id)


def imported(
    session: Session, data: bytes, actor: Actor = OFFICER, name: str = "ledger.xlsx", today: date = TODAY
) -> LedgerBatch:
    batch = checked(session, data, actor, name)
    importing.confirm(session, actor, batch, now=CLOCK())
    session.commit()
    return run(session, batch.id, today)


def run(session: Session, batch_id: int, today: date = TODAY) -> LedgerBatch:
    ledger_importing.run(session, batch_id, today=today, now=CLOCK, step=committing(session))
    session.commit()
    return session.get_one(LedgerBatch, batch_id)


def at_once(session: Session, data: bytes, name: str, today: date) -> LedgerBatch:
    return importing.import_now(session, OFFICER, data, name, today=today, now=CLOCK, step=committing(session))


def undone(session: Session, batch: LedgerBatch) -> LedgerBatch:
    importing.undo(session, OFFICER, session.get_one(LedgerBatch, batch.id), reason="错传", now=CLOCK())
    session.commit()
    ledger_undoing.run(session, batch.id, now=CLOCK, step=committing(session))
    session.commit()
    return session.get_one(LedgerBatch, batch.id)


def figures(batch: LedgerBatch) -> tuple[int, int, int, int]:
    counts = batch.counts
    return counts["created"], counts["updated"], counts["unchanged"], counts["rejected"]


def refused(session: Session, batch: LedgerBatch) -> list[tuple[int, str]]:
    return [(row.row, row.code) for row in importing.refused_rows(session, batch.id)]


def only(session: Session, serial: str = "DH100001") -> Instrument:
    return session.scalars(select(Instrument).where(Instrument.serial_number == serial)).one()


def count(session: Session, model: Any, *conditions: Any) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


# -- the ledgers of ../shared


@pytest.mark.skipif(not EXPECTED, reason="no example ledgers beside this folder")
@pytest.mark.parametrize("name", ["market_scales.xlsx", "fuel_dispensers.csv"])
def test_the_example_ledgers_come_in_as_expected_and_the_next_day_change_nothing(session: Session, name: str) -> None:
    data, expected = (EXAMPLES / name).read_bytes(), EXPECTED[name]
    batch = imported(session, data, name=name)
    assert refused(session, batch) == [(one["row"], one["why"]) for one in expected["rejected"]]
    rows = expected.get("instrument_rows") or expected["nozzle_rows"]
    accepted = rows - len(expected["rejected"])
    assert figures(batch) == (accepted, 0, 0, len(expected["rejected"]))
    if name.startswith("fuel"):
        assert count(session, Instrument, Instrument.is_assembly) == expected["dispensers"]
        assert count(session, Place, Place.kind == "station") == expected["stations"]
    again = at_once(session, data, name, date(2026, 11, 23))
    assert refused(session, again) == refused(session, batch)
    assert figures(again) == (0, 0, accepted, len(expected["rejected"]))
    assert list(verify_chain(session)) == []


@pytest.mark.skipif(not EXPECTED, reason="no example ledgers beside this folder")
def test_five_thousand_meters_come_in_by_the_lot(session: Session) -> None:
    data = (EXAMPLES / "water_meters.csv").read_bytes()
    batch = at_once(session, data, "water_meters.csv", TODAY)
    assert figures(batch) == (5000, 0, 0, 0)
    assert session.scalar(select(func.count(Instrument.lot_code.distinct()))) == 10
    meter = only(session, "W10000000")
    assert (meter.due_date, meter.due_basis, meter.due_kind) == (date(2025, 12, 31), "ledger", "rotation")
    assert (meter.place.full_name, meter.location) == ("示范小区 / 1号楼", "1户")


# -- what a check foretells, the import does


def test_a_check_changes_nothing_and_foretells_what_comes(session: Session) -> None:
    data = market_ledger(scale_row(1), scale_row(2, 出厂编号=""), scale_row(3, 器具名称="量子秤"))
    batch = checked(session, data)
    assert (batch.state, figures(batch)) == ("checked", (1, 0, 0, 2))
    assert batch.counts["unknown_names"] == {"量子秤": 1}
    assert count(session, Instrument) == count(session, Holder) == count(session, Place) == 0
    assert refused(session, batch) == [(5, "missing_serial"), (6, "unknown_category")]
    importing.confirm(session, OFFICER, batch, now=CLOCK())
    session.commit()
    assert figures(run(session, batch.id)) == (1, 0, 0, 2)


def test_a_later_ledger_changes_place_holder_and_days(session: Session) -> None:
    imported(session, market_ledger(scale_row(1), scale_row(2)))
    later = scale_row(1, 摊位号="C09", 上次检定日期="2026-11-02", 有效期至="2027-11-01")
    later_two = scale_row(2, **{"使用单位(人)": "经营户777", "统一社会信用代码": create_uscc(777)})
    data = market_ledger(later, later_two)
    batch = checked(session, data)
    foretold = {
        row.row: row.changes for row in session.scalars(select(LedgerRow).where(LedgerRow.batch_id == batch.id))
    }
    assert foretold[4] == [
        ["last_verified_on", "2026-05-22", "2026-11-02"],
        ["due_date", "2027-05-21", "2027-11-01"],
        ["place", "东湖集贸市场 / A01", "东湖集贸市场 / C09"],
    ]
    assert foretold[5] == [["holder", "经营户002", "经营户777"]]
    importing.confirm(session, OFFICER, batch, now=CLOCK())
    session.commit()
    assert figures(run(session, batch.id)) == (0, 2, 0, 0)
    scale = only(session)
    assert (scale.place.name, scale.due_date) == ("C09", date(2027, 11, 1))
    assert only(session, "DH100002").holder.name == "经营户777"
    done = {row.row: row.changes for row in session.scalars(select(LedgerRow).where(LedgerRow.batch_id == batch.id))}
    assert sorted(done[4]) == sorted(foretold[4]) and done[5] == foretold[5]


def test_a_ledger_never_overrules_a_certificate(session: Session) -> None:
    imported(session, market_ledger(scale_row(1)))
    scale = only(session)
    scale.due_basis, scale.due_date, scale.last_verified_on = "certificate", date(2027, 10, 31), date(2026, 11, 1)
    session.commit()
    batch = imported(session, market_ledger(scale_row(1, 上次检定日期="2026-11-20", 有效期至="2030-11-19")))
    assert figures(batch) == (0, 0, 1, 0)
    assert (only(session).due_date, only(session).due_basis) == (date(2027, 10, 31), "certificate")


def test_holders_of_one_name_with_two_codes_are_two(session: Session) -> None:
    one = {"使用单位(人)": "张三", "统一社会信用代码": create_uscc(1)}
    two = {"使用单位(人)": "张三", "统一社会信用代码": create_uscc(2)}
    imported(session, market_ledger(scale_row(1, **one), scale_row(2, **two), scale_row(3, **one)))
    assert count(session, Holder, Holder.name == "张三") == 2


def test_two_vendors_may_share_a_stall(session: Session) -> None:
    batch = imported(session, market_ledger(scale_row(1, 摊位号="A1"), scale_row(2, 摊位号="A1")))
    assert figures(batch) == (2, 0, 0, 0)
    assert count(session, Place) == 2


def test_one_market_name_in_two_districts_is_two_markets(session: Session) -> None:
    imported(session, market_ledger(scale_row(1), scale_row(2, 区县="辉县市")))
    assert count(session, Place, Place.kind == "market") == 2


# -- duplicates


def test_the_second_line_with_a_serial_number_of_one_holder_is_refused(session: Session) -> None:
    same = {"使用单位(人)": "张三", "统一社会信用代码": create_uscc(1), "出厂编号": "DH1"}
    batch = imported(
        session, market_ledger(scale_row(1, **same), scale_row(2, **same), scale_row(3, **same, 制造单位="别的厂"))
    )
    assert refused(session, batch) == [(5, "duplicate"), (6, "duplicate")]
    first = importing.refused_rows(session, batch.id)[0]
    assert first.params == {"sentence": "duplicate_in_file", "row": "4"}


def test_the_same_number_of_another_maker_at_another_holder_is_another_instrument(session: Session) -> None:
    batch = imported(
        session, market_ledger(scale_row(1, 出厂编号="DH1"), scale_row(2, 出厂编号="DH1", 制造单位="别的厂"))
    )
    assert figures(batch) == (2, 0, 0, 0)


def test_the_same_maker_and_number_at_another_holder_is_a_duplicate(session: Session) -> None:
    batch = imported(session, market_ledger(scale_row(1, 出厂编号="DH1"), scale_row(2, 出厂编号="DH1")))
    assert refused(session, batch) == [(5, "duplicate")]


def test_a_refused_line_does_not_make_the_next_a_duplicate(session: Session) -> None:
    same = {"使用单位(人)": "张三", "统一社会信用代码": create_uscc(1), "出厂编号": "DH1"}
    batch = imported(session, market_ledger(scale_row(1, **same, 上次检定日期="待定"), scale_row(2, **same)))
    assert refused(session, batch) == [(4, "bad_date")]


def test_a_maker_written_otherwise_in_a_later_ledger_is_asked_about(session: Session) -> None:
    imported(session, market_ledger(scale_row(1)))
    batch = checked(session, market_ledger(scale_row(1, 制造单位="示范衡器厂")))
    row = importing.refused_rows(session, batch.id)[0]
    assert (row.code, row.params["sentence"], row.params["maker"]) == (
        "duplicate",
        "duplicate_other_maker",
        "示范衡器有限公司",
    )


def test_a_line_without_a_maker_means_the_instrument_known(session: Session) -> None:
    imported(session, market_ledger(scale_row(1)))
    assert figures(imported(session, market_ledger(scale_row(1, 制造单位="")))) == (0, 0, 1, 0)


def test_duplicates_are_found_across_chunks(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_chunks, "CHUNK", 2)
    rows = [scale_row(1), scale_row(2), scale_row(3), scale_row(1)]
    batch = imported(session, market_ledger(*rows))
    assert refused(session, batch) == [(7, "duplicate")]


# -- dispensers and their nozzles


def test_nozzles_are_parts_of_one_dispenser_and_carry_their_seals(session: Session) -> None:
    batch = imported(
        session, fuel_ledger(nozzle_row(1), nozzle_row(2, 加油机型号="RT-CXJ4222", 油品="0#柴油")), name="fuel.csv"
    )
    assert figures(batch) == (2, 0, 0, 0)
    assert batch.counts["made"] == {"holder": 1, "place": 1, "instrument": 1}
    dispenser = session.scalars(select(Instrument).where(Instrument.is_assembly)).one()
    assert (dispenser.model, dispenser.due_date) == ("SK65", None)
    assert [(part.part_label, part.model, part.nameplate["product"]) for part in dispenser.parts] == [
        ("1", "SK65", "gasoline_92"), ("2", "RT-CXJ4222", "diesel_0"),
    ]  # fmt: skip
    assert Counter(session.scalars(select(Seal.number))) == {"QF000001": 1, "QF000002": 1}


def test_a_dispenser_goes_where_its_nozzles_go(session: Session) -> None:
    imported(session, fuel_ledger(nozzle_row(1), nozzle_row(2)), name="fuel.csv")
    moved = {
        "加油站名称": "示范加油站77",
        "统一社会信用代码": create_uscc(77),
        "地址": "牧野区示范路",
        "区县": "牧野区",
    }
    batch = imported(session, fuel_ledger(nozzle_row(1, **moved), nozzle_row(2, **moved)), name="fuel.csv")
    assert figures(batch) == (0, 2, 0, 0)
    for row in session.scalars(select(Instrument)):
        assert (row.place.name, row.holder.name, row.district_code) == ("示范加油站77", "示范加油站77", "410711")
    undone(session, batch)
    for row in session.scalars(select(Instrument).execution_options(populate_existing=True)):
        assert (row.place.name, row.district_code) == ("示范加油站01", "410702")


# -- contacts


def test_contacts_are_added_once(session: Session) -> None:
    headings = (*SCALE_HEADINGS, "联系人", "电话")
    one = {"使用单位(人)": "张三", "统一社会信用代码": create_uscc(1)}
    rows = [[*scale_row(1, **one), "李四", "13800000000"], [*scale_row(2, **one), "李四", "13800000000"]]
    data = as_xlsx([headings, *rows])
    assert figures(imported(session, data)) == (2, 0, 0, 0)
    assert [(contact.name, contact.phone) for contact in session.scalars(select(Contact))] == [("李四", "13800000000")]
    assert figures(imported(session, data)) == (0, 0, 2, 0)


def test_a_new_contact_of_a_known_holder_is_a_change(session: Session) -> None:
    headings = (*SCALE_HEADINGS, "联系人")
    imported(session, as_xlsx([SCALE_HEADINGS, scale_row(1)]))
    data = as_xlsx([headings, [*scale_row(1), "李四"]])
    assert figures(checked(session, data)) == (0, 1, 0, 0)
    batch = imported(session, data)
    assert figures(batch) == (0, 1, 0, 0)
    undone(session, batch)
    assert count(session, Contact) == 0
    assert figures(imported(session, data)) == (0, 1, 0, 0)


# -- going on after a restart


class Killed(BaseException):
    """The process was killed."""


@pytest.mark.parametrize("chunks_done", [0, 1, 2, 3])
def test_an_import_killed_half_way_goes_on_where_it_was(
    session: Session, monkeypatch: pytest.MonkeyPatch, chunks_done: int
) -> None:
    monkeypatch.setattr(ledger_chunks, "CHUNK", 3)
    rows = [scale_row(number) for number in range(1, 9)]
    rows[6] = scale_row(2)
    confirmed = checked(session, market_ledger(*rows))
    importing.confirm(session, OFFICER, confirmed, now=CLOCK())
    session.commit()
    batch_id = confirmed.id
    steps = iter(range(100))

    def killing(progress: int, total: int | None = None, note: str = "") -> None:
        if next(steps) > chunks_done:
            session.rollback()
            raise Killed
        session.commit()

    if chunks_done < 3:
        with pytest.raises(Killed):
            ledger_importing.run(session, batch_id, today=TODAY, now=CLOCK, step=killing)
        session.rollback()
        session.expunge_all()
        assert session.get_one(LedgerBatch, batch_id).state == "running"
        assert (
            count(session, LedgerRow, LedgerRow.batch_id == batch_id, LedgerRow.done_at.is_not(None)) == chunks_done * 3
        )
    batch = run(session, batch_id)
    assert (batch.state, figures(batch)) == ("done", (7, 0, 0, 1))
    assert refused(session, batch) == [(10, "duplicate")]
    assert count(session, Instrument) == 7
    assert list(verify_chain(session)) == []


def test_a_chunk_that_somebody_was_faster_in_is_done_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    save, attempts = ledger_importing._save, iter((1, 2))

    def late(*args: Any, **kwargs: Any) -> Any:
        saved = save(*args, **kwargs)
        if next(attempts) == 1:
            raise IntegrityError("insert", None, Exception("unique"))
        return saved

    monkeypatch.setattr(ledger_importing, "_save", late)
    batch = imported(session, market_ledger(scale_row(1), scale_row(2), scale_row(1)))
    assert figures(batch) == (2, 0, 0, 1)
    assert count(session, Instrument) == 2


def test_a_batch_done_is_not_done_again(session: Session) -> None:
    batch = imported(session, market_ledger(scale_row(1)))
    before = count(session, JournalEntry)
    run(session, batch.id)
    assert count(session, JournalEntry) == before


def test_the_command_goes_on_with_a_file_that_was_cut_off(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_chunks, "CHUNK", 2)
    data = market_ledger(*(scale_row(number) for number in range(1, 6)))
    steps = iter(range(100))

    def killing(progress: int, total: int | None = None, note: str = "") -> None:
        if next(steps) == 3:
            session.rollback()
            raise Killed
        session.commit()

    with pytest.raises(Killed):
        importing.import_now(session, OFFICER, data, "a.xlsx", today=TODAY, now=CLOCK, step=killing)
    session.rollback()
    session.expunge_all()
    batch = importing.import_now(session, OFFICER, data, "a.xlsx", today=TODAY, now=CLOCK, step=committing(session))
    assert (batch.state, figures(batch)) == ("done", (5, 0, 0, 0))
    assert count(session, LedgerBatch) == 1


# -- confirming, discarding


def test_a_batch_is_confirmed_once(session: Session) -> None:
    batch = checked(session, market_ledger(scale_row(1)))
    importing.confirm(session, OFFICER, batch, now=CLOCK())
    session.commit()
    with pytest.raises(Problem, match="batch_state"):
        importing.confirm(session, OFFICER, batch, now=CLOCK())
    session.rollback()
    assert count(session, Task, Task.kind == "ledger.import") == 1


def test_a_batch_without_a_good_row_is_not_confirmed(session: Session) -> None:
    batch = checked(session, market_ledger(scale_row(1, 出厂编号="")))
    with pytest.raises(Problem, match="nothing_to_import"):
        importing.confirm(session, OFFICER, batch, now=CLOCK())


def test_a_discarded_batch_is_out(session: Session) -> None:
    batch = checked(session, market_ledger(scale_row(1)))
    importing.discard(session, OFFICER, batch, now=CLOCK())
    with pytest.raises(Problem, match="batch_state"):
        importing.confirm(session, OFFICER, batch, now=CLOCK())


def test_the_same_bytes_are_kept_once(session: Session) -> None:
    data = market_ledger(scale_row(1))
    first, second = imported(session, data), checked(session, data)
    assert first.file_id == second.file_id
    assert importing.imported_before(session, second).id == first.id  # type: ignore[union-attr]
    assert importing.imported_before(session, first) is None


# -- files that are no ledgers


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file_empty"), (b"%PDF-1.7 ...", "file_kind_unknown"), (b"PK\x03\x04 broken", "file_kind_unknown")],
)
def test_what_is_no_table_is_refused_at_once(session: Session, data: bytes, code: str) -> None:
    with pytest.raises(Problem, match=code):
        importing.upload(session, OFFICER, data, "x.xlsx", now=NOW)


def test_a_file_that_cannot_be_read_says_why(session: Session) -> None:
    batch = checked(session, as_csv([METER_HEADINGS]) + b'"open quote\n' * 3, name="x.csv")
    assert (batch.state, batch.error) == ("failed", "csv_unterminated_quote")
    importing.discard(session, OFFICER, batch, now=CLOCK())


def test_a_bomb_is_refused_before_it_is_unpacked(session: Session) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 8_000_000)
    batch = checked(session, out.getvalue())
    assert (batch.state, batch.error) == ("failed", "file_too_complex")


def test_text_that_looks_like_a_formula_stays_text(session: Session) -> None:
    data = as_csv([SCALE_HEADINGS, scale_row(1, 备注='=HYPERLINK("http://x")', 规格型号="@SUM(A1)")])
    imported(session, data, name="x.csv")
    assert (only(session).notes, only(session).model) == ('=HYPERLINK("http://x")', "@SUM(A1)")


def test_a_file_without_a_table_can_be_mapped_by_hand(session: Session) -> None:
    rows = [["某某表"], ["谁", "什么", "几号"], ["示范公司", "电子秤", "DH1"]]
    batch = checked(session, as_csv(rows), name="x.csv")
    assert (batch.state, batch.counts["rows"]) == ("checked", 0)
    choice: dict[str, Any] = {
        "header_row": 2,
        "depth": 1,
        "type_code": "",
        "skipped": False,
        "fields": {},
        "type_names": {},
    }
    importing.map_by_hand(session, OFFICER, batch, [choice], now=CLOCK())
    session.commit()
    ledger_checking.check(session, batch.id, today=TODAY, now=CLOCK, step=committing(session))
    fields = {0: "holder.name", 1: "type", 2: "serial_number"}
    batch = session.get_one(LedgerBatch, batch.id)
    importing.map_by_hand(session, OFFICER, batch, [{**choice, "fields": fields}], now=CLOCK())
    session.commit()
    ledger_checking.check(session, batch.id, today=TODAY, now=CLOCK, step=committing(session))
    session.commit()
    assert figures(session.get_one(LedgerBatch, batch.id)) == (0, 0, 0, 1)
    assert refused(session, batch) == [(3, "missing_characteristic")]


# -- mapping by hand


def _chosen(batch: LedgerBatch, **changes: Any) -> dict[str, Any]:
    sheet = batch.mapping["sheets"][0]
    usual = {
        "header_row": sheet["header_row"], "depth": sheet["depth"], "type_code": sheet["type_code"], "skipped": False,
        "fields": {}, "type_names": {},
    }  # fmt: skip
    return {**usual, **changes}


def test_a_mapping_by_hand_is_remembered_for_the_same_headings(session: Session) -> None:
    headings = [*SCALE_HEADINGS[:11], "内部码", *SCALE_HEADINGS[12:]]
    data = as_xlsx([headings, scale_row(1)])
    batch = checked(session, data)
    assert refused(session, batch) == [(2, "missing_serial")]
    importing.map_by_hand(session, OFFICER, batch, [_chosen(batch, fields={11: "serial_number"})], now=CLOCK())
    session.commit()
    ledger_checking.check(session, batch.id, today=TODAY, now=CLOCK, step=committing(session))
    session.commit()
    assert figures(session.get_one(LedgerBatch, batch.id)) == (1, 0, 0, 0)
    again = checked(session, as_xlsx([["另一张表"], headings, scale_row(2)]))
    assert figures(again) == (1, 0, 0, 0)
    assert again.mapping["remembered"] == [0]
    assert session.scalars(select(HeadingMapping)).one().used_count == 1


def test_a_remembered_mapping_serves_a_dry_run_that_only_reads(session: Session) -> None:
    headings = [*SCALE_HEADINGS[:11], "内部码", *SCALE_HEADINGS[12:]]
    data = as_xlsx([headings, scale_row(1)])
    batch = checked(session, data)
    importing.map_by_hand(session, OFFICER, batch, [_chosen(batch, fields={11: "serial_number"})], now=CLOCK())
    session.commit()
    with reading():
        counts, found = ledger_checking.preview(session, OFFICER, data, "x.xlsx", today=TODAY, now=CLOCK)
        session.rollback()
    assert (counts.by_outcome["created"], found) == (1, [])


def test_a_name_nobody_knows_can_be_given_a_type(session: Session) -> None:
    data = market_ledger(scale_row(1, 器具名称="量子秤"))
    batch = checked(session, data)
    choice = _chosen(batch, type_names={"量子秤": "digital_indicating_scale"})
    importing.map_by_hand(session, OFFICER, batch, [choice], now=CLOCK())
    session.commit()
    ledger_checking.check(session, batch.id, today=TODAY, now=CLOCK, step=committing(session))
    session.commit()
    assert figures(session.get_one(LedgerBatch, batch.id)) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    "changes", [{"type_code": "no_such"}, {"type_names": {"x": "no_such"}}, {"fields": {0: "no.such"}}]
)
def test_a_mapping_to_nothing_is_refused(session: Session, changes: dict[str, Any]) -> None:
    batch = checked(session, market_ledger(scale_row(1)))
    with pytest.raises(Problem):
        importing.map_by_hand(session, OFFICER, batch, [_chosen(batch, **changes)], now=CLOCK())


def test_a_holder_chosen_for_the_sheet_holds_what_it_lists(session: Session) -> None:
    data = as_csv([("器具名称", "出厂编号", "型号", "使用部门"), ("体温计", "T1", "A", "急诊科")])
    imported(session, market_ledger(scale_row(1)))
    holder = importing.find_holder(session, OFFICER, "经营户001")
    assert holder is not None
    batch = checked(session, data, name="x.csv", holder_id=holder.id)
    assert figures(batch) == (1, 0, 0, 0)
    importing.confirm(session, OFFICER, batch, now=CLOCK())
    session.commit()
    run(session, batch.id)
    assert only(session, "T1").holder_id == holder.id


def test_a_holder_is_named_by_number_code_or_name(session: Session) -> None:
    imported(session, market_ledger(scale_row(1), scale_row(2, **{"使用单位(人)": "经营户001"})))
    with pytest.raises(Problem, match="holder_ambiguous"):
        importing.find_holder(session, OFFICER, "经营户001")
    assert importing.find_holder(session, OFFICER, create_uscc(2)) is not None
    assert importing.find_holder(session, OFFICER, "  ") is None
    with pytest.raises(Problem, match="unknown_holder"):
        importing.find_holder(session, Actor(None, "Li", frozenset({"officer"}), "410781"), create_uscc(2))


# -- whose district


def test_an_officer_of_a_district_imports_for_it_alone(session: Session) -> None:
    user = create_user(session, "officer", district_code="410702")
    batch = imported(session, market_ledger(scale_row(1), scale_row(2, 区县="辉县市")), actor_of(user))
    assert refused(session, batch) == [(5, "outside_scope")]
    assert importing.find(session, actor_of(user), batch.id) is not None
    other = create_user(session, "officer", district_code="410781")
    assert importing.find(session, actor_of(other), batch.id) is None
    assert importing.find(session, OFFICER, batch.id) is not None


# -- taking back


def test_an_import_taken_back_leaves_nothing_and_can_come_again(session: Session) -> None:
    data = fuel_ledger(nozzle_row(1), nozzle_row(2), nozzle_row(3, 检定日期="待定"))
    batch = undone(session, imported(session, data, name="fuel.csv"))
    assert batch.state == "undone"
    for model in (Instrument, Holder, Place, Seal, SearchDocument):
        assert count(session, model) == 0
    gone = session.scalars(select(JournalEntry).where(JournalEntry.action == "instrument.withdrawn")).all()
    assert len(gone) == 3
    assert gone[0].changes["serial_number"] == ["JY10001", None]
    assert figures(imported(session, data, name="fuel.csv")) == (2, 0, 0, 1)
    assert list(verify_chain(session)) == []


def test_what_an_import_changed_is_as_it_was(session: Session) -> None:
    imported(session, market_ledger(scale_row(1)))
    before = (only(session).place_id, only(session).due_date, only(session).model)
    batch = imported(
        session,
        market_ledger(scale_row(1, 摊位号="C09", 规格型号="ACS-15", 上次检定日期="2026-11-02", 有效期至="2027-11-01")),
    )
    assert figures(batch) == (0, 1, 0, 0)
    undone(session, batch)
    session.expire_all()
    assert (only(session).place_id, only(session).due_date, only(session).model) == before
    assert count(session, Place) == 2


def test_a_holder_somebody_else_needs_stays(session: Session) -> None:
    one = {"使用单位(人)": "张三", "统一社会信用代码": create_uscc(1)}
    first = imported(session, market_ledger(scale_row(1, **one)))
    imported(session, market_ledger(scale_row(2, **one)))
    undone(session, first)
    assert [holder.name for holder in session.scalars(select(Holder))] == ["张三"]
    assert count(session, Instrument) == 1


def test_an_import_somebody_has_worked_with_is_not_taken_back(session: Session) -> None:
    batch = imported(session, market_ledger(scale_row(1), scale_row(2)))
    revise_instrument(session, OFFICER, only(session, "DH100002"), {"model": "ACS-6"}, today=TODAY, now=CLOCK())
    session.commit()
    with pytest.raises(Problem) as caught:
        importing.undo(session, OFFICER, batch, reason="错传", now=CLOCK())
    assert caught.value.code == "batch_touched"
    assert caught.value.params["numbers"] == only(session, "DH100002").number


def test_a_reason_is_needed(session: Session) -> None:
    batch = imported(session, market_ledger(scale_row(1)))
    with pytest.raises(Problem, match="reason_needed"):
        importing.undo(session, OFFICER, batch, reason=" ", now=CLOCK())


def test_taking_back_goes_on_where_it_was_cut_off(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_undoing, "CHUNK", 2)
    batch = imported(session, market_ledger(*(scale_row(number) for number in range(1, 6))))
    importing.undo(session, OFFICER, batch, reason="错传", now=CLOCK())
    session.commit()
    steps = iter(range(100))

    def killing(progress: int, total: int | None = None, note: str = "") -> None:
        session.commit()
        if next(steps) == 0:
            raise Killed

    with pytest.raises(Killed):
        ledger_undoing.run(session, batch.id, now=CLOCK, step=killing)
    assert count(session, Instrument) == 3
    session.expunge_all()
    ledger_undoing.run(session, batch.id, now=CLOCK, step=committing(session))
    session.commit()
    assert session.get_one(LedgerBatch, batch.id).state == "undone"
    assert count(session, Instrument) == count(session, Holder) == count(session, Place) == 0


# -- several sheets


def test_sheets_of_a_workbook_come_in_together(session: Session) -> None:
    from tests.ledgers import FUEL_HEADINGS

    data = as_xlsx(
        [SCALE_HEADINGS, scale_row(1)], [FUEL_HEADINGS, nozzle_row(1)], [METER_HEADINGS, meter_row(1, 首检日期="待定")]
    )
    batch = imported(session, data)
    assert figures(batch) == (2, 0, 0, 1)
    assert [(row.sheet, row.row) for row in importing.refused_rows(session, batch.id)] == [(2, 2)]


def test_a_meter_with_a_day_in_the_future_is_judged_by_the_day_of_import(session: Session) -> None:
    data = meter_ledger(meter_row(1, 首检日期="2026-11-23", 安装日期=""))
    assert refused(session, checked(session, data, name="m.csv")) == [(2, "future_verification")]
    assert figures(imported(session, meter_ledger(meter_row(2, 首检日期="2026-11-22", 安装日期="")), name="m.csv")) == (
        1,
        0,
        0,
        0,
    )


def test_a_task_given_up_can_be_queued_again(session: Session) -> None:
    batch = checked(session, market_ledger(scale_row(1)))
    importing.confirm(session, OFFICER, batch, now=CLOCK())
    with pytest.raises(Problem, match="batch_state"):
        importing.try_again(session, OFFICER, batch, now=CLOCK())
    session.execute(update(Task).where(Task.id == batch.task_id).values(state="failed", tries=8))
    session.expire_all()
    importing.try_again(session, OFFICER, batch, now=CLOCK())
    task = session.get_one(Task, batch.task_id or 0)
    assert (task.state, task.tries) == ("queued", 0)
