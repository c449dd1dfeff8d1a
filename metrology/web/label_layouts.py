"""Sizes of label stock: those known everywhere, and the office's own with margins, gaps and the printer's offset."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DecimalField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from metrology.documents.label_layout import DPI
from metrology.documents.label_pdf import Label
from metrology.domain.label import new_code
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instrument_labels import LabelLayout
from metrology.services import label_layouts, label_printing, settings
from metrology.web.choices import choices
from metrology.web.flashes import say
from metrology.web.label_files import answer_file
from metrology.web.problems import show_on
from metrology.web.refusals import told_at
from metrology.web.requests import actor, allowed, now, or_404, requires, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("label_layouts", __name__, url_prefix="/label-layouts")


def _millimetres(label: object, *, most: int = 450, least: int = 0, needed: bool = False) -> DecimalField:
    checks = [InputRequired() if needed else Optional(), NumberRange(least, most)]
    return DecimalField(label, checks, places=None)


class LayoutForm(FlaskForm):
    """Measures in millimetres, as a ruler shows them on the sheet."""

    name = StringField(_l("Name"), [InputRequired(), Length(max=80)])
    width = _millimetres(_l("Width of a label"), most=300, least=8, needed=True)
    height = _millimetres(_l("Height of a label"), most=300, least=8, needed=True)
    columns = IntegerField(_l("Labels side by side"), [InputRequired(), NumberRange(1, 50)], default=1)
    rows = IntegerField(_l("Labels one below the other"), [InputRequired(), NumberRange(1, 50)], default=1)
    page_width = _millimetres(_l("Width of the sheet"))
    page_height = _millimetres(_l("Height of the sheet"))
    left = _millimetres(_l("Edge of the sheet to the first label, left"))
    top = _millimetres(_l("Edge of the sheet to the first label, top"))
    column_pitch = _millimetres(_l("From a label's left edge to the next one's"))
    row_pitch = _millimetres(_l("From a label's upper edge to the next one's"))
    offset_x = _millimetres(_l("Move everything to the right"), least=-20, most=20)
    offset_y = _millimetres(_l("Move everything down"), least=-20, most=20)
    gap = _millimetres(_l("Gap between labels on a roll"), most=20)
    dots_per_inch = SelectField(
        _l("Dots an inch of the printer"), choices=choices([(str(one), str(one)) for one in DPI]), default="300"
    )


@blueprint.get("/", endpoint="listing")
@requires("label.view")
def layout_list() -> str:
    """All sizes."""
    return render_template(
        "label_layouts/listing.html", stocks=label_layouts.choices(db.session()), may_change=allowed("label.layout")
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires("label.layout")
def create() -> BaseResponse | str:
    """Keep a size; under a name used before, the measures of that one change."""
    form = LayoutForm()
    if request.method == "GET":
        _fill(form, request.args.get("like", ""))
        return render_template("label_layouts/form.html", form=form)
    if form.validate():
        try:
            measures = {name: field.data for name, field in form._fields.items() if name not in ("name", "csrf_token")}
            label_layouts.save(db.session(), actor(), form.name.data or "", measures, now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            say(_("The size is kept. Hold a test page against the labels before you print."))
            return redirect(url_for(".listing"))
    return make_response(render_template("label_layouts/form.html", form=form), 422)


def _fill(form: LayoutForm, like: str) -> None:
    """Begin from a size that is there."""
    stock = label_layouts.choices(db.session()).get(like)
    if stock is None:
        return
    form.name.data = stock.name if stock.row is not None else ""
    for name, value in stock.sheet.measures().items():
        form[name].data = value


@blueprint.get("/<key>/test.pdf")
@requires("label.view")
def test_page(key: str) -> Response:
    """A page of outlines with a sample on each label, to be held against the stock on plain paper."""
    stock = or_404(label_layouts.choices(db.session()).get(key))
    url = installation().public_url
    sample = Label(
        "计量器具", f"{url}/i/{new_code()}", "XX00000000", instrument_name="示例", note=label_printing.domain_of(url),
        body_name=settings.read(db.session()).bureau_name, kind="blank",
    )  # fmt: skip
    data = label_printing.produce(
        [sample],
        stock.sheet,
        "pdf",
        day=today(),
        copies=stock.sheet.labels,
        outlines=True,
        fonts_folder=installation().fonts_folder,
    )
    return answer_file(data, "pdf", "test-page")


@blueprint.post("/<int:layout_id>/remove")
@requires("label.layout")
@told_at(".listing")
def remove(layout_id: int) -> BaseResponse:
    """Offer a size of ours no longer."""
    row: LabelLayout = or_404(db.session.get(LabelLayout, layout_id))
    label_layouts.remove(db.session(), actor(), row, now=now())
    say(_("The size is no longer offered."))
    return redirect(url_for(".listing"))
