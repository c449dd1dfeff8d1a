"""Files made in the background and kept for a time: packages of papers, exports of own lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.persistence.printing import PaperPackage
from metrology.persistence.saved_reports import ReportFile

Kept = TypeVar("Kept", PaperPackage, ReportFile)
MOST = 500


def expire(
    session: Session, model: type[Kept], file_of: Callable[[Path, Kept], Path], instance: Path, *, now: datetime
) -> int:
    """Remove the files whose time is over, at most ``MOST`` at once, and say so on their rows; tell how many."""
    over = select(model).where(model.state == "ready", model.expires_at <= now).limit(MOST)
    rows = session.scalars(over).all()
    for row in rows:
        file_of(instance, row).unlink(missing_ok=True)
        row.state = "expired"
    session.flush()
    return len(rows)
