"""The table of a sheet is found wherever it stands, and its columns by what people write over them."""

from __future__ import annotations

from typing import Any

import pytest

from metrology import regulations
from metrology.services.ledger_fields import BY_KEY, FIELDS, known_headings
from metrology.services.ledger_headings import SheetLayout, find_layout
from metrology.services.ledger_meanings import meaning_of
from metrology.services.ledger_source import LedgerSource
from tests.ledgers import FUEL_HEADINGS, METER_HEADINGS, SCALE_HEADINGS, as_csv, as_xlsx, nozzle_row, scale_row


def layout_of(*rows: Any, **options: Any) -> SheetLayout:
    source = LedgerSource(as_xlsx(list(rows), **options), "ledger.xlsx")
    return source.layouts()[0]


def fields_of(layout: SheetLayout) -> list[str]:
    return [column.field for column in layout.columns]


def test_headings_of_a_market_ledger_are_all_known() -> None:
    layout = layout_of(["集贸市场在用计量器具台账"], ["填报单位:示范市场管理方"], SCALE_HEADINGS, scale_row())
    assert (layout.header_row, layout.depth, layout.type_code) == (3, 1, "")
    assert fields_of(layout)[:8] == [
        "ordinal", "place.market", "place.stall", "holder.name", "holder.uscc", "place.district", "type", "model",
    ]  # fmt: skip
    assert fields_of(layout)[11:] == ["serial_number", "manufacturer", "verified_on", "due_date", "notes"]
    assert all(column.field for column in layout.columns)


def test_a_sheet_without_names_of_instruments_is_of_the_type_its_headings_tell_of() -> None:
    layout = layout_of(FUEL_HEADINGS, nozzle_row())
    assert layout.type_code == "fuel_dispenser"
    assert layout.column_of("serial_number").heading == "加油机出厂编号"  # type: ignore[union-attr]
    assert layout.column_of("part_label").heading == "枪号"  # type: ignore[union-attr]
    assert layout.column_of("place.address").heading == "地址"  # type: ignore[union-attr]


def test_a_title_or_the_sheets_name_tells_the_type_too() -> None:
    plain = ["单位名称", "型号", "出厂编号", "检定日期"]
    assert layout_of(["冷水水表强检台账"], plain).type_code == "cold_water_meter"
    assert layout_of(plain, names=["燃油加油机"]).type_code == "fuel_dispenser"
    assert layout_of(["计量器具台账"], plain).type_code == ""


def test_a_meter_ledger_gives_the_unit_of_its_column() -> None:
    layout = layout_of(METER_HEADINGS)
    q3, ratio = layout.columns[6], layout.columns[7]
    assert (q3.field, q3.unit) == ("nameplate.q3", "m³/h")
    assert (ratio.field, ratio.unit) == ("nameplate.ratio", None)


def test_headings_may_stand_in_two_rows_under_merged_groups() -> None:
    layout = layout_of(
        ["台账"],
        ["序号", "使用单位", "", "器具名称", "出厂编号", "检定情况", ""],
        ["", "名称", "统一社会信用代码", "", "", "检定日期", "有效期至"],
        ["1", "示范公司", "", "电子秤", "DH1", "2026-05-22", "2027-05-21"],
        merged=["A1:G1", "B2:C2", "F2:G2", "A2:A3", "D2:D3", "E2:E3"],
    )
    assert (layout.header_row, layout.depth) == (2, 2)
    assert fields_of(layout) == [
        "ordinal", "holder.name", "holder.uscc", "type", "serial_number", "verified_on", "due_date",
    ]  # fmt: skip


def test_headings_in_two_rows_are_found_in_a_file_that_knows_no_merging() -> None:
    rows = [
        ["使用单位", "", "器具名称", "出厂编号", "检定情况", ""],
        ["名称", "统一社会信用代码", "", "", "检定日期", "有效期至"],
        ["示范公司", "", "电子秤", "DH1", "2026-05-22", "2027-05-21"],
    ]
    layout = LedgerSource(as_csv(rows), "ledger.csv").layouts()[0]
    assert (layout.header_row, layout.depth) == (1, 2)
    assert fields_of(layout) == ["holder.name", "holder.uscc", "type", "serial_number", "verified_on", "due_date"]


@pytest.mark.parametrize("blank_rows", [0, 1, 28])
def test_headings_may_stand_in_any_of_the_first_thirty_rows(blank_rows: int) -> None:
    layout = layout_of(*([["说明文字"]] * blank_rows), ["单位名称", "器具名称", "出厂编号"])
    assert layout.header_row == blank_rows + 1


def test_headings_further_down_are_not_looked_for() -> None:
    assert not layout_of(*([["说明文字"]] * 31), ["单位名称", "器具名称", "出厂编号"]).columns


def test_a_sheet_of_words_is_no_table() -> None:
    layout = layout_of(["填报说明"], ["1. 请按要求填写"], ["联系人", "电话"])
    assert not layout.is_table


def test_a_hidden_sheet_is_left_alone() -> None:
    rows = [SCALE_HEADINGS, scale_row()]
    source = LedgerSource(as_xlsx(rows, rows, hidden=[1]), "ledger.xlsx")
    assert [layout.skipped for layout in source.layouts()] == [False, True]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("＊出厂编号（必填）", "serial_number"),
        ("计量器具 出厂\n编号", "serial_number"),
        ("Serial No.", "serial_number"),
        ("水表编号", "serial_number"),
        ("电子秤型号", "model"),
        ("生产厂家/制造单位", None),
        ("下次检定日期", "due_date"),
        ("有效期至(年月日)", "due_date"),
        ("Valid until", "due_date"),
        ("使用单位（人）", "holder.name"),
        ("供水单位", "holder.name"),
        ("所属县（市、区）", None),
        ("县（市、区）", "place.district"),
        ("安装/使用地点", "place.address"),
        ("最大秤量(g)", "nameplate.max"),
        ("公称口径", "nameplate.dn"),
        ("第3列", None),
    ],
)
def test_headings_as_people_write_them(heading: str, field: str | None) -> None:
    found = meaning_of(heading).fields
    assert (found[0][1] if found else None) == field


def test_of_two_columns_for_one_field_the_surer_heading_wins() -> None:
    layout = layout_of(["单位名称", "编号", "出厂编号", "规格", "型号", "电话"])
    held = fields_of(layout)
    assert held[:3] + held[4:] == ["holder.name", "", "serial_number", "model", "contact.phone"]
    assert held[3].startswith("nameplate.")


def test_two_districts_and_two_addresses_are_the_holders_and_the_places() -> None:
    layout = layout_of(["单位名称", "行政区划", "地址", "器具名称", "出厂编号", "安装/使用地点", "使用地点行政区划"])
    assert fields_of(layout) == [
        "holder.name", "holder.district", "holder.address", "type", "serial_number", "place.address", "place.district",
    ]  # fmt: skip


def test_every_field_of_the_national_system_is_known_by_its_own_name() -> None:
    national = [
        "器具名称",
        "器具项别",
        "器具种别",
        "型号规格",
        "测量范围",
        "准确度等级",
        "出厂编号",
        "生产厂家",
        "器具产地",
        "安装/使用地点",
        "使用地点行政区划",
        "器具数量",
        "器具用途",
        "送检方式",
        "单位名称",
        "统一社会信用代码",
        "单位性质/行业",
        "行政区划",
        "地址",
        "法定代表人",
        "联系人",
        "电话",
        "邮箱",
    ]
    layout = layout_of(national)
    assert [column.heading for column in layout.columns if not column.field] == []
    assert len(set(fields_of(layout))) == len(national)


def test_a_characteristic_of_any_type_is_known_by_its_heading() -> None:
    for one in regulations.instrument_types().values():
        for characteristic in one.nameplate:
            meant = {key for _rank, key in meaning_of(characteristic.labels["zh"]).fields}
            assert f"nameplate.{characteristic.key}" in meant or meant & set(BY_KEY), (one.code, characteristic.key)


def test_no_synonym_names_two_fields_equally() -> None:
    for heading, meanings in known_headings().items():
        best = [key for rank, key in meanings if rank == meanings[0][0]]
        assert len(best) == 1 or meanings[0][0] == 3, (heading, best)


def test_field_keys_are_unique() -> None:
    assert len(BY_KEY) == len(FIELDS)


def test_a_layout_is_kept_whole() -> None:
    layout = layout_of(METER_HEADINGS)
    assert SheetLayout.from_dict(layout.to_dict()) == layout


def test_sheets_with_the_same_headings_have_one_signature() -> None:
    first = layout_of(["标题"], ["单位名称", "器具名称", "出厂编号"])
    second = layout_of(["单位 名称", "器具名称", "出厂编号"])
    third = layout_of(["单位名称", "出厂编号", "器具名称"])
    assert first.signature() == second.signature() != third.signature()


def test_a_new_type_needs_no_change_here(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    known = dict(regulations.all_types())
    made_up = dataclasses.replace(
        known["cold_water_meter"],
        code="beer_meter",
        names={"zh": "啤酒表", "en": "beer meter"},
        synonyms=("啤酒计量表",),
    )
    types = {**known, "beer_meter": made_up}
    monkeypatch.setattr(regulations, "all_types", lambda: types)
    monkeypatch.setattr(regulations, "get", lambda code: types[code])
    layout = find_layout(LedgerSource(as_csv([["使用单位", "啤酒表编号", "啤酒计量表型号"]]), "x.csv").sheets[0].head)
    assert layout.type_code == "beer_meter"
