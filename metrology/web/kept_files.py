"""Handing out a file that was made in the background (see ``services.kept_files``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from flask import Response, abort, request, send_file
from sqlalchemy.orm import Session

from metrology.persistence.printing import PaperPackage
from metrology.persistence.saved_reports import ReportFile
from metrology.web.beside import kept


def hand_out(
    row: PaperPackage | ReportFile,
    path: Path,
    *,
    kind: str,
    name: str,
    title: str,
    note: Callable[[Session], None],
) -> Response:
    """The file, streamed from the disk, or 404 when it is not ready or gone.

    ``name`` is plain ASCII for old browsers, ``title`` what the rest show. ``note`` journals the fetching, once for all
    parts that a browser asks for.
    """
    if row.state != "ready" or not path.exists():
        abort(404)
    if request.method == "GET" and not request.range:
        with kept() as session:
            note(session)
    answer = send_file(path, mimetype=kind, conditional=True, etag=row.sha256)
    answer.headers["Content-Disposition"] = f"attachment; filename={name}; filename*=UTF-8''{quote(title)}"
    return answer
