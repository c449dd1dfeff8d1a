"""A paper made while somebody waits, shown in the browser under its name."""

from __future__ import annotations

from flask import Response


def shown_pdf(data: bytes, name: str) -> Response:
    """The PDF, opened in the browser; ``name`` is its file name without ending, plain ASCII."""
    return Response(data, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'})
