"""Values with units: exact decimals from text to text, GB/T 8170 rounding, exact conversion.

Sources: GB/T 8170-2008 (half to even, once, never on binary floats); GB 3100/3101 for the units; the legal units of
measurement of China for the spellings people use in ledgers.

>>> parse("１．５ｋｇ").to("g").text()
'1500 g'
>>> parse("3 m³/h") == parse("50 L/min")
True
>>> round_to(Decimal("0.35"), Decimal("0.1")), round_to(Decimal("60.28"), Decimal("0.5"))
(Decimal('0.4'), Decimal('60.5'))
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from metrology.domain.problems import BadQuantity, InexactConversion

# Readings have at most 18 significant digits (checked in `parse`), so sums, products and quotients of a handful of
# them, carried to 60, cannot be pushed over a rounding tie by the arithmetic itself.
ARITHMETIC = Context(prec=60)
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
_MAX_DIGITS = 18
_MAX_EXPONENT = 24


class Unit(NamedTuple):
    """A unit: what it measures, how many of the dimension's smallest unit it is, where its zero lies."""

    symbol: str
    dimension: str
    factor: Decimal
    offset: Decimal = Decimal(0)


def _units() -> dict[str, Unit]:
    # The smallest unit of a dimension has factor 1, so that going down to it is always exact.
    table: dict[str, dict[str, str]] = {
        "mass": {"μg": "1", "mg": "1e3", "g": "1e6", "kg": "1e9", "t": "1e12"},
        "volume": {"μL": "1", "mL": "1e3", "cm³": "1e3", "L": "1e6", "dm³": "1e6", "m³": "1e9"},
        "volume flow": {"mL/h": "1", "mL/min": "60", "L/h": "1e3", "L/min": "6e4", "L/s": "3.6e6", "m³/h": "1e6"},
        "mass flow": {"g/h": "1", "g/min": "60", "kg/h": "1e3", "kg/min": "6e4", "t/h": "1e6"},
        "length": {"nm": "1", "μm": "1e3", "mm": "1e6", "cm": "1e7", "dm": "1e8", "m": "1e9", "km": "1e12"},
        "area": {"mm²": "1", "cm²": "1e2", "dm²": "1e4", "m²": "1e6"},
        "pressure": {"Pa": "1", "hPa": "1e2", "mbar": "1e2", "kPa": "1e3", "bar": "1e5", "MPa": "1e6",
                     "mmHg": "133.322"},
        "voltage": {"μV": "1", "mV": "1e3", "V": "1e6", "kV": "1e9"},
        "current": {"μA": "1", "mA": "1e3", "A": "1e6", "kA": "1e9"},
        "power": {"W": "1", "kW": "1e3"},
        "energy": {"J": "1", "kJ": "1e3", "MJ": "1e6", "GJ": "1e9", "Wh": "3600", "kWh": "3.6e6", "MWh": "3.6e9"},
        "resistance": {"Ω": "1", "kΩ": "1e3"},
        "frequency": {"Hz": "1", "kHz": "1e3"},
        "time": {"ms": "1", "s": "1e3", "min": "6e4", "h": "3.6e6", "d": "8.64e7"},
        "speed": {"km/h": "1"},
        "ratio": {"‰": "1", "%": "10"},
        "humidity": {"%RH": "1"},
        "money": {"CNY": "1"},
        "price per volume": {"CNY/L": "1"},
        "price per mass": {"CNY/kg": "1"},
        "price per energy": {"CNY/kWh": "1"},
        "neck": {"mL/mm": "1"},
        "concentration": {"mg/m³": "1", "mg/L": "1e3"},
        "amount fraction": {"μmol/mol": "1"},
        "pulses": {"imp/kWh": "1"},
        "sound level": {"dB": "1"},
        "count": {"pcs": "1"},
        # of kinds whose rules an institute enters
        "force": {"N": "1", "kN": "1e3", "MN": "1e6"},
        "torque": {"N·m": "1", "kN·m": "1e3"},
        "density": {"kg/m³": "1", "g/cm³": "1e3"},
        "acidity": {"pH": "1"},
        "conductivity": {"μS/cm": "1", "mS/cm": "1e3"},
        "turbidity": {"NTU": "1"},
        "absorbance": {"Abs": "1"},
        "illuminance": {"lx": "1"},
        "luminance": {"cd/m²": "1"},
        "rotation": {"r/min": "1"},
        "rate": {"1/min": "1"},
        "refractive power": {"m⁻¹": "1"},
        "plane angle": {"°": "1"},
        "substance concentration": {"mmol/L": "1"},
        "dose": {"μGy": "1", "mGy": "1e3", "Gy": "1e6"},
        "dose rate": {"μGy/h": "1", "mGy/h": "1e3"},
        "equivalent dose rate": {"μSv/h": "1", "mSv/h": "1e3"},
        "activity": {"Bq": "1", "kBq": "1e3", "MBq": "1e6", "GBq": "1e9"},
        "hardness HRC": {"HRC": "1"}, "hardness HBW": {"HBW": "1"}, "hardness HV": {"HV": "1"},
    }  # fmt: skip
    found = {s: Unit(s, d, Decimal(f)) for d, units in table.items() for s, f in units.items()}
    found["°C"] = Unit("°C", "temperature", Decimal(1), Decimal("273.15"))
    found["K"] = Unit("K", "temperature", Decimal(1))
    return found


UNITS: Mapping[str, Unit] = _units()

_SPELLINGS = {
    "公斤": "kg", "千克": "kg", "克": "g", "毫克": "mg", "吨": "t", "T": "t", "升": "L", "公升": "L", "毫升": "mL",
    "立方米": "m³", "方": "m³", "升/分": "L/min", "升/分钟": "L/min", "l/m": "L/min", "升/小时": "L/h", "升/时": "L/h",
    "立方米/小时": "m³/h", "立方米/时": "m³/h", "方/小时": "m³/h", "毫米": "mm", "厘米": "cm", "米": "m", "千米": "km",
    "公里": "km", "度": "°C", "摄氏度": "°C", "C": "°C", "º C": "°C", "ºC": "°C",
    "帕": "Pa", "千帕": "kPa", "兆帕": "MPa",
    "毫米汞柱": "mmHg",
    "伏": "V", "千伏": "kV", "安": "A", "毫安": "mA", "瓦": "W", "千瓦": "kW", "千瓦时": "kWh", "度电": "kWh",
    "kW·h": "kWh", "kW.h": "kWh", "秒": "s", "分": "min", "分钟": "min", "小时": "h", "时": "h", "天": "d", "日": "d",
    "元": "CNY", "¥": "CNY", "元/升": "CNY/L", "元/L": "CNY/L",
    "元/度": "CNY/kWh", "元/千瓦时": "CNY/kWh", "元/kWh": "CNY/kWh", "元/公斤": "CNY/kg", "元/千克": "CNY/kg", "元/kg": "CNY/kg",
    "ppm": "μmol/mol", "分贝": "dB", "dB(A)": "dB", "%rh": "%RH", "个": "pcs", "件": "pcs", "只": "pcs",
    "千米/小时": "km/h",
    "公里/小时": "km/h", "imp/(kW·h)": "imp/kWh", "ohm": "Ω", "欧": "Ω",
}  # fmt: skip


def _spelled(text: str) -> str:
    """Full-width, superscript, ligature (㎏, ℃, m⁻¹) and spaced spellings of a unit as one."""
    return unicodedata.normalize("NFKC", text).replace(" ", "").replace("−", "-")


def _folded(text: str) -> str:
    """The same without case."""
    return _spelled(text).casefold()


def _spellings() -> tuple[dict[str, str], dict[str, str]]:
    exact = {_spelled(s): s for s in UNITS}
    exact |= {_spelled(s): s2 for s, s2 in _SPELLINGS.items()}
    folded: dict[str, str | None] = {}
    for spelling, symbol in exact.items():
        key = _folded(spelling)
        # A spelling that differs only by case from another unit's says nothing: mW is not MW.
        folded[key] = symbol if folded.get(key, symbol) == symbol else None
    return exact, {key: symbol for key, symbol in folded.items() if symbol}


_EXACT_SPELLING, _FOLDED_SPELLING = _spellings()


def unit_of(text: str) -> Unit | None:
    """The unit a person means by this spelling, or None."""
    symbol = _EXACT_SPELLING.get(_spelled(text)) or _FOLDED_SPELLING.get(_folded(text))
    return UNITS[symbol] if symbol else None


def plain(value: Decimal) -> str:
    """A decimal without exponent and without zeros that say nothing.

    >>> plain(Decimal("4.0")), plain(Decimal("1E+3")), plain(Decimal("-0.00"))
    ('4', '1000', '0')
    """
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Quantity:
    """A decimal value and its unit. Compares with quantities of the same dimension by size, exactly."""

    value: Decimal
    unit: str

    @property
    def dimension(self) -> str:
        """What is measured, such as `mass`."""
        return UNITS[self.unit].dimension

    def smallest(self) -> Decimal:
        """The number in the smallest unit of its dimension, which is always exact."""
        unit = UNITS[self.unit]
        return ARITHMETIC.add(ARITHMETIC.multiply(self.value, unit.factor), unit.offset)

    def to(self, unit: str) -> "Quantity":
        """The same quantity in another unit, or InexactConversion if no finite decimal says it."""
        if unit == self.unit:
            return self
        target = UNITS[unit]
        if target.dimension != self.dimension:
            raise BadQuantity(value=self.text(), unit=unit)
        try:
            value = _EXACT.divide(self.smallest() - target.offset, target.factor)
        except Inexact as error:
            raise InexactConversion(value=self.text(), unit=unit) from error
        return Quantity(Decimal(plain(value)), unit)

    def in_unit(self, unit: str) -> Decimal:
        """The number alone, in a unit."""
        return self.to(unit).value

    def ratio_to(self, other: "Quantity") -> Decimal:
        """How many times `other` this is, to 60 digits."""
        if other.dimension != self.dimension:
            raise BadQuantity(value=other.text(), unit=self.unit)
        if other.unit == self.unit:
            # A limit of 1.5 °C is a difference: three times 0.5 °C, wherever the scale has its zero.
            return ARITHMETIC.divide(self.value, other.value)
        return ARITHMETIC.divide(self.smallest(), other.smallest())

    def times(self, factor: Decimal | int) -> "Quantity":
        """So many times the quantity."""
        return Quantity(ARITHMETIC.multiply(self.value, Decimal(factor)), self.unit)

    def magnitude(self) -> "Quantity":
        """Without its sign."""
        return Quantity(abs(self.value), self.unit)

    def __add__(self, other: "Quantity") -> "Quantity":
        number = other.value if other.unit == self.unit else other.in_unit(self.unit)
        return Quantity(ARITHMETIC.add(self.value, number), self.unit)

    def __sub__(self, other: "Quantity") -> "Quantity":
        number = other.value if other.unit == self.unit else other.in_unit(self.unit)
        return Quantity(ARITHMETIC.subtract(self.value, number), self.unit)

    def __neg__(self) -> "Quantity":
        return Quantity(-self.value, self.unit)

    def _compared(self, other: "Quantity") -> Decimal:
        if other.dimension != self.dimension:
            raise BadQuantity(value=other.text(), unit=self.unit)
        return ARITHMETIC.subtract(self.smallest(), other.smallest())

    # In one unit the numbers alone decide: the way to the smallest unit is the same for both.

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Quantity):
            return False
        if other.unit == self.unit:
            return self.value == other.value
        return self.dimension == other.dimension and self._compared(other) == 0

    def __hash__(self) -> int:
        return hash((self.dimension, self.smallest()))

    def __lt__(self, other: "Quantity") -> bool:
        return self.value < other.value if other.unit == self.unit else self._compared(other) < 0

    def __le__(self, other: "Quantity") -> bool:
        return self.value <= other.value if other.unit == self.unit else self._compared(other) <= 0

    def __gt__(self, other: "Quantity") -> bool:
        return self.value > other.value if other.unit == self.unit else self._compared(other) > 0

    def __ge__(self, other: "Quantity") -> bool:
        return self.value >= other.value if other.unit == self.unit else self._compared(other) >= 0

    def __repr__(self) -> str:
        return self.text()

    def text(self) -> str:
        """As written: the digits kept, no exponent."""
        return f"{self.value:f} {self.unit}"

    def plain(self) -> str:
        """As written on a nameplate: without zeros that say nothing."""
        return f"{plain(self.value)} {self.unit}"


_NUMBER = re.compile(
    r"(?P<sign>[±+-]?)\s*(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)(?P<rest>.*)", re.DOTALL
)
_EXPONENT = re.compile(r"[eE](?P<exponent>[+-]?\d{1,3})(?![\w])(?P<rest>.*)", re.DOTALL)


def parse(text: object, unit: str | None = None, *, plus_minus: bool = False, field: str | None = None) -> Quantity:
    """Read "1.5 kg", "60kg", "±0.30 %", "２０ ㎏". A bare number takes `unit`; a unit of another dimension is refused.

    >>> parse("60kg"), parse("2.5", "m³/h").text(), parse("±0.30%", plus_minus=True).text()
    (60 kg, '2.5 m³/h', '0.30 %')
    """
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or len(text) > 64:
        raise BadQuantity(field, value=str(text)[:64], unit=unit or "")
    return _parse(text, unit, plus_minus, field)


@lru_cache(maxsize=4096)
def _parse(text: str, unit: str | None, plus_minus: bool, field: str | None) -> Quantity:
    wrong = BadQuantity(field, value=text, unit=unit or "")
    normal = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-").strip()
    match = _NUMBER.fullmatch(normal)
    if not match or not normal.isprintable() or (match["sign"] == "±" and not plus_minus):
        raise wrong
    number, rest = match["number"].replace(",", ""), match["rest"]
    if exponent := _EXPONENT.fullmatch(rest):
        number, rest = f"{number}e{exponent['exponent']}", exponent["rest"]
    try:
        value = Decimal(number)
    except InvalidOperation as error:
        raise wrong from error
    if len(value.as_tuple().digits) > _MAX_DIGITS or abs(value.adjusted()) > _MAX_EXPONENT:
        raise wrong
    found = unit_of(rest) if rest.strip() else UNITS[unit] if unit else None
    if found is None or (unit and found.dimension != UNITS[unit].dimension):
        raise wrong
    return Quantity(-value if match["sign"] == "-" else value, found.symbol)


def round_to(value: Decimal, interval: Decimal) -> Decimal:
    """Round to the rounding interval, half to even, exactly (GB/T 8170-2008).

    >>> [str(round_to(Decimal(v), Decimal("0.1"))) for v in ("1.050", "0.7501", "12.1498")]
    ['1.0', '0.8', '12.1']
    """
    if interval.as_tuple().digits == (1,) and value.adjusted() - interval.adjusted() < _MAX_DIGITS:
        rounded = ARITHMETIC.quantize(value, interval)  # the context rounds half to even
        return rounded or rounded.copy_abs()
    steps = round(Fraction(value) / Fraction(interval))  # round() of a Fraction is exact and goes half to even
    return ARITHMETIC.multiply(Decimal(steps), interval)
