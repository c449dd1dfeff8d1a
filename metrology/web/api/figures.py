"""Indicators with what they were counted from, and the statements of months and years with their locked figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from metrology.domain.indicator import BY_CODE, INDICATORS, Words
from metrology.domain.quantity import plain
from metrology.persistence.database import db
from metrology.persistence.statements import STATES, IndicatorTarget, Statement
from metrology.services import statements
from metrology.services.indicator_papers import asked_of, exact
from metrology.services.indicators import Measure, Standing, standing
from metrology.web.api.kit import Area
from metrology.web.api.paging import LIMIT, by_key, page_of
from metrology.web.api.schemas import Day, Text, said, told, words
from metrology.web.requests import actor, now, or_404, today

figures = Area("indicators", "考核指标", "Indicators")
_NUMBER = fields.String(required=True, allow_none=True, metadata={"description": "a decimal number as text"})
_COUNT = fields.Integer(required=True, allow_none=True)
MonthTold = told(
    "IndicatorMonthTold", period=fields.String(required=True), value=_NUMBER, numerator=_COUNT, denominator=_COUNT
)
IndicatorTold = told(
    "IndicatorTold", code=fields.String(required=True), name=words(),
    unit=fields.String(required=True, metadata={"description": "`share` (per cent), `count`, `days`, `per_10000`"}),
    direction=fields.String(required=True, metadata={"description": "which way is better: `higher`, `lower`, `none`"}),
    value=_NUMBER, numerator=_COUNT, denominator=_COUNT,
    interval_low=_NUMBER, interval_high=_NUMBER, is_known=fields.Boolean(required=True),
    value_year_before=_NUMBER, target=_NUMBER, meets_target=fields.Boolean(required=True, allow_none=True),
    is_narrowed_to_type=fields.Boolean(
        required=True, metadata={"description": "false where the indicator is of all types together, whatever type was asked for"}
    ),
    months=fields.List(fields.Nested(MonthTold), required=True, metadata={"description": "the twelve months up to the end"}),
)  # fmt: skip
IndicatorsTold = told(
    "IndicatorsTold", period=fields.String(required=True), first_day=fields.Date(required=True), last_day=fields.Date(required=True),
    as_of=fields.Date(required=True, metadata={"description": "what was known when this day ended"}),
    district=fields.String(required=True, allow_none=True), type=fields.String(required=True, allow_none=True),
    items=fields.List(fields.Nested(IndicatorTold), required=True),
)  # fmt: skip
_PERIODS = "`2026`, `2026-Q4`, `2026-11`, `2026-01..2026-11`, or `this-`/`last-` with `year`, `quarter`, `month`"
IndicatorQuery = said(
    "IndicatorQuery", None, period=Text(metadata={"description": f"{_PERIODS}; default `this-year`"}), district=Text(),
    type=Text(), as_of=Day(metadata={"description": "a past day: what was known when it ended"}),
)  # fmt: skip


@figures.read("/indicators", "report.view", IndicatorsTold, query=IndicatorQuery, zh="考核指标")
def indicators(asked: dict[str, Any]) -> Any:
    """Every indicator of a period: value, numerator, denominator, interval, target, the year before, twelve months."""
    return _answer(asked, tuple(BY_CODE))


@figures.read("/indicators/<code>", "report.view", IndicatorsTold, query=IndicatorQuery, zh="单项考核指标")
def indicator(asked: dict[str, Any], code: str) -> Any:
    """One indicator of a period."""
    return _answer(asked, (or_404(BY_CODE.get(code)).code,))


_DECIMAL = _l("It must be a decimal number as text, with at most 7 digits before the point and 4 after it.")
TargetTold = told("TargetTold", IndicatorTarget, "id", "indicator", "value", "valid_from", "set_at")
TargetSaid = said(
    "TargetSaid", None, valid_from=Day(required=True),
    value=Text(
        required=True, allow_none=True,
        validate=validate.Regexp(r"^[0-9]{1,7}(\.[0-9]{1,4})?$", error=_DECIMAL),
        metadata={"description": "a decimal number as text, in the unit of the indicator; null: no target any more"},
    ),
)  # fmt: skip


@figures.create("/indicators/<code>/targets", "target.edit", TargetSaid, TargetTold, zh="设定指标目标值")
def set_target(sent: dict[str, Any], code: str) -> Any:
    """Say what an indicator should reach from a day on; earlier targets stay as they were."""
    value = None if sent["value"] is None else Decimal(sent["value"])
    one = or_404(BY_CODE.get(code)).code
    return statements.set_target(db.session(), actor(), one, value, sent["valid_from"], now=now())


def _answer(given: dict[str, Any], codes: tuple[str, ...]) -> dict[str, Any]:
    asked = asked_of(given, today=today(), as_of=given.get("as_of"))
    rows = [standing(db.session(), actor(), one.code, asked) for one in INDICATORS if one.code in codes]
    return {
        "period": asked.period.code, "first_day": asked.period.first, "last_day": asked.period.last, "as_of": asked.day,
        "district": asked.district_code, "type": asked.type_code, "items": [_told(row) for row in rows],
    }  # fmt: skip


def _told(row: Standing) -> dict[str, Any]:
    one, now = row.indicator, row.now
    return {
        "code": one.code, "name": _words(one.name), "unit": one.unit, "direction": one.direction, **_measured(now),
        "interval_low": _rounded(now.low), "interval_high": _rounded(now.high), "is_known": now.is_known,
        "value_year_before": _text(exact(row.year_before)), "target": _text(row.target), "meets_target": row.meets,
        "is_narrowed_to_type": one.has_types,
        "months": [{"period": period.code, **_measured(month)} for period, month in row.trend],
    }  # fmt: skip


def _measured(one: Measure) -> dict[str, Any]:
    return {"value": _text(exact(one)), "numerator": one.counted, "denominator": one.against}


def _words(said: Words) -> dict[str, str]:
    return {"zh": said.zh, "en": said.en}


def _text(value: Decimal | None) -> str | None:
    """A number as text, without decimals that say nothing."""
    return None if value is None else plain(value)


def _rounded(value: float | None) -> str | None:
    return None if value is None else _text(round(Decimal(str(value)), 4))


# -- statements

filed = Area("statements", "计量工作报表", "Statements")
StatementTold = told(
    "StatementTold", Statement, "id", "number", "period", "first_day", "last_day", "district_code", "version", "replaces_id",
    "reason", "state", "digest", "prepared_at", "approved_at",
)  # fmt: skip
FiguresTold = told(
    "StatementFiguresTold", number=fields.String(required=True), digest=fields.String(required=True, allow_none=True),
    text=fields.String(required=True, allow_none=True, metadata={"description": "what was locked, to the letter: `digest` is its SHA-256"}),
    figures=fields.Dict(required=True, allow_none=True, metadata={"description": "the same as an object"}),
)  # fmt: skip
StatementQuery = said(
    "StatementQuery", None, **{**LIMIT, "state": Text(validate=validate.OneOf(STATES)), "district": Text()}
)


@filed.read("/statements", "statement.view", page_of(StatementTold), query=StatementQuery, zh="报表列表")
def list_statements(asked: dict[str, Any]) -> Any:
    """List statements, the newest first."""
    chosen = select(Statement)
    if actor().district_code is not None:
        chosen = chosen.where(Statement.district_code == actor().district_code)
    if "state" in asked:
        chosen = chosen.where(Statement.state == asked["state"])
    if "district" in asked:
        chosen = chosen.where(Statement.district_code == asked["district"])
    return by_key(chosen, Statement.id, asked, newest_first=True)


def _statement(statement_id: int) -> Statement:
    row = db.session.get(Statement, statement_id, options=[joinedload(Statement.prepared_by)])
    found: Statement = or_404(row if row is not None and statements.sees_statement(actor(), row) else None)
    return found


@filed.read("/statements/<int:statement_id>", "statement.view", StatementTold, zh="查看报表")
def statement(statement_id: int) -> Any:
    """Read a statement."""
    return _statement(statement_id)


@filed.read("/statements/<int:statement_id>/figures", "statement.view", FiguresTold, zh="报表数据")
def locked_figures(statement_id: int) -> Any:
    """Read the figures that were approved. A draft has none."""
    row = _statement(statement_id)
    found = statements.locked(row) if row.state == "approved" else None
    return {"number": row.number, "digest": row.digest, "text": row.figures, "figures": found}
