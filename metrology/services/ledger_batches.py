"""Batches of ledger rows: found within one's scope, moved from state to state, opened for reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, undefer

from metrology.documents.spreadsheet_in import file_kind
from metrology.documents.workbook import DEFAULT_LIMITS
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import StoredFile
from metrology.persistence.ledgers import HeadingMapping, LedgerBatch
from metrology.persistence.people import User
from metrology.persistence.reconciliations import Reconciliation
from metrology.services import holding
from metrology.services.attaching import store
from metrology.services.ledger_chunks import LedgerReading
from metrology.services.ledger_headings import SheetLayout
from metrology.services.ledger_source import LedgerSource
from metrology.services.signing_in import actor_of

Clock = Callable[[], datetime]
LONGEST_NAME = 200


class Step(Protocol):
    """Commits what is done so far, and tells how far that is."""

    def __call__(self, progress: int, total: int | None = None, note: str = "") -> None:
        """Commit, and go on."""


@dataclass(frozen=True)
class OpenBatch:
    """A batch opened for work: how its file is read, and who acts."""

    batch_id: int
    actor: Actor
    reading: LedgerReading
    remembered: tuple[int, ...] = ()
    """Sheets that are read as a person chose for such headings before."""


Sent = LedgerBatch | Reconciliation
"""What begins with a file that somebody sends."""


def visible(statement: Any, actor: Actor, model: type[Sent] = LedgerBatch) -> Any:
    """Narrow a statement on sent files: an actor of one district sees those of its colleagues there."""
    if actor.district_code is None:
        return statement
    colleagues = select(User.id).where(User.district_code == actor.district_code)
    return statement.where(or_(model.created_by_id.in_(colleagues), model.created_by_id == (actor.user_id or 0)))


def keep_file(session: Session, data: bytes, file_name: str) -> tuple[StoredFile, str]:
    """The bytes of a ledger, kept once, and its name as it is shown. What is no table by its first bytes is refused."""
    kind = file_kind(data)
    if kind != "csv" and len(data) > DEFAULT_LIMITS.bytes_uploaded:
        raise Problem("file_too_large", "file", limit=DEFAULT_LIMITS.bytes_uploaded, size=len(data))
    last = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(letter for letter in last if letter.isprintable())[-LONGEST_NAME:].strip() or "ledger"
    return store(session, data), name


def move(session: Session, batch: LedgerBatch, come_from: Sequence[str], to: str, **values: Any) -> None:
    """Put a batch into another state, once: of two who try at the same time, the second is refused as ``batch_state``."""
    session.flush()
    moved = session.execute(
        update(LedgerBatch)
        .where(LedgerBatch.id == batch.id, LedgerBatch.state.in_(come_from))
        .values(state=to, **values)
        .execution_options(synchronize_session=False)
    )
    session.expire(batch)
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Problem("batch_state", state=batch.state)


def actor_for(session: Session, sent: Sent) -> Actor:
    """Who sent the file, with the roles and district of today."""
    user = session.get(User, sent.created_by_id) if sent.created_by_id is not None else None
    return actor_of(user) if user is not None else Actor.system()


def open_batch(session: Session, batch: LedgerBatch, *, now: datetime) -> OpenBatch:
    """Read the file of a batch; its layouts as chosen, as remembered for such headings, or as recognised."""
    file = session.scalars(
        select(StoredFile).where(StoredFile.id == batch.file_id).options(undefer(StoredFile.data))
    ).one()
    source = LedgerSource(bytes(file.data), batch.file_name)
    session.expire(file, ["data"])
    if batch.mapping.get("sheets"):
        layouts = [SheetLayout.from_dict(stored) for stored in batch.mapping["sheets"]]
        return OpenBatch(batch.id, actor_for(session, batch), _reading(session, batch, source, layouts))
    layouts, remembered = remembered_layouts(session, source.layouts(), now=now)
    return OpenBatch(batch.id, actor_for(session, batch), _reading(session, batch, source, layouts), remembered)


def mapping_of(opened: OpenBatch, before: Mapping[str, Any]) -> dict[str, Any]:
    """How the file of a batch is read, as it is kept with the batch."""
    sheets = opened.reading.source.sheets
    return {
        "sheets": [layout.to_dict() for layout in opened.reading.layouts],
        "names": [sheet.name for sheet in sheets],
        "hidden": [sheet.hidden for sheet in sheets],
        "remembered": before.get("remembered") or list(opened.remembered),
    }


def fail(session: Session, batch_id: int, problem: Problem, come_from: Sequence[str], *, now: datetime) -> None:
    """The file of a batch cannot be read: say why."""
    session.rollback()
    batch = session.get_one(LedgerBatch, batch_id)
    params = dict(problem.params)
    move(session, batch, come_from, "failed", error=problem.code, error_params=params, finished_at=now)


def _reading(
    session: Session, batch: LedgerBatch, source: LedgerSource, layouts: Sequence[SheetLayout]
) -> LedgerReading:
    holder = session.get(Holder, batch.holder_id) if batch.holder_id is not None else None
    return LedgerReading(
        source, layouts, district_names(session), holding.facts_of(holder) if holder else None, batch.default_type_code
    )


def district_names(session: Session) -> tuple[str, ...]:
    """Names that may stand at the front of an address, the city's own first."""
    return ("新乡市", *session.scalars(select(District.name_zh).order_by(District.position)))


# -- mappings by hand


def remembered_layouts(
    session: Session, layouts: Sequence[SheetLayout], *, now: datetime | None = None
) -> tuple[list[SheetLayout], tuple[int, ...]]:
    """The layouts, those with known headings as a person chose last; and the sheets of these. With ``now`` it is counted."""
    found, remembered = [], []
    for index, layout in enumerate(layouts):
        known = _mapping_for(session, layout)
        if known is None:
            found.append(layout)
            continue
        if now is not None:
            known.used_count, known.updated_at = known.used_count + 1, now
        found.append(_as_chosen(layout, known.mapping))
        remembered.append(index)
    return found, tuple(remembered)


def _mapping_for(session: Session, layout: SheetLayout) -> HeadingMapping | None:
    if not layout.columns:
        return None
    return session.scalar(select(HeadingMapping).where(HeadingMapping.signature == layout.signature()))


def _as_chosen(layout: SheetLayout, mapping: Mapping[str, Any]) -> SheetLayout:
    fields = mapping["fields"]
    columns = tuple(replace(column, field=fields.get(str(column.index), column.field)) for column in layout.columns)
    return replace(
        layout,
        columns=columns,
        type_code=mapping["type_code"] or layout.type_code,
        type_names={**layout.type_names, **mapping["type_names"]},
    )


def remember(session: Session, layouts: Sequence[SheetLayout], *, now: datetime) -> None:
    """Keep how a person mapped these headings, for the next ledger that has them."""
    for layout in layouts:
        if not layout.columns:
            continue
        row = _mapping_for(session, layout) or HeadingMapping(signature=layout.signature())
        row.headings = [column.heading for column in layout.columns]
        row.mapping = {
            "fields": {str(column.index): column.field for column in layout.columns},
            "type_code": layout.type_code,
            "type_names": dict(layout.type_names),
        }
        row.updated_at = now
        session.add(row)
    session.flush()
