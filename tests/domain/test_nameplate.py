"""What a characteristic takes, how it is stored, and what it is refused with."""

from decimal import Decimal

import pytest

from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.problems import MissingCharacteristic, NotCovered, Problem
from metrology.domain.quantity import parse
from metrology.domain.reading_sheet import Choice
from metrology.domain.regulation import InstrumentType

TEXT = Characteristic(key="maker", labels={}, kind="text")
SIZE = Characteristic(key="dn", labels={}, kind="integer", unit="mm", prefixes=("DN",))
TEETH = Characteristic(key="teeth", labels={}, kind="integer")
RATIO = Characteristic(key="ratio", labels={}, kind="number", prefixes=("R", "Q3/Q1"))
MAX = Characteristic(key="max", labels={}, unit="kg")
COLD = Characteristic(key="from", labels={}, unit="°C")
CLASS = Characteristic(key="class", labels={}, kind="choice", choices=(Choice("III", {"zh": "三级", "en": "third"}),))


@pytest.mark.parametrize(
    ("one", "text", "stored"),
    [
        (TEXT, " ＡＢ 12 ", "AB 12"),
        (TEXT, "x" * 200, "x" * 200),
        (SIZE, "DN15", "15"),
        (SIZE, "dn = 15 mm", "15"),
        (SIZE, "DN: 15", "15"),
        (SIZE, "DN≤15", "15"),
        (SIZE, "DN<15", "15"),
        (SIZE, "1.5 cm", "15"),
        (TEETH, "1", "1"),
        (RATIO, "0.5", "0.5"),
        (RATIO, "R160", "160"),
        (RATIO, "Q3/Q1=160", "160"),
        (MAX, "0.001 g", "0.001 g"),
        (COLD, "-25", "-25 °C"),
        (COLD, "0 ℃", "0 °C"),
        (CLASS, "三级", "III"),
    ],
)
def test_what_is_stored(one, text, stored):
    assert one.normalise(text) == stored


@pytest.mark.parametrize(
    ("one", "text", "refused"),
    [
        (TEXT, "x" * 201, f"bad_text (maker): value={'x' * 64}"),
        (TEXT, "a\x07b", "bad_text (maker): value=a\x07b"),
        (SIZE, "DN15.5", "bad_quantity (dn): value=15.5, unit=mm"),
        (SIZE, "DN0", "bad_quantity (dn): value=0, unit=mm"),
        (SIZE, "much", "bad_quantity (dn): value=much, unit=mm"),
        (TEETH, "1.5", "bad_quantity (teeth): value=1.5, unit="),
        (TEETH, "-1", "bad_quantity (teeth): value=-1, unit="),
        (RATIO, "R0", "bad_quantity (ratio): value=0, unit="),
        (MAX, "0 kg", "bad_quantity (max): value=0 kg, unit=kg"),
        (MAX, "much", "bad_quantity (max): value=much, unit=kg"),
        (CLASS, "y" * 65, f"bad_choice (class): value={'y' * 64}"),
    ],
)
def test_what_is_refused(one, text, refused):
    with pytest.raises(Problem) as problem:
        one.normalise(text)
    assert str(problem.value) == refused


def test_headings_are_key_labels_and_synonyms():
    one = Characteristic(key="max", labels={"zh": "最大秤量", "en": "Max"}, synonyms=("量程",))
    assert one.headings == {"max", "最大秤量", "量程"}


def test_a_nameplate_is_read_when_a_rule_needs_it():
    plate = Nameplate({"max": "15 kg", "supports": "6", "maker": "some"})
    assert (plate.quantity("max"), plate.quantity("max"), plate.quantity("min")) == (
        parse("15 kg"), parse("15 kg"), None,
    )  # fmt: skip
    assert (plate.number("supports"), plate.number("positions")) == (Decimal(6), None)
    assert (len(plate), list(plate), plate["maker"]) == (3, ["max", "supports", "maker"], "some")
    with pytest.raises(Problem) as problem:
        plate.quantity("maker")
    assert str(problem.value) == "bad_quantity (maker): value=some, unit="


KIND = InstrumentType(
    code="clock", names={"zh": "钟", "en": "clock"}, purposes=(), synonyms=("時計",),
    nameplate=(
        Characteristic(key="hands", labels={}, kind="integer", required=True),
        Characteristic(key="nozzle", labels={}, kind="text", of_part=True),
    ),
)  # fmt: skip


def test_a_kind_without_editions_takes_its_nameplate():
    assert KIND.validate_nameplate({"hands": " 3 ", "nozzle": None}) == {"hands": "3"}
    assert KIND.validate_nameplate({"hands": "3", "nozzle": " "}) == {"hands": "3"}
    assert KIND.validate_nameplate({"hands": "3"}, part=False) == {"hands": "3"}
    assert KIND.validate_nameplate({"nozzle": "1"}, part=True) == {"nozzle": "1"}
    assert KIND.names_known == ("clock", "钟", "clock", "時計")
    assert (KIND.has_rules, KIND.characteristic("hands"), KIND.characteristic("feet")) == (
        False,
        KIND.nameplate[0],
        None,
    )


@pytest.mark.parametrize(
    ("values", "part", "field", "kind"),
    [
        ({"hands": "3", "feet": "2"}, None, "feet", Problem),
        ({"hands": "3", "nozzle": "1"}, False, "nozzle", Problem),
        ({"hands": "3", "nozzle": "1"}, True, "hands", Problem),
        ({}, None, "hands", MissingCharacteristic),
    ],
)
def test_a_nameplate_that_does_not_fit(values, part, field, kind):
    with pytest.raises(kind) as problem:
        KIND.validate_nameplate(values, part=part)
    assert problem.value.field == field


def test_an_edition_nobody_has():
    with pytest.raises(NotCovered) as problem:
        KIND.edition("JJG 1")
    assert str(problem.value) == "not_covered (edition): type=clock, edition=JJG 1"
