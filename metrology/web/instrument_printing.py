"""Printing labels of instruments: the lifelong label or the 合格 mark, on chosen stock, as a file or at once on a printer."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from metrology.channels import label_printer
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instruments import Instrument
from metrology.services import label_layouts, label_printing
from metrology.services.assembling import parts_of
from metrology.services.label_layouts import Stock
from metrology.services.label_printing import Ready
from metrology.web import listing
from metrology.web.flashes import say
from metrology.web.instrument_lists import selected_ids
from metrology.web.instruments import blueprint as instruments
from metrology.web.instruments import seen
from metrology.web.label_files import FORM_WORDS, answer_file, form_asked, printer_asked, printers
from metrology.web.listing import BulkAction
from metrology.web.problems import sentence_of
from metrology.web.requests import requires, today
from metrology.web.requests import settings as installation

_CHUNK = 500
KINDS = {
    "label": _l("Label of the instrument: for its whole life, says nothing that runs out"),
    "mark": _l("合格 mark: with the day it is valid until, only where a certificate holds"),
}


@instruments.get("/<int:instrument_id>/label.pdf", endpoint="label")
@requires("label.print")
def one_label(instrument_id: int) -> Response:
    """The label of an instrument; of an assembly, those of its parts."""
    instrument = seen(instrument_id)
    rows = [one for one in parts_of(db.session(), instrument) if one.state != "retired"] or [instrument]
    stock = label_layouts.choose(db.session(), request.args.get("layout", "L7160"))
    kind = request.args.get("kind", "label")
    ready = _ready(rows, kind, stock)
    data = label_printing.produce(
        ready.labels,
        stock.sheet,
        "pdf",
        day=today(),
        start=request.args.get("start", 1, type=int),
        fonts_folder=installation().fonts_folder,
    )
    return answer_file(data, "pdf", f"{kind}-{instrument.number}")


@instruments.post("/labels", endpoint="labels")
@requires("label.print")
def chosen_labels() -> BaseResponse | str:
    """Labels of the instruments chosen in the list: first how, then the file."""
    keys = selected_ids(request.form)
    if not request.form.get("layout"):
        return _page(keys)
    try:
        return _file(keys)
    except Problem as problem:
        db.session.rollback()
        return make_response(_page(keys, sentence_of(problem)), 422)


listing.add_bulk_action(
    "instruments", BulkAction(label=_l("Print labels"), endpoint="instruments.labels", action="label.print")
)


def _page(keys: Sequence[int], problem: str = "") -> str:
    return render_template(
        "instrument_printing/choose.html",
        keys=keys,
        problem=problem,
        kinds=KINDS,
        stocks=label_layouts.choices(db.session()),
        forms=FORM_WORDS,
        printers=printers(),
    )


def _file(keys: Sequence[int]) -> BaseResponse:
    rows: dict[int, Instrument] = {}
    for start in range(0, len(keys), _CHUNK):
        chunk = select(Instrument).where(Instrument.id.in_(keys[start : start + _CHUNK]))
        rows |= {row.id: row for row in db.session.scalars(chunk)}
    chosen = [rows[key] for key in keys if key in rows and not rows[key].is_assembly]
    stock = label_layouts.choose(db.session(), request.form["layout"])
    ready = _ready(chosen, request.form.get("kind", "label"), stock)
    form, printer = form_asked(), printer_asked()
    data = label_printing.produce(
        ready.labels, stock.sheet, form, day=today(), start=request.form.get("start", 1, type=int),
        copies=request.form.get("copies", 1, type=int), outlines="outlines" in request.form, fonts_folder=installation().fonts_folder,
    )  # fmt: skip
    if printer is None:
        return answer_file(data, form, f"labels-{today().isoformat()}")
    label_printer.send(printer, data)
    count = len(ready.labels)
    say(ngettext("%(num)d label went to the printer.", "%(num)d labels went to the printer.", count))
    if ready.left_out:
        say(_("Left out, for there is nothing to print: %(count)s", count=len(ready.left_out)), "warning")
    return redirect(url_for("instruments.listing"))


def _ready(rows: Sequence[Instrument], kind: str, stock: Stock) -> Ready:
    if kind not in KINDS:
        raise Problem("bad_choice", "kind", value=kind[:20])
    url = installation().public_url
    if kind == "mark":
        return label_printing.marks(db.session(), rows, stock.sheet, url, today=today())
    return label_printing.instrument_labels(db.session(), rows, url)
