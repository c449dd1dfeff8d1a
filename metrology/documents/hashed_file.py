"""A file that is hashed as it is written, so that what was written need not be read again."""

from __future__ import annotations

import hashlib
from typing import IO


class HashedFile:
    """Writes through to ``raw``; ``digest`` is SHA-256 of what was written, ``size`` its bytes."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write and hash."""
        self.digest.update(data)
        self.size += len(data)
        return self._raw.write(data)

    def flush(self) -> None:
        """Hand on what waits."""
        self._raw.flush()
