"""The print queue: certificates, marks and labels that wait, printed together, said to be printed, printed again with a reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, false
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.keyset import Order
from metrology.persistence.printing import PrintItem
from metrology.services import label_layouts, print_queue
from metrology.web import labels, listing
from metrology.web.chosen import chosen_keys
from metrology.web.filters import instant, label, pick
from metrology.web.flashes import say
from metrology.web.instruments import seen as seen_instrument
from metrology.web.label_files import answer_file
from metrology.web.list_filters import Asking, Chip, ChoiceFilter, Condition, equals, labelled
from metrology.web.listing import BulkAction, Column, ListDefinition
from metrology.web.papers import press
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires, today

blueprint = Blueprint("print_queue", __name__, url_prefix="/print-queue")


def _within(statement: Select[Any], asking: Asking) -> Select[Any]:
    return print_queue.scoped(statement, asking.actor)


def _states(asking: Asking) -> tuple[str, ...]:
    asked = asking.values("state")
    if "all" in asked:
        return tuple(labels.PRINT_STATES)
    return tuple(one for one in labels.PRINT_STATES if one in asked) if asked else ("waiting",)


class StateFilter(ChoiceFilter):
    """Makes no condition of its own: the states divide the list."""

    def condition(self, asking: Asking) -> Condition | None:
        """Nothing, but for words that name no state."""
        return super().condition(asking) if asking.values(self.key) and not _states(asking) else None


def _chips(asking: Asking) -> list[Chip]:
    if asking.values("state"):
        return []
    return [Chip(str(_("State")), str(labels.PRINT_STATES["waiting"]), {"state": ["all"]})]


def _whose(asking: Asking, _values: list[str]) -> Condition:
    mine = asking.actor.user_id
    return false() if mine is None else PrintItem.for_user_id == mine


ITEMS = listing.register(
    ListDefinition(
        page="print_queue",
        endpoint="print_queue.listing",
        action="print.view",
        export_action="print.view",
        title=_l("To be printed"),
        model=PrintItem,
        columns=(
            Column(key="paper", label=_l("Paper"), value=lambda row: row.number),
            Column(key="kind", label=_l("Kind"), value=lambda row: label(row.kind, "PRINT_KINDS")),
            Column(key="instrument", label=_l("Instrument"), value=lambda row: pick(row.instrument.type)),
            Column(
                key="holder",
                label=_l("Holder"),
                value=lambda row: row.instrument.holder.name if row.instrument.holder else None,
            ),
            Column(key="whose", label=_l("Handled by"), value=lambda row: row.for_user.name if row.for_user else None),
            Column(key="asked", label=_l("Since"), value=lambda row: instant(row.asked_at), sort="asked"),
            Column(key="state", label=_l("State"), value=lambda row: label(row.state, "PRINT_STATES")),
            Column(key="copies", label=_l("Copies"), value=lambda row: Decimal(row.copies), is_numeric=True),
        ),
        filters=(
            StateFilter(
                key="state",
                label=_l("State"),
                choices=labelled({"all": _l("all states"), **labels.PRINT_STATES}),
                where=equals(PrintItem.state),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(
                key="kind",
                label=_l("Kind"),
                choices=labelled(labels.PRINT_KINDS),
                where=equals(PrintItem.kind),
                is_main=True,
            ),
            ChoiceFilter(
                key="whose",
                label=_l("Handled by"),
                choices=labelled({"mine": _l("me")}),
                where=_whose,
                is_main=True,
            ),
        ),
        sorts={"asked": Order(PrintItem.id, PrintItem.id)},
        default_sort="asked",
        within=_within,
        divide=lambda asking: (PrintItem.state, _states(asking)),
        chips=_chips,
        loads=print_queue.OPTIONS,
        cells="print_queue/_cells.html",
        bulk=[
            BulkAction(label=_l("Print as one PDF"), endpoint="print_queue.paper", action="print.mark"),
            BulkAction(label=_l("They are printed"), endpoint="print_queue.printed", action="print.mark"),
            BulkAction(label=_l("Not needed"), endpoint="print_queue.withdraw", action="print.mark"),
        ],
        bulk_limit=print_queue.MOST,
    )
)


@blueprint.get("/", endpoint="listing")
@requires("print.view")
def queue() -> str:
    """What waits, the oldest first."""
    return listing.show(
        ITEMS,
        primary=None,
        links=[
            (_("Mine only"), url_for("print_queue.listing", whose="mine")),
            (_("What was printed"), url_for("print_queue.listing", state="printed", sort="-asked")),
        ],
        empty=(
            _("Nothing waits to be printed"),
            _("Certificates and 合格 marks stand here from their approval until somebody says that they are printed."),
        ),
    )


@blueprint.post("/print")
@requires("print.mark")
def paper() -> BaseResponse | str:
    """The chosen papers as one PDF. For marks and labels the stock is asked first."""
    keys = chosen_keys(ITEMS, request.form, limit=print_queue.MOST)
    kinds = print_queue.kinds_of(db.session(), keys)
    if "certificate" in kinds and len(kinds) > 1:
        raise Problem("mixed_papers", "kind")
    if "certificate" not in kinds and not request.form.get("layout"):
        stocks = label_layouts.choices(db.session())
        return render_template("print_queue/stock.html", keys=keys, stocks=stocks)
    stock = label_layouts.choose(db.session(), request.form.get("layout", "L7160"))
    data = print_queue.one_pdf(
        db.session(), actor(), keys, press=press(), sheet=stock.sheet, language=request.form.get("language", "zh"),
        today=today(), start=request.form.get("start", 1, type=int),
    )  # fmt: skip
    return answer_file(data, "pdf", f"print-{today().isoformat()}")


@blueprint.post("/printed")
@requires("print.mark")
@told_at(".listing")
def printed() -> BaseResponse:
    """They lie printed on the table."""
    keys = chosen_keys(ITEMS, request.form, limit=print_queue.MOST)
    copies = request.form.get("copies", 1, type=int)
    count = print_queue.mark_printed(db.session(), actor(), keys, copies=copies, now=now())
    say(ngettext("%(num)d paper is noted as printed.", "%(num)d papers are noted as printed.", count))
    return redirect(url_for(".listing"))


@blueprint.post("/withdraw")
@requires("print.mark")
@told_at(".listing")
def withdraw() -> BaseResponse:
    """Nobody needs them on paper."""
    keys = chosen_keys(ITEMS, request.form, limit=print_queue.MOST)
    count = print_queue.withdraw(db.session(), actor(), keys, now=now())
    say(ngettext("%(num)d paper was taken off.", "%(num)d papers were taken off.", count))
    return redirect(url_for(".listing"))


@blueprint.post("/<int:print_item_id>/again")
@requires("print.mark")
@told_at(".listing")
def again(print_item_id: int) -> BaseResponse:
    """Once more, with the reason."""
    item: PrintItem = or_404(print_queue.seen(db.session(), actor(), print_item_id))
    print_queue.again(db.session(), actor(), item, request.form.get("reason", ""), now=now())
    say(_("It waits to be printed again."))
    return redirect(url_for(".listing"))


@blueprint.post("/labels/<int:instrument_id>")
@requires("print.mark")
@told_at("instruments.detail", "instrument_id")
def ask_label(instrument_id: int) -> BaseResponse:
    """Let the label of an instrument wait in the queue."""
    print_queue.ask_label(db.session(), actor(), seen_instrument(instrument_id), now=now())
    say(_("Its label waits to be printed."), label=_("To be printed"), url=url_for(".listing"))
    return redirect(url_for("instruments.detail", instrument_id=instrument_id))
