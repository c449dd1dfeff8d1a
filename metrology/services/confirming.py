"""Legal numbers confirmed, disputed, or neither any more, by an administrator who cites the text. Appended and journalled.

A statement is about a value. When a release brings another value for the same number, the statement holds no more.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from metrology.domain.authority import Actor
from metrology.domain.problems import BadQuantity, Problem
from metrology.domain.quantity import UNITS, Quantity, parse, unit_of
from metrology.domain.regulation import Edition, LegalNumber
from metrology.persistence.journal import record
from metrology.persistence.law import NumberConfirmation
from metrology.services import cleaning, law
from metrology.services.law import OWN_DAY

MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """The text somebody has read: the document (with its year) and the clause or table; empty where each has its own."""

    document: str
    clause: str = ""


@dataclass(frozen=True, slots=True)
class NumberStanding:
    """A number of an edition as a page tells of it; ``number`` is None for the edition's own day."""

    key: str
    value: str
    number: LegalNumber | None
    is_confirmed: bool
    says: str
    """What the text has instead, where somebody says so."""
    last: NumberConfirmation | None
    """The last statement about it."""
    holds: bool
    """Whether that statement is about the value it has now."""


def standings(session: Session, type_code: str, edition: Edition) -> list[NumberStanding]:
    """The edition's own day and each of its numbers, with what was last stated about them."""
    last = {
        row.number_key: row for row in law.latest_statements(session, type_code) if row.edition_code == edition.code
    }
    rows = [_standing(edition, OWN_DAY, None, last.get(OWN_DAY))]
    return rows + [_standing(edition, key, number, last.get(key)) for key, number in edition.numbers.items()]


def _standing(
    edition: Edition, key: str, number: LegalNumber | None, last: NumberConfirmation | None
) -> NumberStanding:
    return NumberStanding(
        key=key, value=edition.stated(key), number=number,
        is_confirmed=edition.text_confirmed if number is None else number.confirmed,
        says=edition.disputed.get(key, ""), last=last, holds=last is not None and law.speaks_of(last, edition),
    )  # fmt: skip


def history(session: Session, type_code: str, edition_code: str) -> list[NumberConfirmation]:
    """Everything stated about the numbers of an edition, the newest first."""
    statement = (
        select(NumberConfirmation)
        .where(NumberConfirmation.type_code == type_code, NumberConfirmation.edition_code == edition_code)
        .options(joinedload(NumberConfirmation.stated_by))
        .order_by(NumberConfirmation.id.desc())
        .limit(MOST_AT_ONCE)
    )
    return list(session.scalars(statement))


# -- stating


def confirm(
    session: Session,
    actor: Actor,
    type_code: str,
    edition_code: str,
    read: Mapping[str, str],
    cited: Cited,
    *,
    now: datetime,
) -> list[NumberConfirmation]:
    """Confirm numbers that stand in the text as they stand here. ``read`` gives for each key what was read there.

    Refused with ``number_differs`` where the text has another value: then it is no confirmation but a dispute. An empty text
    says that the value shown was compared and is the same.
    """
    edition = law.edition(session, type_code, edition_code)
    cited = _cited(cited)
    for key, text in _known(edition, read).items():
        if text and not same_value(edition, key, text):
            raise Problem("number_differs", key, key=key, ours=edition.stated(key), says=text)
    return _state(session, actor, type_code, edition, dict.fromkeys(read, ""), "confirmed", cited, "", now=now)


def dispute(
    session: Session,
    actor: Actor,
    type_code: str,
    edition_code: str,
    read: Mapping[str, str],
    cited: Cited,
    *,
    reason: str = "",
    now: datetime,
) -> list[NumberConfirmation]:
    """Note that the text says otherwise. Verdicts that rest on such a number say so until the law here is put right."""
    edition = law.edition(session, type_code, edition_code)
    cited = _cited(cited)
    for key, text in _known(edition, read).items():
        if not text:
            raise Problem("text_value_needed", key, key=key)
        if same_value(edition, key, text):
            raise Problem("number_agrees", key, key=key, ours=edition.stated(key))
    return _state(session, actor, type_code, edition, read, "disputed", cited, reason, now=now)


def withdraw(
    session: Session,
    actor: Actor,
    type_code: str,
    edition_code: str,
    keys: Sequence[str],
    reason: str,
    *,
    now: datetime,
) -> list[NumberConfirmation]:
    """Take statements back, with a reason: each number stands again as the installation has it."""
    edition = law.edition(session, type_code, edition_code)
    reason = cleaning.paragraph("reason", reason)
    if not reason:
        raise Problem("reason_needed", "reason")
    known = {one.key: one for one in standings(session, type_code, edition)}
    for key in _known(edition, dict.fromkeys(keys, "")):
        last = known[key].last
        if last is None or last.finding == "withdrawn":
            raise Problem("nothing_stated", key, key=key)
    nothing = Cited(document="")
    return _state(session, actor, type_code, edition, dict.fromkeys(keys, ""), "withdrawn", nothing, reason, now=now)


def _cited(cited: Cited) -> Cited:
    document, clause = cleaning.words("document", cited.document), cleaning.words("clause", cited.clause)
    if not document:
        raise Problem("source_needed", "document")
    return Cited(document=document, clause=clause)


def _known(edition: Edition, read: Mapping[str, str]) -> dict[str, str]:
    if not read:
        raise Problem("nothing_chosen", "keys")
    if len(read) > MOST_AT_ONCE:
        raise Problem("too_many", "keys", limit=MOST_AT_ONCE)
    for key in read:
        if key != OWN_DAY and key not in edition.numbers:
            raise Problem("bad_choice", "keys", value=key[:64])
    return {key: cleaning.words(key, text, 64) for key, text in read.items()}


def _state(
    session: Session,
    actor: Actor,
    type_code: str,
    edition: Edition,
    read: Mapping[str, str],
    finding: str,
    cited: Cited,
    reason: str,
    *,
    now: datetime,
) -> list[NumberConfirmation]:
    if actor.user_id is None:
        raise Problem("person_needed", "document")
    reason = cleaning.paragraph("reason", reason)
    rows = []
    for key, text in read.items():
        number = edition.numbers.get(key)
        clause = cited.clause or (number.clause if number and finding != "withdrawn" else "")
        row = NumberConfirmation(
            type_code=type_code, edition_code=edition.code, number_key=key, value=edition.stated(key), finding=finding,
            text_says=cleaning.words(key, text, 64), document=cited.document, clause=clause, reason=reason,
            stated_by_id=actor.user_id, stated_at=now,
        )  # fmt: skip
        session.add(row)
        record(session, actor, f"law.number_{finding}", row, at=now, reason=reason)
        rows.append(row)
    law.changed(session)
    return rows


# -- comparing


def same_value(edition: Edition, key: str, text: str) -> bool:
    """Whether a text read somewhere says the same as this edition; BadQuantity where it says nothing of the kind.

    The unit may be left out, and zeros at the end count for nothing: 0.3, 0.30 % and 0.300% are one value.
    """
    if key == OWN_DAY:
        return _day(text) == edition.in_force
    number = edition.numbers[key]
    return _amount(key, text, number) == (Quantity(number.value, number.unit) if number.unit in UNITS else number.value)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise BadQuantity(OWN_DAY, value=text[:64], unit="YYYY-MM-DD") from error


def _amount(key: str, text: str, number: LegalNumber) -> Quantity | Decimal:
    if number.unit in UNITS:
        return parse(text, number.unit, field=key)
    bare = unicodedata.normalize("NFKC", text).replace("−", "-").strip().removesuffix(number.unit).strip()
    if unit_of(bare.lstrip("+-0123456789., ")) is not None:
        raise BadQuantity(key, value=text[:64], unit=number.unit)
    try:
        return Decimal(bare)
    except InvalidOperation as error:
        raise BadQuantity(key, value=text[:64], unit=number.unit) from error
