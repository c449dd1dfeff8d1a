"""Whether the SQLite library at hand may be written by several processes.

SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections write and checkpoint (fixed in 3.51.3). The
``pysqlite3`` wheel brings a fixed one; the standard library's depends on the system and is often old.
"""

from __future__ import annotations

from metrology.persistence.database import SAFE_SQLITE, sqlite_library


class UnsafeLibrary(RuntimeError):  # noqa: N818 - named for what is wrong, as all problems here
    """Several processes shall write a database that this library could corrupt."""


def warning_about(url: str, workers: int, version: tuple[int, ...] | None = None) -> str | None:
    """What to warn of at start, or None. Raises where several processes are asked for and the library is not safe.

    >>> warning_about("postgresql+psycopg://localhost/metrology", workers=4, version=(3, 40, 1))
    >>> warning_about("sqlite:///a.db", workers=4, version=(3, 51, 3))
    """
    found = version or tuple(sqlite_library().sqlite_version_info)
    if not url.startswith("sqlite") or found >= SAFE_SQLITE:
        return None
    has, needs = (".".join(map(str, one)) for one in (found, SAFE_SQLITE))
    if workers > 1:
        raise UnsafeLibrary(
            f"SQLite {has} can corrupt a database that {workers} processes write (fixed in {needs}): install pysqlite3, "
            "use PostgreSQL, or set METROLOGY_WORKERS=1"
        )
    return f"SQLite {has} is older than {needs}: serve with one process only, or install pysqlite3"
