"""What happened, said on the next page, with what can be done next or an undo."""

from __future__ import annotations

from typing import Literal

from flask import flash

Kind = Literal["success", "info", "warning", "error"]


def say(text: str, kind: Kind = "success", *, label: str = "", url: str = "", undo_url: str = "") -> None:
    """Show ``text`` on the next page; ``label`` and ``url`` make a link, ``undo_url`` a button that posts there."""
    message = {"text": str(text), "label": label, "url": url, "undo_url": undo_url}
    flash(message, kind)  # type: ignore[arg-type]  # the session keeps any JSON; _frame.html draws it
