"""A short writing transaction of its own within a request: for what must be kept whatever the request answers.

A reading request keeps its own transaction and writes on a second connection. A writing one already holds SQLite's single
write lock, so there the request's transaction is used and committed: call it only before the request's own changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import request
from sqlalchemy.orm import Session

from metrology.persistence.database import db, transaction, writing
from metrology.web.replicas import SAFE


@contextmanager
def kept() -> Iterator[Session]:
    """A session whose changes are committed at the end of the block."""
    if request.method in SAFE:
        with writing(), Session(db.engine, expire_on_commit=False) as session, transaction(session):
            yield session
    else:
        with transaction(db.session()) as session:
            yield session
