"""Several PDFs as one, to be printed at a stroke. What comes out is for the printer: the signatures of its parts do not survive."""

from __future__ import annotations

import io
from collections.abc import Iterable

from pypdf import PdfWriter


def merged(papers: Iterable[bytes]) -> bytes:
    """The pages of all papers, in order."""
    writer = PdfWriter()
    for paper in papers:
        writer.append(io.BytesIO(paper), import_outline=False)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
