"""Which edition speaks on a day, what it says it rests on, and how often a load is weighed."""

from dataclasses import replace
from datetime import date

import pytest

from metrology import regulations
from metrology.domain.problems import BadChoice, NotCovered
from metrology.domain.regulation import InstrumentType
from metrology.domain.schedule import Interval
from metrology.regulations import evaluate

SCALE = regulations.get("digital_indicating_scale")
EDITION = SCALE.editions[-1]
PLATE = {"accuracy_class": "III", "max": "15 kg", "e": "5 g"}
FIVE_YEARS = Interval(months=60, mode="periodic", clause="catalogue", confirmed=True)
OLD = replace(EDITION, code="JJG 1-2000", in_force=date(2000, 3, 1), ended=date(2010, 3, 1))
NEW = replace(EDITION, code="JJG 1-2012", in_force=date(2012, 3, 1)).with_numbers({"interval": "6"})
NEVER = replace(EDITION, code="JJG 1-2015", in_force=date(2015, 3, 1), ended=date(2015, 3, 1))


def kind_with(*editions) -> InstrumentType:
    return replace(SCALE, editions=editions, default_interval=FIVE_YEARS)


KIND = kind_with(NEW, OLD, NEVER)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2000, 2, 29), None),
        (date(2000, 3, 1), "JJG 1-2000"),
        (date(2010, 2, 28), "JJG 1-2000"),
        (date(2010, 3, 1), None),
        (date(2012, 2, 29), None),
        (date(2012, 3, 1), "JJG 1-2012"),
        (date(2015, 3, 1), "JJG 1-2012"),
        (date(2026, 1, 1), "JJG 1-2012"),
    ],
)
def test_the_edition_of_a_day(day, code):
    if code is not None:
        assert KIND.edition_on(day).code == code
        return
    with pytest.raises(NotCovered) as refused:
        KIND.edition_on(day)
    assert str(refused.value) == f"not_covered (on): type=digital_indicating_scale, on={day.isoformat()}"


@pytest.mark.parametrize(
    ("day", "months"),
    [
        (date(1990, 1, 1), 12),  # the oldest speaks for what is older
        (date(2010, 2, 28), 12),
        (date(2010, 3, 1), 60),  # between them the catalogue does
        (date(2012, 2, 29), 60),
        (date(2012, 3, 1), 6),
        (date(2026, 1, 1), 6),
    ],
)
def test_the_interval_of_a_day(day, months):
    assert KIND.interval(PLATE, day).months == months


def test_without_an_edition_that_ever_held_the_catalogue_speaks():
    assert kind_with().interval(PLATE, date(2020, 1, 1)) is FIVE_YEARS
    assert kind_with(NEVER).interval(PLATE, date(2020, 1, 1)) is FIVE_YEARS
    assert kind_with().mode(PLATE, date(2020, 1, 1)) == "periodic"


def test_a_dispute_takes_the_confirmation_of_what_it_names():
    sure = EDITION.with_confirmed({"edition": "the text", "interval": "the text", "zero": "the text"})
    assert (sure.text_confirmed, sure.numbers["interval"].confirmed, sure.numbers["interval"].source) == (
        True, True, "the text",
    )  # fmt: skip
    doubted = sure.with_disputed({"interval": "24 mo"})
    assert (doubted.numbers["interval"].confirmed, doubted.numbers["zero"].confirmed) == (False, True)
    assert (doubted.text_confirmed, doubted.disputed) == (True, {"interval": "24 mo"})
    twice = doubted.with_disputed({"edition": "2017-06-01"})
    assert (twice.text_confirmed, twice.disputed) == (False, {"interval": "24 mo", "edition": "2017-06-01"})
    assert twice.numbers["zero"].confirmed
    assert EDITION.disputed == {}


def test_what_an_edition_says_of_a_key():
    assert (OLD.stated("edition"), EDITION.stated("interval")) == ("2000-03-01", "12 month")


def test_a_kind_of_verification_nobody_knows():
    with pytest.raises(BadChoice) as refused:
        EDITION.reading_sheet(PLATE, "sometimes")
    assert str(refused.value) == "bad_choice (kind): value=sometimes"


def judged(readings, **plate):
    case = {
        "type": SCALE.code,
        "on": "2026-06-01",
        "kind": "initial",
        "nameplate": {**PLATE, **plate},
        "readings": readings,
    }
    answer = evaluate(case, partial=True)
    lacks = [(one["path"], one["code"], one["params"]) for one in answer["missing"]]
    return {one["point"]: one for one in answer["findings"]}, lacks


def test_an_answer_is_kept_as_it_was_given():
    found, _ = judged({"items": {"appearance": True, "seals": False}})
    assert (found["items.appearance"]["within"], found["items.appearance"]["inputs"]) == (True, {"answer": "yes"})
    assert (found["items.seals"]["within"], found["items.seals"]["inputs"]) == (False, {"answer": "no"})
    assert found["items.seals"]["edition"] == EDITION.code


def repeated(*additional, load="7500 g"):
    return {
        "zero_error": "0.5 g",
        "repeatability": [{"load": load, "indication": load, "additional_load": one} for one in additional],
    }


def test_repeated_weighings_by_hand():
    # P = 7500 + 2.5 − ΔL; Ec = P − 7500 − 0.5
    found, _ = judged(repeated("2.5 g", "1 g", "4 g"))
    finding = found["repeatability"]
    assert (finding["error"], finding["mpe"], finding["within"]) == ("3 g", "5 g", True)
    assert finding["inputs"] == {"P1": "7500.0 g", "P2": "7501.5 g", "P3": "7498.5 g"}
    assert (finding["load"], finding["largest_error"]) == ("7500 g", "-2 g")
    assert finding["numbers"] == ["mpe.2", "III.to.1", "III.to.2", "repeatability.runs", "repeatability.load"]
    assert finding["formula"] == "Pmax − Pmin ≤ |MPE|, |Ec| ≤ |MPE|"
    assert finding["clause"] == EDITION.numbers["repeatability.runs"].clause != ""


@pytest.mark.parametrize(("far", "within"), [("7 g", True), ("7.01 g", False)])
def test_no_single_weighing_may_be_beyond_its_limit(far, within):
    # Ec = 2.5 − 7 − 0.5 = −5 g, the limit; the spread is nought
    found, _ = judged(repeated(far, far, far))
    assert found["repeatability"]["within"] is within
    assert found["repeatability"]["error"] == "0 g"


def test_of_two_weighings_as_far_off_the_one_that_shows_too_much_is_told():
    found, _ = judged(repeated("4 g", "0 g", "2 g"))
    assert found["repeatability"]["largest_error"] == "2 g"


@pytest.mark.parametrize("load", ["15001 g", "-1 g", "0 g"])
def test_a_load_the_scale_does_not_weigh_shows_no_repeatability(load):
    found, missing = judged(repeated("2.5 g", "2.5 g", "2.5 g", load=load))
    assert "repeatability" not in found
    assert ("repeatability[0].load", "not_covered", {"value": load}) in missing


def test_weighings_too_few_for_a_series():
    _, missing = judged(repeated("2.5 g", "2.5 g"))
    assert ("repeatability", "missing_reading", {"wanted": "3", "got": "2"}) in missing
    assert ("repeatability", "missing_reading", {"wanted": "3", "got": "2", "load": "7500 g"}) in missing


def test_without_a_zero_weighings_are_shown_uncorrected():
    found, _ = judged({"repeatability": repeated("2.5 g", "1 g", "4 g")["repeatability"]})
    assert (found["repeatability"]["error"], found["repeatability"]["largest_error"]) == ("3 g", "1.5 g")


def test_a_check_rests_on_its_clause():
    (case,) = [
        one.case for one in regulations.get("ac_ev_charger").examples if one.case.get("readings", {}).get("items")
    ][:1]
    (finding,) = [one for one in evaluate(case, partial=True)["findings"] if one["point"] == "items.least_energy"]
    (check,) = [one for one in regulations.get("ac_ev_charger").editions[-1].items if one.key == "least_energy"]
    assert finding["clause"] == check.clause != ""


@pytest.mark.parametrize(
    ("water", "lower", "upper"),
    [("31 °C", "", "30 °C")],
)
def test_a_condition_with_one_end_has_no_other(water, lower, upper):
    case = {
        "type": "cold_water_meter", "on": "2026-06-01", "kind": "initial",
        "nameplate": {"accuracy_class": "2", "q3": "2.5 m³/h", "ratio": "100", "dn": "20"},
        "readings": {"environment": {"water_temperature": water, "humidity": "50 %RH"}},
    }  # fmt: skip
    (lack,) = [one for one in evaluate(case)["problem"]["missing"] if one["code"] == "outside_conditions"]
    assert lack["params"] == {"value": water, "lower": lower, "upper": upper}
