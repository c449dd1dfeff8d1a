"""Every area of ``make bench`` runs, on a registry small enough for a test; how fast is for the bench to say."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest

from bench import areas, measuring, registries, writing
from bench.__main__ import ALL
from bench.measuring import Measure

SIZE = 200


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registries, "FOLDER", tmp_path_factory.mktemp("bench"))
        patch.setitem(registries.SIZES, "tiny", SIZE)
        yield registries.open_registry("tiny", "sqlite")


@pytest.mark.parametrize("area", ALL)
def test_each_area_measures_something(area: str, registry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"{areas.__name__}.{area}")
    monkeypatch.setattr(measuring, "ONLY_ONCE", True)
    found = [
        *(module.alone() if hasattr(module, "alone") else ()),
        *(module.measure(registry) if hasattr(module, "measure") else ()),
    ]
    assert found or area == "peers"  # they have an environment of their own
    assert all(one.seconds > 0 for one in found)


def test_a_registry_is_whole(registry: Any) -> None:
    from sqlalchemy import text

    from metrology.persistence.database import db
    from metrology.services.tallying import differences

    with registry.app.app_context():
        session = db.session()
        count = {
            table: session.execute(text(f"select count(*) from {table}")).scalar()
            for table in ("instrument", "verification", "certificate")
        }
        assert count == {"instrument": SIZE, "verification": 4 * SIZE, "certificate": 2 * SIZE}
        assert list(differences(session)) == []
        db.session.remove()


def test_instruments_are_found_by_their_own_documents(registry: Any) -> None:
    from sqlalchemy import select

    from metrology.persistence.database import db
    from metrology.persistence.instruments import Instrument
    from metrology.persistence.search import SearchDocument, document_body

    with registry.app.app_context():
        session = db.session()
        pairs = select(Instrument, SearchDocument.body).join(SearchDocument, SearchDocument.object_id == Instrument.id)
        rows = session.execute(pairs.where(SearchDocument.kind == "instrument")).all()
        assert len(rows) == SIZE
        for one, body in rows:
            parts = (one.number, one.serial_number, one.model, one.manufacturer, one.lot_code)
            assert body == document_body("instrument", *parts, district_code=one.district_code, holder_id=one.holder_id)
        db.session.remove()


def test_a_scan_reads_no_large_table_through(registry: Any) -> None:
    """With statistics, as the nightly job leaves them: few records are corrected, and SQLite once took that for a reason to read all."""
    from sqlalchemy import text

    from metrology.persistence.database import db
    from metrology.services import scanning_at_once

    with registry.app.app_context():
        session = db.session()
        assert session.execute(text("select count(*) from sqlite_stat1 where tbl = 'verification'")).scalar()
        raw = session.connection().connection.driver_connection
        statement, parameters = scanning_at_once._question("0" * 22)
        plan = [row[3] for row in raw.execute(f"explain query plan {statement}", parameters)]
        large = ("verification", "certificate", "instrument ", "journal_entry", "lot_meter", "seal")
        assert plan
        assert [step for step in plan if step.startswith("SCAN ") and step[5:].startswith(large)] == []
        db.session.remove()


def test_every_certificate_is_vouched_for(registry: Any) -> None:
    from sqlalchemy import select

    from metrology.persistence.certificates import Certificate
    from metrology.persistence.database import db
    from metrology.persistence.journal import verify_chain
    from metrology.services.record_digest import altered

    with registry.app.app_context():
        session = db.session()
        assert list(verify_chain(session)) == []
        rows = session.scalars(select(Certificate)).all()
        assert len(rows) == 2 * SIZE
        assert altered(session, rows) == frozenset()
        db.session.remove()


def test_what_misses_its_aim_says_where_the_time_goes(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "KEPT", tmp_path / "kept.json")
    slow = Measure("lists", "slow", "1m", "sqlite", 0.003, 0.001, per="pages", target=1.5)
    fine = Measure("lists", "fine", "1m", "sqlite", 0.001, 0.001, per="pages", target=1.5)
    found = [measuring.profiled(one, lambda: sorted(range(50_000))) for one in (slow, fine)]
    assert list(found[0].extra) == ["Python itself"]
    assert found[1].extra == {}
    text = writing.write(found, tmp_path / "performance.md").read_text()
    assert f"| lists: slow | 1m | sqlite | 3.00 | 1.50 | Python itself {found[0].extra['Python itself']} |" in text
    assert "lists: fine" not in text


def test_the_page_keeps_what_a_run_did_not_measure(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "KEPT", tmp_path / "kept.json")
    page = tmp_path / "performance.md"
    writing.write([Measure("lists", "one", "10k", "sqlite", 0.002, 0.001, per="pages", target=1.5)], page)
    writing.write([Measure("lists", "two", "10k", "sqlite", 0.001, 0.001, per="pages", target=1.5)], page)
    text = page.read_text()
    assert "| one | 10k | sqlite | 2.0 ms | 500 pages/s | 1.0 ms | 2.00 | ≤ 1.50 ✗ |" in text
    assert "| two | 10k | sqlite | 1.0 ms | 1,000 pages/s | 1.0 ms | 1.00 | ≤ 1.50 ✓ |" in text


def test_the_page_says_what_is_kept() -> None:
    kept = json.loads(writing.KEPT.read_text())
    shown = (writing.ROOT / "docs" / "performance.md").read_text()
    assert shown.partition("## Machine")[0].rstrip() in writing.HEAD + "\n".join(writing._sections(kept))
