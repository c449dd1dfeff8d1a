"""Numbers of the law, rules entered here, and what is tried with other numbers."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from metrology.persistence.database import db
from metrology.persistence.law import NumberConfirmation
from metrology.persistence.rules_versions import RulesVersion
from metrology.persistence.what_ifs import WhatIf
from metrology.services import (
    confirming,
    law,
    rules_versions,
    what_ifs,
)
from metrology.services.confirming import Cited
from metrology.services.what_ifs import Supposition
from metrology.web.api.holders import law as law_area
from metrology.web.api.kit import made, must_match
from metrology.web.api.paging import PageQuery, page_of, plain_list
from metrology.web.api.schemas import Anything, Day, Reason, Text, facts, said, told
from metrology.web.requests import actor, now, or_404, today

# -- numbers of the law

NumberTold = told(
    "NumberTold", key=fields.String(required=True), value=fields.String(required=True), is_confirmed=fields.Boolean(required=True),
    says=fields.String(required=True, metadata={"description": "what people said of it last"}), holds=fields.Boolean(required=True),
)  # fmt: skip
StatementTold = told(
    "NumberStatement", NumberConfirmation, "id", "type_code", "edition_code", "number_key", "value", "finding", "text_says",
    "document", "clause", "reason", "stated_by_id", "stated_at",
)  # fmt: skip
_STATEMENT: dict[str, Any] = {
    "edition": Text(required=True), "document": Text(required=True), "clause": Text(), "reason": Text(),
    "numbers": fields.Dict(
        keys=Text(), values=Text(), required=True, metadata={"description": "key → what the text says"}
    ),
}  # fmt: skip
Statement = said("NumberStatementSaid", None, **_STATEMENT)


def _edition(type_code: str, code: str) -> Any:
    one = or_404(law.types(db.session()).get(type_code))
    return or_404(next((edition for edition in one.editions if edition.code == code), None))


@law_area.read(
    "/types/<type_code>/editions/<edition_code>/numbers",
    "type.view",
    page_of(NumberTold),
    query=PageQuery,
    zh="规程数值",
)
def numbers(asked: dict[str, Any], type_code: str, edition_code: str) -> Any:
    """List the legal numbers of an edition, and whether somebody has confirmed them."""
    return plain_list(confirming.standings(db.session(), type_code, _edition(type_code, edition_code)), asked)


@law_area.act("/types/<type_code>/confirm", "number.confirm", page_of(StatementTold), body=Statement, zh="核实规程数值")
def confirm_numbers(sent: dict[str, Any], type_code: str) -> Any:
    """Say that numbers stand so in their text."""
    edition = _edition(type_code, sent["edition"])
    cited = Cited(document=sent["document"], clause=sent.get("clause", ""))
    rows = confirming.confirm(db.session(), actor(), type_code, edition.code, sent["numbers"], cited, now=now())
    return {"items": rows, "next": None}


@law_area.act(
    "/types/<type_code>/dispute", "number.confirm", page_of(StatementTold), body=Statement, zh="对规程数值提出异议"
)
def dispute_numbers(sent: dict[str, Any], type_code: str) -> Any:
    """Say that the text has other numbers."""
    edition = _edition(type_code, sent["edition"])
    cited, reason = Cited(document=sent["document"], clause=sent.get("clause", "")), sent.get("reason", "")
    rows = confirming.dispute(
        db.session(), actor(), type_code, edition.code, sent["numbers"], cited, reason=reason, now=now()
    )
    return {"items": rows, "next": None}


# -- rules entered here

VersionTold = told(
    "RulesVersionTold", RulesVersion, "id", "type_code", "version", "code", "state", "in_force", "rules", "sources", "proposer_id",
    "proposed_at", "approver_id", "approved_at", "return_reason", "withdrawn_from", "withdraw_reason",
)  # fmt: skip
RulesSaid = said(
    "RulesSaid", None, rules=fields.Dict(keys=Text(), values=Anything(), required=True), in_force=Day(allow_none=True)
)
Approval = said(
    "RulesApproval", None, sources=fields.Dict(keys=Text(), values=Text(), required=True), seen=Text(required=True)
)
Withdrawal = said("RulesWithdrawal", None, from_day=Day(allow_none=True), reason=Text(required=True))


def _version(version_id: int) -> RulesVersion:
    found: RulesVersion = or_404(db.session.get(RulesVersion, version_id))
    return found


@law_area.read("/types/<type_code>/rules", "rules.view", page_of(VersionTold), query=PageQuery, zh="自编规则版本列表")
def rules(asked: dict[str, Any], type_code: str) -> Any:
    """List the versions of rules entered for a type."""
    or_404(law.types(db.session()).get(type_code))
    return plain_list(rules_versions.versions(db.session(), type_code), asked)


@law_area.read("/rules/<int:version_id>", "rules.view", VersionTold, zh="查看规则版本")
def version(version_id: int) -> Any:
    """Read a version of rules."""
    return _version(version_id)


@law_area.act("/types/<type_code>/rules", "rules.edit", VersionTold, status=201, zh="开始编写规则")
def start_rules(type_code: str) -> Any:
    """Begin a version of rules, or take up the one that is open."""
    or_404(law.types(db.session()).get(type_code))
    row = rules_versions.start(db.session(), actor(), type_code, now=now())
    return made(row, "api_law.version", version_id=row.id)


@law_area.replace("/rules/<int:version_id>", "rules.edit", RulesSaid, VersionTold, zh="保存规则草稿")
def save_rules(sent: dict[str, Any], version_id: int) -> Any:
    """Keep a draft of rules."""
    row = _version(version_id)
    seen = row.row_version
    must_match(row)
    return rules_versions.save(db.session(), actor(), row, sent["rules"], sent.get("in_force"), now=now(), seen=seen)


@law_area.act("/rules/<int:version_id>/propose", "rules.edit", VersionTold, zh="提交规则")
def propose_rules(version_id: int) -> Any:
    """Propose rules to a second person."""
    return rules_versions.propose(db.session(), actor(), _version(version_id), today=today(), now=now())


@law_area.act("/rules/<int:version_id>/discard", "rules.edit", VersionTold, zh="弃用规则草稿")
def discard_rules(version_id: int) -> Any:
    """Put a draft of rules away."""
    return rules_versions.discard(db.session(), actor(), _version(version_id), now=now())


@law_area.act("/rules/<int:version_id>/approve", "rules.approve", VersionTold, body=Approval, zh="批准规则")
def approve_rules(sent: dict[str, Any], version_id: int) -> Any:
    """Approve rules as the second person, who has compared them with their text."""
    row, sources = _version(version_id), sent["sources"]
    return rules_versions.approve(db.session(), actor(), row, sources, seen=sent["seen"], today=today(), now=now())


@law_area.act("/rules/<int:version_id>/return", "rules.approve", VersionTold, body=Reason, zh="退回规则")
def return_rules(sent: dict[str, Any], version_id: int) -> Any:
    """Give rules back with a reason."""
    return rules_versions.send_back(db.session(), actor(), _version(version_id), sent["reason"], now=now())


@law_area.act("/rules/<int:version_id>/withdraw", "rules.approve", VersionTold, body=Withdrawal, zh="停用规则")
def withdraw_rules(sent: dict[str, Any], version_id: int) -> Any:
    """Withdraw rules in force."""
    row, day = _version(version_id), sent.get("from_day")
    return rules_versions.withdraw(db.session(), actor(), row, day, sent["reason"], now=now())


# -- what if

TrialTold = told(
    "WhatIfTold", WhatIf, "id", "type_code", "edition_code", "numbers", "since", "until", "district_code", "state", "counts",
    "created_at", "finished_at",
)  # fmt: skip
TrialSaid = said("WhatIfSaid", Supposition)


@law_area.read("/what-ifs", "law.try", page_of(TrialTold), query=PageQuery, zh="试算列表")
def trials(asked: dict[str, Any]) -> Any:
    """List trials of other numbers, the latest first."""
    return plain_list(what_ifs.recent(db.session(), actor().district_code), asked)


@law_area.create("/what-ifs", "law.try", TrialSaid, TrialTold, zh="开始试算")
def begin_trial(sent: dict[str, Any]) -> Any:
    """Try how many records would be judged otherwise by other numbers; the worker does it."""
    mine = actor().district_code
    supposed = facts(Supposition, {**sent, "district_code": mine or sent.get("district_code")})
    row = what_ifs.begin(db.session(), actor(), supposed, now=now())
    return made(row, "api_law.trial", what_if_id=row.id)


@law_area.read("/what-ifs/<int:what_if_id>", "law.try", TrialTold, zh="查看试算")
def trial(what_if_id: int) -> Any:
    """Read what a trial found."""
    row: WhatIf = or_404(db.session.get(WhatIf, what_if_id))
    return or_404(row if actor().district_code in (None, row.district_code) else None)
