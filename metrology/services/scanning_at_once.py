"""All facts of a certificate that stands, in one question: what nearly everybody asks for who scans a code.

Everything else (what has ended, what was touched, a code nobody was given) is left to ``services.scanning``, which asks by steps.
Both tell the same of a certificate (``tests/services/test_scanning_at_once.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple

import orjson
from sqlalchemy import LargeBinary, String, Text, cast, exists, func, literal_column, null, select

from metrology.persistence.certificates import Certificate
from metrology.persistence.database import ask, db, dialect_name
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, Seal, TypeEntry
from metrology.persistence.journal import JournalEntry
from metrology.persistence.keyset import Unindexed
from metrology.persistence.places import Place
from metrology.persistence.preferences import RegistrySetting
from metrology.persistence.verifications import Verification
from metrology.services import certifying, lot_of_meter, scanning, settings
from metrology.services.record_digest import ENDED, ISSUED, KEY, digest_as_kept, digest_of
from metrology.services.scanning import PastVerification, PublicFacts
from metrology.services.settings import BureauSettings
from metrology.services.validity import stands


@dataclass(frozen=True, slots=True)
class Paper:
    """What of a certificate is shown or held to the journal."""

    id: int
    number: str
    code: str
    kind: str
    instrument_id: int
    verification_id: int
    verified_on: date
    issued_on: date
    valid_until: date | None
    validity_rule: str
    standing: str
    end_reason: str
    under_review: bool
    payload: Any = None
    ended_on: None = None


class SealShown(NamedTuple):
    """A seal in place."""

    number: str
    position: str


class _Rest(NamedTuple):
    """What is asked beside the certificate, in the order of ``_select``."""

    payload: Any
    printed: Any
    state: str
    type_code: str
    model: str
    serial_number: str
    manufacturer: str
    part_label: str
    type_zh: str
    type_en: str
    holder: str | None
    holder_kind: str | None
    place: str | None
    place_name: str | None
    issued: Any
    has_ended: bool
    seals: Any
    history: Any
    settings: Any
    lot: Any


_PAPER = (
    "id", "number", "code", "kind", "instrument_id", "verification_id", "verified_on", "issued_on", "valid_until",
    "validity_rule", "standing", "end_reason", "under_review",
)  # fmt: skip


def standing(code: str, *, today: date) -> tuple[PublicFacts, BureauSettings] | None:
    """The facts of the certificate with this code, when it stands and is what the journal says was issued, and the bureau's settings."""
    if not scanning.is_code(code):
        return None
    rows = ask(*_question(code))
    if len(rows) != 1:
        return None
    paper, rest = _paper(rows[0]), _Rest(*rows[0][len(_PAPER) :])
    if paper.standing != "valid" or rest.has_ended:
        return None
    printed = _printed(paper, rest)
    if printed is None:
        return None
    bureau = _bureau(rest.settings)
    worth = certifying.standing(paper, rest, today, bureau.warn_days)  # type: ignore[arg-type]
    return _facts(rest, paper, printed, worth), bureau


def _paper(row: Any) -> Paper:
    values: dict[str, Any] = dict(zip(_PAPER, row, strict=False))
    values.update({name: _day(values[name]) for name in _DAYS})
    return Paper(**values)


def _printed(paper: Paper, row: _Rest) -> tuple[dict[str, Any], dict[str, str]] | None:
    """What the certificate prints of the instrument, and the institute's name; None when it is not what the journal says was issued."""
    told = (_parsed(row.issued) or {}).get(KEY)
    if row.printed is not None and told == [None, digest_as_kept(paper, row.payload)]:
        instrument, institute = _parsed(row.printed)
        return instrument or {}, institute
    whole = replace(paper, payload=orjson.loads(row.payload))
    if told != [None, digest_of(whole)]:
        return None
    return whole.payload.get("instrument") or {}, whole.payload["body"]["name"]


def _facts(
    row: _Rest, paper: Paper, shown: tuple[dict[str, Any], dict[str, str]], worth: certifying.Standing
) -> PublicFacts:
    printed, institute = shown
    return PublicFacts(
        standing=worth,
        state=row.state,
        certificate=paper,
        current=None,
        name=scanning.name_of(row.type_code, row.type_zh, row.type_en),
        model=printed.get("model", row.model),
        serial_number=printed.get("serial_number", row.serial_number),
        manufacturer=printed.get("manufacturer", row.manufacturer),
        part_label=row.part_label,
        part_name=scanning.part_name_of(row.type_code, row.part_label),
        holder=row.holder or "" if row.holder_kind in scanning.PUBLIC_HOLDERS else "",
        place=row.place or row.place_name or "",
        institute=dict(institute),
        seals=tuple(SealShown(*one) for one in _parsed(row.seals) or ()),
        history=tuple(
            PastVerification(date.fromisoformat(on), verdict or "", kind)
            for on, verdict, kind in _parsed(row.history) or ()
        ),
        instrument_id=paper.instrument_id,
        public_code="",
        lot=lot_of_meter.said(_parsed(row.lot)),
    )


_DAYS = ("verified_on", "issued_on", "valid_until")


def _day(value: Any) -> date | None:
    """SQLite gives days as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _parsed(value: Any) -> Any:
    """JSON comes as text, as SQLite keeps it. A number beyond 64 bits would be read wrongly, and then nothing is vouched for here."""
    return orjson.loads(value) if isinstance(value, str) else value


_kept: tuple[Any, BureauSettings] = (None, BureauSettings())


def _bureau(stored: Any) -> BureauSettings:
    """The settings these rows say; parsed anew only when their text is another than last time."""
    global _kept  # noqa: PLW0603 - a memo of the last answer, compared with the rows each time
    known, found = _kept
    if known != stored:
        found = settings.parse(_parsed(stored) or {})
        _kept = (stored, found)
    return found


def _question(code: str) -> tuple[str, Any]:
    """The statement for the driver, and its parameter.

    SQLite plans a statement anew whenever a value it compares with a counted index changes (STAT4), and planning this one takes
    seven times as long as answering it; the ``+`` makes the value one it does not look at.
    """
    name = dialect_name()
    statement = _written.get(name)
    if statement is None:
        asked = _select(name).compile(dialect=db.engine.dialect, compile_kwargs={"literal_binds": True})
        statement = _written[name] = str(asked).replace(_SOUGHT, "+?" if name == "sqlite" else "%(code)s")
    return statement, (code,) if name == "sqlite" else {"code": code}


_SOUGHT = "the_code_sought"
_written: dict[str, str] = {}
"""The statement in the words of each database, written out once: SQLAlchemy would walk through it at each scan."""


def _select(name: str) -> Any:
    is_sqlite = name == "sqlite"
    several = func.json_group_array if is_sqlite else func.json_agg
    group = func.json_array if is_sqlite else func.json_build_array
    as_text = (lambda column: column) if is_sqlite else (lambda column: cast(column, Text))
    mapping = func.json_group_object if is_sqlite else func.json_object_agg
    told = (JournalEntry.object_kind == "certificate", JournalEntry.object_id == cast(Certificate.id, String))
    issued = (
        select(as_text(JournalEntry.changes))
        .where(*told, Unindexed(JournalEntry.action) == ISSUED)
        .order_by(JournalEntry.seq)
        .limit(1)
        .correlate(Certificate)
    )
    has_ended = exists().where(*told, Unindexed(JournalEntry.action) == ENDED).correlate(Certificate)
    seal = (
        select(Seal.number, Seal.position)
        .where(Seal.instrument_id == Instrument.id, Seal.state == "intact")
        .order_by(Seal.id)
        .correlate(Instrument)
        .subquery()
    )
    past = _past().correlate(Instrument).subquery()
    lot = lot_of_meter.statement(Certificate.instrument_id, Certificate.verification_id, Certificate.verified_on)
    lot_said = lot.correlate(Certificate).subquery()
    return (
        select(
            *(getattr(Certificate, one) for one in _PAPER),
            *_payload(name),
            Instrument.state.label("state"),
            Instrument.type_code,
            Instrument.model,
            Instrument.serial_number,
            Instrument.manufacturer,
            Instrument.part_label,
            TypeEntry.name_zh.label("type_zh"),
            TypeEntry.name_en.label("type_en"),
            Holder.name.label("holder"),
            Holder.kind.label("holder_kind"),
            Place.full_name.label("place"),
            Place.name.label("place_name"),
            issued.scalar_subquery().label("issued"),
            has_ended.label("has_ended"),
            select(as_text(several(group(seal.c.number, seal.c.position)))).scalar_subquery().label("seals"),
            select(as_text(several(group(*past.c)))).scalar_subquery().label("history"),
            select(as_text(mapping(RegistrySetting.key, RegistrySetting.value))).scalar_subquery().label("settings"),
            select(as_text(group(*lot_said.c))).scalar_subquery().label("lot"),
        )
        .join(Instrument, Instrument.id == Certificate.instrument_id)
        .join(TypeEntry, TypeEntry.code == Instrument.type_code)
        .outerjoin(Holder, Holder.id == Instrument.holder_id)
        .outerjoin(Place, Place.id == Instrument.place_id)
        .where(Certificate.code == literal_column(_SOUGHT))
    )


def _payload(name: str) -> tuple[Any, Any]:
    """The payload's text, and what is shown of it: SQLite keeps the very text that was hashed, which then need not be parsed."""
    if name != "sqlite":
        return cast(Certificate.payload, Text), null().label("printed")
    shown = func.json_extract(Certificate.payload, literal_column("'$.instrument'"), literal_column("'$.body.name'"))
    return cast(Certificate.payload, LargeBinary), shown.label("printed")


def _past() -> Any:
    return (
        select(Verification.verified_on, Verification.verdict, Verification.kind)
        .where(Verification.instrument_id == Instrument.id, stands())
        .order_by(Verification.verified_on.desc(), Verification.id.desc())
        .limit(scanning.HISTORY_SHOWN)
    )
