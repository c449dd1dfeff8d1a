"""Verifications, from the draft to the approval; certificates and what ends them."""

from __future__ import annotations

from typing import Any, cast

from flask import Response
from marshmallow import fields, validate
from sqlalchemy import select

from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.endings import KINDS as ENDING_KINDS
from metrology.persistence.endings import Ending
from metrology.persistence.instruments import Instrument
from metrology.persistence.scope import within
from metrology.persistence.verifications import KINDS, Verification
from metrology.services import approving, certifying, ending, paper, record_digest, verifying
from metrology.services.verifying import DraftChanges
from metrology.web import papers
from metrology.web.api.kit import Area, made, must_match
from metrology.web.api.paging import list_of
from metrology.web.api.schemas import Anything, Day, Reason, Text, Whole, said, told, words
from metrology.web.certificate_lists import CERTIFICATES
from metrology.web.certificates import seen as seen_certificate
from metrology.web.certificates import standing_of
from metrology.web.endings import ENDINGS, seen_ending
from metrology.web.requests import actor, now, or_404, settings, today
from metrology.web.verification_lists import VERIFICATIONS
from metrology.web.verifications import seen

area = Area("verifications", "检定记录", "Verifications")
_COLUMNS = (
    "id", "number", "instrument_id", "type_code", "kind", "state", "verified_on", "place_text", "environment", "nameplate",
    "edition_code", "verdict", "institute_id", "verifier_id", "checker_id", "approver_id", "submitted_at", "checked_at",
    "approved_at", "returned_by_id", "returned_at", "return_reason", "replaces_id", "visit_id", "notes", "created_at",
    "updated_at", "version",
)  # fmt: skip
VerificationTold = told("VerificationTold", Verification, *_COLUMNS)
VerificationWhole = told(
    "VerificationWhole", Verification, *_COLUMNS, "readings", "seals",
    judgement=fields.Raw(required=True, allow_none=True, metadata={"description": "findings as judged; of a draft none"}),
    standard_ids=fields.List(fields.Integer(), required=True),
    certificate_id=fields.Integer(required=True, allow_none=True),
)  # fmt: skip
Start = said(
    "VerificationStart",
    None,
    instrument_id=Whole(required=True),
    kind=Text(allow_none=True),
    visit_id=Whole(allow_none=True),
    choices={"kind": KINDS},
)
DraftSaid = said(
    "DraftChanges", None, kind=Text(), verified_on=Day(allow_none=True), place_text=Text(),
    nameplate=fields.Dict(keys=Text(), values=Text()), notes=Text(),
    readings=fields.Dict(
        keys=Text(), values=Anything(),
        metadata={"description": "by table of the sheet: rows of cells, each text with its unit; see `sheet`"}
    ),
    seals=fields.List(fields.Dict(keys=Text(), values=Text()), validate=validate.Length(max=50)),
    standard_ids=fields.List(Whole(), validate=validate.Length(max=50)), choices={"kind": KINDS},
)  # fmt: skip
LackTold = told("LackTold", code=fields.String(required=True), path=fields.String(required=True))
SheetTable = told(
    "SheetTable", key=fields.String(required=True), labels=words(),
    fields=fields.List(fields.Nested(told("SheetField", key=fields.String(required=True), labels=words())), required=True),
)  # fmt: skip
FoundTold = told(
    "PreviewTold",
    verdict=fields.String(required=True, allow_none=True),
    problems=fields.List(fields.Dict(), required=True),
    missing=fields.List(fields.Nested(LackTold), required=True, metadata={"description": "what has not been read yet"}),
    sheet=fields.List(fields.Nested(SheetTable), required=True, metadata={"description": "what is to be read"}),
)  # fmt: skip

list_of(area, "/verifications", VERIFICATIONS, VerificationTold, zh="检定记录列表", en="List verifications.")


def whole(record: Verification) -> Any:
    """All that is told of one record. One that was altered is told of with its number only."""
    session = db.session()
    if record.state not in ("draft", "discarded"):
        record_digest.check_intact(session, record)
    document = certifying.document_of(session, record.id)
    kept = {name: getattr(record, name) for name in (*_COLUMNS, "readings", "seals", "judgement")}
    more = {
        "standard_ids": [use.standard_id for use in record.standards], "certificate_id": document.id if document else None,
    }  # fmt: skip
    return {**kept, **more}, {"ETag": f'"{record.version}"'}


@area.read("/verifications/<int:verification_id>", "verification.view", VerificationWhole, zh="查看检定记录")
def verification(verification_id: int) -> Any:
    """Read a verification with its readings."""
    return whole(seen(verification_id))


@area.create("/verifications", "verification.record", Start, VerificationTold, zh="开始检定记录")
def start(sent: dict[str, Any]) -> Any:
    """Begin a record for an instrument, or take up the one begun."""
    statement = within(select(Instrument).where(Instrument.id == sent["instrument_id"]), actor())
    instrument: Instrument = or_404(db.session.scalar(statement))
    row = verifying.start_draft(
        db.session(),
        actor(),
        instrument,
        kind=sent.get("kind"),
        today=today(),
        now=now(),
        visit_id=sent.get("visit_id"),
    )
    return made(row, "api_verifications.verification", verification_id=row.id)


@area.change(
    "/verifications/<int:verification_id>",
    "verification.record",
    DraftSaid,
    VerificationTold,
    locks=True,
    zh="保存检定草稿",
)
def save(sent: dict[str, Any], verification_id: int) -> Any:
    """Keep readings and conditions in one's own draft."""
    row = seen(verification_id)
    must_match(row)
    return verifying.save_draft(db.session(), actor(), row, DraftChanges(**sent), now=now())


@area.read("/verifications/<int:verification_id>/preview", "verification.view", FoundTold, zh="试判检定草稿")
def preview(verification_id: int) -> Any:
    """What the readings say so far, what is missing and what stands in the way."""
    record = seen(verification_id)
    or_404(record if record.state == "draft" else None)
    found = verifying.preview(db.session(), record, today=today())
    verdict = found.verdict.verdict if found.verdict is not None and not found.missing else None
    problems = [one.to_dict() for one in found.problems]
    return {"verdict": verdict, "problems": problems, "missing": found.missing, "sheet": found.sheet.tables}


@area.act("/verifications/<int:verification_id>/submit", "verification.record", VerificationTold, zh="提交检定记录")
def submit(verification_id: int) -> Any:
    """Hand in one's own draft: the verdict is computed and waits for the checker."""
    return verifying.submit(db.session(), actor(), seen(verification_id), today=today(), now=now())


@area.act("/verifications/<int:verification_id>/discard", "verification.record", VerificationTold, zh="作废检定草稿")
def discard(verification_id: int) -> Any:
    """Put one's own draft away."""
    return verifying.discard(db.session(), actor(), seen(verification_id), now=now())


@area.act(
    "/verifications/<int:verification_id>/correct", "verification.record", VerificationTold, body=Reason, status=201,
    zh="更正检定记录",
)  # fmt: skip
def correct(sent: dict[str, Any], verification_id: int) -> Any:
    """Begin a new draft with the readings of a returned or approved record."""
    row = verifying.correct(
        db.session(), actor(), seen(verification_id), today=today(), now=now(), reason=sent["reason"]
    )
    return made(row, "api_verifications.verification", verification_id=row.id)


@area.act("/verifications/<int:verification_id>/check", "verification.check", VerificationTold, zh="核验检定记录")
def check(verification_id: int) -> Any:
    """Say yes as the second person."""
    return approving.check(db.session(), actor(), seen(verification_id), now=now())


@area.act("/verifications/<int:verification_id>/approve", "verification.approve", VerificationTold, zh="批准检定记录")
def approve(verification_id: int) -> Any:
    """Approve as the third person: the certificate or notice is issued."""
    folder = settings().fonts_folder
    return approving.approve(
        db.session(), actor(), seen(verification_id), today=today(), now=now(), fonts_folder=folder
    )


@area.act(
    "/verifications/<int:verification_id>/return", "verification.view", VerificationTold, body=Reason, zh="退回检定记录"
)
def send_back(sent: dict[str, Any], verification_id: int) -> Any:
    """Give a record back as its checker or approver."""
    return approving.return_record(db.session(), actor(), seen(verification_id), sent["reason"], now=now())


# -- certificates

certificates = Area("certificates", "证书", "Certificates")
_CERTIFICATE = (
    "id", "number", "code", "kind", "instrument_id", "verification_id", "verified_on", "issued_on", "valid_until", "ended_on",
    "end_reason", "replaced_by_id", "under_review", "issued_at",
)  # fmt: skip
CertificateTold = told(
    "CertificateTold", Certificate, *_CERTIFICATE,
    standing=fields.Function(standing_of, required=True, metadata={"type": "string", "description": "what it is worth today"}),
)  # fmt: skip
CertificateWhole = told(
    "CertificateWhole", Certificate, *_CERTIFICATE,
    standing=fields.Function(standing_of, required=True, metadata={"type": "string", "description": "what it is worth today"}),
    facts=fields.Raw(attribute="payload", required=True, metadata={"description": "what it prints; docs/certificate-json.md"}),
)  # fmt: skip
list_of(certificates, "/certificates", CERTIFICATES, CertificateTold, zh="证书列表", en="List certificates.")


@certificates.read("/certificates/<int:certificate_id>", "certificate.view", CertificateWhole, zh="查看证书")
def certificate(certificate_id: int) -> Any:
    """Read a certificate. One that is no longer what was issued is refused."""
    row = seen_certificate(certificate_id)
    if not record_digest.is_intact(db.session(), row):
        raise Problem("certificate_altered", None, number=row.number)
    return row


_LANGUAGE = said("PaperQuery", None, language=Text(load_default="zh", validate=validate.OneOf(paper.LANGUAGES)))


@certificates.file(
    "/certificates/<int:certificate_id>/pdf", "certificate.view", "application/pdf", query=_LANGUAGE, zh="证书 PDF"
)
def pdf(asked: dict[str, Any], certificate_id: int) -> Response:
    """Read a certificate as signed PDF."""
    row, language = seen_certificate(certificate_id), cast("Any", asked["language"])
    return Response(paper.pdf(db.session(), row, language, papers.press()), mimetype="application/pdf")


@certificates.file("/certificates/<int:certificate_id>/dcc", "certificate.view", "application/xml", zh="数字校准证书")
def dcc(certificate_id: int) -> Response:
    """Read a certificate as signed Digital Calibration Certificate."""
    return Response(
        paper.dcc(db.session(), seen_certificate(certificate_id), papers.press()), mimetype="application/xml"
    )


@certificates.read("/certificates/<int:certificate_id>/json", "certificate.view", {"type": "object"}, zh="证书数据")
def as_json(certificate_id: int) -> Response:
    """Read a certificate as the JSON that is inside its PDF."""
    body = paper.json(db.session(), seen_certificate(certificate_id), papers.press())
    return Response(body, mimetype="application/json")


EndingTold = told(
    "EndingTold", Ending, "id", "certificate_id", "kind", "reason", "state", "proposed_by_id", "proposed_at", "decided_by_id",
    "decided_at", "decision_note", "successor_id",
)  # fmt: skip
EndingSaid = said(
    "EndingSaid", None, kind=Text(required=True), reason=Text(required=True), choices={"kind": ENDING_KINDS}
)
Note = said("Note", None, note=Text())
list_of(certificates, "/endings", ENDINGS, EndingTold, zh="撤销与更正列表", en="List proposed and decided endings.")


@certificates.create(
    "/certificates/<int:certificate_id>/endings",
    "certificate.propose_ending",
    EndingSaid,
    EndingTold,
    zh="提出撤销或更正",
)
def propose(sent: dict[str, Any], certificate_id: int) -> Any:
    """Propose that a certificate ends."""
    row = seen_certificate(certificate_id)
    return ending.propose(db.session(), actor(), row, sent["kind"], sent["reason"], now=now())


@certificates.act(
    "/endings/<int:ending_id>/confirm", "certificate.decide_ending", EndingTold, body=Note, zh="同意撤销或更正"
)
def confirm(sent: dict[str, Any], ending_id: int) -> Any:
    """Say yes to somebody else's proposal: it takes effect at once."""
    return ending.confirm(
        db.session(), actor(), seen_ending(ending_id), today=today(), now=now(), note=sent.get("note", ""),
        fonts_folder=settings().fonts_folder,
    )  # fmt: skip


@certificates.act(
    "/endings/<int:ending_id>/decline", "certificate.decide_ending", EndingTold, body=Reason, zh="不同意撤销或更正"
)
def decline(sent: dict[str, Any], ending_id: int) -> Any:
    """Say no to somebody else's proposal."""
    return ending.decline(db.session(), actor(), seen_ending(ending_id), sent["reason"], now=now())


@certificates.act("/endings/<int:ending_id>/withdraw", "certificate.propose_ending", EndingTold, zh="撤回提议")
def withdraw(ending_id: int) -> Any:
    """Take one's own proposal back."""
    return ending.withdraw(db.session(), actor(), seen_ending(ending_id), now=now())
