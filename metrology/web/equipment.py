"""Equipment of the standards: its certificates and intermediate checks, the standards it is part of, taken out of service."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.equipment import Equipment, EquipmentCertificate, StandardEquipment
from metrology.persistence.instruments import Attachment
from metrology.persistence.standards import MeasurementStandard
from metrology.services import attaching, equipment, equipment_state, standard_cases, standards, tracing
from metrology.web import equipment_lists
from metrology.web.changed import keep
from metrology.web.equipment_forms import CheckForm, EquipmentCertificateForm, EquipmentForm, PlaceForm
from metrology.web.problems import sentence_of, show_on
from metrology.web.requests import actor, allowed, now, or_404, requires, today

blueprint = Blueprint("equipment", __name__, url_prefix="/equipment")


@blueprint.record_once
def _register(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["equipment_standing"] = equipment_lists.standing


@blueprint.get("/", endpoint="listing")
@requires("standard.view")
def equipment_list() -> str:
    """All equipment, what lapses first on top."""
    new = (_("Enter equipment"), url_for(".create")) if allowed("standard.edit") else None
    return equipment_lists.show(new)


def _piece(equipment_id: int) -> Equipment:
    row: Equipment = or_404(db.session.get(Equipment, equipment_id))
    return row


@blueprint.get("/<int:equipment_id>")
@requires("standard.view")
def detail(equipment_id: int) -> str:
    """One piece: certificates, checks, the standards it serves in, cases."""
    row, session = _piece(equipment_id), db.session()
    files = {one.id: attaching.attachments_of(session, one) for one in row.certificates}
    return render_template(
        "equipment/detail.html",
        row=row,
        standing=equipment_lists.standing(row),
        files=files,
        moves=standards.MOVES[row.state],
        failed=equipment_state.failed_checks(session, [row.id], today()).get(row.id),
        cases=standard_cases.cases_of(session, row),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires("standard.edit")
def create() -> BaseResponse | str:
    """Enter a piece of equipment."""
    form = EquipmentForm()
    if request.method == "GET":
        return render_template("equipment/form.html", form=form, row=None)
    if form.validate():
        try:
            made = equipment.create(db.session(), actor(), form.facts(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(_("%(number)s is entered. Add its certificate now.", number=made.number), "success")
            return redirect(url_for(".detail", equipment_id=made.id))
    return make_response(render_template("equipment/form.html", form=form, row=None), 422)


@blueprint.route("/<int:equipment_id>/edit", methods=["GET", "POST"])
@requires("standard.edit")
def edit(equipment_id: int) -> BaseResponse | str:
    """Put right what is kept of a piece."""
    row, form = _piece(equipment_id), EquipmentForm()

    def page(**more: object) -> str:
        return render_template("equipment/form.html", form=form, row=row, **more)

    if request.method == "GET":
        form.show(row)
        return page()
    refused = keep(form, row, page, lambda: equipment.revise(db.session(), actor(), row, form.facts(), now=now()))
    if refused is not None:
        return refused
    flash(_("The equipment was changed."), "success")
    return redirect(url_for(".detail", equipment_id=equipment_id))


@blueprint.route("/<int:equipment_id>/certify", methods=["GET", "POST"])
@requires("standard.edit")
def certify(equipment_id: int) -> BaseResponse | str:
    """Append a certificate, with its file."""
    row, form = _piece(equipment_id), EquipmentCertificateForm()
    if request.method == "GET":
        _prefill(form, row)
        return render_template("equipment/certify.html", form=form, row=row)
    if form.validate():
        try:
            made = equipment.certify(db.session(), actor(), row, form.facts(), now=now())
            _attach(form, made)
        except Problem as problem:
            db.session.rollback()
            show_on(form, problem)
        else:
            flash(_("Certificate %(number)s was added.", number=made.number), "success")
            return redirect(url_for(".detail", equipment_id=equipment_id))
    return make_response(render_template("equipment/certify.html", form=form, row=_piece(equipment_id)), 422)


def _prefill(form: EquipmentCertificateForm, row: Equipment) -> None:
    """The next certificate is mostly like the last one."""
    if row.certificates:
        last = row.certificates[0]
        for name in (
            "kind",
            "outside_institute_id",
            "outside_standard_id",
            "own_standard_id",
            "accuracy",
            "coverage_factor",
        ):
            form[name].data = getattr(last, name)
        form.accuracy_text.data = last.accuracy_text


def _attach(form: EquipmentCertificateForm, made: EquipmentCertificate) -> None:
    file = form.file.data
    if file is not None and file.filename:
        data = file.stream.read(attaching.LARGEST + 1)
        attaching.attach(db.session(), actor(), made, data, name=file.filename, now=now())


@blueprint.get("/certificates/<int:certificate_id>")
@requires("standard.view")
def certificate(certificate_id: int) -> str:
    """A certificate of a piece: what it says, and the standards and records that rest on it."""
    held: EquipmentCertificate = or_404(db.session.get(EquipmentCertificate, certificate_id))
    return render_template(
        "equipment/certificate.html",
        held=held,
        files=attaching.attachments_of(db.session(), held),
        resting=tracing.resting_on(db.session(), certificate_ids=[held.id]),
        cap=tracing.COUNTED,
    )


@blueprint.get("/files/<int:attachment_id>")
@requires("standard.view")
def file(attachment_id: int) -> Response:
    """The file of a certificate."""
    attachment: Attachment = or_404(db.session.get(Attachment, attachment_id))
    if attachment.removed_at is not None or attachment.object_kind != EquipmentCertificate.__tablename__:
        or_404(None)
    answer = Response(attachment.file.data, content_type=attachment.media_type)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(attachment.name)}"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'none'; sandbox"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


@blueprint.route("/<int:equipment_id>/check", methods=["GET", "POST"])
@requires("standard.edit")
def check(equipment_id: int) -> BaseResponse | str:
    """Note an intermediate check."""
    row, form = _piece(equipment_id), CheckForm()
    if request.method == "GET":
        form.checked_on.data = today()
        return render_template("equipment/check.html", form=form, row=row)
    if form.validate():
        try:
            made = equipment.keep_check(db.session(), actor(), row, form.facts(), today=today(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            if made.result == "unsatisfactory":
                flash(
                    _("The check failed: the equipment serves in no record. Was it wrong before? Then open a case."),
                    "error",
                )
            else:
                flash(_("The check was kept."), "success")
            return redirect(url_for(".detail", equipment_id=row.id))
    return make_response(render_template("equipment/check.html", form=form, row=row), 422)


@blueprint.route("/<int:equipment_id>/place", methods=["GET", "POST"])
@requires("standard.edit")
def place(equipment_id: int) -> BaseResponse | str:
    """Make a piece part of a standard."""
    row, form = _piece(equipment_id), PlaceForm()
    if request.method == "GET":
        form.since.data, form.standard_id.data = today(), request.args.get("standard", type=int)
        return render_template("equipment/place.html", form=form, row=row)
    if form.validate():
        try:
            standard = or_404(db.session.get(MeasurementStandard, form.standard_id.data or 0))
            equipment.put_into(
                db.session(), actor(), row, standard, role=form.role.data or "", since=form.since.data, now=now()
            )
        except Problem as problem:
            show_on(form, problem)
        else:
            flash(
                _("%(equipment)s is part of %(standard)s now.", equipment=row.name, standard=standard.name), "success"
            )
            return redirect(url_for(".detail", equipment_id=row.id))
    return make_response(render_template("equipment/place.html", form=form, row=row), 422)


@blueprint.post("/places/<int:place_id>/end")
@requires("standard.edit")
def take_out(place_id: int) -> BaseResponse:
    """Take a piece out of a standard; today is its last day in it."""
    found: StandardEquipment = or_404(db.session.get(StandardEquipment, place_id))
    key = found.equipment_id
    try:
        equipment.take_out(db.session(), actor(), found, until=max(today(), found.since), now=now())
    except Problem as problem:
        db.session.rollback()
        flash(sentence_of(problem), "error")
    else:
        flash(_("It was taken out. Records of the days before keep it."), "success")
    return redirect(url_for(".detail", equipment_id=key))


@blueprint.post("/<int:equipment_id>/move")
@requires("standard.edit")
def move(equipment_id: int) -> BaseResponse:
    """Suspend, put to use again, withdraw."""
    row = _piece(equipment_id)
    try:
        equipment.move(
            db.session(), actor(), row, request.form.get("to", ""), reason=request.form.get("reason", ""), now=now()
        )
    except Problem as problem:
        db.session.rollback()
        flash(sentence_of(problem), "error")
    else:
        flash(_("The equipment was changed."), "success")
    return redirect(url_for(".detail", equipment_id=equipment_id))
