"""Environment of a verification: its table on the sheet, and readings taken outside the limits, which do not count.

Out of limits is no fault of the instrument: it gives no verdict rather than a rejection.
"""

from collections.abc import Iterator

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


def environment(edition: Edition, *fields: ReadingField) -> ReadingTable:
    """The environment table; a field whose limits the edition has shows them as its hint."""
    return ReadingTable(
        key=TABLE,
        labels={"zh": "环境条件", "en": "environmental conditions"},
        layout="single",
        fields=tuple(_hinted(edition, field) for field in fields),
    )


def outside(edition: Edition, case: Case) -> Iterator[Lack]:
    """The conditions read that lie outside the edition's limits `<field>_from` and `<field>_to`."""
    row = case.reading.single(TABLE)
    labels = {field.key: field.labels for field in case.reading.sheet.table(TABLE).fields}
    for key, value in row.quantities.items():
        bounds = _bounds(edition, key)
        if bounds and not bounds[0] <= value <= bounds[1]:
            params = {"value": value.text(), "lower": bounds[0].plain(), "upper": bounds[1].plain()}
            yield Lack("outside_conditions", f"{TABLE}.{key}", labels[key], params)


def _bounds(edition: Edition, key: str) -> tuple[Quantity, Quantity] | None:
    if not {f"{key}_from", f"{key}_to"} <= set(edition.numbers):
        return None
    return edition.quantity(f"{key}_from"), edition.quantity(f"{key}_to")


def _hinted(edition: Edition, field: ReadingField) -> ReadingField:
    bounds = _bounds(edition, field.key)
    if bounds is None:
        return field
    text = f"{bounds[0].plain().removesuffix(' ' + bounds[0].unit)} … {bounds[1].plain()}"
    return ReadingField(
        key=field.key, labels=field.labels, unit=field.unit, required=field.required, hint={"zh": text, "en": text}
    )
