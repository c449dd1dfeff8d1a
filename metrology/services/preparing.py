"""Make a database ready: roles, districts, the catalogue of instrument types. Safe to run at every start."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.authority import ROLES
from metrology.persistence import clock
from metrology.persistence.districts import District
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.journal import JournalHead
from metrology.persistence.law import LawMark
from metrology.persistence.people import Role
from metrology.persistence.rules_versions import RulesVersion
from metrology.services import keys, law

DISTRICTS = (
    ("410702", "红旗区", "Hongqi District", False),
    ("410703", "卫滨区", "Weibin District", False),
    ("410704", "凤泉区", "Fengquan District", False),
    ("410711", "牧野区", "Muye District", False),
    ("410721", "新乡县", "Xinxiang County", False),
    ("410724", "获嘉县", "Huojia County", False),
    ("410725", "原阳县", "Yuanyang County", False),
    ("410726", "延津县", "Yanjin County", False),
    ("410727", "封丘县", "Fengqiu County", False),
    ("410781", "卫辉市", "Weihui City", False),
    ("410782", "辉县市", "Huixian City", False),
    ("410783", "长垣市", "Changyuan City", False),
    ("410771X", "高新技术产业开发区", "High-Tech Development Zone", True),
    ("410772X", "经济技术开发区", "Economic and Technological Development Zone", True),
    ("410773X", "平原示范区", "Pingyuan Demonstration Zone", True),
)
"""GB/T 2260 divisions of Xinxiang; the zones have no code there and get one of our own (ending in X)."""


def prepare(session: Session) -> None:
    """Load what the registry needs before its first record, and what a new release brings; make its keys at the first start."""
    if session.get(JournalHead, 1) is None:
        session.add(JournalHead(id=1, seq=0))
    if session.get(LawMark, 1) is None:
        session.add(LawMark(id=1, mark=""))
    _load_roles(session)
    _load_districts(session)
    _load_types(session)
    law.changed(session)
    keys.ensure(session, now=clock.now_utc())


def _load_roles(session: Session) -> None:
    known = {role.name for role in session.query(Role)}
    session.add_all(Role(name=name) for name in ROLES if name not in known)


def _load_districts(session: Session) -> None:
    for position, (code, zh, en, is_extension) in enumerate(DISTRICTS):
        row = session.get(District, code) or District(code=code)
        row.name_zh, row.name_en, row.is_extension, row.position = zh, en, is_extension, position
        session.add(row)


def _load_types(session: Session) -> None:
    entries = regulations.catalogue()
    codes = {entry.code for entry in entries}
    approved = select(RulesVersion.type_code).where(RulesVersion.state.in_(("approved", "withdrawn"))).distinct()
    ruled = {*regulations.instrument_types(), *session.scalars(approved)}
    for position, entry in enumerate(entries):
        row = session.get(TypeEntry, entry.code) or TypeEntry(code=entry.code)
        row.name_zh, row.name_en = entry.names["zh"], entry.names["en"]
        row.group_zh, row.group_en = entry.category["zh"], entry.category["en"]
        row.mode, row.supervision, row.interval_months = entry.mode, entry.supervision, entry.interval_months
        row.purposes, row.regulation = list(entry.purposes), entry.regulation
        row.has_rules, row.is_mandatory, row.is_confirmed = entry.code in ruled, entry.mandatory, entry.confirmed
        row.is_current, row.position = True, position
        session.add(row)
    for row in session.query(TypeEntry):
        if row.code not in codes:
            row.is_current = False
