"""Whole registries for tests: one with something in every corner, and empty databases of either kind to move it to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from sqlalchemy import create_engine, insert, null, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from metrology.persistence import defences
from metrology.persistence.database import db, engine_options, listen
from metrology.persistence.ledgers import LedgerBatch, LedgerRow
from metrology.persistence.places import Place
from metrology.services import attaching, complaining, ending, labelling
from metrology.services.preparing import prepare
from tests.conftest import NOW, POSTGRES, TODAY
from tests.records import (
    OFFICER,
    REJECTING,
    certify,
    create_holder,
    create_scale,
    create_team,
    hand_in,
    scale_readings,
    start,
)

MIGRATION = "c0ffee000000"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def stamp(engine: Engine) -> None:
    """Say which structure the tables made from the models have."""
    with engine.begin() as connection:
        connection.execute(text("create table alembic_version (version_num varchar(32) not null)"))
        connection.execute(text("insert into alembic_version values (:one)"), {"one": MIGRATION})


def fill(session: Session) -> None:
    """A registry with certificates, a notice, a draft, people, an ending, labels, a complaint, files, and odd values."""
    team = create_team(session)
    initial = scale_readings(kind="initial")
    first = certify(session, team, create_scale(session, "SC1"), initial)
    scale = create_scale(session, "SC2", location="𠮷野家 “二楼” \\u0000")
    certify(session, team, scale, scale_readings(REJECTING, kind="initial"))
    certify(session, team, scale, scale_readings(kind="after_repair"), kind="after_repair")
    hand_in(session, team, create_scale(session, "SC3"), initial)
    start(session, team, create_scale(session, "SC4"))
    ending.propose(session, team.actor("approver"), first, "revocation", "发错了对象", now=NOW)
    labelling.order_batch(session, OFFICER, prefix="XX", count=3, layout="L7160", note="", now=NOW)
    complaining.complain(
        session, instrument=scale, receipt=complaining.new_receipt(), scanned_code="x", kind="short_measure", text="少了二两",
        contact="13800000000", today=TODAY, now=NOW,
    )  # fmt: skip
    attaching.attach(session, OFFICER, scale, PDF, name="铭牌.pdf", now=NOW)
    holder = create_holder(session, "龘靐商行")
    session.add(
        Place(
            name="东湖市场", kind="market", identity_key="|market|东湖市场", organiser_id=holder.id, district_code="410702", created_at=NOW, updated_at=NOW,
            latitude=Decimal("35.302916"), longitude=Decimal("113.883000"),
        )
    )  # fmt: skip
    session.flush()
    file = attaching.store(session, bytes(range(256)) * 9)
    session.flush()
    batch = LedgerBatch(
        file_id=file.id, file_name="a.csv", created_at=NOW, mapping={"z": 1, "a": {"y": 10**30, "b": []}}
    )
    session.add(batch)
    session.flush()
    usual = {"batch_id": batch.id, "outcome": "created", "params": {}, "cells": ["", "水"], "sheet": 0}
    session.execute(insert(LedgerRow).values(**usual, row=1, changes=null(), before=None, made={}))
    session.execute(insert(LedgerRow).values(**usual, row=2, changes=None, before=null(), made={"k": [None]}))
    session.commit()


@contextmanager
def empty_database(dialect: str, folder: Path, *, prepared: bool = True) -> Iterator[Engine]:
    """A new database of a kind, as ``prepare`` leaves it."""
    name = f"metrology_whole_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    url = f"sqlite:///{folder / 'whole.db'}" if dialect == "sqlite" else POSTGRES.rsplit("/", 1)[0] + "/" + name
    if dialect == "postgresql":
        _admin(f"drop database if exists {name} with (force)", f"create database {name}")
    engine = create_engine(url, **engine_options(url))
    listen(engine)
    try:
        with engine.begin() as connection:
            if dialect == "postgresql":
                connection.execute(text("create extension if not exists pg_trgm"))
            db.metadata.create_all(connection)
            defences.apply(connection)
        stamp(engine)
        if prepared:
            with Session(engine) as session:
                prepare(session)
                session.commit()
        yield engine
    finally:
        engine.dispose()
        if dialect == "postgresql":
            _admin(f"drop database if exists {name} with (force)")


def _admin(*statements: str) -> None:
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    admin.dispose()
