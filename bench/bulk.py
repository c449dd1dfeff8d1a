"""Rows of a registry on their way in, by the driver's own means: indexes and references are set aside and made of whole tables."""

from __future__ import annotations

import re
from typing import Any

import click

from bench.rows import SAME
from metrology.persistence.database import Model, db

LARGE = ("instrument", "verification", "search_document", "certificate", "journal_entry")


class Bulk:
    """Rows of one registry on their way in, by the driver's own means."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.raw = db.engine.raw_connection()
        self.driver: Any = self.raw.driver_connection
        self.aside: list[str] = []
        self._known: dict[str, tuple[str, tuple[Any, ...]]] = {}
        self._schema: list[Any] = []
        settings = (
            (
                "PRAGMA foreign_keys=OFF",
                "PRAGMA synchronous=OFF",
                "PRAGMA journal_mode=OFF",
                "PRAGMA cache_size=-2000000",
                "PRAGMA threads=2",
                "PRAGMA ignore_check_constraints=ON",
            )
            if dialect == "sqlite"
            else (
                "set session_replication_role = replica",
                "set timezone to 'UTC'",
                "set maintenance_work_mem to '1GB'",
            )
        )
        for setting in settings:
            self.driver.execute(setting)

    def set_aside(self) -> None:
        """Take away indexes, and references and constraints where the database can, and remember how to make them."""
        away: list[str] = []
        if self.dialect == "sqlite":
            self._set_unique_aside()
            found = self.driver.execute("select name, sql from sqlite_master where type = 'index' and sql is not null")
            for name, sql in found.fetchall():
                away.append(f'drop index "{name}"')
                self.aside.append(sql)
        else:
            away += self._constraints()
            found = self.driver.execute(
                "select indexname, indexdef from pg_indexes where schemaname = 'public' and not exists "
                "(select 1 from pg_constraint where conname = indexname)"
            )
            for name, sql in found.fetchall():
                away.append(f'drop index "{name}"')
                self.aside.insert(0, sql)
        for statement in away:
            self.driver.execute(statement)
        self.driver.commit()

    def _set_unique_aside(self) -> None:
        """Take UNIQUE out of the large tables: SQLite has no statement for it, and random codes in an index are slow one by one."""
        held = ", ".join(f"'{table}'" for table in LARGE)
        self.driver.execute("PRAGMA writable_schema=ON")
        self._schema = self.driver.execute(
            "select type, name, tbl_name, rootpage, sql from sqlite_master "
            f"where tbl_name in ({held}) and (type = 'table' or name like 'sqlite_autoindex_%')"
        ).fetchall()
        self.driver.execute("begin")
        for kind, name, _table, _page, sql in self._schema:
            if kind == "table":
                bare = re.sub(r",\s*CONSTRAINT \w+ UNIQUE \([^)]*\)", "", sql)
                self.driver.execute("update sqlite_master set sql = ? where type = 'table' and name = ?", (bare, name))
            else:
                self.driver.execute("delete from sqlite_master where type = 'index' and name = ?", (name,))
        self.driver.execute("commit")
        self.driver.execute("PRAGMA writable_schema=RESET")

    def _put_unique_back(self) -> None:
        self.driver.execute("PRAGMA writable_schema=ON")
        self.driver.execute("begin")
        for row in self._schema:
            if row[0] == "table":
                self.driver.execute(
                    "update sqlite_master set sql = ? where type = 'table' and name = ?", (row[4], row[1])
                )
            else:
                self.driver.execute("insert into sqlite_master values (?, ?, ?, ?, ?)", row)
        self.driver.execute("commit")
        self.driver.execute("PRAGMA writable_schema=RESET")
        self.aside = [*(f"reindex {table}" for table in LARGE), *self.aside]

    def _constraints(self) -> list[str]:
        found = self.driver.execute(
            "select conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype from pg_constraint "
            "where contype in ('u', 'f') and connamespace = 'public'::regnamespace order by contype desc"
        ).fetchall()
        self.aside += [f'alter table {table} add constraint "{name}" {sql}' for table, name, sql, _kind in found]
        return [f'alter table {table} drop constraint "{name}"' for table, name, _sql, _kind in reversed(found)]

    def put_back(self) -> None:
        """Make indexes, constraints and references of the whole tables."""
        if self.dialect == "sqlite":
            self._put_unique_back()
        with click.progressbar(self.aside, label="  indexes") as statements:
            for statement in statements:
                self.driver.execute(statement)
        self.driver.commit()
        if self.dialect == "sqlite":
            self.driver.execute("PRAGMA journal_mode=WAL")

    def insert(self, table: str, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        """Rows of one table, by these columns."""
        if table not in self._known:
            self._known[table] = self._way_in(table, names)
        statement, defaults = self._known[table]
        if self.dialect == "sqlite":
            self.driver.execute("begin")
            self.driver.executemany(statement, rows)
        else:
            with self.driver.cursor().copy(statement) as copy:
                for row in rows:
                    copy.write_row(row + defaults)
        self.driver.commit()

    def _way_in(self, table: str, names: tuple[str, ...]) -> tuple[str, tuple[Any, ...]]:
        """The statement, and what the columns that are not told must have for it."""
        others, defaults = [], []
        for column in Model.metadata.tables[table].columns:
            if column.name in SAME[table]:
                others.append(column.name)
                defaults.append(SAME[table][column.name])
            elif column.name not in names and not column.nullable:
                default: Any = column.default.arg if column.default is not None else ""  # type: ignore[attr-defined]
                others.append(column.name)
                defaults.append(("{}" if "dict" in repr(default) else "[]") if callable(default) else default)
        columns = ", ".join(f'"{name}"' for name in (*names, *others))
        if self.dialect != "sqlite":
            return f"copy {table} ({columns}) from stdin", tuple(defaults)
        fixed = [str(int(one)) if isinstance(one, int) else f"'{one}'" for one in defaults]
        return f"insert into {table} ({columns}) values ({', '.join(['?'] * len(names) + fixed)})", ()

    def plain(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        """Whole rows of a small table."""
        mark = "?" if self.dialect == "sqlite" else "%s"
        statement = f"insert into {table} values ({', '.join([mark] * len(rows[0]))})"
        (self.driver if self.dialect == "sqlite" else self.driver.cursor()).executemany(statement, rows)
        self.driver.commit()

    def run(self, statement: str) -> None:
        """A statement of its own transaction."""
        self.driver.execute(statement)
        self.driver.commit()

    def close(self) -> None:
        """Give the connection back to nobody."""
        self.raw.close()
        db.engine.dispose()
