"""The format of a registry's files: exact for every value, refused when anything was touched."""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrology.documents.registry_cells import BadCell, as_json, from_json
from metrology.documents.registry_file import Column, Manifest, Reader, Writer
from metrology.domain.problems import Problem

ALL = tuple(
    Column(kind, kind)
    for kind in ("integer", "number", "boolean", "text", "decimal", "date", "instant", "bytes", "json")
)
_words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
_plain = st.none() | st.booleans() | st.integers() | _words
_json = st.recursive(
    _plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3), max_leaves=6
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "text": _words,
    "decimal": st.decimals(allow_nan=False, allow_infinity=False),
    "date": st.dates(),
    "instant": st.datetimes(timezones=st.just(UTC)),
    "bytes": st.binary(max_size=40),
    "json": _json.map(lambda value: json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))),
}


def export_of(folder: Path, rows: list[tuple[Any, ...]], columns: tuple[Column, ...] = ALL, name: str = "all") -> Path:
    target = folder / name
    writer = Writer(target)
    files = (writer.table("thing", columns, [columns[0].name], rows),)
    writer.finish(Manifest("2026-11-22T02:00:00Z", "1", "abc", "https://jl.example.cn", (0, "0" * 64), files))
    return target


def read(target: Path) -> list[tuple[Any, ...]]:
    reader = Reader(target)
    try:
        file = reader.manifest.files[0]
        reader.check(file)
        return list(reader.rows(file))
    finally:
        reader.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*(st.none() | VALUES[one.kind] for one in ALL)), max_size=4))
def test_every_value_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    assert read(export_of(tmp_path_factory.mktemp("cells"), rows)) == rows


def test_nothing_and_empty_and_null_are_three_things(tmp_path: Path) -> None:
    columns = (Column("id", "integer"), Column("text", "text"), Column("json", "json"))
    rows = [(1, None, None), (2, "", "null"), (3, "null", '""')]
    target = export_of(tmp_path, rows, columns)
    assert (
        gzip.decompress((target / "thing.jsonl.gz").read_bytes()) == b'[1,null,null]\n[2,"",[null]]\n[3,"null",[""]]\n'
    )
    assert read(target) == rows


def test_a_cell_as_the_page_of_the_format_says() -> None:
    assert as_json("decimal")(Decimal("35.3029160")) == "35.3029160"
    assert as_json("instant")(datetime(2026, 11, 22, 2, tzinfo=UTC)) == "2026-11-22T02:00:00.000000Z"
    assert as_json("date")(date(26, 1, 2)) == "0026-01-02"
    assert as_json("bytes")(b"\0\xff") == "AP8="
    assert as_json("json")('{"z": 1, "a": [null]}') == [{"a": [None], "z": 1}]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "1"), ("integer", True), ("integer", 2**63), ("integer", 1.0), ("number", "1"), ("number", True), ("number", float("nan")), ("boolean", 1), ("text", 5), ("text", "a\0"),
        ("decimal", 1), ("decimal", "NaN"), ("decimal", "x"), ("date", "2026-02-30"), ("date", "20260201"),
        ("instant", "2026-11-22T02:00:00Z"), ("instant", "2026-13-22T02:00:00.000000Z"), ("bytes", "AP8"), ("bytes", "?"),
        ("json", {}), ("json", []), ("json", [1, 2]), ("json", [{"a": ["\0"]}]), ("json", [{"\0": 1}]),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(BadCell):
        from_json(kind)(value)


def test_a_text_may_be_as_long_as_its_column_and_no_longer() -> None:
    assert from_json("text", 2)("水表") == "水表"
    with pytest.raises(BadCell):
        from_json("text", 2)("水表三")


@pytest.mark.parametrize(
    ("kind", "value"),
    [("text", "a\0b"), ("text", "half \ud800"), ("json", '["\\u0000"]'), ("json", '{"a": "\\ud800"}')],
)
def test_what_no_database_could_take_is_refused_and_named(tmp_path: Path, kind: str, value: str) -> None:
    columns = (Column("id", "integer"), Column("words", kind))
    with pytest.raises(Problem) as caught:
        export_of(tmp_path, [(1, None), (7, value)], columns)
    assert (caught.value.code, caught.value.params) == (
        "registry_cell",
        {"table": "thing", "key": "7", "column": "words"},
    )


def test_the_letters_backslash_u0000_are_no_nul(tmp_path: Path) -> None:
    columns = (Column("id", "integer"), Column("words", "json"))
    rows = [(1, '["\\\\u0000"]')]
    assert read(export_of(tmp_path, rows, columns)) == rows


def test_equal_rows_make_equal_files_in_folder_and_archive(tmp_path: Path) -> None:
    rows = [(number, 0.1, None, "水", None, None, None, b"x", None) for number in range(1200)]
    one, two, tar = (export_of(tmp_path, rows, name=name) for name in ("one", "two", "three.tar"))
    assert (one / "thing.jsonl.gz").read_bytes() == (two / "thing.jsonl.gz").read_bytes()
    with tarfile.open(tar) as archive:
        assert archive.extractfile("thing.jsonl.gz").read() == (one / "thing.jsonl.gz").read_bytes()
    assert read(tar) == rows
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "three.tar", "two"]
    assert (one / "thing.jsonl.gz").stat().st_mode & 0o077 == 0
    assert tar.stat().st_mode & 0o077 == 0


def test_nothing_is_written_over(tmp_path: Path) -> None:
    export_of(tmp_path, [])
    with pytest.raises(Problem, match="registry_target_exists"):
        export_of(tmp_path, [])


# -- touched


def _change(target: Path, change: str) -> None:
    path = target / "thing.jsonl.gz"
    lines = gzip.decompress(path.read_bytes())
    packed = path.read_bytes()
    if change == "bit":
        path.write_bytes(packed[:-9] + bytes([packed[-9] ^ 1]) + packed[-8:])
    elif change == "cut":
        path.write_bytes(packed[:-20])
    elif change == "gone":
        path.unlink()
    else:
        path.write_bytes(gzip.compress(lines.replace(b"SC100001", b"SC100002")))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("bit", "registry_altered"),
        ("cut", "registry_altered"),
        ("gone", "registry_incomplete"),
        ("word", "registry_altered"),
    ],
)
def test_a_touched_file_is_refused(tmp_path: Path, change: str, code: str) -> None:
    target = export_of(tmp_path, [(1, None, True, "SC100001", None, None, None, None, None)])
    _change(target, change)
    with pytest.raises(Problem, match=code):
        read(target)


def _with_sums_put_right(target: Path, change: Any) -> None:
    """Change the manifest as somebody would who knows what they do, up to the digest."""
    said = json.loads((target / "manifest.json").read_text())
    change(said, said["files"][0])
    (target / "manifest.json").write_text(json.dumps(said))


def _other_hash(_said: Any, file: Any) -> None:
    file["content_sha256"] = "0" * 64


def test_a_manifest_that_does_not_agree_with_itself_is_refused(tmp_path: Path) -> None:
    target = export_of(tmp_path, [])
    _with_sums_put_right(target, _other_hash)
    with pytest.raises(Problem, match="registry_altered"):
        Reader(target)


def test_lines_are_held_against_their_hash_though_the_file_was_packed_anew(tmp_path: Path) -> None:
    target = export_of(tmp_path, [(1, None, True, "SC100001", None, None, None, None, None)])
    _change(target, "word")
    sha = hashlib.sha256((target / "thing.jsonl.gz").read_bytes()).hexdigest()
    _with_sums_put_right(target, lambda _said, file: file.update(sha256=sha))
    with pytest.raises(Problem, match="registry_altered"):
        read(target)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda said, _file: said.update(version=2), "registry_version"),
        (lambda said, _file: said.update(format="other"), "registry_unreadable"),
        (lambda said, _file: said.pop("journal"), "registry_unreadable"),
        (lambda _said, file: file.update(table="../../etc/passwd"), "registry_unreadable"),
        (lambda _said, file: file["columns"][0].update(kind="float"), "registry_unreadable"),
    ],
)
def test_what_is_no_manifest_of_ours_is_refused(tmp_path: Path, change: Any, code: str) -> None:
    target = export_of(tmp_path, [])
    _with_sums_put_right(target, change)
    with pytest.raises(Problem, match=code):
        Reader(target)


def test_something_else_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "letter.tar").write_text("Dear Sir")
    with pytest.raises(Problem, match="registry_unreadable"):
        Reader(tmp_path / "letter.tar")
    with pytest.raises(Problem, match="registry_incomplete"):
        Reader(tmp_path)


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"[1,2,3]", b'["1",null]', b"[1,null", b"\xff"])
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: bytes) -> None:
    columns = (Column("id", "integer"), Column("words", "text"))
    target = export_of(tmp_path, [(1, "a")], columns)
    packed = gzip.compress(b'[1,"a"]\n' + line + b"\n")
    (target / "thing.jsonl.gz").write_bytes(packed)
    _with_sums_put_right(target, lambda _said, file: file.update(sha256=hashlib.sha256(packed).hexdigest()))
    with pytest.raises(Problem) as caught:
        read(target)
    assert (caught.value.code, caught.value.params["key"]) == ("registry_cell", "line 2")
