"""Rewrites the search documents of the many instruments of a holder or place that got another name."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from metrology.jobs.worker import Report
from metrology.persistence.instruments import Instrument
from metrology.persistence.tasks import Task
from metrology.services import search_documents


def reindex(session: Session, task: Task, report: Report) -> dict[str, Any]:
    """Go through the instruments of the holder or place in the order of their keys, committing by the chunk."""
    column = Instrument.holder_id if task.arguments["of"] == "holder" else Instrument.place_id
    key = int(task.arguments["key"])
    chunks = 0
    for _last in search_documents.in_chunks(session, "instrument", column == key):
        chunks += 1
        report(chunks)
    return {"chunks": chunks}


TASKS = {"search.reindex": reindex}
