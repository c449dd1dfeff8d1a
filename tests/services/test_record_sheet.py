"""A sheet is laid out from its description alone: findings beside their rows, readings under presets that change."""

from __future__ import annotations

from typing import Any

import pytest

from metrology import regulations
from metrology.domain.reading_sheet import Choice, PresetRow, ReadingField, ReadingSheet, ReadingTable
from metrology.services.record_readings import arranged, legible, number_in, settled
from metrology.services.record_sheet import LaidSheet, extras, lay

LOAD = ReadingField(key="load", labels={"zh": "载荷", "en": "load"}, unit="g")
SHOWN = ReadingField(key="indication", labels={"zh": "示值", "en": "indication"}, unit="g")
FLOW = ReadingField(
    key="flow_point",
    labels={"zh": "流量点", "en": "flow point"},
    kind="choice",
    choices=(Choice("q1", {}), Choice("q2", {})),
)


def table(*rows: PresetRow, **said: Any) -> ReadingTable:
    given: dict[str, Any] = {
        "key": "weighing",
        "labels": {"zh": "称量", "en": "weighing"},
        "layout": "rows",
        "fields": (LOAD, SHOWN),
    }
    return ReadingTable(rows=rows, **{**given, **said})


def at(load: str, point: str = "half") -> PresetRow:
    return PresetRow(point=point, labels={"zh": point, "en": point}, values={"load": load})


def runs(*points: str) -> ReadingTable:
    rows = tuple(
        PresetRow(point=p, labels={"zh": p, "en": p}, values={"flow_point": p}, fixed=("flow_point",)) for p in points
    )
    return table(*rows, key="runs", fields=(FLOW, SHOWN), by="flow_point")


def finding(point: str, **more: Any) -> dict[str, Any]:
    return {"point": point, "labels": {"zh": point, "en": point}, "within": True, "error": "0 g", "mpe": "5 g", **more}


def laid(one: ReadingTable, readings: dict[str, Any], *findings: dict[str, Any]) -> LaidSheet:
    return lay(ReadingSheet((one,)), readings, findings)


# -- findings in their places


def test_a_rows_finding_stands_in_its_row() -> None:
    found = laid(table(at("1 kg"), at("2 kg")), {}, finding("weighing[1]")).tables[0]
    assert [row.finding is not None for row in found.rows] == [False, True]
    assert not found.grouped


def test_a_groups_finding_opens_its_rows() -> None:
    found = laid(runs("q1", "q1", "q1", "q2"), {}, finding("q1"), finding("q2")).tables[0]
    assert [row.span for row in found.rows] == [3, 0, 0, 1]
    assert [row.finding["point"] if row.finding else None for row in found.rows] == ["q1", None, None, "q2"]
    assert found.grouped


def test_without_a_finding_rows_stand_for_themselves() -> None:
    assert [row.span for row in laid(runs("q1", "q1", "q2"), {}).tables[0].rows] == [1, 1, 1]


def test_what_is_found_of_a_whole_table_stands_below_it() -> None:
    found = laid(table(at("1 kg")), {}, finding("weighing"), finding("same_sign"))
    assert [one["point"] for one in found.tables[0].findings] == ["weighing"]
    assert [one["point"] for one in found.loose] == ["same_sign"]


def test_a_single_value_takes_its_finding_by_table_or_field() -> None:
    single = table(layout="single", key="zero", fields=(LOAD,))
    assert [one["point"] for one in laid(single, {"zero": {"load": "1"}}, finding("zero")).tables[0].findings] == [
        "zero"
    ]
    nameless = table(layout="single", key="", fields=(LOAD,))
    assert [one["point"] for one in laid(nameless, {"load": "1"}, finding("load")).tables[0].findings] == ["load"]


def test_extras_are_what_stands_beside_the_error() -> None:
    assert extras(finding("q1", repeatability="0.1 %", unrounded="0", margin=None)) == {"repeatability": "0.1 %"}


# -- readings under a sheet that changes


def test_a_row_nobody_wrote_in_follows_the_preset() -> None:
    before = arranged(ReadingSheet((table(at("15 kg")),)), {})
    after = arranged(ReadingSheet((table(at("7500 g")),)), before)
    assert [row["load"] for row in after["weighing"]] == ["7500 g"]


@pytest.mark.parametrize(
    ("extendable", "rows"), [(True, [("7500 g", ""), ("15 kg", "15002")]), (False, [("7500 g", "")])]
)
def test_a_row_whose_point_is_gone_stays_where_rows_can_be_added(extendable: bool, rows: list[tuple[str, str]]) -> None:
    before = arranged(ReadingSheet((table(at("15 kg"), extendable=extendable),)), {})
    before["weighing"][0]["indication"] = "15002"
    after = arranged(ReadingSheet((table(at("7500 g"), extendable=extendable),)), before)
    assert [(row["load"], row["indication"]) for row in after["weighing"]] == rows


def test_runs_at_one_point_keep_their_order() -> None:
    sheet = ReadingSheet((runs("q1", "q1", "q2"),))
    typed = arranged(sheet, {"runs": [{"indication": "1"}, {"indication": "2"}, {"indication": "3"}]})
    again = arranged(sheet, typed)
    assert [(row["flow_point"], row["indication"]) for row in again["runs"]] == [("q1", "1"), ("q1", "2"), ("q2", "3")]


def test_the_same_sheet_changes_nothing() -> None:
    sheet = (
        regulations.get("digital_indicating_scale")
        .editions[-1]
        .reading_sheet({"max": "30 kg", "e": "10 g", "accuracy_class": "III"}, "initial")
    )
    once = arranged(sheet, {})
    once["weighing"][3]["indication"] = "20 000"
    assert arranged(sheet, once) == once


# -- as they are kept


def test_settled_readings_have_units_and_keep_their_digits() -> None:
    sheet = ReadingSheet((table(at("1 kg")),))
    kept = settled(sheet, arranged(sheet, {"weighing": [{"load": "1 kg", "indication": "1000.0"}]}))
    assert (kept["weighing"][0]["load"], kept["weighing"][0]["indication"]) == ("1 kg", "1000.0 g")


def test_what_cannot_be_read_is_kept_as_typed() -> None:
    sheet = ReadingSheet((table(at("1 kg")),))
    assert settled(sheet, arranged(sheet, {"weighing": [{"indication": "l00"}]}))["weighing"][0]["indication"] == "l00"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        ("1.50 kg", "g", "1500"),
        ("20.00 L", "L", "20.00"),
        ("0.30 %", "%", "0.30"),
        ("", "g", ""),
        ("x", "g", "x"),
        ("3 L", "g", "3 L"),
    ],
)
def test_a_number_stands_in_the_unit_of_its_column(value: str, unit: str, shown: str) -> None:
    assert number_in(value, unit) == shown


def test_a_draft_takes_text_only_and_not_without_end() -> None:
    kept = legible(
        {"a": "x" * 500, "b": [{"c": "\0 1"}] * 300, "d": {"e": {"f": {"g": {"h": "deep"}}}}, "i": 3.5, "j": True}
    )
    assert len(kept["a"]) == 200
    assert (len(kept["b"]), kept["b"][0]) == (200, {"c": "1"})
    assert kept["d"] == {"e": {"f": {}}}
    assert kept["j"] is True
    assert "i" not in kept
