"""Words of lots: their states, the way they go, and what is common to the meters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.persistence.lots import Lot
from metrology.persistence.standards import MeasurementStandard
from metrology.services import law
from metrology.services.lots import LotCounts
from metrology.web.filters import pick
from metrology.web.languages import is_zh, listed
from metrology.web.problems import sentence

STATES = {
    "draft": _l("Being read"),
    "submitting": _l("Being handed in"),
    "submitted": _l("To be checked"),
    "checking": _l("Check under way"),
    "checked": _l("To be approved"),
    "approving": _l("Being certified"),
    "approved": _l("Certified"),
    "returning": _l("Being given back"),
    "discarded": _l("Discarded"),
}
KINDS = {"approved": "valid", "discarded": "neutral", "draft": "neutral"}
_WAY = (
    (_l("Readings"), ("draft", "submitting", "returning")),
    (_l("Check"), ("submitted", "checking")),
    (_l("Approval"), ("checked", "approving")),
    (_l("In use"), ("approved",)),
)


def state(code: str) -> tuple[str, Any]:
    """The kind of badge of a state, and its words."""
    return KINDS.get(code, "review"), STATES.get(code, code)


def why(code: str, params: Mapping[str, Any]) -> str:
    """Why a meter has no verdict: what is missing by its name, where it has one."""
    return sentence(code, {**params, "first": params.get("zh" if is_zh() else "en") or params.get("first", "")})


def steps(lot: Lot) -> list[tuple[Any, str]]:
    """The way of a lot: each step with ``done``, ``now`` or ``later``."""
    here = next((place for place, (_words, states) in enumerate(_WAY) if lot.state in states), -1)
    return [
        (words, "done" if place < here else "now" if place == here else "later")
        for place, (words, _states) in enumerate(_WAY)
    ]


def tabs(lot: Lot, counts: LotCounts) -> list[tuple[str, str, str]]:
    """The parts of the table of meters: which, words with the number, address."""
    found = [
        ("", _("All"), counts.meters),
        ("conforms", _("Conform"), counts.conforming),
        ("rejected", _("Rejected"), counts.rejected),
    ]
    found += [("faulty", _("No verdict"), counts.faulty), ("unread", _("Without readings"), counts.unread)]
    if lot.state == "approved":
        found += [("remaining", _("Still in place"), counts.remaining), ("left", _("Replaced"), counts.left)]
    return [
        (which, f"{words} {number:,}", url_for("lots.detail", lot_id=lot.id, which=which or None, _anchor="meters"))
        for which, words, number in found
        if number or not which
    ]


def common(session: Session, lot: Lot) -> list[tuple[Any, str]]:
    """Conditions, standards and items as label and text, once they were entered."""
    if lot.verified_on is None:
        return []
    edition = law.type_of(session, lot.type_code).edition_on(lot.verified_on)
    sheet = edition.reading_sheet(lot.nameplate, lot.kind)
    said: dict[str, Any] = lot.readings or {}
    told: list[tuple[Any, str]] = []
    for table in sheet.tables:
        if table.key == ENVIRONMENT:
            told += [
                (pick(dict(one.labels)), str((said.get(ENVIRONMENT) or {}).get(one.key, ""))) for one in table.fields
            ]
        elif table.layout == "items":
            ticked = [pick(dict(one.labels)) for one in table.fields if (said.get("items") or {}).get(one.key)]
            told.append((_("Good unless the table says otherwise"), listed(ticked)))
    rows = session.scalars(select(MeasurementStandard).where(MeasurementStandard.id.in_(lot.standard_ids or [])))
    told.append((_("Measurement standards"), listed(f"{one.name} {one.number}" for one in rows)))
    told.append((_("Regulation"), edition.code))
    return told
