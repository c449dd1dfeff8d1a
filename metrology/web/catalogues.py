"""Catalogues of translated text: ``translations/**/*.po`` made ready for use when the application starts.

Source texts are English, so English needs no catalogue. What is compiled goes to the instance folder under the digest of its
sources: several processes may start at once, an upgrade never meets the catalogue of another release, the code stays untouched.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compiled(sources: Path, kept: Path) -> Path:
    """The folder with the compiled catalogues of ``sources`` (``<language>/LC_MESSAGES/*.po``), made below ``kept`` where it lacks."""
    files = sorted(sources.glob("*/LC_MESSAGES/*.po"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(sources).as_posix().encode())
        digest.update(file.read_bytes())
    folder = kept / digest.hexdigest()[:16]
    for file in files:
        target = (folder / file.relative_to(sources)).with_suffix(".mo")
        if not target.exists():
            _compile(file, target)
    return folder


def _compile(source: Path, target: Path) -> None:
    """Write beside the target and rename: another process sees the whole catalogue or none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file:
        catalogue = read_po(file, locale=source.parent.parent.name)
    descriptor, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    with os.fdopen(descriptor, "wb") as file:
        write_mo(file, catalogue)
    Path(name).replace(target)
