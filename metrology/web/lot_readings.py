"""What a lot has in common, and the table of readings: conditions once, a row for each meter."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DateField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.domain.problems import Problem
from metrology.domain.reading_sheet import ReadingField
from metrology.persistence.database import db
from metrology.persistence.lots import Lot
from metrology.services import law, lot_readings, lots, serving_standards
from metrology.services.lots import LOT_KINDS, Common
from metrology.web import labels
from metrology.web.choices import choices
from metrology.web.flashes import say
from metrology.web.lots import page_of, seen
from metrology.web.problems import show_on
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, requires, today

blueprint = Blueprint("lot_readings", __name__, url_prefix="/lots")


class CommonForm(FlaskForm):
    """What is said once for all meters; conditions and items follow from the type's sheet and are drawn beside it."""

    kind = SelectField(_l("Kind"), [InputRequired()])
    verified_on = DateField(_l("Verified on"), [InputRequired()])
    place_text = StringField(_l("Place"), [InputRequired(), Length(max=200)])
    standards = SelectMultipleField(_l("Measurement standards"), [InputRequired()], coerce=int)
    notes = TextAreaField(_l("Remark"), [Length(max=2000)])


@blueprint.route("/<int:lot_id>/conditions", methods=["GET", "POST"])
@requires("verification.record")
def conditions(lot_id: int) -> BaseResponse | str:
    """Day, place, conditions, standards: once for every meter of the lot."""
    lot = seen(lot_id)
    form = CommonForm(
        kind=lot.kind, verified_on=lot.verified_on or today(), place_text=lot.place_text or _usual_place(),
        standards=lot.standard_ids, notes=lot.notes,
    )  # fmt: skip
    form.kind.choices = choices([(kind, labels.VERIFICATION_KINDS[kind]) for kind in LOT_KINDS])
    one = law.type_of(db.session(), lot.type_code)
    offered = serving_standards.offered(db.session(), one, actor().institute_id)
    form.standards.choices = [(row.id, f"{row.name} {row.number}") for row in offered]
    if request.method == "GET":
        return _form(lot, form)
    if form.validate():
        try:
            _keep(lot, form)
        except Problem as problem:
            show_on(form, problem)
        else:
            say(_("Kept. Now load the readings of the bench."))
            return redirect(url_for("lots.detail", lot_id=lot.id))
    return make_response(_form(lot, form), 422)


def _usual_place() -> str:
    from metrology.persistence.people import Institute

    institute = db.session.get(Institute, actor().institute_id or 0)
    return (institute.address or institute.name)[:200] if institute else ""


def _keep(lot: Lot, form: CommonForm) -> None:
    environment, items = _fields(lot, form.verified_on.data, form.kind.data)
    common = Common(
        kind=form.kind.data or "", verified_on=form.verified_on.data or today(), place_text=form.place_text.data or "",
        environment={one.key: request.form.get(f"environment-{one.key}", "") for one in environment},
        items={one.key: True for one in items if request.form.get(f"items-{one.key}") == "1"},
        standard_ids=form.standards.data or [], notes=form.notes.data or "",
    )  # fmt: skip
    lots.set_common(db.session(), actor(), lot, common, now=now())
    lot_readings.judge_again(db.session(), lot, today=today())


def _fields(lot: Lot, day: date | None, kind: str | None) -> tuple[list[ReadingField], list[ReadingField]]:
    """Conditions and items that the sheet of the day and kind asks for."""
    one = law.type_of(db.session(), lot.type_code)
    sheet = one.edition_on(day or today()).reading_sheet(lot.nameplate, kind or lot.kind)
    environment = [field for table in sheet.tables if table.key == ENVIRONMENT for field in table.fields]
    items = [field for table in sheet.tables if table.layout == "items" for field in table.fields]
    return environment, items


def _form(lot: Lot, form: CommonForm) -> str:
    environment, items = _fields(lot, form.verified_on.data, form.kind.data)
    kept: dict[str, Any] = lot.readings or {}
    said = request.form if request.method == "POST" else None
    values = {
        one.key: said.get(f"environment-{one.key}", "") if said else (kept.get(ENVIRONMENT) or {}).get(one.key, "")
        for one in environment
    }
    ticked = {
        one.key: said.get(f"items-{one.key}") == "1" if said else (kept.get("items") or {}).get(one.key, False)
        for one in items
    }
    return render_template(
        "lots/conditions.html", lot=lot, form=form, environment=environment, items=items, values=values, ticked=ticked
    )


@blueprint.get("/<int:lot_id>/readings.csv")
@requires("verification.view")
def template(lot_id: int) -> Response:
    """A table with the headings and every serial number, to be filled in by the bench."""
    lot = seen(lot_id)
    answer = Response(lot_readings.template(db.session(), lot, today=today()), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename={lot.number}-readings.csv"
    return answer


@blueprint.post("/<int:lot_id>/readings")
@requires("verification.record")
@told_at("lots.detail", "lot_id")
def load(lot_id: int) -> BaseResponse:
    """Take a file of the bench, or rows pasted from a spreadsheet; good rows are kept, bad ones told one by one."""
    lot, file = seen(lot_id), request.files.get("file")
    pasted = request.form.get("pasted", "")
    if file is not None and file.filename:
        data, name = file.read(), file.filename
    elif pasted.strip():
        data, name = pasted.encode(), "pasted.csv"
    else:
        raise Problem("file_needed", "file")
    found = lot_readings.load(db.session(), actor(), lot, data, name, today=today(), now=now())
    return make_response(page_of(lot, loaded=found))
