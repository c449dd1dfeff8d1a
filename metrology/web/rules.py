"""Rules of kinds without a file: which have none, the form to enter them, what they ask for, and the second person's decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from metrology.domain.generic import GenericEdition
from metrology.domain.generic_rules import CONDITIONS, PARTS, RulesRefused
from metrology.domain.mpe import MpeAt
from metrology.domain.problems import Problem
from metrology.domain.quantity import UNITS
from metrology.domain.reading_sheet import ReadingSheet
from metrology.domain.regulation import KINDS
from metrology.domain.verdict import Finding
from metrology.persistence.database import db
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.rules_versions import RulesVersion
from metrology.services import law, rules_versions
from metrology.web import labels, rules_form
from metrology.web.filters import pick
from metrology.web.problems import sentence, sentence_of
from metrology.web.requests import actor, now, or_404, requires, today
from metrology.web.verifications import refused

blueprint = Blueprint("rules", __name__, url_prefix="/rules")


@blueprint.get("/")
@requires("rules.view")
def listing() -> str:
    """The kinds without a file, with how far their rules are."""
    session = db.session()
    return render_template("rules/listing.html", kinds=rules_versions.kinds(session))


@blueprint.get("/<type_code>")
@requires("rules.view")
def kind(type_code: str) -> str:
    """The versions of one kind's rules."""
    session = db.session()
    entry = or_404(session.get(TypeEntry, type_code))
    found = rules_versions.versions(session, type_code)
    one = law.types(session).get(type_code)
    is_filed = one is not None and one.has_rules and not found
    return render_template("rules/kind.html", entry=entry, versions=found, is_filed=is_filed)


@blueprint.post("/<type_code>/start")
@requires("rules.edit")
def start(type_code: str) -> Response:
    """Begin a version, or take up the one that is open."""
    or_404(law.types(db.session()).get(type_code))
    row = rules_versions.start(db.session(), actor(), type_code, now=now())
    page = ".edit" if row.state in rules_versions.OPEN else ".version"
    return redirect(url_for(page, version_id=row.id))


def _row(version_id: int) -> RulesVersion:
    found: RulesVersion = or_404(db.session.get(RulesVersion, version_id))
    return found


# -- entering


@blueprint.get("/versions/<int:version_id>/edit")
@requires("rules.edit")
def edit(version_id: int) -> str | Response:
    """The form, with what is kept of the draft."""
    row = _row(version_id)
    if row.state not in rules_versions.OPEN:
        return redirect(url_for(".version", version_id=row.id))
    return _form(row, ())


@blueprint.post("/versions/<int:version_id>/edit")
@requires("rules.edit")
def save(version_id: int) -> Response:
    """Keep the draft as typed, and propose it where asked to."""
    row, session = _row(version_id), db.session()
    rules, day = rules_form.typed(request.form), rules_form.day_typed(request.form)
    seen = request.form.get("version", 0, type=int)
    try:
        rules_versions.save(session, actor(), row, rules, day, now=now(), seen=seen)
    except Problem as problem:
        if problem.code != "changed_meanwhile":
            raise
        return _told(row, rules, day)
    session.commit()  # what was typed is kept whatever becomes of the proposal
    if request.form.get("do") != "propose":
        flash(_("The draft is kept."), "success")
        return redirect(url_for(".version", version_id=row.id))
    try:
        rules_versions.propose(session, actor(), row, today=today(), now=now())
    except RulesRefused as problem:
        session.rollback()
        return refused(_form(_row(version_id), problem.problems))
    except Problem as problem:
        session.rollback()
        return refused(_form(_row(version_id), (problem,)))
    flash(_("%(code)s is proposed and waits for a second person.", code=row.code), "success")
    return redirect(url_for(".version", version_id=row.id))


def _told(row: RulesVersion, rules: dict[str, Any], day: date | None) -> Response:
    """What somebody else kept meanwhile, beside what was typed; kept once more, what was typed counts."""
    changed = rules_form.differences({**rules, "in_force": day}, {**row.rules, "in_force": row.in_force})
    return make_response(_form(row, (), rules=rules_form.shown(rules), in_force=day, changed=changed), 409)


def _form(row: RulesVersion, problems: tuple[Problem, ...], **typed: Any) -> str:
    session = db.session()
    faults: dict[str, str] = {}
    for problem in problems:
        faults.setdefault(problem.field or "", sentence_of(problem))
    return render_template(
        "rules/form.html",
        row=row,
        entry=session.get_one(TypeEntry, row.type_code),
        faults=faults,
        told=[(key, rules_form.fault_words(key, words)) for key, words in faults.items()],
        units=sorted(UNITS),
        conditions=CONDITIONS,
        condition_words=rules_form.CONDITION_WORDS,
        part_words=rules_form.PART_WORDS,
        judge_words=rules_form.JUDGE_WORDS,
        combine_words=rules_form.COMBINE_WORDS,
        modes=[(code, labels.MODES.get(code, code)) for code in rules_form.MODE_CODES],
        **{"rules": rules_form.shown(row.rules), "in_force": row.in_force, **typed},
    )


# -- looking and deciding


@dataclass(frozen=True)
class Trial:
    """What a version asks for a nameplate one types in, and what it says of indications tried at its points."""

    nameplate: dict[str, str]
    kind: str
    limits: tuple[MpeAt, ...] = ()
    sheet: ReadingSheet | None = None
    points: tuple[tuple[str, dict[str, str], str, str], ...] = ()
    """Key, labels, the reference, what was typed as indicated."""
    findings: dict[str, Finding] = field(default_factory=dict)
    problem: str = ""


@blueprint.get("/versions/<int:version_id>")
@requires("rules.view")
def version(version_id: int) -> str:
    """One version: what it says, its sheet for a nameplate, trial judgement, and the decision."""
    return _page(_row(version_id))


def _page(row: RulesVersion, problem: Problem | None = None) -> str:
    session = db.session()
    edition: GenericEdition | None = None
    faults: tuple[Problem, ...] = ()
    try:
        edition = rules_versions.trial(row, today())
    except RulesRefused as refusal:
        faults = refusal.problems
    who = actor()
    return render_template(
        "rules/version.html",
        row=row,
        entry=session.get_one(TypeEntry, row.type_code),
        edition=edition,
        faults=[rules_form.fault_words(one.field, sentence_of(one)) for one in faults],
        trial=_trial(edition) if edition else None,
        kinds=labels.VERIFICATION_KINDS,
        parts=PARTS,
        part_words=rules_form.PART_WORDS,
        judge_words=rules_form.JUDGE_WORDS,
        combine_words=rules_form.COMBINE_WORDS,
        condition_words=rules_form.CONDITION_WORDS,
        digest=rules_versions.digest(row),
        uses=rules_versions.uses(session, row) if row.state in ("approved", "withdrawn") else 0,
        is_proposer=who.user_id == row.proposer_id,
        problem=sentence_of(problem) if problem else "",
        typed=request.form,
    )


def _trial(edition: GenericEdition) -> Trial:
    keys = {one.key for one in edition.nameplate}
    plate = {key: text[:200] for key in keys if (text := request.args.get(key, "").strip())}
    asked = request.args.get("kind", "subsequent")
    chosen = asked if asked in KINDS else "subsequent"
    if lacking := [one for one in edition.nameplate if one.required_for_verdict and one.key not in plate]:
        names = ", ".join(pick(dict(one.labels)) for one in lacking)
        return Trial(plate, chosen, problem=f"{names}: {sentence('missing_characteristic')}")
    try:
        ready = edition.ready(plate, chosen)
        points = edition.points(ready.nameplate, chosen)
        given = {point.key: request.args.get(f"x.{point.key}", "").strip() for point in points}
        runs = [
            {"point": point.key, "actual": point.at.text(), "indicated": given[point.key]}
            for point in points
            if point.at is not None and given[point.key]
        ]
        verdict = ready.judge({"runs": runs}, partial=True)
        return Trial(
            plate, chosen, edition.mpe_at(plate, chosen), ready.sheet,
            tuple((p.key, dict(p.labels), p.at.plain() if p.at else "", given[p.key]) for p in points),
            {finding.point: finding for finding in verdict.findings},
        )  # fmt: skip
    except Problem as problem:
        return Trial(plate, chosen, problem=sentence_of(problem))


@blueprint.post("/versions/<int:version_id>/approve")
@requires("rules.approve")
def approve(version_id: int) -> Response:
    """The second person has compared the rules with their text, and puts them in force."""
    row = _row(version_id)
    cited = request.form.get("source", "")
    sources = dict.fromkeys(request.form.getlist("part"), cited)
    if sources and not cited.strip():
        return refused(_page(row, Problem("source_needed", "source")))
    try:
        seen = request.form.get("seen", "")
        rules_versions.approve(db.session(), actor(), row, sources, seen=seen, today=today(), now=now())
    except Problem as problem:
        db.session.rollback()
        return refused(_page(_row(version_id), problem))
    flash(_("%(code)s is approved: from its first day verdicts are by it.", code=row.code), "success")
    return redirect(url_for(".version", version_id=row.id))


@blueprint.post("/versions/<int:version_id>/return")
@requires("rules.approve")
def send_back(version_id: int) -> Response:
    """Give the proposal back with a reason."""
    row = rules_versions.send_back(db.session(), actor(), _row(version_id), request.form.get("reason", ""), now=now())
    flash(_("%(code)s is given back to %(name)s.", code=row.code, name=row.proposer.name), "info")
    return redirect(url_for(".kind", type_code=row.type_code))


@blueprint.post("/versions/<int:version_id>/discard")
@requires("rules.edit")
def discard(version_id: int) -> Response:
    """Put a draft away."""
    row = rules_versions.discard(db.session(), actor(), _row(version_id), now=now())
    flash(_("The draft is put away."), "info")
    return redirect(url_for(".kind", type_code=row.type_code))


@blueprint.post("/versions/<int:version_id>/withdraw")
@requires("rules.approve")
def withdraw(version_id: int) -> Response:
    """End a version from a day on."""
    row = _row(version_id)
    day: Any = None
    try:
        day = date.fromisoformat(request.form.get("from_day", ""))
    except ValueError:
        day = None
    try:
        rules_versions.withdraw(db.session(), actor(), row, day, request.form.get("reason", ""), now=now())
    except Problem as problem:
        db.session.rollback()
        return refused(_page(_row(version_id), problem))
    flash(_("%(code)s ends: from %(day)s on nothing is judged by it.", code=row.code, day=day), "success")
    return redirect(url_for(".version", version_id=row.id))
