"""A standard found defective: the case, the certificates it doubts, what two people decide, the notices and the visits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.equipment import Equipment
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import Role, User
from metrology.persistence.scope import within
from metrology.persistence.standard_cases import ITEM_STATES, OUTLOOKS, PPM, CaseDecision, ReviewItem, StandardCase
from metrology.persistence.standards import MeasurementStandard
from metrology.persistence.tasks import Task
from metrology.services import case_campaign, case_deciding, case_notices, standard_cases
from metrology.services.standard_cases import AT_ONCE, Selection
from metrology.web.case_forms import CaseForm
from metrology.web.problems import sentence_of, show_on
from metrology.web.requests import actor, now, or_404, requires, settings, today

blueprint = Blueprint("cases", __name__, url_prefix="/cases")
PAGE = 50
REVERIFY = timedelta(days=30)


@blueprint.get("/")
@requires("standard.view")
def listing() -> str:
    """The cases, those still open first."""
    statement = (
        select(StandardCase)
        .options(joinedload(StandardCase.standard), joinedload(StandardCase.equipment))
        .order_by(StandardCase.state.in_(("closed", "fallen")), StandardCase.id.desc())
        .limit(200)
    )
    rows = db.session.scalars(statement).all()
    return render_template("cases/listing.html", rows=rows)


def _case(case_id: int) -> StandardCase:
    found: StandardCase = or_404(db.session.get(StandardCase, case_id))
    return found


@blueprint.get("/<int:case_id>")
@requires("standard.view")
def detail(case_id: int) -> str:
    """A case: how many certificates, what waits for whom, the certificates nearest to their limit, notices and campaign."""
    case, session = _case(case_id), db.session()
    state, outlook = _chosen("state", ITEM_STATES), _chosen("outlook", OUTLOOKS)
    items, next_url = _items(case, state, outlook)
    groups = case_campaign.groups(session, actor(), case) if case.state == "open" else []
    return render_template(
        "cases/detail.html",
        case=case,
        counts=standard_cases.counts(session, case),
        items=items,
        next_url=next_url,
        state=state,
        outlook=outlook,
        margin=standard_cases.margin_text,
        decisions=case.decisions,
        notices=case_notices.counts(session, case),
        groups=groups,
        visits=case_campaign.visits(session, case),
        task=session.get(Task, case.task_id) if case.task_id else None,
        verifiers=_verifiers() if groups else [],
        first_day=today() + timedelta(days=1),
    )


def _chosen(name: str, allowed: tuple[str, ...]) -> str:
    value = request.args.get(name, "")
    return value if value in allowed else ""


def _items(case: StandardCase, state: str, outlook: str) -> tuple[list[ReviewItem], str | None]:
    """A page of items within one's scope, the smallest margin first."""
    statement = within(
        select(ReviewItem)
        .join(Instrument, Instrument.id == ReviewItem.instrument_id)
        .where(ReviewItem.case_id == case.id),
        actor(),
    )
    if state:
        statement = statement.where(ReviewItem.state == state)
    if outlook:
        statement = statement.where(ReviewItem.outlook == outlook)
    rank, key = request.args.get("rank", type=int), request.args.get("after", type=int)
    if rank is not None and key is not None:
        statement = statement.where((ReviewItem.rank > rank) | ((ReviewItem.rank == rank) & (ReviewItem.id > key)))
    statement = statement.order_by(ReviewItem.rank, ReviewItem.id).limit(PAGE + 1)
    load = joinedload(ReviewItem.certificate).joinedload(Certificate.instrument)
    rows = list(db.session.scalars(statement.options(load)))
    if len(rows) <= PAGE:
        return rows, None
    last = rows[PAGE - 1]
    said = {"state": state or None, "outlook": outlook or None, "rank": last.rank, "after": last.id}
    return rows[:PAGE], url_for(".detail", case_id=case.id, **said)


def _verifiers() -> list[User]:
    statement = select(User).where(User.active, User.roles.any(Role.name == "verifier")).order_by(User.name).limit(200)
    return list(db.session.scalars(statement))


# -- opening


@blueprint.route("/standards/<int:standard_id>/new", methods=["GET", "POST"])
@requires("case.open")
def open_standard(standard_id: int) -> Response | str:
    """Say that a standard is defective."""
    return _open(or_404(db.session.get(MeasurementStandard, standard_id)))


@blueprint.route("/equipment/<int:equipment_id>/new", methods=["GET", "POST"])
@requires("case.open")
def open_equipment(equipment_id: int) -> Response | str:
    """Say that a piece of equipment is defective."""
    return _open(or_404(db.session.get(Equipment, equipment_id)))


def _open(subject: MeasurementStandard | Equipment) -> Response | str:
    form = CaseForm()
    if request.method == "GET":
        form.reverify_by.data = today() + REVERIFY
        return render_template("cases/form.html", form=form, subject=subject)
    if form.validate():
        try:
            case = standard_cases.open_case(db.session(), actor(), subject, form.facts(), today=today(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("Case %(number)s is open. Its certificates are being found.", number=case.number), "success")
            return redirect(url_for(".detail", case_id=case.id))
    return make_response(render_template("cases/form.html", form=form, subject=subject), 422)


# -- deciding


@blueprint.post("/<int:case_id>/propose")
@requires("case.decide")
def propose(case_id: int) -> Response:
    """Propose to clear or revoke certificates, or that the finding falls."""
    case, form = _case(case_id), request.form
    chosen = tuple(int(key) for key in form.getlist("item") if key.isdecimal())[:1000]
    which = form.get("which", "chosen")
    try:
        selection = _selection(which, chosen, form.get("kind", ""))
        decision = standard_cases.propose(
            db.session(), actor(), case, form.get("kind", ""), selection, form.get("reason", ""), now=now()
        )
    except Problem as problem:
        return _refused(problem, case_id)
    flash(
        ngettext(
            "Proposed for %(num)d certificate. Another person confirms it.",
            "Proposed for %(num)d certificates. Another person confirms it.",
            decision.count,
        ),
        "success",
    )
    return redirect(url_for(".detail", case_id=case_id, _anchor="decisions"))


def _selection(which: str, chosen: tuple[int, ...], kind: str) -> Selection:
    if kind == "fall" or which == "all":
        return Selection()
    if which in OUTLOOKS:
        return Selection(outlook=which)
    if which == "margin":
        return Selection(least_margin=PPM // 2)
    if not chosen:
        raise Problem("nothing_to_decide")
    return Selection(items=chosen)


def _refused(problem: Problem, case_id: int) -> Response:
    db.session.rollback()
    flash(sentence_of(problem), "error")
    return redirect(url_for(".detail", case_id=case_id, _anchor="decisions"))


def _decision(decision_id: int) -> CaseDecision:
    found: CaseDecision = or_404(db.session.get(CaseDecision, decision_id))
    return found


@blueprint.post("/decisions/<int:decision_id>/confirm")
@requires("case.decide")
def confirm(decision_id: int) -> Response:
    """Confirm what another person proposed."""
    decision = _decision(decision_id)
    case_id, session = decision.case_id, db.session()
    try:
        standard_cases.confirm(session, actor(), decision, now=now())
        if decision.count <= AT_ONCE:
            _carry_out(decision)
    except Problem as problem:
        return _refused(problem, case_id)
    flash(_("The decision is confirmed."), "success")
    return redirect(url_for(".detail", case_id=case_id, _anchor="decisions"))


def _carry_out(decision: CaseDecision) -> None:
    def step(*_told: Any) -> None:
        """Within a request everything commits at its end."""

    url = settings().public_url
    case_deciding.carry_out(db.session(), decision, today=today(), now=now, step=step, public_url=url)


@blueprint.post("/decisions/<int:decision_id>/withdraw")
@requires("case.decide")
def withdraw(decision_id: int) -> Response:
    """Take a proposal back, or turn it down."""
    decision = _decision(decision_id)
    case_id = decision.case_id
    try:
        standard_cases.withdraw(db.session(), actor(), decision, now=now())
    except Problem as problem:
        return _refused(problem, case_id)
    flash(_("The proposal is off the table."), "success")
    return redirect(url_for(".detail", case_id=case_id, _anchor="decisions"))


@blueprint.post("/<int:case_id>/fit")
@requires("case.open")
def fit(case_id: int) -> Response:
    """The standard was put right and calibrated: it may serve from today on."""
    case = _case(case_id)
    try:
        standard_cases.say_fit(db.session(), actor(), case, today(), request.form.get("reason", ""), now=now())
    except Problem as problem:
        return _refused(problem, case_id)
    flash(_("It may serve from today on, once it is put to use again."), "success")
    return redirect(url_for(".detail", case_id=case_id))


# -- telling and verifying again


@blueprint.post("/<int:case_id>/notices")
@requires("reminder.send")
def send(case_id: int) -> Response:
    """Send the drafts."""
    count = case_notices.send(db.session(), actor(), _case(case_id), now=now())
    flash(ngettext("%(num)d message goes out.", "%(num)d messages go out.", count), "success")
    return redirect(url_for(".detail", case_id=case_id, _anchor="notices"))


@blueprint.post("/<int:case_id>/visits")
@requires("plan.edit")
def prepare(case_id: int) -> Response:
    """Plan a visit to each place chosen, one a working day."""
    case, form = _case(case_id), request.form
    keys = [int(key) for key in form.getlist("place") if key.isdecimal()]
    verifiers = tuple(int(key) for key in form.getlist("verifier") if key.isdecimal())
    try:
        first = _day(form.get("first_day", ""))
        made = case_campaign.prepare(
            db.session(), actor(), case, keys, first_day=first, verifier_ids=verifiers, today=today(), now=now()
        )
    except Problem as problem:
        return _refused(problem, case_id)
    flash(ngettext("%(num)d visit is planned.", "%(num)d visits are planned.", len(made)), "success")
    return redirect(url_for(".detail", case_id=case_id, _anchor="campaign"))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Problem("bad_date", "first_day", value=text[:20]) from error
