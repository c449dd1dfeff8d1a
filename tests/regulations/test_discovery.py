"""Types are found by being there; the catalogue fills in the kinds that have no file."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from metrology import regulations
from metrology.domain.problems import NotCovered, UnknownType
from metrology.domain.reading_sheet import folded

MADE_UP = '''
"""Sand glasses, made up for a test."""
from dataclasses import replace
from metrology.regulations.{base} import TYPE as KNOWN
TYPE = replace(KNOWN, code="sand_glass", names={{"zh": "沙漏", "en": "sand glass"}}, synonyms=("计时沙漏",), part=None)
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(regulations, "__path__", [*regulations.__path__, str(tmp_path)])
    yield tmp_path
    monkeypatch.undo()
    regulations.reload()


def test_a_file_dropped_in_is_a_type(folder):
    (folder / "sand_glass.py").write_text(MADE_UP.format(base="cold_water_meter"), encoding="utf-8")
    regulations.reload()
    assert regulations.get("sand_glass").names["zh"] == "沙漏"
    assert regulations.recognise("计时 沙漏") == "sand_glass"
    assert "sand_glass" in {entry.code for entry in regulations.catalogue()}


def test_and_is_gone_when_taken_away(folder):
    file = folder / "sand_glass.py"
    file.write_text(MADE_UP.format(base="cold_water_meter"), encoding="utf-8")
    regulations.reload()
    assert "sand_glass" in regulations.instrument_types()
    file.unlink()
    regulations.reload()
    with pytest.raises(UnknownType):
        regulations.get("sand_glass")


def test_reloading_keeps_the_types_there_are():
    before = list(regulations.instrument_types())
    regulations.reload()
    assert list(regulations.instrument_types()) == before
    assert {"fuel_dispenser", "digital_indicating_scale", "cold_water_meter", "analog_indicating_scale"} <= set(before)


def test_every_file_is_a_type():
    files = {file.stem for file in Path(regulations.__file__).parent.glob("*.py")} - {"__init__", "catalogue"}
    assert files == set(regulations.instrument_types())


def test_the_catalogue():
    entries = regulations.catalogue()
    assert len({entry.code for entry in entries}) == len(entries)
    assert all(
        entry.names["zh"] and entry.names["en"] and entry.category["zh"] and entry.category["en"] for entry in entries
    )
    assert {entry.supervision for entry in entries} == {"P", "V", "P+V", ""}
    assert all((entry.mode == "calibration") == (entry.supervision == "") for entry in entries)
    assert all((entry.mode == "not_verified") == (entry.supervision == "P") for entry in entries)
    assert all(entry.purposes for entry in entries if entry.mandatory)
    assert all(
        entry.interval_months for entry in entries if entry.mode in ("periodic", "first_only_rotate", "calibration")
    )
    assert all(entry.interval_months is None for entry in entries if entry.mode in ("first_only_scrap", "not_verified"))


@pytest.mark.parametrize(
    ("code", "confirmed"),
    [
        ("glass_clinical_thermometer", True),
        ("digital_indicating_scale", True),
        ("cold_water_meter", True),
        ("rail_weighbridge", False),
        ("taximeter", False),
        ("dc_ev_charger", True),
    ],
)
def test_a_row_says_whether_a_source_names_it(code, confirmed):
    assert next(entry for entry in regulations.catalogue() if entry.code == code).confirmed is confirmed


def test_no_two_kinds_go_by_one_name():
    names = Counter(
        name for one in regulations.all_types().values() for name in {folded(name) for name in one.names_known}
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_a_kind_without_a_file_is_registered_and_scheduled_but_not_judged():
    kind = regulations.get("tonometer")
    assert kind.has_rules is False
    assert kind.validate_nameplate({"range": "0～8 kPa", "accuracy_class": ""}) == {"range": "0~8 kPa"}
    assert kind.interval({}, date(2026, 1, 1)).months == 12
    assert not any(
        regulations.get(entry.code).interval({}, date(2026, 1, 1)).confirmed
        for entry in regulations.catalogue()
        if not regulations.get(entry.code).has_rules
    )
    with pytest.raises(NotCovered):
        kind.edition_on(date(2026, 1, 1))


def test_what_is_verified_once_and_scrapped_has_no_interval():
    assert regulations.get("glass_clinical_thermometer").interval({}, date(2026, 1, 1)).months is None


def test_calibrated_instruments_are_not_mandatory():
    entry = next(entry for entry in regulations.catalogue() if entry.code == "vernier_caliper")
    assert (entry.mode, entry.mandatory) == ("calibration", False)


def test_an_unknown_type_or_day_is_a_problem_not_a_crash():
    case = {"type": "perpetuum_mobile", "on": "2026-06-01", "kind": "initial", "nameplate": {}, "readings": {}}
    assert regulations.evaluate(case)["problem"]["code"] == "unknown_category"
    assert (
        regulations.evaluate({**case, "type": "fuel_dispenser", "on": "yesterday"})["problem"]["code"] == "bad_quantity"
    )
    assert (
        regulations.evaluate({**case, "type": "fuel_dispenser", "on": "1999-01-01"})["problem"]["code"] == "not_covered"
    )
    assert (
        regulations.evaluate({**case, "type": "fuel_dispenser", "kind": "arbitration"})["problem"]["code"]
        == "bad_choice"
    )
