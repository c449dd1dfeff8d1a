"""The form of a verification record: started for an instrument, kept as one types, handed in, corrected.

While one types, the form is kept and judged by the server; what is shown beside the readings is what the submission decides by.
"""

from __future__ import annotations

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.calibrating import KIND as CALIBRATION
from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.domain.problems import Problem
from metrology.domain.verdict import Verdict
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.persistence.scope import within
from metrology.persistence.verifications import Verification
from metrology.services import judging, labelling, searching, serving_standards, verifying
from metrology.services.assembling import parts_of
from metrology.services.judging import Preview
from metrology.services.record_readings import MOST_ROWS, arranged
from metrology.services.verifying import DraftChanges, RecordRefused
from metrology.web import calibration_view, labels, reading_form, record_view
from metrology.web.filters import pick
from metrology.web.flashes import say
from metrology.web.problems import sentence, sentence_of
from metrology.web.record_view import Missing
from metrology.web.requests import actor, now, or_404, requires, today
from metrology.web.verifications import SEAL_FINDINGS, refused, seen, unprintable
from metrology.web.verifications import blueprint as verifications

OFFERED = 20


# -- starting


@verifications.get("/new")
@requires("verification.record")
def new() -> str | BaseResponse:
    """Choose the instrument: by its number, serial number, holder, or the scanned code of its label."""
    text = request.args.get("q", "").replace("\0", "").strip()
    found = _found(text) if text else []
    return render_template(
        "verifications/new.html", text=text, found=found, refusals=_refusals(found), calibrated=_calibrated(found)
    )


def _found(text: str) -> list[Instrument]:
    """Instruments a text names; of an assembly, its parts."""
    code = text.rstrip("/").rpartition("/i/")[2]
    session = db.session()
    label = labelling.find(session, text)
    exact = within(select(Instrument), actor()).where(
        (Instrument.public_code == code) | (Instrument.number == text.upper())
        if label is None
        else Instrument.id == label.instrument_id
    )
    one = session.scalar(exact)
    if one is not None:
        return parts_of(session, one) if one.is_assembly else [one]
    condition = searching.instrument_condition(session, actor(), text)
    if condition is None:
        return []
    statement = within(select(Instrument), actor()).where(condition, Instrument.is_assembly.is_(False))
    options = (joinedload(Instrument.holder), joinedload(Instrument.place))
    return list(session.scalars(statement.options(*options).order_by(Instrument.id).limit(OFFERED)))


def _refusals(found: list[Instrument]) -> dict[int, str]:
    refusals = ((one.id, judging.instrument_refusal(db.session(), one)) for one in found)
    return {key: sentence_of(problem) for key, problem in refusals if problem}


def _calibrated(found: list[Instrument]) -> frozenset[int]:
    """Those for which a calibration would be begun."""
    return frozenset(one.id for one in found if judging.usual_kind(db.session(), one) == CALIBRATION)


@verifications.post("/start")
@requires("verification.record")
def start() -> BaseResponse:
    """Begin a record for an instrument, or take up the one begun."""
    key = request.args.get("instrument_id", type=int) or request.form.get("instrument_id", type=int)
    instrument: Instrument = or_404(db.session.scalar(within(select(Instrument).where(Instrument.id == key), actor())))
    if instrument.is_assembly:
        flash(_("Its parts are verified one by one: choose the part."), "info")
        return redirect(url_for(".new", q=instrument.number))
    visit_id = request.args.get("visit", type=int) or request.form.get("visit_id", type=int)
    draft = verifying.start_draft(
        db.session(), actor(), instrument, today=today(), now=now(), visit_id=visit_id,
        client_key=request.form.get("client_key", "").replace("\0", "")[:64] or None,
    )  # fmt: skip
    return redirect(url_for(".edit", verification_id=draft.id))


@verifications.post("/<int:verification_id>/correct")
@requires("verification.record")
def correct(verification_id: int) -> BaseResponse:
    """A new draft with the readings of a returned or approved record."""
    draft = verifying.correct(
        db.session(), actor(), seen(verification_id), today=today(), now=now(), reason=request.form.get("reason", "")
    )
    return redirect(url_for(".edit", verification_id=draft.id))


@verifications.post("/<int:verification_id>/discard")
@requires("verification.record")
def discard(verification_id: int) -> BaseResponse:
    """Put a draft away."""
    record = verifying.discard(db.session(), actor(), seen(verification_id), now=now())
    flash(_("Draft %(number)s is put away.", number=record.number), "info")
    return redirect(url_for(".queue"))


# -- the form


@verifications.route("/<int:verification_id>/edit", methods=["GET", "POST"])
@requires("verification.record")
def edit(verification_id: int) -> str | BaseResponse:
    """The form; its buttons keep it, add to it, or hand it in."""
    record = seen(verification_id)
    if record.state != "draft" or record.verifier_id != actor().user_id:
        return redirect(url_for(".detail", verification_id=record.id))
    if request.method == "GET":
        return _page(record)
    button, _colon, argument = request.form.get("do", "save").partition(":")
    try:
        _keep(record)
        _act(record, button, argument)
    except Problem as problem:
        db.session.rollback()
        flash(sentence_of(problem), "error")
        return refused(_page(seen(verification_id)))
    # What was typed is kept whatever becomes of the submission.
    db.session.commit()
    if button == "submit":
        return _hand_in(record)
    if button == "save":
        flash(_("The draft is kept."), "success")
    return redirect(url_for(".edit", verification_id=record.id, _anchor=f"t-{argument}" if button == "row" else None))


def _keep(record: Verification) -> None:
    """Keep what the form says. It was drawn from the draft as it is: another window's newer state is not typed over."""
    drawn = judging.drawn(db.session(), record)
    if request.form.get("sheet_key", drawn.key) != drawn.key:
        raise Problem("draft_changed_elsewhere", "token", number=record.number)
    changes = reading_form.changes(request.form, drawn.sheet, record.readings)
    verifying.save_draft(db.session(), actor(), record, changes, now=now(), token=request.form.get("token"))


def _act(record: Verification, button: str, argument: str) -> None:
    if button == "row":
        readings = {**record.readings, **arranged(judging.drawn(db.session(), record).sheet, record.readings)}
        rows = list(readings.get(argument) or ())
        if len(rows) < MOST_ROWS:
            readings[argument] = [*rows, {}]
        verifying.save_draft(db.session(), actor(), record, DraftChanges(readings=readings), now=now())
    elif button == "standard":
        text = request.form.get("standard_text", "")
        found = serving_standards.by_text(db.session(), text)
        if found is None:
            raise Problem("unknown_standard", "standards", value=text[:64])
        ids = [*(use.standard_id for use in record.standards), found.id]
        verifying.save_draft(db.session(), actor(), record, DraftChanges(standard_ids=ids), now=now())


def _hand_in(record: Verification) -> BaseResponse:
    try:
        verifying.submit(db.session(), actor(), record, today=today(), now=now())
    except RecordRefused as problem:
        db.session.rollback()
        return refused(_page(seen(record.id), refusal=problem))
    text = _("%(number)s is handed in and waits for the checker.", number=record.number)
    say(text, label=_("Verify another"), url=url_for(".new"))
    return redirect(url_for(".detail", verification_id=record.id))


@verifications.post("/<int:verification_id>/draft")
@requires("verification.record")
def keep_draft(verification_id: int) -> Response:
    """Keep the form as it stands while one types, and answer with what is found so far."""
    record = seen(verification_id)
    _keep(record)
    found = verifying.preview(db.session(), record, today=today())
    page = _parts(record, found)
    answer: dict[str, Any] = {
        "token": verifying.token_of(record),
        "sheet_key": found.sheet_key,
        "html": {
            "panel": render_template("verifications/_panel.html", **page),
            "standards": render_template("verifications/_standards.html", **page),
            "verdict-small": render_template("verifications/_verdict.html", **page),
        },
        "results": _results(page["sheet"]),
    }
    if request.form.get("sheet_key") != found.sheet_key:
        answer["html"]["sheet"] = render_template("verifications/_sheet.html", **page)
        answer["html"]["environment"] = render_template("verifications/_environment.html", **page)
    return jsonify(answer)


def _results(sheet: record_view.Sheet) -> dict[str, Any]:
    """What was found at each row and table, by the id of its place on the page."""
    found: dict[str, Any] = {}
    for table in sheet.tables:
        for line in table.lines:
            one = line.result
            text = render_template("verifications/_result_more.html", result=one) if one else ""
            within = None if one is None else one.within
            found[line.id] = {
                "error": text,
                "limit": one.limit if one else "",
                "bar": one.bar if one else "",
                "within": within,
            }
        found[table.id] = {"whole": render_template("verifications/_results.html", results=table.results)}
    found["loose"] = {"whole": render_template("verifications/_results.html", results=sheet.results)}
    return found


def _page(record: Verification, refusal: RecordRefused | None = None) -> str:
    found = verifying.preview(db.session(), record, today=today())
    return render_template("verifications/form.html", refusal=refusal, **_parts(record, found))


def _doubts(verdict: Verdict | None) -> tuple[frozenset[str], frozenset[str]]:
    return (frozenset(verdict.unconfirmed), frozenset(verdict.disputed)) if verdict else (frozenset(), frozenset())


def _parts(record: Verification, found: Preview) -> dict[str, Any]:
    """Everything the form and its parts are drawn from."""
    extras = found.edition.extra_labels if found.edition else {}
    words = record_view.Words(*_doubts(found.verdict), extras)
    limits = found.edition.mpe_at(found.nameplate, record.kind) if found.edition and found.sheet.tables else ()
    offered = serving_standards.offered(db.session(), found.instrument_type, record.institute_id)
    used = {judged.standard.id: judged for judged in found.standards}
    rest = [row for row in offered if row.id not in used]
    day, body = record.verified_on, record.institute_id
    judged = [*found.standards, *serving_standards.judged(db.session(), rest, found.instrument_type, limits, day, body)]
    return {
        "record": record,
        "found": found,
        "sheet": record_view.sheet(found.laid, words, apart=(ENVIRONMENT,)),
        "kind": found.instrument_type,
        "token": verifying.token_of(record),
        "standards": [(one.standard, one.standard.id in used, one.refusal) for one in judged],
        "missing": record_view.missing([lack.to_dict() for lack in found.missing], found.laid),
        "problems": [_told(problem, found) for problem in found.problems],
        "sentence_of": sentence_of,
        "unprintable": unprintable(record),
        "kinds": {one: labels.VERIFICATION_KINDS[one] for one in _kinds(record)},
        "calibration": calibration_view.shown(found.calibration),
        "seal_rows": reading_form.SEAL_ROWS,
        "seal_findings": {code: words for code, words in SEAL_FINDINGS.items() if code != "applied"},
    }


def _kinds(record: Verification) -> list[str]:
    """The kinds offered: what the instrument can have, and what the record is."""
    return list(dict.fromkeys([*judging.kinds_of(db.session(), record.instrument), record.kind]))


def _told(problem: Problem, found: Preview) -> Missing:
    """A problem in words, with the place on the form where it can be put right."""
    where = problem.field or ""
    words = sentence(problem.code, problem.params)
    if where.startswith("nameplate."):
        one = found.instrument_type.characteristic(where.removeprefix("nameplate."))
        name = pick(dict(one.labels)) if one else ""
        words = f"{name}: {words}" if name else words
        return Missing(words, f"n-{where.removeprefix('nameplate.')}")
    return Missing(words, {"standards": "standards", "verified_on": "verified_on", "kind": "kind"}.get(where, "record"))
