"""A PostgreSQL primary and a streaming replica of it, made anew in a folder of their own and removed afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None) or (
    Path(shutil.which("initdb") or "/nowhere/initdb")
)
HAVE_PROGRAMS = PROGRAMS.exists()
LACKING = "no PostgreSQL programs (initdb, pg_basebackup) are installed"
PATIENCE = 120.0
"""Seconds for what takes one: the machine may be busy."""
_FAST = {
    "fsync": "off", "full_page_writes": "off", "wal_level": "replica", "max_wal_senders": "4", "max_connections": "60",
    "shared_buffers": "32MB", "hot_standby": "on", "listen_addresses": "127.0.0.1", "wal_receiver_status_interval": "1",
    "max_standby_streaming_delay": "0", "autovacuum": "off",
}  # fmt: skip


def _run(name: str, *arguments: Any) -> None:
    command = [str(PROGRAMS.with_name(name)), *map(str, arguments)]
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE, cwd="/")
    assert done.returncode == 0, f"{command}: {done.stderr}{done.stdout}"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Server:
    """A PostgreSQL server of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = {**_FAST, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        said = " ".join(f"-c {name}={value}" for name, value in options.items())
        _run("pg_ctl", "-D", self.folder, "-w", "-t", int(PATIENCE), "-l", self.folder / "log", "-o", said, "start")

    def stop(self) -> None:
        """At once, as a machine that fails."""
        _run("pg_ctl", "-D", self.folder, "-m", "immediate", "-w", "stop")

    def ask(self, statement: str, database: str = "postgres") -> Any:
        engine = create_engine(self.url(database).replace("://", "+psycopg://"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            found = connection.execute(text(statement))
            answer = found.scalar() if found.returns_rows else None
        engine.dispose()
        return answer


class Pair:
    """A primary, and the replica that follows it."""

    def __init__(self, folder: Path) -> None:
        self.primary, self.replica = Server(folder / "primary"), Server(folder / "replica")

    def start(self) -> None:
        _run(
            "initdb", "-D", self.primary.folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"
        )
        self.primary.start()
        connection = f"host=127.0.0.1 port={self.primary.port} user=postgres"
        _run("pg_basebackup", "-D", self.replica.folder, "-d", connection, "-R", "-X", "stream", "-c", "fast", "-N")
        self.replica.start()

    def catch_up(self) -> None:
        """Wait until the replica shows all that was committed by now."""
        place = self.primary.ask("select pg_current_wal_lsn()")
        wait_until(lambda: self.replica.ask(f"select pg_last_wal_replay_lsn() >= '{place}'"))

    def pause(self) -> None:
        """Let the replica fall behind from here."""
        self.catch_up()
        self.replica.ask("select pg_wal_replay_pause()")
        wait_until(lambda: self.replica.ask("select pg_get_wal_replay_pause_state()") == "paused")

    def resume(self) -> None:
        self.replica.ask("select pg_wal_replay_resume()")


def wait_until(true: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@contextmanager
def streaming() -> Iterator[Pair]:
    """A primary and its replica, for as long as the block lasts."""
    folder = Path(
        tempfile.mkdtemp(prefix="metrology-streaming-", dir="/tmp")
    )  # pytest's own folders are closed to postgres
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    pair = Pair(folder)
    try:
        pair.start()
        yield pair
    finally:
        for server in (pair.replica, pair.primary):
            if (server.folder / "postmaster.pid").exists():
                server.stop()
        shutil.rmtree(folder, ignore_errors=True)
