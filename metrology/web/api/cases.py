"""Cases of standards and equipment found defective: what becomes of the certificates judged with them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate
from sqlalchemy import select

from metrology.persistence.database import db
from metrology.persistence.standard_cases import DECISIONS, OUTLOOKS, CaseDecision, StandardCase
from metrology.services import standard_cases
from metrology.services.standard_cases import CaseFacts, Selection
from metrology.web.api.kit import made
from metrology.web.api.paging import PageQuery, by_key, page_of
from metrology.web.api.schemas import Day, Text, Whole, facts, said, told
from metrology.web.api.standards import area, equipment_of, standard_of
from metrology.web.requests import actor, now, or_404, today

# -- cases

CaseTold = told(
    "CaseTold", StandardCase, "id", "number", "standard_id", "equipment_id", "defective_from", "fit_from", "finding", "error",
    "reverify_by", "state", "found", "moved", "drafted", "unreachable", "opened_at", "closed_at",
)  # fmt: skip
CaseSaid = said("CaseSaid", CaseFacts)
DecisionTold = told(
    "CaseDecisionTold", CaseDecision, "id", "case_id", "kind", "state", "reason", "count", "done", "proposed_by_id",
    "proposed_at", "confirmed_by_id", "confirmed_at", "done_at",
)  # fmt: skip
CaseWhole = told(
    "CaseWhole",
    StandardCase,
    *CaseTold._declared_fields,  # noqa: SLF001 - marshmallow's own table of fields
    decisions=fields.List(fields.Nested(DecisionTold), required=True),
)
DecisionSaid = said(
    "CaseDecisionSaid", None, kind=Text(required=True), reason=Text(required=True),
    items=fields.List(Whole(), validate=validate.Length(max=2000)), outlook=Text(), verdict=Text(), least_margin=Whole(allow_none=True),
    choices={"kind": DECISIONS, "outlook": ("", *OUTLOOKS)},
)  # fmt: skip
Fit = said("CaseFit", None, fit_from=Day(required=True), reason=Text(required=True))


def _case(case_id: int) -> StandardCase:
    found: StandardCase = or_404(db.session.get(StandardCase, case_id))
    return found


def _decision(decision_id: int) -> CaseDecision:
    found: CaseDecision = or_404(db.session.get(CaseDecision, decision_id))
    return found


@area.read("/cases", "standard.view", page_of(CaseTold), query=PageQuery, zh="标准失准案件列表")
def cases(asked: dict[str, Any]) -> Any:
    """List cases of defective standards, the latest first."""
    return by_key(select(StandardCase), StandardCase.id, asked, newest_first=True)


@area.read("/cases/<int:case_id>", "standard.view", CaseWhole, zh="查看案件")
def case(case_id: int) -> Any:
    """Read a case with its decisions."""
    return _case(case_id)


@area.create("/standards/<int:standard_id>/cases", "case.open", CaseSaid, CaseTold, zh="计量标准失准立案")
def open_for_standard(sent: dict[str, Any], standard_id: int) -> Any:
    """Open a case: a standard was found defective."""
    row = standard_cases.open_case(
        db.session(), actor(), standard_of(standard_id), facts(CaseFacts, sent), today=today(), now=now()
    )
    return made(row, "api_standards.case", case_id=row.id)


@area.create("/equipment/<int:equipment_id>/cases", "case.open", CaseSaid, CaseTold, zh="设备失准立案")
def open_for_equipment(sent: dict[str, Any], equipment_id: int) -> Any:
    """Open a case: a piece of equipment was found defective."""
    row = standard_cases.open_case(
        db.session(), actor(), equipment_of(equipment_id), facts(CaseFacts, sent), today=today(), now=now()
    )
    return made(row, "api_standards.case", case_id=row.id)


@area.create("/cases/<int:case_id>/decisions", "case.decide", DecisionSaid, DecisionTold, zh="提出处置意见")
def decide(sent: dict[str, Any], case_id: int) -> Any:
    """Propose what becomes of some of the certificates."""
    kind, reason = sent.pop("kind"), sent.pop("reason")
    chosen = Selection(**{**sent, "items": tuple(sent.get("items", ()))})
    return standard_cases.propose(db.session(), actor(), _case(case_id), kind, chosen, reason, now=now())


@area.act("/cases/decisions/<int:decision_id>/confirm", "case.decide", DecisionTold, zh="确认处置意见")
def confirm_decision(decision_id: int) -> Any:
    """Confirm somebody else's proposal; it is carried out by the worker."""
    return standard_cases.confirm(db.session(), actor(), _decision(decision_id), now=now())


@area.act("/cases/decisions/<int:decision_id>/withdraw", "case.decide", DecisionTold, zh="撤回处置意见")
def withdraw_decision(decision_id: int) -> Any:
    """Take one's own proposal back."""
    row = _decision(decision_id)
    standard_cases.withdraw(db.session(), actor(), row, now=now())
    return row


@area.act("/cases/<int:case_id>/fit", "case.open", CaseTold, body=Fit, zh="恢复合格")
def fit(sent: dict[str, Any], case_id: int) -> Any:
    """Say that the standard is fit again."""
    row = _case(case_id)
    standard_cases.say_fit(db.session(), actor(), row, sent["fit_from"], sent["reason"], now=now())
    return row
