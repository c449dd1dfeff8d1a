"""What is signed by night: lists that changed, keys in time, certificates that lack a code; locked keys stop nothing else."""

from __future__ import annotations

import dataclasses
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from metrology.documents.key_ring import KeyRing
from metrology.jobs import trust
from metrology.jobs.ticker import tick
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.status_lists import StatusMark, StatusShard
from metrology.services import keys
from tests.conftest import NOW, TODAY
from tests.records import certify, create_scale, create_team, scale_readings


def test_a_tick_signs_what_changed(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setattr(keys, "_rings", [])
        certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    session.commit()
    for regular in ("codes", "status lists"):
        (one,) = [one for one in trust.REGULAR if one.name == regular]
        one.run(session, now=NOW, today=TODAY, settings=app.config["METROLOGY"])
        session.commit()
    assert session.scalars(select(Certificate.signed_by)).one() is not None
    assert session.scalars(select(StatusShard.signed_at)).one() == NOW
    assert session.scalars(select(StatusMark.id)).all() == []


def test_locked_keys_are_told_and_stop_nothing(
    app: Flask, session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    session.commit()
    KeyRing(tmp_path, "https://jl.example.cn", "a long passphrase").ensure(NOW)
    keys.use(KeyRing(tmp_path, "https://new.example.cn"))
    settings = dataclasses.replace(app.config["METROLOGY"], scheduler=False)
    with caplog.at_level(logging.WARNING):
        done = tick(sessionmaker(db.engine, expire_on_commit=False), settings, now=NOW + timedelta(days=1), today=TODAY)
        keys.ensure(session, now=NOW)
    assert {"keys", "status lists", "codes"} <= set(done)
    assert [
        word in caplog.text for word in ("status lists stay as they are", "keys_locked", "not in the key list yet")
    ] == [True] * 3
