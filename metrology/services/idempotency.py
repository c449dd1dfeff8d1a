"""A request sent twice changes things once: its key is claimed and its answer kept in the transaction of its change.

Of two that come at the same moment the second waits at the key's row until the first has committed, and is then given the
first one's answer. A request that was refused has changed nothing and keeps no answer: sent again, it is tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from metrology.domain.problems import Problem
from metrology.persistence.api_tokens import KeptAnswer
from metrology.persistence.database import insert_into

KEPT = timedelta(hours=48)
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is kept."""

    status: int
    headers: dict[str, str]
    body: str


def check_key(key: str) -> str:
    """The key, or a Problem when it is empty, too long or not printable."""
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Problem("bad_idempotency_key", "Idempotency-Key", limit=LONGEST_KEY)
    return key


def claim(session: Session, token_id: int, key: str, request_hash: str, *, now: datetime) -> Answer | None:
    """Claim a key for this request; the kept answer when it was answered already.

    Problem ``idempotency_key_reused`` when the key came with another request.
    """
    values = {
        "token_id": token_id, "key": check_key(key), "request_hash": request_hash, "status": 0, "headers": {}, "body": "",
        "kept_at": now,
    }  # fmt: skip
    here = (KeptAnswer.token_id == token_id, KeptAnswer.key == key)
    session.execute(delete(KeptAnswer).where(*here, KeptAnswer.kept_at < now - KEPT))
    statement = insert_into(session, KeptAnswer).values(**values).on_conflict_do_nothing().returning(KeptAnswer.status)
    if session.execute(statement).first() is not None:
        return None
    row = session.execute(
        select(KeptAnswer.request_hash, KeptAnswer.status, KeptAnswer.headers, KeptAnswer.body).where(*here)
    ).one()
    if row.request_hash != request_hash:
        raise Problem("idempotency_key_reused", "Idempotency-Key")
    if not row.body and row.headers.get("Kept") == "no":
        raise Problem("answer_not_kept", "Idempotency-Key")
    return Answer(row.status, row.headers, row.body)


def keep(session: Session, token_id: int, key: str, answer: Answer) -> None:
    """Keep the answer beside its change."""
    session.execute(
        update(KeptAnswer)
        .where(KeptAnswer.token_id == token_id, KeptAnswer.key == key)
        .values(status=answer.status, headers=answer.headers, body=answer.body)
        .execution_options(synchronize_session=False)
    )


def sweep(session: Session, *, now: datetime) -> int:
    """Forget answers older than 48 hours; how many went."""
    gone = session.execute(
        delete(KeptAnswer).where(KeptAnswer.kept_at < now - KEPT).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
