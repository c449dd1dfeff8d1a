"""Versions of rows that change without a person too: accounts when somebody logs in, webhooks when they deliver.

SQLAlchemy counts every change of a row (``version_id_col``); what a person had open would seem changed by each of these. So
services count such rows themselves: held first, then one more with what a person changes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.problems import Problem


def hold(session: Session, row: Any) -> None:
    """Let nobody else change a row until this transaction ends; refused when a person did since it was read."""
    kept = select(type(row).version).where(type(row).id == row.id).with_for_update()
    if session.scalar(kept) != row.version:
        raise Problem("changed_meanwhile")
