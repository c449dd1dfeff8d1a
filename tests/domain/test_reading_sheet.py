"""Readings laid over a sheet: what is read, and what is said to be lacking where."""

import pytest

from metrology.domain.quantity import parse
from metrology.domain.reading_sheet import Choice, PresetRow, Reading, ReadingField, ReadingSheet, ReadingTable
from metrology.domain.verdict import Lack


def named(key):
    return {"zh": f"{key} 的", "en": f"the {key}"}


LOAD = ReadingField(key="load", labels=named("load"), unit="g")
SHOWN = ReadingField(key="shown", labels=named("shown"), unit="g")
SIDE = ReadingField(key="side", labels=named("side"), kind="choice", choices=(Choice("up", {}), Choice("down", {})))
NOTE = ReadingField(key="note", labels=named("note"), kind="text", required=False)
SEALED = ReadingField(key="sealed", labels=named("sealed"), kind="boolean")
CLEAN = ReadingField(key="clean", labels=named("clean"), kind="boolean", required=False)
ERRORS = ReadingField(key="errors", labels=named("errors"), unit="%", repeat=2)


def table(key, layout, *fields, **more):
    return ReadingTable(key=key, labels=named(key), layout=layout, fields=fields, **more)


def reading(readings, *tables):
    return Reading(ReadingSheet(tables), readings)


def lack(code, path, of, **params):
    return Lack(code, path, named(of), params)


ITEMS = table("items", "items", SEALED, CLEAN)
SINGLE = table("zero", "single", LOAD, NOTE)
SERIES = table("series", "series", ERRORS)
ROWS = table("runs", "rows", LOAD, SHOWN, min_rows=2)
SIDES = table(
    "sides", "rows", SIDE, LOAD, by="side",
    rows=tuple(PresetRow(point=f"{side}_{i}", labels=named(side), values={"side": side}) for side, i in (("up", 1), ("up", 2), ("down", 1))),
)  # fmt: skip


@pytest.mark.parametrize(
    ("readings", "one", "lacks"),
    [
        # -- yes and no
        ({"items": {"sealed": True}}, ITEMS, []),
        ({"items": {"clean": False}}, ITEMS, [lack("missing_reading", "items.sealed", "sealed")]),
        (
            {"items": {"sealed": True, "clean": "y" * 65}},
            ITEMS,
            [lack("bad_choice", "items.clean", "clean", value="y" * 64)],
        ),
        ({"items": "yes"}, ITEMS, [lack("bad_quantity", "items", "items", value="yes", unit=""), lack("missing_reading", "items.sealed", "sealed")]),
        # -- a single row
        ({"zero": {"load": "5"}}, SINGLE, []),
        ({"zero": {"note": "x"}}, SINGLE, [lack("missing_reading", "zero.load", "load")]),
        ({}, SINGLE, [lack("missing_reading", "zero.load", "load")]),
        ({"zero": {"load": "much"}}, SINGLE, [lack("bad_quantity", "zero.load", "load", value="much", unit="g")]),
        ({"zero": ["z" * 65]}, SINGLE, [lack("bad_quantity", "zero", "zero", value=str(["z" * 65])[:64], unit=""), lack("missing_reading", "zero.load", "load")]),
        # -- series
        ({"series": {"errors": ["0.1", " ", None, "0.2 %"]}}, SERIES, []),
        ({"series": {"errors": ["0.1"]}}, SERIES, [lack("missing_reading", "series.errors", "errors", wanted="2", got="1")]),
        (
            {"series": {"errors": ["0.1", "much", "0.2"]}},
            SERIES,
            [lack("bad_quantity", "series.errors[1]", "errors", value="much", unit="%")],
        ),
        (
            {"series": {"errors": "0.1"}},
            SERIES,
            [
                lack("bad_quantity", "series.errors", "series", value="0.1", unit=""),
                lack("missing_reading", "series.errors", "errors", wanted="2", got="0"),
            ],
        ),
        # -- rows
        ({"runs": [{"load": "1", "shown": "1"}] * 2}, ROWS, []),
        (
            {"runs": [{"load": "1", "shown": "1"}, {}, {"load": "1"}]},
            ROWS,
            [lack("missing_reading", "runs[2].shown", "shown"), lack("missing_reading", "runs", "runs", wanted="2", got="1")],
        ),
        (
            {"runs": "1"},
            ROWS,
            [lack("bad_quantity", "runs", "runs", value="1", unit=""), lack("missing_reading", "runs", "runs", wanted="2", got="0")],
        ),
        # -- rows by what they are of
        ({"sides": [{"side": side, "load": "1"} for side in ("up", "up", "down")]}, SIDES, []),
        (
            {"sides": [{"side": "up", "load": "1"}]},
            SIDES,
            [
                lack("missing_reading", "sides.up", "up", wanted="2", got="1"),
                lack("missing_reading", "sides.down", "down", wanted="1", got="0"),
            ],
        ),
        (
            {"sides": [{"side": "up", "load": "1"}] * 2 + [{"side": "s" * 65, "load": "1"}]},
            SIDES,
            [
                lack("bad_choice", "sides[2].side", "side", value="s" * 64),
                lack("missing_reading", "sides.down", "down", wanted="1", got="0"),
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_lacking(readings, one, lacks):
    assert reading(readings, one).lacks == lacks


def test_what_is_read():
    one = reading(
        {"items": {"sealed": True, "clean": False}, "zero": {"load": "5"}, "series": {"errors": ["0.1", "0.2"]}},
        ITEMS, SINGLE, SERIES, SIDES,
    )  # fmt: skip
    assert one.items == {"sealed": True, "clean": False}
    assert one.single("zero").get("load") == parse("5 g")
    assert (one.single("zero").complete, one.single("sides").complete) == (True, False)
    assert one.series("series") == {"errors": [parse("0.1 %"), parse("0.2 %")]}
    assert one.rows("sides") == ()


FIRST = table("first", "single", LOAD, instead="x")
SECOND = table("second", "rows", LOAD, instead="x", min_rows=1)
THIRD = table("third", "series", ReadingField(key="errors", labels=named("errors"), unit="%"), instead="x")


@pytest.mark.parametrize(
    ("readings", "lacks"),
    [
        ({}, [lack("missing_reading", "first.load", "load")]),
        ({"first": {"load": "1"}}, []),
        ({"second": [{"load": "1"}]}, []),
        ({"third": {"errors": ["1"]}}, []),
        ({"first": {"load": "1"}, "second": [{"load": "1"}]}, [lack("ambiguous_reading", "second", "second")]),
        ({"second": [{"load": "1"}], "third": {"errors": ["1"]}}, [lack("ambiguous_reading", "third", "third")]),
        (
            {"first": {"load": "1"}, "second": [{"load": "1"}], "third": {"errors": ["1"]}},
            [lack("ambiguous_reading", "second", "second")],
        ),
    ],
)
def test_tables_that_stand_for_each_other(readings, lacks):
    assert reading(readings, FIRST, SECOND, THIRD).lacks == lacks


EITHER = table(
    "runs", "rows",
    ReadingField(key="error", labels=named("error"), unit="%", required=False),
    ReadingField(key="start", labels=named("start"), unit="L", required=False),
    ReadingField(key="end", labels=named("end"), unit="L", required=False),
    ReadingField(key="flow", labels=named("flow"), unit="L/min", required=False),
    min_rows=1, either=((("error",), ("start", "end")),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("row", "paths"),
    [
        ({"error": "1"}, []),
        ({"start": "1", "end": "2"}, []),
        ({"start": "1"}, ["runs[0].end", "runs"]),
        ({"end": "1"}, ["runs[0].start", "runs"]),
        ({"flow": "1"}, ["runs[0].error", "runs"]),
    ],
)
def test_of_alternatives_the_one_begun_is_meant(row, paths):
    assert [one.path for one in reading({"runs": [row]}, EITHER).lacks] == paths


def test_an_optional_table_is_asked_for_once_it_is_begun():
    optional = table("more", "rows", LOAD, SHOWN, required=False, min_rows=1)
    assert reading({}, optional).lacks == []
    assert [one.path for one in reading({"more": [{"load": "1"}]}, optional).lacks] == ["more[0].shown", "more"]
