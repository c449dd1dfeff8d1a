"""Lines are told from titles, sums and remarks, and each is read into the facts of an instrument, its holder and its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from metrology.domain.problems import Problem
from metrology.services.holding import HolderFacts
from metrology.services.instrument_facts import SealFacts
from metrology.services.ledger_headings import SheetLayout
from metrology.services.ledger_lines import LedgerLine, lines
from metrology.services.ledger_rows import LineReader, column_at_fault
from metrology.services.ledger_source import LedgerSource
from metrology.services.placing import PlaceFacts
from metrology.services.registering import Row
from tests.ledgers import (
    FUEL_HEADINGS,
    METER_HEADINGS,
    SCALE_HEADINGS,
    as_csv,
    as_xlsx,
    market_ledger,
    meter_row,
    nozzle_row,
    scale_row,
)


def opened(data: bytes) -> tuple[LedgerSource, SheetLayout, list[LedgerLine]]:
    source = LedgerSource(data, "ledger")
    layout = source.layouts()[0]
    return source, layout, list(lines(source.rows(0), layout, source.sheets[0].merged))


def numbers(data: bytes) -> list[int]:
    return [line.row for line in opened(data)[2]]


def read(headings: Sequence[str], cells: Sequence[Any], **options: Any) -> Row:
    _source, layout, found = opened(as_xlsx([headings, cells]))
    return LineReader(layout, **options).read(found[0])


def fault(headings: Sequence[str], cells: Sequence[Any], **options: Any) -> tuple[str, str]:
    _source, layout, found = opened(as_xlsx([headings, cells]))
    with pytest.raises(Problem) as caught:
        LineReader(layout, **options).read(found[0])
    return caught.value.code, column_at_fault(caught.value, layout)


# -- which rows are lines


def test_title_note_blank_and_totals_are_no_lines() -> None:
    assert numbers(market_ledger(scale_row(1), [], scale_row(2), ["3"], scale_row(3))) == [4, 6, 8]


def test_a_line_without_its_serial_number_is_still_a_line() -> None:
    assert numbers(market_ledger(scale_row(1, 出厂编号=""))) == [4]


def test_a_line_that_says_little_is_a_line_when_it_names_its_instrument() -> None:
    only_serial = [""] * 11 + ["DH100001"]
    assert numbers(market_ledger(only_serial)) == [4]


def test_headings_repeated_on_a_page_and_sums_between_are_no_lines() -> None:
    page_sum = ["本页小计", "", "", "2"]
    assert numbers(market_ledger(scale_row(1), page_sum, list(SCALE_HEADINGS), scale_row(2))) == [4, 7]


def test_remarks_and_names_at_the_foot_are_no_lines() -> None:
    foot = [["备注:本表一式两份"], ["填表人:张三", "", "", "审核人:李四", "", "日期:2026-11-01"], ["注:1.如实填写"]]
    assert numbers(market_ledger(scale_row(1), *foot)) == [4]


def test_cells_merged_downwards_speak_for_each_of_their_rows() -> None:
    rows = [
        SCALE_HEADINGS,
        scale_row(1),
        scale_row(2, 市场名称=""),
        scale_row(3, 市场名称=""),
        scale_row(4, 市场名称=""),
    ]
    _source, layout, found = opened(as_xlsx(rows, merged=["B2:B4"]))
    market = layout.column_of("place.market")
    assert market is not None
    assert [line.cell(market.index) for line in found] == ["东湖集贸市场"] * 3 + [None]


def test_several_sheets_are_several_tables() -> None:
    rows = [SCALE_HEADINGS, scale_row(1)]
    source = LedgerSource(as_xlsx(rows, [["说明"], ["按月更新"]], [FUEL_HEADINGS, nozzle_row()]), "ledger.xlsx")
    assert [layout.is_table for layout in source.layouts()] == [True, False, True]


# -- a market's scale


def test_a_line_of_a_market_is_a_vendors_scale_at_its_stall() -> None:
    row = read(SCALE_HEADINGS, scale_row(1, 出厂编号="ＤＨ１００００１", 备注="新购"))
    assert row.instrument.type_code == "electronic_price_computing_scale"
    assert row.instrument.serial_number == "DH100001"
    assert row.instrument.nameplate == {"max": "30kg", "e": "10g", "accuracy_class": "Ⅲ级"}
    assert (row.instrument.last_verified_on, row.instrument.due_date) == (date(2026, 5, 22), date(2027, 5, 21))
    assert row.instrument.notes == "新购"
    assert row.holder is not None
    assert (row.holder.name, row.holder.kind, row.holder.district_code) == ("经营户001", "vendor", "红旗区")
    market = PlaceFacts(name="东湖集贸市场", kind="market", district_code="红旗区")
    assert row.place == PlaceFacts(name="A01", kind="stall", parent=market)


def test_a_vendor_without_a_code_is_told_apart_by_market_and_stall() -> None:
    row = read(SCALE_HEADINGS, scale_row(1, 统一社会信用代码="无"))
    assert row.holder is not None
    assert (row.holder.uscc, row.holder.market, row.holder.stall) == (None, "东湖集贸市场", "A01")


def test_days_and_numbers_of_the_spreadsheet_are_read_as_they_are() -> None:
    cells: list[Any] = scale_row(1)
    cells[11], cells[13], cells[14] = 100001, date(2026, 5, 22), 46528
    row = read(SCALE_HEADINGS, cells)
    assert row.instrument.serial_number == "100001"
    assert (row.instrument.last_verified_on, row.instrument.due_date) == (date(2026, 5, 22), date(2027, 5, 21))


@pytest.mark.parametrize(
    ("said", "code", "column"),
    [
        ({"上次检定日期": "待定"}, "bad_date", "上次检定日期"),
        ({"有效期至": "2027-02-29"}, "bad_date", "有效期至"),
        ({"器具名称": "量子秤"}, "unknown_category", "器具名称"),
        ({"器具名称": ""}, "missing_category", "器具名称"),
        ({"出厂编号": "#N/A"}, "spreadsheet_error", "出厂编号"),
        ({"使用单位(人)": "", "统一社会信用代码": ""}, "missing_holder", "使用单位(人)"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_column(said: dict[str, str], code: str, column: str) -> None:
    assert fault(SCALE_HEADINGS, scale_row(1, **said)) == (code, column)


def test_a_quantity_of_a_characteristic_the_type_does_not_have_is_checked_and_kept_as_a_remark() -> None:
    headings = ("使用单位", "器具名称", "出厂编号", "最大秤量")
    row = read(headings, ["示范医院", "体温计", "T1", "30公斤"])
    assert row.instrument.nameplate == {}
    assert row.instrument.notes == "最大秤量: 30 kg"
    assert fault(headings, ["示范医院", "体温计", "T1", "三十"]) == ("bad_quantity", "最大秤量")


def test_a_bare_number_takes_the_unit_of_its_heading() -> None:
    row = read(("使用单位", "器具名称", "出厂编号", "最大秤量(g)", "检定分度值e"), ["某店", "电子秤", "D1", 6000, "2g"])
    assert row.instrument.nameplate == {"max": "6000 g", "e": "2g"}


def test_the_second_level_kind_speaks_where_the_name_is_unknown() -> None:
    headings = ("单位名称", "器具名称", "器具种别", "出厂编号")
    assert read(headings, ["某店", "香山牌秤", "数字指示秤", "D1"]).instrument.type_code == "digital_indicating_scale"


# -- a fuel company's nozzle


def test_a_line_of_a_fuel_station_is_a_nozzle_of_its_dispenser() -> None:
    row = read(FUEL_HEADINGS, nozzle_row(2, 铅封号="QF1、QF2"))
    assert (row.instrument.type_code, row.instrument.part_label) == ("fuel_dispenser", "2")
    assert row.instrument.seals == (SealFacts("QF1"), SealFacts("QF2"))
    assert row.place == PlaceFacts(
        name="示范加油站01", kind="station", district_code="红旗区", address="红旗区示范路1号"
    )
    assert row.holder is not None
    assert (row.holder.name, row.holder.kind) == ("示范加油站01", "enterprise")


def test_a_nozzle_without_its_number_is_refused() -> None:
    assert fault(FUEL_HEADINGS, nozzle_row(1, 枪号="")) == ("missing_part_label", "枪号")


def test_a_station_may_belong_to_a_company_named_beside_it() -> None:
    row = read(("单位名称", *FUEL_HEADINGS), ["示范石油分公司", *nozzle_row(1)])
    assert row.holder is not None and row.holder.name == "示范石油分公司"
    assert row.place is not None and row.place.name == "示范加油站01"


# -- a utility's meter


def test_a_line_of_a_utility_is_a_meter_at_a_door_of_a_building() -> None:
    row = read(METER_HEADINGS, meter_row(7), districts=("新乡市", "红旗区"))
    assert row.instrument.type_code == "cold_water_meter"
    assert row.instrument.nameplate["dn"] == "DN15"
    assert row.instrument.nameplate["q3"] == "2.5 m³/h"
    assert (row.instrument.lot_code, row.instrument.location) == ("LOT001", "7户")
    assert (row.instrument.last_verified_on, row.instrument.installed_on) == (date(2024, 1, 1), date(2024, 2, 10))
    community = PlaceFacts(name="示范小区", kind="community", district_code="红旗区")
    assert row.place == PlaceFacts(name="1号楼", kind="building", parent=community)
    assert row.holder is not None and row.holder.kind == "utility"


# -- other holders


def test_a_hospitals_instrument_stands_in_a_room_of_its_site() -> None:
    headings = ("单位名称", "器具名称", "出厂编号", "安装/使用地点", "使用地点行政区划", "器具用途", "送检方式")
    row = read(headings, ["示范市人民医院", "体温计", "T1", "急诊科", "红旗区", "医疗卫生", "送检"])
    assert row.holder is not None and row.holder.kind == "hospital"
    assert row.place == PlaceFacts(name="示范市人民医院", kind="hospital", district_code="红旗区")
    assert (row.instrument.location, row.instrument.purpose, row.instrument.is_onsite) == ("急诊科", "medical", False)


def test_a_word_nobody_knows_is_refused() -> None:
    headings = ("单位名称", "器具名称", "出厂编号", "器具用途", "送检方式")
    assert fault(headings, ["某店", "电子秤", "D1", "摆设", ""]) == ("bad_choice", "器具用途")
    assert fault(headings, ["某店", "电子秤", "D1", "", "邮寄"]) == ("bad_choice", "送检方式")


def test_one_line_is_one_instrument() -> None:
    headings = ("单位名称", "器具名称", "出厂编号", "器具数量")
    assert read(headings, ["某店", "电子秤", "D1", 1]).instrument.serial_number == "D1"
    assert fault(headings, ["某店", "电子秤", "D1", 12]) == ("not_single", "器具数量")


def test_a_sheet_that_names_no_holder_takes_the_one_chosen() -> None:
    holder = HolderFacts(name="示范市人民医院", kind="hospital")
    headings = ("器具名称", "出厂编号", "型号")
    assert read(headings, ["体温计", "T1", "A"], default_holder=holder).holder == holder
    assert fault(headings, ["体温计", "T1", "A"]) == ("missing_holder", "单位名称")


def test_a_sheet_that_names_no_type_takes_the_one_chosen() -> None:
    headings = ("单位名称", "出厂编号", "型号")
    assert (
        read(headings, ["某店", "T1", "A"], default_type="digital_indicating_scale").instrument.type_code
        == "digital_indicating_scale"
    )
    assert fault(headings, ["某店", "T1", "A"]) == ("missing_category", "器具名称")


def test_columns_of_no_field_of_ours_are_kept_as_remarks_when_they_are_remarks() -> None:
    headings = ("单位名称", "器具名称", "出厂编号", "证书编号", "备注", "器具产地")
    row = read(headings, ["某店", "电子秤", "D1", "XX-1", "旧", "国产"])
    assert row.instrument.notes == "证书编号: XX-1\n旧\n器具产地: 国产"


def test_a_contact_is_whom_the_line_names() -> None:
    _source, layout, found = opened(
        as_csv(
            [
                ("单位名称", "器具名称", "出厂编号", "联系人", "电话", "邮箱"),
                ("某店", "电子秤", "D1", "李四", "0373-3000000", "li@example.test"),
            ]
        )
    )
    contact = LineReader(layout).contact(found[0])
    assert contact is not None
    assert (contact.name, contact.phone, contact.email, contact.notify_email) == (
        "李四",
        "0373-3000000",
        "li@example.test",
        True,
    )


def test_a_number_without_a_name_is_the_holders_own() -> None:
    _source, layout, found = opened(
        as_csv([("经营户", "器具名称", "出厂编号", "电话"), ("王五", "电子秤", "D1", "13900000000")])
    )
    contact = LineReader(layout).contact(found[0])
    assert contact is not None and contact.name == "王五"


def test_numbers_keep_their_digits() -> None:
    row = read(("单位名称", "器具名称", "出厂编号", "型号"), ["某店", "电子秤", Decimal(10000001), Decimal("2.50")])
    assert (row.instrument.serial_number, row.instrument.model) == ("10000001", "2.5")
