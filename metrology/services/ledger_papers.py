"""Sheets that go back to people: refused rows with their reasons, to be corrected and sent again; and empty templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import IO, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.documents.spreadsheet_out import ListColumn, write_xlsx
from metrology.documents.workbook import Cell
from metrology.domain.nameplate import Characteristic
from metrology.domain.problems import Problem
from metrology.domain.regulation import InstrumentType
from metrology.persistence.holders import Holder
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.services.ledger_cells import unpacked
from metrology.services.ledger_fields import BY_KEY, FIELDS, LedgerField
from metrology.services.ledger_headings import SheetLayout
from metrology.services.ledger_lines import REASON_HEADINGS

Say = Callable[[str, dict[str, str]], str]
"""The sentence of a code with its parameters, in the reader's language."""

# -- refused rows


def refused_sheet(session: Session, batch: LedgerBatch, sheet: int, *, say: Say) -> IO[bytes]:
    """The refused rows of a sheet as they were, with what is wrong in columns of their own, which an import leaves alone.

    What a person chose for the whole sheet (type, holder) stands in columns too, so that the rows can be sent again alone.
    """
    layout = SheetLayout.from_dict(batch.mapping["sheets"][sheet])
    width = 1 + max((column.index for column in layout.columns), default=0)
    headings = [""] * width
    for column in layout.columns:
        headings[column.index] = column.heading
    chosen = _chosen_columns(session, batch, layout)
    columns = [*headings, *(heading for heading, _value in chosen), *REASON_HEADINGS]
    return write_xlsx(
        [ListColumn(heading) for heading in columns],
        _refused(session, batch.id, sheet, width, [value for _heading, value in chosen], say),
        title=(batch.mapping.get("names") or [batch.file_name])[sheet],
    )


def _chosen_columns(session: Session, batch: LedgerBatch, layout: SheetLayout) -> list[tuple[str, str]]:
    chosen = []
    type_code = layout.type_code or batch.default_type_code
    if type_code and not layout.has("type"):
        chosen.append((BY_KEY["type"].labels["zh"], regulations.get(type_code).names["zh"]))
    holder = session.get(Holder, batch.holder_id) if batch.holder_id is not None else None
    if holder is not None and not layout.has("holder.name"):
        chosen.append((BY_KEY["holder.name"].labels["zh"], holder.name))
        if holder.uscc and not layout.has("holder.uscc"):
            chosen.append((BY_KEY["holder.uscc"].labels["zh"], holder.uscc))
    return chosen


def _refused(
    session: Session, batch_id: int, sheet: int, width: int, chosen: Sequence[str], say: Say
) -> Iterator[list[Cell]]:
    statement = select(LedgerRow).where(
        LedgerRow.batch_id == batch_id, LedgerRow.sheet == sheet, LedgerRow.outcome == "rejected"
    )
    for row in session.scalars(statement.order_by(LedgerRow.row).execution_options(yield_per=500)):
        cells = [unpacked(cell) for cell in row.cells][:width]
        cells += [None] * (width - len(cells))
        yield [
            *cells,
            *chosen,
            Decimal(row.row),
            row.code,
            row.column,
            say(row.params.get("sentence", row.code), row.params),
        ]


# -- templates

_ORDER: Final = (
    "ordinal", "holder.name", "holder.uscc", "holder.industry", "holder.district", "holder.address",
    "holder.legal_representative", "contact.name", "contact.phone", "contact.email", "type", "type_category", "type_kind",
    "model", "manufacturer", "origin", "serial_number", "part_label", "quantity", "purpose", "is_onsite",
    "place.address", "place.district", "verified_on", "due_date", "notes",
)  # fmt: skip
_NEEDED: Final = frozenset({"type", "serial_number", "holder.name"})
_EXAMPLE: Final = {"ordinal": "1", "place.district": "红旗区", "holder.district": "红旗区", "part_label": "1"}


def template(kind: InstrumentType, *, definitions: Callable[[str, bool], str]) -> IO[bytes]:
    """A sheet to be filled in for a type: the fields of the national system, its nameplate, an example row and notes.

    ``definitions`` words the note on a field (by its key, or the key of a characteristic) in the reader's language.
    """
    columns: list[tuple[str, str]] = []
    notes: list[tuple[str, str]] = []
    plate = _example_plate(kind)
    for key in _ORDER:
        if key == "part_label" and kind.part is None:
            continue
        field = BY_KEY[key]
        heading = kind.part.number["zh"] if key == "part_label" and kind.part else field.labels["zh"]
        columns.append((heading, _example(field, kind)))
        notes.append((heading, definitions(key, key in _NEEDED or key == "part_label")))
        if key == "manufacturer":
            for characteristic in kind.nameplate:
                columns.append(
                    (_heading(characteristic), _as_people_write(characteristic, plate.get(characteristic.key, "")))
                )
                notes.append((_heading(characteristic), _about(characteristic)))
    heads = [ListColumn(heading) for heading, _value in columns]
    row: list[Cell] = [value or None for _heading, value in columns]
    return write_xlsx(heads, [row], title=kind.names["zh"], definitions=notes)


def _example(field: LedgerField, kind: InstrumentType) -> str:
    if field.key == "type":
        return kind.names["zh"]
    return _EXAMPLE.get(field.key, field.example)


def _heading(characteristic: Characteristic) -> str:
    unit = f"({characteristic.unit})" if characteristic.unit else ""
    return characteristic.labels["zh"] + unit


def _example_plate(kind: InstrumentType) -> dict[str, str]:
    """The fullest nameplate among the worked examples of the type's file that the regulation speaks of."""
    best: dict[str, str] = {}
    for example in kind.examples:
        plate = {key: str(value) for key, value in example.case.get("nameplate", {}).items()}
        try:
            kind.validate_nameplate(plate)
        except Problem:
            continue
        best = plate if len(plate) > len(best) else best
    return best


def _as_people_write(characteristic: Characteristic, text: str) -> str:
    chosen = next((choice for choice in characteristic.choices if choice.value == text), None)
    return chosen.labels.get("zh", text) if chosen else text


def _about(characteristic: Characteristic) -> str:
    choices = "、".join(choice.labels.get("zh", choice.value) for choice in characteristic.choices[:12])
    return "; ".join(part for part in (characteristic.labels.get("en", ""), characteristic.unit or "", choices) if part)


def template_types() -> list[InstrumentType]:
    """The types a template can be had for: those with rules first."""
    return sorted(regulations.all_types().values(), key=lambda one: (not one.has_rules, one.names["zh"]))


def field_choices() -> list[tuple[str, dict[str, str]]]:
    """Fields a column can be mapped to, with their names: those of every ledger, then the characteristics of nameplates."""
    fields = [(field.key, dict(field.labels)) for field in FIELDS]
    seen: dict[str, dict[str, str]] = {}
    for one in template_types():
        for characteristic in one.nameplate:
            seen.setdefault(f"nameplate.{characteristic.key}", dict(characteristic.labels))
    return [*fields, *seen.items()]
