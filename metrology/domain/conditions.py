"""Environment of a verification: its table on the sheet, and readings taken outside the limits, which do not count.

Out of limits is no fault of the instrument: it gives no verdict rather than a rejection.
"""

from collections.abc import Iterator, Mapping

from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import ReadingField, ReadingTable
from metrology.domain.regulation import Case, Edition
from metrology.domain.verdict import Lack

TABLE = "environment"

TEMPERATURE = ReadingField(key="temperature", labels={"zh": "环境温度", "en": "ambient temperature"}, unit="°C")
HUMIDITY = ReadingField(key="humidity", labels={"zh": "相对湿度", "en": "relative humidity"}, unit="%RH")
PRESSURE = ReadingField(
    key="pressure", labels={"zh": "大气压力", "en": "atmospheric pressure"}, unit="kPa", required=False
)
WATER_TEMPERATURE = ReadingField(key="water_temperature", labels={"zh": "水温", "en": "water temperature"}, unit="°C")


def environment(edition: Edition, *fields: ReadingField, keys: Mapping[str, str] | None = None) -> ReadingTable:
    """The environment table; a field whose limits the edition has shows them as its hint.

    `keys` names the numbers that bound a field where they are not named as the field is.
    """
    return ReadingTable(
        key=TABLE,
        labels={"zh": "环境条件", "en": "environmental conditions"},
        layout="single",
        fields=tuple(_hinted(edition, field, (keys or {}).get(field.key, field.key)) for field in fields),
    )


def outside(edition: Edition, case: Case, keys: Mapping[str, str] | None = None) -> Iterator[Lack]:
    """The conditions read that lie outside the edition's limits `<field>_from` and `<field>_to`, one of them or both."""
    row = case.reading.single(TABLE)
    labels = {field.key: field.labels for field in case.reading.sheet.table(TABLE).fields}
    for key, value in row.quantities.items():
        low, high = _bounds(edition, (keys or {}).get(key, key))
        if (low is not None and value < low) or (high is not None and value > high):
            params = {
                "value": value.text(),
                "lower": low.plain() if low else "",
                "upper": high.plain() if high else "",
            }
            yield Lack("outside_conditions", f"{TABLE}.{key}", labels[key], params)


def _bounds(edition: Edition, key: str) -> tuple[Quantity | None, Quantity | None]:
    low, high = (
        edition.quantity(f"{key}_{end}") if f"{key}_{end}" in edition.numbers else None for end in ("from", "to")
    )
    return low, high


def _hinted(edition: Edition, field: ReadingField, key: str) -> ReadingField:
    low, high = _bounds(edition, key)
    if low is None and high is None:
        return field
    if low is None or high is None:
        text = f"≥ {low.plain()}" if low else f"≤ {high.plain()}" if high else ""
    else:
        text = f"{low.plain().removesuffix(' ' + low.unit)} … {high.plain()}"
    return ReadingField(
        key=field.key, labels=field.labels, unit=field.unit, required=field.required, hint={"zh": text, "en": text}
    )
