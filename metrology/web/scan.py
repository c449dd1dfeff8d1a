"""The public pages behind the codes: ``/c/<code>`` of a certificate, ``/i/<code>`` of the label on an instrument.

No account, no app, no script; the same for everybody. Codes are unguessable; an unknown one is answered like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template
from flask_babel import lazy_gettext as _l

from metrology.persistence.database import db
from metrology.persistence.instrument_labels import InstrumentLabel
from metrology.services import scanning, settings
from metrology.services.scanning import PublicFacts
from metrology.web import rates, scan_at_once, scan_counts
from metrology.web.filters import distance
from metrology.web.requests import public, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("scan", __name__)


@dataclass(frozen=True)
class Band:
    """The band on top: colour, icon, the word in both languages and what it means."""

    kind: str
    icon: str
    zh: str
    en: str
    meaning: Any


BANDS = {
    "calibrated": Band(
        "info", "rulers", "已校准", "Calibrated",
        _l("It was calibrated: its errors were measured. A calibration does not say that an instrument may be used for trade."),
    ),
    "valid": Band("valid", "check-circle-fill", "检定有效", "Valid", _l("This instrument was verified and may be used.")),
    "due_soon": Band(
        "due_soon", "clock-fill", "即将到期", "Due soon", _l("Still valid. Its next verification falls due soon.")
    ),
    "expired": Band(
        "expired", "calendar-x-fill", "已过期", "Expired", _l("Its verification has run out. It must not be used for trade.")
    ),
    "under_review": Band(
        "review", "search", "审查中", "Under review",
        _l("A standard it was verified with is in doubt. Until that is settled, it is not known whether this certificate holds."),
    ),
    "rejected": Band("rejected", "x-octagon-fill", "检定不合格", "Rejected", _l("It failed verification and must not be used.")),
    "superseded": Band(
        "superseded", "slash-circle", "已被替代", "Superseded", _l("This document was replaced by a later one.")
    ),
    "revoked": Band("revoked", "slash-circle", "已失效", "No longer valid", _l("This certificate no longer holds.")),
    "annulled": Band("revoked", "slash-circle", "自始无效", "Annulled", _l("This document was annulled: it never held.")),
    "suspended": Band("revoked", "pause-circle-fill", "已停用", "Suspended", _l("It is out of use for now and must not be used.")),
    "unknown": Band(
        "unknown", "question-circle-fill", "查无此码", "Unknown code",
        _l("No certificate has this code. The label may be forged, or the code was read wrongly."),
    ),
    "altered": Band(
        "rejected", "exclamation-octagon-fill", "数据校验不符", "Data do not match",
        _l("The data of this certificate do not match what was issued, so nothing is told of it. Please tell the bureau."),
    ),
    "none": Band(
        "unknown", "question-circle-fill", "无有效证书", "No certificate of this registry",
        _l("This registry has issued no certificate for this instrument. What its holder's ledger says proves nothing."),
    ),
    "blank": Band(
        "unknown", "tag", "空白标签", "Blank label",
        _l("This label is not bound to an instrument yet. It says nothing of the instrument it is stuck on."),
    ),
    "void": Band(
        "revoked", "slash-circle", "标签已作废", "Void label",
        _l("This label counts no longer. On an instrument it proves nothing: please report it."),
    ),
    "whole": Band("unknown", "diagram-2-fill", "分部件检定", "Verified part by part", _l("Each part has a verification of its own.")),
}  # fmt: skip
BY_STATE = {
    "under_repair": _l("It is under repair and must be verified before it is used again."),
    "awaiting_verification": _l("It must be verified before it is used again."),
    "retired": _l("This instrument is out of use for good."),
    "lost": _l("This instrument is reported lost."),
}


@blueprint.get("/c/<code>")
@public(replica=True)
@rates.limited(rates.PAGES)
def certificate(code: str) -> Response:
    """What the QR code on a certificate opens."""
    found = scan_at_once.page(code, _drawn)
    if found is not None:
        return _answer(found[1], found[0], is_guest=True)
    bureau = settings.read(db.session())
    facts = scanning.by_certificate(db.session(), code, today=today(), warn_days=bureau.warn_days)
    return _page(code, facts, band_of(facts), bureau)


@blueprint.get("/i/<code>")
@public(replica=True)
@rates.limited(rates.PAGES)
def instrument(code: str) -> Response:
    """What the label on an instrument opens, for life; of a blank or void label, that it is one."""
    bureau = settings.read(db.session())
    label = scanning.unbound_label(db.session(), code)
    if label is not None:
        return _page(code, None, BANDS[label.state], bureau, label)
    facts = scanning.by_instrument(db.session(), code, today=today(), warn_days=bureau.warn_days)
    return _page(code, facts, band_of(facts), bureau)


def band_of(facts: PublicFacts | None) -> Band:
    """The band that fits what is known."""
    if facts is None:
        return BANDS["unknown"]
    if facts.is_altered:
        return BANDS["altered"]
    if facts.parts:
        return BANDS["whole"]
    return BANDS["none"] if facts.certificate is None else BANDS[facts.standing]


def _page(
    code: str,
    facts: PublicFacts | None,
    band: Band,
    bureau: settings.BureauSettings,
    label: InstrumentLabel | None = None,
) -> Response:
    is_known = facts is not None or label is not None
    if not is_known:
        rates.count(rates.LOOKUPS)
    paper = facts.certificate if facts is not None else None
    left = distance(paper.valid_until) if paper is not None else ""
    return _answer(_draw(code, facts, band, bureau, left, label), facts, 200 if is_known else 404)


def _drawn(code: str, facts: PublicFacts, bureau: settings.BureauSettings, left: str) -> str:
    """The page of a certificate that stands."""
    return _draw(code, facts, band_of(facts), bureau, left)


def _draw(
    code: str,
    facts: PublicFacts | None,
    band: Band,
    bureau: settings.BureauSettings,
    left: str,
    label: InstrumentLabel | None = None,
) -> str:
    holds = facts is not None and facts.standing in ("valid", "due_soon")
    return render_template(
        "scan/page.html",
        code=code,
        facts=facts,
        label=label,
        band=band,
        band_of=band_of,
        left=left,
        note=BY_STATE.get(facts.state) if facts and not holds and facts.standing == "revoked" else None,
        bureau=bureau,
        domain=installation().public_url.partition("://")[2],
    )


def _answer(page: str | bytes, facts: PublicFacts | None, status: int = 200, *, is_guest: bool = False) -> Response:
    answer = Response(page, status, mimetype="text/html")
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    answer.headers["Referrer-Policy"] = "no-referrer"
    if facts is not None:
        scan_counts.note(facts.instrument_id, answer, is_guest=is_guest)
    return answer
