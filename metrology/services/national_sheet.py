"""Our verification results in the shape of the national system's ledger (e-CQS, 国家强检系统).

The columns of the instrument and of its holder are that system's own headings, as its batch template names them. How it
heads results was not to be had: the columns of results carry our names for them, and the sheet of definitions says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from metrology import regulations
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.scope import within
from metrology.persistence.verifications import Verification
from metrology.regulations import CatalogueEntry
from metrology.services.ledger_cells import PURPOSES
from metrology.services.ledger_fields import BY_KEY

_STEP: Final = 500
_WORDS_OF_PURPOSE: Final = {code: zh for zh, code in reversed(PURPOSES.items()) if not zh.isascii()}
_RESULTS: Final = {"conforms": "合格", "rejected": "不合格"}
_RANGE: Final = ("range", "maximum_capacity", "max_capacity", "measuring_range")
_CLASS: Final = ("accuracy_class", "class")

NATIONAL: Final = (
    "type", "type_category", "type_kind", "model", "range", "accuracy_class", "serial_number", "manufacturer", "origin",
    "place.address", "place.district", "quantity", "purpose", "is_onsite", "holder.name", "holder.uscc", "holder.industry",
    "holder.district", "holder.address", "holder.legal_representative",
)  # fmt: skip
RESULTS: Final = ("verified_on", "due_date", "result", "certificate_number", "kind", "institute")
_OWN_HEADINGS: Final = {
    "range": "测量范围", "accuracy_class": "准确度等级", "result": "检定结论", "certificate_number": "证书编号", "kind": "检定类别",
    "institute": "检定机构",
}  # fmt: skip
_KINDS: Final = {
    "initial": "首次检定",
    "subsequent": "后续检定",
    "after_repair": "修理后检定",
    "in_service": "使用中检查",
}


@dataclass(frozen=True)
class ResultsFilter:
    """Whose results: documents issued within these days, both included; of one type, if one is named."""

    first: date
    last: date
    type_code: str | None = None

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise Problem("period_ends_before_it_begins", "last")


def headings() -> list[str]:
    """The headings in order."""
    return [_OWN_HEADINGS.get(key) or BY_KEY[key].labels["zh"] for key in (*NATIONAL, *RESULTS)]


def results(session: Session, actor: Actor, chosen: ResultsFilter) -> Iterator[list[Cell]]:
    """A row for each certificate and rejection notice that stands, in the order of issue; read by the page, never all at once.

    One that was revoked or replaced is left out: what it said is no longer so.
    """
    after: tuple[date, int] | None = None
    while True:
        statement = (
            select(Certificate)
            .join(Instrument, Instrument.id == Certificate.instrument_id)
            .where(
                Certificate.issued_on.between(chosen.first, chosen.last),
                Certificate.standing == "valid",
                Certificate.kind != "calibration_certificate",
            )
            .options(
                joinedload(Certificate.instrument).joinedload(Instrument.holder),
                joinedload(Certificate.instrument).joinedload(Instrument.place),
                joinedload(Certificate.verification).joinedload(Verification.institute),
            )
        )
        if chosen.type_code:
            statement = statement.where(Instrument.type_code == chosen.type_code)
        if after is not None:
            statement = statement.where(
                (Certificate.issued_on > after[0]) | ((Certificate.issued_on == after[0]) & (Certificate.id > after[1]))
            )
        page = session.scalars(
            within(statement, actor).order_by(Certificate.issued_on, Certificate.id).limit(_STEP)
        ).all()
        for one in page:
            yield _row(one)
        if len(page) < _STEP:
            return
        after = (page[-1].issued_on, page[-1].id)
        session.expunge_all()


def _row(one: Certificate) -> list[Cell]:
    said = {**_instrument(one.instrument), **_holder(one.instrument), **_result(one)}
    return [said.get(key) or None for key in (*NATIONAL, *RESULTS)]


def _instrument(row: Instrument) -> dict[str, Cell]:
    entry = _entries().get(row.type_code)
    kind = regulations.get(row.type_code)
    return {
        "type": kind.names["zh"],
        "type_category": entry.category["zh"] if entry else "",
        "type_kind": entry.names["zh"] if entry else "",
        "model": row.model,
        "range": _first(row.nameplate, _RANGE),
        "accuracy_class": _first(row.nameplate, _CLASS),
        "serial_number": row.serial_number,
        "manufacturer": row.manufacturer,
        "place.address": address_of(row),
        "place.district": row.district.name_zh if row.district else "",
        "quantity": "1",
        "purpose": _WORDS_OF_PURPOSE.get(row.purpose, ""),
        "is_onsite": "现场" if row.is_onsite else "送检",
    }


def address_of(row: Instrument) -> str:
    """Where an instrument stands, in one cell."""
    return " ".join(part for part in (row.place.full_name if row.place else "", row.location) if part)


@lru_cache(maxsize=1)
def _entries() -> dict[str, CatalogueEntry]:
    return {entry.code: entry for entry in regulations.catalogue()}


def _holder(row: Instrument) -> dict[str, Cell]:
    one = row.holder
    if one is None:
        return {}
    return {
        "holder.name": one.name,
        "holder.uscc": one.uscc,
        "holder.industry": one.industry,
        "holder.district": one.district.name_zh if one.district else "",
        "holder.address": one.address,
        "holder.legal_representative": one.legal_representative,
    }


def _result(one: Certificate) -> dict[str, Cell]:
    record = one.verification
    return {
        "verified_on": one.verified_on,
        "due_date": one.valid_until,
        "result": _RESULTS.get(record.verdict or "", ""),
        "certificate_number": one.number,
        "kind": _KINDS.get(record.kind, ""),
        "institute": record.institute.name if record.institute else "",
    }


def _first(plate: dict[str, Any], keys: tuple[str, ...]) -> str:
    return next((str(plate[key]) for key in keys if plate.get(key)), "")
