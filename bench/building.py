"""Fills an empty registry with a city: rows by ``executemany`` or COPY, indexes and counts afterwards.

Only what is measured must take the registry's own way. Each instrument is made once, with its document, records, certificates and
entries; indexes and references are set aside and made again from whole tables, which is many times quicker and checks them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from operator import itemgetter
from typing import Any

import click
from sqlalchemy import text

from bench import records
from bench.bulk import Bulk
from bench.payloads import real_payload
from bench.rows import INSTANT, TODAY, Chain, City
from metrology.persistence import defences, tallies
from metrology.persistence.database import Model, db, transaction
from metrology.persistence.journal import JournalHead
from metrology.persistence.people import Institute, User
from metrology.services import preparing

VERIFICATIONS = 4
CERTIFICATES = 2
FULL_UP_TO = 100_000
"""Up to this size one record of each instrument has its readings and judgement; beyond, they would fill the disk."""
_BATCH = 5_000
Told = list[tuple[Any, ...]]
Rows = Mapping[str, tuple[tuple[str, ...], Told]]


def build(size: int, *, only_records: bool) -> None:
    """A registry of so many instruments in the database of this application."""
    dialect = db.engine.dialect.name
    _empty(dialect)
    with transaction(db.session()) as session:
        preparing.prepare(session)
        _people(session)
    head = db.session.get_one(JournalHead, 1)
    chain = Chain(head.seq, head.hash)
    db.session.remove()
    city = City(size, real_payload())
    bulk = Bulk(dialect)
    try:
        bulk.set_aside()
        for table, rows in (("holder", city.holders()), ("place", city.places())):
            for names, chunk in _chunks(rows):
                bulk.insert(table, names, chunk)
        with click.progressbar(length=size, label="  rows") as bar, _apart(city, chain, only_records) as made:
            for many, tables in made:
                for table, (names, chunk) in tables.items():
                    bulk.insert(table, names, chunk)
                bar.update(many)
        full = VERIFICATIONS if only_records else 1 if size <= FULL_UP_TO else 0
        records.fill(bulk, VERIFICATIONS, full)
        bulk.put_back()
    finally:
        bulk.close()
    _finish(dialect, chain)


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[tuple[tuple[str, ...], Told]]:
    while chunk := list(itertools.islice(rows, _BATCH)):
        yield _told(chunk)


def _told(rows: list[dict[str, Any]]) -> tuple[tuple[str, ...], Told]:
    names = tuple(rows[0])
    return names, list(map(itemgetter(*names), rows))


@contextmanager
def _apart(city: City, chain: Chain, only_records: bool) -> Iterator[Iterator[tuple[int, Rows]]]:
    """How many instruments and their rows, made by a process of its own while the last ones are written; then the chain's end."""
    forked = get_context("fork")
    here, there = forked.Pipe(duplex=False)

    def make() -> None:
        for first in range(1, city.instruments + 1, _BATCH):
            numbers = range(first, min(first + _BATCH, city.instruments + 1))
            there.send((len(numbers), _all_of(city, numbers, chain, only_records=only_records)))
        there.send((0, (chain.seq, chain.hash)))

    def taken() -> Iterator[tuple[int, Rows]]:
        while True:
            many, rows = here.recv()
            if not many:
                chain.seq, chain.hash = rows
                return
            yield many, rows

    child = forked.Process(target=make, daemon=True)
    child.start()
    there.close()
    try:
        yield taken()
    finally:
        child.terminate()
        child.join()


def _empty(dialect: str) -> None:
    with db.engine.begin() as connection:
        if dialect == "postgresql":
            connection.execute(text("drop schema public cascade"))
            connection.execute(text("create schema public"))
            connection.execute(text("create extension if not exists pg_trgm"))
        Model.metadata.drop_all(connection)
        Model.metadata.create_all(connection)


def _people(session: Any) -> None:
    session.add(Institute(id=1, name="新乡市计量技术检测中心", name_en="Xinxiang Metrology Institute", short_code="XX"))
    session.flush()
    for number, name in enumerate(("检定员甲", "核验员乙", "批准人丙"), start=1):
        session.add(
            User(
                id=number, email=f"bench{number}@example.cn", name=name, password="!", active=True, institute_id=1,  # noqa: S106
                fs_uniquifier=f"bench{number}", created_at=INSTANT,
            )
        )  # fmt: skip


def _all_of(city: City, numbers: Iterable[int], chain: Chain, *, only_records: bool) -> Rows:
    """Rows of some instruments, by table: certificates of the last records of each, with their entries in the journal."""
    tables = ("instrument", "search_document", "certificate", "journal_entry")
    rows: dict[str, list[dict[str, Any]]] = {table: [] for table in tables}
    for number in numbers:
        instrument = city.instrument(number)
        rows["instrument"].append(instrument)
        if only_records:
            continue
        rows["search_document"].append(city.document(number, instrument))
        for nth in range(CERTIFICATES):
            ago, key = CERTIFICATES - 1 - nth, (number - 1) * CERTIFICATES + nth + 1
            certificate = city.certificate(key, instrument, of=number * VERIFICATIONS - ago, years_ago=ago)
            rows["journal_entry"].append(chain.issued(certificate))
            del certificate["sha256"]
            rows["certificate"].append(certificate)
    return {table: _told(made) for table, made in rows.items() if made}


def _finish(dialect: str, chain: Chain) -> None:
    """Defences and search index, tallies, sequences, statistics; then the mark that it is whole."""
    click.echo("  search index, counts, statistics …")
    with db.engine.begin() as connection:
        connection.execute(
            text("update journal_head set seq = :seq, hash = :hash"), {"seq": chain.seq, "hash": chain.hash}
        )
        defences.apply(connection)
        if dialect == "sqlite":
            _search_index(connection)
    with transaction(db.session()) as session:
        tallies.fill(session, TODAY)
        _came_with_their_verification(session)
    db.session.remove()
    with db.engine.begin() as connection:
        for table in _COUNTED if dialect == "postgresql" else ():
            last = f'(select coalesce(max(id), 1) from "{table}")'
            connection.execute(text(f"select setval(pg_get_serial_sequence('\"{table}\"', 'id'), {last})"))
        connection.execute(text("create table bench_built (at integer)"))
        connection.execute(text("insert into bench_built values (1)"))
    with db.engine.begin() as connection:
        connection.execute(text("analyze"))


def _came_with_their_verification(session: Any) -> None:
    """As if counting had begun years ago: an instrument changed its group on the day of its last verification, not all of them today."""
    changes = tallies.tally_change
    session.execute(changes.delete())
    counted = tallies.recount(changes, "i.last_verified_on").replace(":", r"\:")
    names = ", ".join(tallies.keys_of(changes))
    session.execute(
        text(f"insert into tally_change ({names}, instruments, part) select counted.*, 0 from ({counted}) counted")
    )


def _search_index(connection: Any) -> None:
    """Made in large pieces, so that few must be merged."""
    for setting, value in (("hashsize", 2**28), ("hashsize", 2**20)):
        connection.execute(
            text("insert into search_index(search_index, rank) values (:setting, :value)"),
            {"setting": setting, "value": value},
        )
        if value == 2**28:
            connection.execute(text("insert into search_index(search_index) values ('rebuild')"))


_COUNTED = ("holder", "place", "instrument", "search_document", "verification", "certificate", "institute", "user")
