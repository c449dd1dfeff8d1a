"""Holders of instruments and their contacts. The list of all stands in ``holder_lists``."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.services import contacting, holding
from metrology.services.contacting import ContactFacts
from metrology.services.holding import HolderFacts
from metrology.services.standing_counts import count_standing
from metrology.web.changed import keep
from metrology.web.flashes import say
from metrology.web.holder_forms import ContactForm, HolderForm
from metrology.web.lookup import offer
from metrology.web.problems import show_on
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires, settings, today

blueprint = Blueprint("holders", __name__, url_prefix="/holders")


def seen(holder_id: int) -> Holder:
    """A holder within the scope of the one who asks, or the page "not found"."""
    statement = select(Holder).where(Holder.id == holder_id).options(selectinload(Holder.contacts))
    found: Holder = or_404(db.session.scalar(within(statement, actor(), Holder)))
    return found


@blueprint.get("/choices")
@requires("holder.view")
def choices() -> Response:
    """Holders offered while one types."""
    return offer(Holder, "holder", request.args.get("q", "")[:100])


@blueprint.get("/<int:holder_id>")
@requires("holder.view")
def detail(holder_id: int) -> str:
    """A holder: what it holds, who is told, who may log in for it."""
    holder = seen(holder_id)
    session = db.session()
    users = select(User).where(User.holder_id == holder.id).order_by(User.name)
    runs = select(func.count()).select_from(Place).where(Place.organiser_id == holder.id, Place.parent_id.is_(None))
    return render_template(
        "holders/detail.html",
        holder=holder,
        facts=holding.facts_of(holder),
        counts=count_standing(session, actor(), Instrument.holder_id == holder.id, today=today()),
        contacts=[contact for contact in holder.contacts if contact.is_active],
        users=session.scalars(users).all(),
        runs=session.scalar(runs),
    )


@blueprint.route("/new", methods=["GET", "POST"])
@requires("holder.edit")
def create() -> BaseResponse | str:
    """Register a holder."""
    form = HolderForm()
    if request.method == "GET":
        form.district_code.data = actor().district_code or ""
        return render_template("holders/form.html", form=form, holder=None)
    other = None
    if form.validate():
        try:
            holder = holding.register_holder(db.session(), actor(), HolderFacts(**form.said()), now=now())
        except Problem as problem:
            other = _named(problem)
            show_on(form, problem)
        else:
            again = url_for("instruments.create", holder=holder.id)
            say(
                _("Registered as %(number)s.", number=holder.number), label=_("Register an instrument of it"), url=again
            )
            return redirect(url_for(".detail", holder_id=holder.id))
    return make_response(render_template("holders/form.html", form=form, holder=None, other=other), 422)


def _named(problem: Problem) -> Holder | None:
    """The holder that is there already, where the one who asks may see it."""
    if problem.code != "duplicate_holder" or "id" not in problem.params:
        return None
    statement = select(Holder).where(Holder.id == int(problem.params["id"]))
    found: Holder | None = db.session.scalar(within(statement, actor(), Holder))
    return found


@blueprint.route("/<int:holder_id>/edit", methods=["GET", "POST"])
@requires("holder.edit")
def edit(holder_id: int) -> BaseResponse | str:
    """Change what is kept of a holder."""
    holder, form = seen(holder_id), HolderForm()

    def page(problem: Problem | None = None, **more: object) -> str:
        other = _named(problem) if problem else None
        return render_template("holders/form.html", form=form, holder=holder, other=other, **more)

    if request.method == "GET":
        form.show(holder)
        return page()
    refused = keep(
        form, holder, page, lambda: holding.revise_holder(db.session(), actor(), holder, form.said(), now=now())
    )
    if refused is not None:
        return refused
    say(_("The changes were saved."))
    return redirect(url_for(".detail", holder_id=holder_id))


@blueprint.post("/<int:holder_id>/active")
@requires("holder.edit")
@told_at(".detail", "holder_id")
def set_active(holder_id: int) -> BaseResponse:
    """Close a holder that no longer exists, or open it again."""
    holder = seen(holder_id)
    opens = request.form.get("active") == "1"
    reason = request.form.get("reason", "").strip()[:500]
    holding.set_active(db.session(), actor(), holder, is_active=opens, reason=reason, now=now())
    say(_("The holder is open again.") if opens else _("The holder is closed."))
    return redirect(url_for(".detail", holder_id=holder_id))


# -- contacts


def _hosts() -> list[str]:
    return [host.strip() for host in settings().wecom_hosts.split(",") if host.strip()]


def _contact(holder: Holder, contact_id: int) -> Contact:
    found: Contact = or_404(next((one for one in holder.contacts if one.id == contact_id and one.is_active), None))
    return found


@blueprint.route("/<int:holder_id>/contacts/new", methods=["GET", "POST"])
@requires("holder.contacts")
def create_contact(holder_id: int) -> BaseResponse | str:
    """Name somebody who is told."""
    holder, form = seen(holder_id), ContactForm()
    if request.method == "GET":
        return render_template("holders/contact.html", form=form, holder=holder, contact=None)
    if form.validate():
        try:
            facts = ContactFacts(**form.said())
            contacting.add_contact(db.session(), actor(), holder, facts, wecom_hosts=_hosts(), now=now())
        except Problem as problem:
            show_on(form, problem)
        else:
            say(_("%(name)s is told from now on.", name=facts.name))
            return redirect(url_for(".detail", holder_id=holder_id))
    return make_response(render_template("holders/contact.html", form=form, holder=holder, contact=None), 422)


@blueprint.route("/<int:holder_id>/contacts/<int:contact_id>", methods=["GET", "POST"])
@requires("holder.contacts")
def edit_contact(holder_id: int, contact_id: int) -> BaseResponse | str:
    """Change a contact and how it is told."""
    holder, form = seen(holder_id), ContactForm()
    contact = _contact(holder, contact_id)

    def page(**more: object) -> str:
        return render_template("holders/contact.html", form=form, holder=holder, contact=contact, **more)

    if request.method == "GET":
        form.show(contact)
        return page()
    refused = keep(
        form,
        contact,
        page,
        lambda: contacting.revise_contact(db.session(), actor(), contact, form.said(), wecom_hosts=_hosts(), now=now()),
    )
    if refused is not None:
        return refused
    say(_("The changes were saved."))
    return redirect(url_for(".detail", holder_id=holder_id))


@blueprint.post("/<int:holder_id>/contacts/<int:contact_id>/remove")
@requires("holder.contacts")
@told_at(".detail", "holder_id")
def remove_contact(holder_id: int, contact_id: int) -> BaseResponse:
    """No longer tell a contact anything."""
    contact = _contact(seen(holder_id), contact_id)
    contacting.remove_contact(db.session(), actor(), contact, now=now())
    say(_("%(name)s is told nothing from now on.", name=contact.name))
    return redirect(url_for(".detail", holder_id=holder_id))
