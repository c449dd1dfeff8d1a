"""Registering an instrument, and changing what is kept of one."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from metrology import regulations
from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.services.registering import register_instrument, revise_instrument
from metrology.services.revising import is_verified, takes_word
from metrology.web.changed import differences
from metrology.web.flashes import say
from metrology.web.instrument_forms import InstrumentForm, bound, type_choices
from metrology.web.instruments import blueprint as instruments
from metrology.web.instruments import seen
from metrology.web.requests import actor, now, requires, today


@instruments.route("/new", methods=["GET", "POST"], endpoint="create")
@requires("instrument.edit")
def create() -> Response | str:
    """Register an instrument: its type first, then what its type asks for."""
    like = _like()
    code = request.form.get("type_code") or request.args.get("type") or (like.type_code if like else "")
    kind = regulations.all_types().get(code)
    if kind is None:
        return render_template("instruments/choose_type.html", types=type_choices(), passed=request.args)
    form = bound(kind)()
    if request.method == "GET":
        _prefill(form, like)
        return render_template("instruments/form.html", form=form, instrument=None)
    if request.form.get("reload"):
        return render_template("instruments/form.html", form=form, instrument=None)
    other = None
    if form.validate():
        try:
            instrument = register_instrument(db.session(), actor(), form.facts(), today=today(), now=now())
        except Problem as problem:
            other = _named(problem)
            form.show_problem(problem)
        else:
            again = url_for(".create", like=instrument.id)
            say(
                _("Registered as %(number)s.", number=instrument.number), label=_("Register another like it"), url=again
            )
            return redirect(url_for(".detail", instrument_id=instrument.id))
    page = render_template("instruments/form.html", form=form, instrument=None, other=other)
    return make_response(page, 422)


def _like() -> Instrument | None:
    """An instrument (or the whole a part is added to) whose facts serve as a beginning."""
    key = request.args.get("like", type=int) or request.args.get("whole", type=int)
    if key is None or key.bit_length() > 63:
        return None
    found: Instrument | None = db.session.scalar(within(select(Instrument).where(Instrument.id == key), actor()))
    return found


def _prefill(form: InstrumentForm, like: Instrument | None) -> None:
    holder, place = _asked(Holder, "holder"), _asked(Place, "place")
    if like is not None:
        form.show(like)
        form.version.data = ""
        for name in ("last_verified_on", "due_date", "notes", "part_label", "repair_code", "identification_code"):
            if name in form:
                form[name].data = None
        if "whole" not in request.args:
            form.serial_number.data = ""
            form.part_label.data = ""
        holder, place = holder or like.holder, place or like.place
    if "holder_id" in form:
        form.holder_id.keep(holder)
    form.place_id.keep(place)


def _asked(model: Any, name: str) -> Any:
    key = request.args.get(name, type=int)
    if key is None or key.bit_length() > 63:
        return None
    return db.session.scalar(within(select(model).where(model.id == key), actor(), model))


def _named(problem: Problem) -> Instrument | None:
    """The instrument that is there already, where the one who asks may see it."""
    if problem.code != "duplicate" or "id" not in problem.params:
        return None
    key = int(problem.params["id"])
    found: Instrument | None = db.session.scalar(within(select(Instrument).where(Instrument.id == key), actor()))
    return found


@instruments.route("/<int:instrument_id>/edit", methods=["GET", "POST"], endpoint="edit")
@requires("instrument.edit")
def edit(instrument_id: int) -> Response | str:
    """Change what is kept of an instrument. Typed over somebody else's change it is shown what was changed, nothing is lost."""
    instrument = seen(instrument_id)
    code = request.form.get("type_code") or instrument.type_code
    is_fixed = instrument.is_assembly or instrument.parent_id is not None or is_verified(db.session(), instrument)
    kind = regulations.all_types().get(instrument.type_code if is_fixed else code) or regulations.get(
        instrument.type_code
    )
    form = bound(kind)()
    _narrow(form, instrument)
    if request.method == "GET" or request.form.get("reload"):
        if request.method == "GET":
            form.show(instrument)
        _keep(form, instrument)
        return _form_page(form, instrument, is_fixed)
    _keep(form, instrument)
    if form.is_behind(instrument):
        return _conflict(form, instrument, is_fixed)
    other = None
    if form.validate():
        try:
            with db.session.no_autoflush:
                said = form.said()
            revise_instrument(db.session(), actor(), instrument, said, today=today(), now=now())
        except StaleDataError:
            db.session.rollback()
            return _conflict(form, seen(instrument_id), is_fixed)
        except Problem as problem:
            db.session.rollback()
            other = _named(problem)
            form.show_problem(problem)
        else:
            say(_("The changes were saved."))
            return redirect(url_for(".detail", instrument_id=instrument_id))
    return make_response(_form_page(form, seen(instrument_id), is_fixed, other=other), 422)


def _narrow(form: InstrumentForm, instrument: Instrument) -> None:
    """Leave out what cannot be said here: seals have a page of their own, days follow from the certificate."""
    if "seals" in form:
        del form.seals
    if not takes_word(instrument):
        for name in ("last_verified_on", "due_date"):
            if name in form:
                del form[name]
    if not instrument.part_label:
        del form.part_label


def _keep(form: InstrumentForm, instrument: Instrument) -> None:
    if "holder_id" in form:
        form.holder_id.keep(instrument.holder)
    form.place_id.keep(instrument.place)


def _form_page(form: InstrumentForm, instrument: Instrument, is_fixed: bool, **more: Any) -> str:
    return render_template("instruments/form.html", form=form, instrument=instrument, type_is_fixed=is_fixed, **more)


def _conflict(form: InstrumentForm, instrument: Instrument, is_fixed: bool) -> Response:
    """What is kept by now, beside what was typed; saved again, what was typed counts."""
    now_kept = type(form)(formdata=None)
    _narrow(now_kept, instrument)
    now_kept.show(instrument)
    _keep(now_kept, instrument)
    changed = differences(form, now_kept)
    form.version.raw_data, form.version.data = None, str(instrument.version)
    return make_response(_form_page(form, instrument, is_fixed, changed=changed), 409)
