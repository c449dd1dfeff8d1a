"""Label stock: batches of blank labels, what became of each, who took which, their sheets, and the loss of some."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from sqlalchemy import Select, select
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from metrology.domain.label import number_of
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instrument_labels import LabelBatch
from metrology.persistence.keyset import Order
from metrology.persistence.people import User
from metrology.services import label_layouts, label_printing, labelling, settings
from metrology.web import listing
from metrology.web.choices import choices
from metrology.web.filters import instant
from metrology.web.flashes import say
from metrology.web.label_files import FORM_WORDS, answer_file, form_asked
from metrology.web.languages import listed
from metrology.web.list_filters import Asking, TextFilter
from metrology.web.listing import Column, ListDefinition
from metrology.web.problems import show_on
from metrology.web.refusals import told_at
from metrology.web.requests import actor, allowed, now, or_404, requires, today
from metrology.web.requests import settings as installation

blueprint = Blueprint("label_batches", __name__, url_prefix="/label-batches")


class OrderForm(FlaskForm):
    """What is ordered."""

    prefix = StringField(
        _l("Begins with"),
        [InputRequired(), Length(max=6)],
        default="XX",
        description=_l(
            "Two or three letters that say whose labels these are. The numbers go on where the last batch ended."
        ),
    )
    count = IntegerField(_l("How many"), [InputRequired(), NumberRange(1, labelling.MOST_IN_BATCH)], default=210)
    layout = SelectField(_l("Label stock"), [InputRequired()])
    note = StringField(_l("Remark"), [Length(max=200)])


def _found(label_batch_id: int) -> LabelBatch:
    found: LabelBatch = or_404(db.session.get(LabelBatch, label_batch_id))
    return found


def _within(statement: Select[Any], _asking: Asking) -> Select[Any]:
    return statement


def _range_of(row: LabelBatch) -> str:
    return f"{number_of(row.prefix, row.first)} – {number_of(row.prefix, row.last)}"


BATCHES = listing.register(
    ListDefinition(
        page="label_batches",
        endpoint="label_batches.listing",
        action="label.view",
        export_action="label.view",
        title=_l("Label stock"),
        model=LabelBatch,
        columns=(
            Column(key="number", label=_l("Batch"), value=lambda row: row.number),
            Column(key="range", label=_l("Numbers"), value=_range_of),
            Column(key="counts", label=_l("Blank, bound, void"), value=lambda row: row.count),
            Column(key="layout", label=_l("Label stock"), value=lambda row: row.layout),
            Column(
                key="takers",
                label=_l("With"),
                value=lambda row: listed(dict.fromkeys(one.taker.name for one in row.handouts)) or None,
            ),
            Column(key="ordered", label=_l("Ordered"), value=lambda row: instant(row.ordered_at), sort="ordered"),
            Column(key="note", label=_l("Remark"), value=lambda row: row.note or None, is_default=False),
        ),
        filters=(
            TextFilter(
                key="q",
                label=_l("Find"),
                placeholder=_l("number of a batch or a label"),
                where=lambda asking, text: LabelBatch.id == _batch_named(asking, text),
                is_main=True,
            ),
        ),
        sorts={"ordered": Order(LabelBatch.id, LabelBatch.id)},
        default_sort="-ordered",
        within=_within,
        cells="label_batches/_cells.html",
    )
)


def _batch_named(asking: Asking, text: str) -> int:
    """The batch of this number, or the one that holds the label of this number; 0 for none."""
    text = text.replace("\0", "").upper()
    key = asking.session.scalar(select(LabelBatch.id).where(LabelBatch.number == text))
    label = labelling.find(asking.session, text) if key is None else None
    return key or (label.batch_id if label is not None and label.batch_id else 0)


@blueprint.get("/", endpoint="listing")
@requires("label.view")
def batch_list() -> str:
    """The batches, the latest first."""
    return listing.show(
        BATCHES,
        primary=(_("Order labels"), url_for(".create")) if allowed("label.order") else None,
        links=[
            (_("All labels"), url_for("instrument_labels.listing")),
            (_("Sizes of labels"), url_for("label_layouts.listing")),
        ],
        counts_of=lambda row: labelling.counts_of(db.session(), [row])[row.id],
        range_of=_range_of,
        empty=(
            _("No labels ordered yet"),
            _(
                "Labels are printed blank, taken along, and bound on site to the instrument they are stuck on, for its life."
            ),
        ),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires("label.order")
def create() -> BaseResponse | str:
    """Order a batch."""
    form = OrderForm()
    stocks = label_layouts.choices(db.session())
    form.layout.choices = choices([(key, stock.name) for key, stock in stocks.items()])
    if request.method == "GET":
        return render_template("label_batches/form.html", form=form)
    if form.validate():
        try:
            batch = labelling.order_batch(
                db.session(), actor(), prefix=form.prefix.data or "", count=form.count.data or 0,
                layout=form.layout.data or "", note=form.note.data or "", now=now(),
            )  # fmt: skip
        except Problem as problem:
            show_on(form, problem)
        else:
            say(_("%(count)s blank labels are made. Print them, and note who takes them.", count=batch.count))
            return redirect(url_for(".detail", label_batch_id=batch.id))
    return make_response(render_template("label_batches/form.html", form=form), 422)


@blueprint.get("/<int:label_batch_id>")
@requires("label.view")
def detail(label_batch_id: int) -> str:
    """A batch: how many are left, who has which, printing, loss."""
    batch, session = _found(label_batch_id), db.session()
    people = session.scalars(
        select(User).where(User.active.is_(True), User.holder_id.is_(None)).order_by(User.name).limit(300)
    )
    return render_template(
        "label_batches/detail.html",
        batch=batch,
        counts=labelling.counts_of(session, [batch])[batch.id],
        number_of=number_of,
        range=_range_of(batch),
        people=[one for one in people if one.role_names & {"officer", "verifier"}] if allowed("label.order") else [],
        stocks=label_layouts.choices(session),
        forms=FORM_WORDS,
    )


def _ends(batch: LabelBatch) -> tuple[int, int]:
    first = request.values.get("first", batch.first, type=int)
    return first, request.values.get("last", batch.last, type=int)


@blueprint.post("/<int:label_batch_id>/print")
@requires("label.order")
@told_at(".detail", "label_batch_id")
def paper(label_batch_id: int) -> BaseResponse:
    """The sheets of a range, or the job for a thermal printer. That it was made is noted: a second print doubles codes."""
    batch, session = _found(label_batch_id), db.session()
    first, last = _ends(batch)
    rows = labelling.labels_of(session, batch, first, last)
    stock = label_layouts.choose(session, request.form.get("layout", batch.layout))
    ready = label_printing.blanks(rows, settings.read(session).bureau_name, installation().public_url)
    form = form_asked()
    data = label_printing.produce(
        ready.labels, stock.sheet, form, day=today(), start=request.form.get("start", 1, type=int),
        fonts_folder=installation().fonts_folder,
    )  # fmt: skip
    labelling.note_printed(session, actor(), batch, first=first, last=last, now=now())
    return answer_file(data, form, batch.number)


@blueprint.post("/<int:label_batch_id>/hand-out")
@requires("label.order")
@told_at(".detail", "label_batch_id")
def hand_out(label_batch_id: int) -> BaseResponse:
    """Note who took a range along."""
    batch, session = _found(label_batch_id), db.session()
    first, last = _ends(batch)
    taker = session.get(User, request.form.get("taker", 0, type=int))
    if taker is None:
        raise Problem("bad_choice", "taker")
    labelling.hand_out(session, actor(), batch, first=first, last=last, taker=taker, now=now())
    say(_("%(name)s has %(count)s labels of this batch.", name=taker.name, count=last - first + 1))
    return redirect(url_for(".detail", label_batch_id=batch.id))


@blueprint.post("/<int:label_batch_id>/void")
@requires("label.order")
@told_at(".detail", "label_batch_id")
def void(label_batch_id: int) -> BaseResponse:
    """Blank labels of a range are lost or spoilt."""
    batch = _found(label_batch_id)
    first, last = _ends(batch)
    if request.form.get("confirmed") != "1":
        raise Problem("confirm_first", "confirmed")
    reason = request.form.get("reason", "")
    count = labelling.void_blanks(db.session(), actor(), batch, first=first, last=last, reason=reason, now=now())
    say(ngettext("%(num)d blank label is void now.", "%(num)d blank labels are void now.", count))
    return redirect(url_for(".detail", label_batch_id=batch.id))
