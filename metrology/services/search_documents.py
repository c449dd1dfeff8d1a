"""Keeps the search documents of instruments, holders, places, certificates and standards in step with them.

Written in bulk: a thousand rows cost a handful of statements, and a document that says the same is not touched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence import bulk
from metrology.persistence.certificates import Certificate
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, Seal
from metrology.persistence.places import Place
from metrology.persistence.search import SearchDocument, document_body
from metrology.persistence.standards import MeasurementStandard
from metrology.services.tasks import enqueue

if TYPE_CHECKING:
    from sqlalchemy import Table

Indexed = Instrument | Holder | Place | Certificate | MeasurementStandard
MODELS: dict[str, type[Indexed]] = {
    model.__tablename__: model for model in (Instrument, Holder, Place, Certificate, MeasurementStandard)
}
_CHUNK = 500
RIPPLE_AT_ONCE = 2000
"""Instruments whose documents are rewritten at once when their holder or place is renamed; more are left to a task."""


@dataclass(frozen=True)
class _Document:
    title: str
    district_code: str | None
    holder_id: int | None
    parts: tuple[str | None, ...]


@dataclass
class _Related:
    """Names that instruments are found by, fetched once for many."""

    holders: dict[int, str] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    seals: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    scopes: dict[int, tuple[str | None, int | None]] = field(default_factory=dict)


def index(session: Session, *rows: Indexed, are_new: bool = False) -> None:
    """Write the search documents of rows, created or changed. Call it after the change, once for many rows.

    A holder or place with another name also renames the documents of its instruments; an instrument that went to another
    holder or district takes the documents of its certificates along. With ``are_new`` none of them has a document yet.
    """
    session.flush()
    by_kind: dict[str, list[Indexed]] = defaultdict(list)
    for row in rows:
        by_kind[row.__tablename__].append(row)
    for kind, same in by_kind.items():
        for start in range(0, len(same), _CHUNK):
            _index_chunk(session, kind, same[start : start + _CHUNK], are_new=are_new)


def remove(session: Session, kind: str, keys: Sequence[int]) -> None:
    """Take the documents of deleted things away (kind is the name of their table)."""
    for start in range(0, len(keys), _CHUNK):
        session.execute(
            delete(SearchDocument)
            .where(SearchDocument.kind == kind, SearchDocument.object_id.in_(keys[start : start + _CHUNK]))
            .execution_options(synchronize_session=False)
        )


def in_chunks(session: Session, kind: str, *conditions: Any, after: int = 0) -> Iterator[int]:
    """Write the documents of all things of a kind (or of those under conditions), chunk by chunk; yields the last key of each.

    The caller commits between chunks; started again with ``after``, it goes on there.
    """
    model: Any = MODELS[kind]
    while True:
        statement = select(model).where(model.id > after, *conditions).order_by(model.id).limit(_CHUNK)
        rows = list(session.scalars(statement))
        if not rows:
            return
        index(session, *rows)
        after = rows[-1].id
        for row in rows:
            session.expunge(row)
        yield after


def _known(session: Session, kind: str, rows: Sequence[Indexed]) -> dict[int, Any]:
    """The documents there are, by the key of the thing."""
    columns = (
        *(SearchDocument.id, SearchDocument.object_id, SearchDocument.title, SearchDocument.body),
        *(SearchDocument.district_code, SearchDocument.holder_id),
    )
    keys = [row.id for row in rows]
    statement = select(*columns).where(SearchDocument.kind == kind, SearchDocument.object_id.in_(keys))
    return {document.object_id: document for document in session.execute(statement)}


def _index_chunk(session: Session, kind: str, rows: Sequence[Indexed], *, are_new: bool) -> None:
    known = {} if are_new else _known(session, kind, rows)
    related = _related(session, kind, rows)
    created, changed, renamed, moved = [], [], [], []
    for row in {row.id: row for row in rows}.values():
        document = _values(kind, _document(row, related))
        old = known.get(row.id)
        if old is None:
            created.append({"kind": kind, "object_id": row.id, **document})
            continue
        if all(getattr(old, name) == value for name, value in document.items()):
            continue
        changed.append({"id": old.id, **document})
        if old.title != document["title"]:
            renamed.append(row)
        if (old.district_code, old.holder_id) != (document["district_code"], document["holder_id"]):
            moved.append(row.id)
    bulk.write(session, cast("Table", SearchDocument.__table__), created)
    if changed:
        session.execute(update(SearchDocument), changed)
    if kind == "instrument" and moved:
        index(session, *session.scalars(select(Certificate).where(Certificate.instrument_id.in_(moved))))
    if kind in ("holder", "place"):
        _ripple(session, kind, renamed)


def _values(kind: str, document: _Document) -> dict[str, Any]:
    body = document_body(kind, *document.parts, district_code=document.district_code, holder_id=document.holder_id)
    return {
        "title": document.title[:300],
        "district_code": document.district_code,
        "holder_id": document.holder_id,
        "body": body,
    }


def _ripple(session: Session, kind: str, renamed: Iterable[Indexed]) -> None:
    for row in renamed:
        column = Instrument.holder_id if kind == "holder" else Instrument.place_id
        keys = list(session.scalars(select(Instrument.id).where(column == row.id).limit(RIPPLE_AT_ONCE + 1)))
        if len(keys) > RIPPLE_AT_ONCE:
            now = row.updated_at  # type: ignore[union-attr]
            enqueue(session, Actor.system(), "search.reindex", {"of": kind, "key": row.id}, now=now)
            continue
        for start in range(0, len(keys), _CHUNK):
            index(session, *session.scalars(select(Instrument).where(Instrument.id.in_(keys[start : start + _CHUNK]))))


def _related(session: Session, kind: str, rows: Sequence[Any]) -> _Related:
    related = _Related()
    if kind == "instrument":
        related.holders = _names(session, Holder.id, Holder.name, {row.holder_id for row in rows})
        related.places = _names(session, Place.id, Place.full_name, {row.place_id for row in rows})
        seals = select(Seal.instrument_id, Seal.number).where(Seal.instrument_id.in_([row.id for row in rows]))
        for instrument_id, number in session.execute(seals.order_by(Seal.id)):
            related.seals[instrument_id].append(number)
    elif kind == "certificate":
        keys = {row.instrument_id for row in rows}
        scopes = select(Instrument.id, Instrument.district_code, Instrument.holder_id).where(Instrument.id.in_(keys))
        related.scopes = {key: (district, holder) for key, district, holder in session.execute(scopes)}
    return related


def _names(session: Session, key: Any, name: Any, keys: set[int | None]) -> dict[int, str]:
    wanted = [one for one in keys if one is not None]
    if not wanted:
        return {}
    return {row[0]: row[1] for row in session.execute(select(key, name).where(key.in_(wanted)))}


def _document(row: Indexed, related: _Related) -> _Document:
    if isinstance(row, Instrument):
        return _instrument(row, related)
    if isinstance(row, Holder):
        return _Document(row.name, row.district_code, row.id, (row.number, row.name, row.uscc))
    if isinstance(row, Place):
        full = row.full_name or row.name
        return _Document(full, row.district_code, row.organiser_id, (full, row.address))
    if isinstance(row, Certificate):
        district, holder = related.scopes[row.instrument_id]
        return _Document(row.number, district, holder, (row.number,))
    numbers = (row.number, row.name, row.name_en, row.serial_number, row.certificate_number, row.examination_number)
    return _Document(row.name, None, None, numbers)


def _instrument(row: Instrument, related: _Related) -> _Document:
    parts = (
        row.number,
        row.serial_number,
        row.model,
        row.manufacturer,
        row.lot_code,
        row.location,
        row.type_approval_number,
        row.identification_code,
        row.factory_code,
        row.repair_code,
        related.holders.get(row.holder_id) if row.holder_id is not None else None,
        related.places.get(row.place_id) if row.place_id is not None else None,
        *related.seals[row.id],
    )
    return _Document(row.number, row.district_code, row.holder_id, parts)
