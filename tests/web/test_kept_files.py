"""Files made in the background are handed to the one who asked, whole or in parts, and to nobody else."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.jobs import own_lists, papers
from metrology.persistence import clock
from metrology.persistence.journal import JournalEntry
from metrology.persistence.people import User
from metrology.persistence.printing import PaperPackage
from metrology.persistence.saved_reports import ReportFile
from metrology.services import own_list_files, packaging
from metrology.settings import Settings
from tests.people import create_user, sign_in

CONTENT = b"name,number\r\n" * 500


@pytest.fixture
def shared(app: Flask, tmp_path: Path) -> Any:
    """A folder of this test's own for what is made in the background."""
    before: Settings = app.config["METROLOGY"]
    app.config["METROLOGY"] = dataclasses.replace(before, shared=tmp_path)
    yield app.config["METROLOGY"]
    app.config["METROLOGY"] = before


def _row(session: Session, user: User, settings: Settings, *, until: datetime, is_list: bool) -> Any:
    """A file of ``CONTENT`` that is ready: an own list or a package."""
    known: dict[str, Any] = {
        "title": "到期 清单", "made_for_id": user.id, "state": "ready", "size": len(CONTENT), "expires_at": until,
        "sha256": hashlib.sha256(CONTENT).hexdigest(), "asked_at": clock.now_utc(),
    }  # fmt: skip
    row: Any = ReportFile(query="", form="csv", rows=500, **known) if is_list else PaperPackage(papers=2, **known)
    session.add(row)
    session.flush()
    path = own_list_files.file_of(settings.shared, row) if is_list else packaging.file_of(settings.shared, row)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    return row


@pytest.mark.parametrize("is_list", [True, False])
def test_the_owner_fetches_it_and_the_journal_says_so(
    client: FlaskClient, session: Session, shared: Settings, *, is_list: bool
) -> None:
    owner, other = create_user(session, "officer"), create_user(session, "officer")
    row = _row(session, owner, shared, until=clock.now_utc() + timedelta(days=1), is_list=is_list)
    address = f"/reports/lists/files/{row.id}/fetch" if is_list else f"/packages/{row.id}.zip"
    sign_in(client, owner)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.data == CONTENT
    assert "filename*=UTF-8''%E5%88%B0%E6%9C%9F" in answer.headers["Content-Disposition"]
    part = client.get(address, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.data) == (206, CONTENT[5:10])
    fetched = select(JournalEntry).where(JournalEntry.action == ("list.fetched" if is_list else "package.fetched"))
    assert len(session.scalars(fetched).all()) == 1, "once, not for every part"
    sign_in(client, other)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("is_list", [True, False])
def test_what_is_over_goes_from_the_disk_and_is_not_found(
    client: FlaskClient, session: Session, shared: Settings, *, is_list: bool
) -> None:
    owner = create_user(session, "officer")
    now = clock.now_utc()
    over = _row(session, owner, shared, until=now, is_list=is_list)
    kept = _row(session, owner, shared, until=now + timedelta(seconds=1), is_list=is_list)
    session.commit()
    regular = own_lists.REGULAR if is_list else papers.REGULAR
    for one in regular:
        one.run(session, now=now, settings=shared, today=clock.today_cn())
    session.commit()
    assert (over.state, kept.state) == ("expired", "ready")
    files = list(shared.shared.glob("*/*"))
    assert len(files) == 1
    sign_in(client, owner)
    address = "/reports/lists/files/{}/fetch" if is_list else "/packages/{}.zip"
    assert client.get(address.format(over.id)).status_code == 404
    assert client.get(address.format(kept.id)).status_code == 200
