"""A whole registry moved between SQLite and PostgreSQL and back: the same files, the same journal, the same counts; or nothing at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from metrology.documents.registry_file import Column, Manifest, Reader, TableFile, Writer
from metrology.domain.problems import Problem
from metrology.persistence import outcome_tallies, whole
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import Model, db, writing
from metrology.persistence.instruments import Instrument, Seal, StoredFile
from metrology.persistence.journal import JournalEntry, JournalHead, record, verify_chain
from metrology.persistence.search import matching, plain
from metrology.persistence.tallies import tally_change
from metrology.services import registry_export, registry_import
from metrology.services.rechecking import recheck
from metrology.services.tallying import differences, repair
from tests.conftest import NOW, POSTGRES_ANSWERS, TODAY
from tests.records import OFFICER, create_scale
from tests.tampering import without_triggers
from tests.whole import MIGRATION, empty_database, fill, stamp


def other(session: Session) -> str:
    """The other kind of database; a move between two of one kind where there is no PostgreSQL."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return "postgresql" if is_sqlite and POSTGRES_ANSWERS else "sqlite"


def export(engine: Engine, target: Path, now: datetime = NOW) -> Manifest:
    return registry_export.export(engine, target, release="1", origin="https://jl.example.cn", now=now)


def bring_in(engine: Engine, source: Path, **said: Any) -> registry_import.Imported:
    return registry_import.import_into(engine, source, migration=MIGRATION, **said)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """Where exports of a rich registry are kept, by the kind of database they came from."""
    return tmp_path_factory.mktemp("registries"), {}


@pytest.fixture
def exported(session: Session, made_once: tuple[Path, dict[str, Path]], tmp_path: Path) -> Path:
    """A registry of the other kind of database, with something in every corner, as files of this test's own."""
    folder, made = made_once
    dialect = other(session)
    if dialect not in made:
        (folder / dialect).mkdir()
        with empty_database(dialect, folder / dialect) as engine:
            with Session(engine, expire_on_commit=False) as source:
                fill(source)
            export(engine, folder / dialect / "out")
        made[dialect] = folder / dialect / "out"
    return Path(shutil.copytree(made[dialect], tmp_path / "out"))


@pytest.fixture
def empty(session: Session) -> Engine:
    """The database of this test: migrated, prepared, and nothing in it."""
    session.rollback()
    stamp(db.engine)
    return db.engine


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def count(engine: Engine, table: str) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Model.metadata.tables[table])) or 0


# -- there and back


def test_there_and_back_gives_the_same_files(exported: Path, empty: Engine, session: Session, tmp_path: Path) -> None:
    bring_in(empty, exported)
    export(empty, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(exported)
    with empty_database(other(session), tmp_path) as third:
        bring_in(third, tmp_path / "again")
        export(third, tmp_path / "last")
    assert contents(tmp_path / "last") == contents(exported)


def test_what_was_moved_holds(exported: Path, empty: Engine) -> None:
    manifest = Reader(exported).manifest
    told = bring_in(empty, exported, digest=manifest.digest.upper())
    assert told.wrong_counts == 0
    assert len(told.signed_by) == 1
    with Session(empty) as moved:
        assert list(verify_chain(moved)) == []
        assert list(differences(moved)) == []
        for one in (outcome_tallies.OUTCOME, outcome_tallies.MAKER, outcome_tallies.VERIFIER, outcome_tallies.STANDARD):
            assert moved.scalar(select(func.count()).select_from(one.table)), one.table.name  # what agrees is something
        head = moved.execute(select(JournalHead.seq, JournalHead.hash)).one()
        assert tuple(head) == manifest.journal
        assert manifest.journal[0] > 20
        assert moved.scalar(select(func.count(Certificate.id))) == 3
        found = moved.scalars(matching(moved, "instrument", [plain("SC3")])).all()
        assert [moved.get_one(Instrument, key).serial_number for key in found] == ["SC3"]
        odd = moved.scalar(select(Instrument.location).where(Instrument.serial_number == "SC2"))
        assert odd == "𠮷野家 “二楼” \\u0000"
        outcomes = [one.kind for one in recheck(moved)]
        assert outcomes == ["same"] * 4


@pytest.mark.parametrize("table", ["outcome_tally", "work_tally", "complaint_tally", "due_tally"])
def test_counts_that_were_wrong_where_they_came_from_are_told_and_repaired(
    exported: Path, empty: Engine, table: str
) -> None:
    """Their journal and records hold: the counts alone are put right, by the command that is named."""
    _rewrite(exported, table, lambda _rows: [])
    assert bring_in(empty, exported).wrong_counts > 0
    with Session(empty) as moved:
        assert {one.table for one in differences(moved)} == {table}
        assert repair(moved, today=TODAY) > 0
        moved.commit()
        assert list(differences(moved)) == []


def test_work_goes_on_where_it_was_moved(exported: Path, empty: Engine) -> None:
    """Keys go on behind the last, defences and tallies work, the journal's chain grows."""
    bring_in(empty, exported)
    with Session(empty, expire_on_commit=False) as moved:
        before = moved.scalar(select(func.max(Instrument.id)))
        scale = create_scale(moved, "SC9")
        assert scale.id == (before or 0) + 1
        moved.commit()
        assert list(differences(moved)) == []
        assert list(verify_chain(moved)) == []
        with pytest.raises(DBAPIError):
            moved.execute(update(JournalEntry).values(reason="nothing happened"))
        moved.rollback()
        with pytest.raises(DBAPIError):
            moved.execute(update(Certificate).values(instrument_id=4711))
        moved.rollback()
        with pytest.raises(DBAPIError):  # references are back
            moved.execute(insert(Seal).values(instrument_id=4711, number="x"))


def test_sql_null_and_json_null_stay_apart(exported: Path, empty: Engine) -> None:
    bring_in(empty, exported)
    with Session(empty) as moved:
        found = moved.execute(text("select row, changes is null, before is null from ledger_row order by row"))
        assert [(row, bool(one), bool(two)) for row, one, two in found] == [(1, True, False), (2, False, True)]


def test_what_many_processes_counted_is_one_count(session: Session, tmp_path: Path) -> None:
    """On PostgreSQL each process adds to rows of its own; a file has their sum, and none where it is nothing."""
    key = {"state": "in_use", "due_date": date(9999, 12, 31), "district_code": "410702", "purpose": "trade"}
    more = {"due_kind": "verification", "is_verified": False, "holder_id": 0, "place_id": 0, "day": TODAY}
    for kind, parts in (("fuel_dispenser", ((0, 5), (77, -2), (79, 1))), ("truck_scale", ((77, -2), (78, 2)))):
        for part, number in parts:
            row = {**key, **more, "type_code": kind, "part": part, "instruments": number}
            session.execute(insert(tally_change).values(row))
    session.commit()
    export(db.engine, tmp_path / "parts")
    lines = gzip.decompress((tmp_path / "parts" / "tally_change.jsonl.gz").read_bytes()).decode().splitlines()
    assert lines == [
        '["2026-11-22","in_use","9999-12-31","410702","fuel_dispenser","trade","verification",false,0,0,4]'
    ]


def test_an_export_shows_one_moment(session: Session, tmp_path: Path) -> None:
    create_scale(session, "SC1")
    session.commit()
    seen: list[str] = []

    def meanwhile(file: Any) -> None:
        if not seen:  # the first table is written: everything after it is as it was then
            with writing(), Session(db.engine) as busy:
                create_scale(busy, "SC2")
                busy.commit()
        seen.append(file.table)

    made = registry_export.export(
        db.engine, tmp_path / "out", release="1", origin="https://jl.example.cn", now=NOW, step=meanwhile
    )
    rows = {one.table: one.rows for one in made.files}
    assert (rows["instrument"], rows["journal_entry"], made.journal[0]) == (1, 1, 1)
    assert session.scalar(select(func.count(Instrument.id))) == 2


def test_an_archive_is_as_good_as_a_folder(exported: Path, empty: Engine, tmp_path: Path) -> None:
    bring_in(empty, exported)
    made = export(empty, tmp_path / "all.tar")
    assert made == Reader(tmp_path / "all.tar").manifest
    assert made.files == Reader(exported).manifest.files
    file = next(one for one in made.files if one.table == "journal_entry")
    assert list(Reader(tmp_path / "all.tar").rows(file)) == list(Reader(exported).rows(file))


# -- all or nothing


def _rewrite(folder: Path, table: str, change: Any) -> None:
    """Change lines of a file and put every sum right: what only the database and the journal can find."""
    path = folder / f"{table}.jsonl.gz"
    rows = change([json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()])
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(lines))
    manifest = Manifest.of((folder / "manifest.json").read_bytes())
    files = []
    for one in manifest.files:
        sums = (hashlib.sha256(path.read_bytes()).hexdigest(), hashlib.sha256(lines).hexdigest())
        size = path.stat().st_size
        same = one.table != table
        files.append(one if same else TableFile(table, one.columns, one.key, len(rows), size, *sums))
    told = (manifest.made_at, manifest.release, manifest.migration, manifest.origin, manifest.journal)
    (folder / "manifest.json").write_bytes(Manifest(*told, tuple(files)).to_bytes())


def is_untouched(engine: Engine) -> bool:
    return count(engine, "instrument") == count(engine, "journal_entry") == 0 < count(engine, "district")


def test_a_touched_file_is_refused_before_anything_is_written(exported: Path, empty: Engine) -> None:
    path = exported / "instrument.jsonl.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"SC1", b"SC7")))
    with pytest.raises(Problem, match="registry_altered"):
        bring_in(empty, exported)
    assert is_untouched(empty)


def test_a_file_that_breaks_while_it_is_read_leaves_nothing(
    exported: Path, empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reader, "check", lambda _reader, _file: None)  # as if it broke just after it was checked
    path = exported / "verification.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(Problem, match="registry_altered"):
        bring_in(empty, exported)
    assert is_untouched(empty)


def test_an_import_broken_off_leaves_nothing_and_is_started_anew(
    exported: Path, empty: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(registry_import, "_check_journal", crash)
        with pytest.raises(KeyboardInterrupt):
            bring_in(empty, exported)
    assert is_untouched(empty)
    bring_in(empty, exported)
    export(empty, tmp_path / "again")
    assert contents(tmp_path / "again") == contents(exported)


def test_a_journal_changed_with_every_sum_put_right_is_found(exported: Path, empty: Engine) -> None:
    def change(rows: list[Any]) -> list[Any]:
        rows[2][11] = "nothing happened"
        return rows

    _rewrite(exported, "journal_entry", change)
    with pytest.raises(Problem) as caught:
        bring_in(empty, exported)
    assert (caught.value.code, caught.value.params) == ("registry_journal", {"seq": "3", "fault": "altered"})
    assert is_untouched(empty)
    bring_in(empty, exported, despite_journal=True)
    with Session(empty) as moved:
        assert list(verify_chain(moved)) == [(3, "altered")]


def test_a_row_that_refers_to_nothing_is_refused(exported: Path, empty: Engine) -> None:
    _rewrite(exported, "measurement_standard", lambda _rows: [])
    with pytest.raises(Problem, match="registry_reference"):
        bring_in(empty, exported)
    assert is_untouched(empty)


def test_a_row_twice_is_refused(exported: Path, empty: Engine) -> None:
    _rewrite(exported, "holder", lambda rows: [*rows, rows[0]])
    with pytest.raises(Problem, match="registry_reference"):
        bring_in(empty, exported)
    assert is_untouched(empty)


def test_a_text_too_long_for_the_other_database_is_named_when_it_is_exported(session: Session, tmp_path: Path) -> None:
    scale = create_scale(session, "SC1")
    session.commit()
    if session.get_bind().dialect.name == "postgresql":
        return  # it takes none
    without_triggers(session, "instrument", f"update instrument set location = '{'长' * 201}'")
    with pytest.raises(Problem) as caught:
        export(db.engine, tmp_path / "out")
    assert caught.value.params == {"table": "instrument", "key": str(scale.id), "column": "location"}
    assert list(tmp_path.iterdir()) == []


def test_only_an_empty_database_takes_one(exported: Path, empty: Engine) -> None:
    bring_in(empty, exported)
    with pytest.raises(Problem, match="registry_not_empty"):
        bring_in(empty, exported)
    assert count(empty, "certificate") == 3


def test_one_entry_in_the_journal_is_not_empty(exported: Path, empty: Engine) -> None:
    with Session(empty) as session:
        record(session, OFFICER, "setting.changed", ("setting", "x"), at=NOW, changes={})
        session.commit()
    with pytest.raises(Problem) as caught:
        bring_in(empty, exported)
    assert caught.value.params == {"table": "journal_entry"}


def test_a_database_without_prepared_rows_is_as_good(exported: Path, empty: Engine) -> None:
    with empty.begin() as connection:
        for name in ("district", "role", "instrument_type", "journal_head", "law_mark"):
            connection.execute(text(f"delete from {name}"))
    bring_in(empty, exported)
    assert count(empty, "district") == 15


def test_another_structure_or_digest_is_refused(exported: Path, empty: Engine) -> None:
    with pytest.raises(Problem, match="registry_not_migrated"):
        registry_import.import_into(empty, exported, migration="other")
    with pytest.raises(Problem, match="registry_digest"):
        bring_in(empty, exported, digest="0" * 64)
    shutil.copytree(exported, exported.with_name("copy"))
    copy = exported.with_name("copy")
    manifest = Manifest.of((copy / "manifest.json").read_bytes())
    later = Manifest(manifest.made_at, "2", "later", manifest.origin, manifest.journal, manifest.files)
    (copy / "manifest.json").write_bytes(later.to_bytes())
    with pytest.raises(Problem, match="registry_structure"):
        bring_in(empty, copy)
    fewer = Manifest(manifest.made_at, "1", MIGRATION, manifest.origin, manifest.journal, manifest.files[1:])
    (copy / "manifest.json").write_bytes(fewer.to_bytes())
    with pytest.raises(Problem, match="registry_incomplete"):
        bring_in(empty, copy)
    assert is_untouched(empty)


# -- every kind of value


_words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=30)
_instants = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - bounds have none
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=_words, instant=_instants, value=_json, number=st.integers(0, 2**31 - 1), data=st.binary(max_size=200),
    has_json=st.booleans(),
)  # fmt: skip
def test_any_value_is_written_and_read_alike(
    empty_pair: dict[str, Engine], tmp_path_factory: pytest.TempPathFactory, name: str, instant: datetime, value: Any,
    number: int, data: bytes, has_json: bool,
) -> None:  # fmt: skip
    """What one database gave, the other takes and gives again: the same lines of a file, whatever they hold."""
    folder = tmp_path_factory.mktemp("any")
    if isinstance(value, int) and not isinstance(value, bool):
        value = [value]  # a bare number is a number to SQLite, of 64 bits
    file = {"id": 1, "sha256": "", "size": number, "data": data}
    entry = {
        "seq": 1, "at": instant, "actor_name": name, "role": "", "ip": "", "action": "", "object_kind": "", "object_id": "",
        "changes": value if has_json else {}, "reason": name * 9, "prev_hash": "", "hash": "",
    }  # fmt: skip
    given = [(StoredFile.__table__, file), (JournalEntry.__table__, entry)]
    hashes = []
    first = empty_pair["sqlite"]
    for engine in empty_pair.values():
        with engine.connect() as connection:
            transaction = connection.begin()
            for one, row in given:
                if engine is first:
                    connection.execute(insert(one).values(row))
                    continue
                reader = Reader(folder / first.dialect.name)
                file_of = next(made for made in reader.manifest.files if made.table == one.name)
                names = [column.name for column in file_of.columns]
                whole.load(connection, one, names, list(reader.rows(file_of)))
            hashes.append(_lines_of(connection, folder / engine.dialect.name, [one for one, _row in given]))
            transaction.rollback()
    assert hashes == [hashes[0]] * len(hashes)


def _lines_of(connection: Any, target: Path, tables: list[Any]) -> list[str]:
    writer = Writer(target)
    files = tuple(
        writer.table(
            one.name, [Column(kept.name, kept.kind, kept.longest) for kept in whole.columns_of(one)], whole.key_of(one),
            whole.rows(connection, one),
        )
        for one in tables
    )  # fmt: skip
    writer.finish(Manifest("", "", "", "", (0, ""), files))
    return [one.content_sha256 for one in files]


@pytest.fixture(scope="module")
def empty_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Engine]]:
    """An empty database of each kind."""
    folder = tmp_path_factory.mktemp("pair")
    with empty_database("sqlite", folder) as sqlite:
        if not POSTGRES_ANSWERS:
            yield {"sqlite": sqlite}
            return
        with empty_database("postgresql", folder) as postgresql:
            yield {"sqlite": sqlite, "postgresql": postgresql}
