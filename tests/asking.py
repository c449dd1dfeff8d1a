"""What a piece of code asks of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event


@contextmanager
def asked(bind: Any) -> Iterator[list[tuple[str, Any]]]:
    """Every statement made within, with its values, in order."""
    made: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        made.append((statement, values))

    event.listen(bind, "before_cursor_execute", keep)
    try:
        yield made
    finally:
        event.remove(bind, "before_cursor_execute", keep)
