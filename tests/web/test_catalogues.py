"""Catalogues are compiled once, beside what is running."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from metrology.web.catalogues import compiled

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: zh_Hans_CN\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n\n'


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "translations"
    (folder / "zh_Hans_CN" / "LC_MESSAGES").mkdir(parents=True)
    return folder


def word(sources: Path, chinese: str) -> None:
    (sources / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po").write_text(
        f'{HEAD}msgid "Due"\nmsgstr "{chinese}"\n', encoding="utf-8"
    )


def read(folder: Path) -> str:
    return gettext.translation("messages", str(folder), ["zh_Hans_CN"]).gettext("Due")


def test_a_catalogue_can_be_read_once_compiled(sources: Path, tmp_path: Path) -> None:
    word(sources, "到期")
    assert read(compiled(sources, tmp_path / "kept")) == "到期"


def test_a_changed_text_never_meets_the_old_catalogue(sources: Path, tmp_path: Path) -> None:
    word(sources, "到期")
    before = compiled(sources, tmp_path / "kept")
    word(sources, "到期日")
    after = compiled(sources, tmp_path / "kept")
    assert (read(before), read(after)) == ("到期", "到期日")


def test_a_second_start_compiles_nothing(sources: Path, tmp_path: Path) -> None:
    word(sources, "到期")
    folder = compiled(sources, tmp_path / "kept")
    target = folder / "zh_Hans_CN" / "LC_MESSAGES" / "messages.mo"
    stamp = target.stat().st_mtime_ns
    assert compiled(sources, tmp_path / "kept") == folder
    assert target.stat().st_mtime_ns == stamp


def test_nothing_half_written_stays(sources: Path, tmp_path: Path) -> None:
    word(sources, "到期")
    folder = compiled(sources, tmp_path / "kept")
    assert [file.name for file in folder.rglob("*") if file.is_file()] == ["messages.mo"]
