"""Labels: ordered, handed out, bound, made void; the queue of what is printed."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate
from sqlalchemy import select

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instrument_labels import InstrumentLabel, LabelBatch, LabelHandout
from metrology.persistence.people import User
from metrology.persistence.printing import PaperPackage, PrintItem
from metrology.services import labelling, packaging, paper, print_queue
from metrology.web.api.kit import Area, made
from metrology.web.api.paging import PageQuery, list_of, page_of, plain_list
from metrology.web.api.schemas import Reason, Text, Whole, said, told
from metrology.web.certificates import seen as seen_certificate
from metrology.web.instrument_label_lists import LABELS
from metrology.web.instruments import seen as seen_instrument
from metrology.web.label_batches import BATCHES
from metrology.web.print_queue import ITEMS
from metrology.web.requests import actor, now, or_404

area = Area("labels", "标签", "Labels")
LabelTold = told(
    "LabelTold",
    InstrumentLabel,
    "id",
    "number",
    "code",
    "batch_id",
    "state",
    "instrument_id",
    "bound_at",
    "void_at",
    "void_reason",
)
HandoutTold = told("LabelHandoutTold", LabelHandout, "id", "batch_id", "first", "last", "taker_id", "given_at")
_BATCH = ("id", "number", "prefix", "first", "last", "layout", "note", "ordered_at", "printed_at", "printed_times")
BatchTold = told("LabelBatchTold", LabelBatch, *_BATCH)
BatchWhole = told(
    "LabelBatchWhole", LabelBatch, *_BATCH, handouts=fields.List(fields.Nested(HandoutTold), required=True),
    blank=fields.Integer(required=True), bound=fields.Integer(required=True), void=fields.Integer(required=True),
)  # fmt: skip
BatchSaid = said(
    "LabelOrder", None, prefix=Text(required=True), count=Whole(required=True, span=(1, 100_000)),
    layout=Text(required=True, metadata={"description": "key of one of /label-layouts"}), note=Text(),
)  # fmt: skip
Handout = said(
    "LabelHandoutSaid", None, first=Whole(required=True), last=Whole(required=True), taker_id=Whole(required=True)
)
Lost = said("LabelsLost", None, first=Whole(required=True), last=Whole(required=True), reason=Text(required=True))
Bound = said(
    "LabelBinding", None, label=Text(required=True, metadata={"description": "its number or code"}), reason=Text()
)
Count = told("CountTold", count=fields.Integer(required=True))
list_of(area, "/labels", LABELS, LabelTold, zh="标签列表", en="List labels.")
list_of(area, "/label-batches", BATCHES, BatchTold, zh="标签批次列表", en="List batches of labels.")


def _batch(label_batch_id: int) -> LabelBatch:
    found: LabelBatch = or_404(db.session.get(LabelBatch, label_batch_id))
    return found


@area.read("/label-batches/<int:label_batch_id>", "label.view", BatchWhole, zh="查看标签批次")
def batch(label_batch_id: int) -> Any:
    """Read a batch of labels: who has which, how many are left."""
    row = _batch(label_batch_id)
    counts = labelling.counts_of(db.session(), [row])[row.id]
    kept = {name: getattr(row, name) for name in (*_BATCH, "handouts")}
    return {**kept, "blank": counts.blank, "bound": counts.bound, "void": counts.void}


@area.create("/label-batches", "label.order", BatchSaid, BatchTold, zh="订制标签")
def order(sent: dict[str, Any]) -> Any:
    """Order a batch of blank labels."""
    row = labelling.order_batch(
        db.session(), actor(), prefix=sent["prefix"], count=sent["count"], layout=sent["layout"], note=sent.get("note", ""),
        now=now(),
    )  # fmt: skip
    return made(row, "api_labels.batch", label_batch_id=row.id)


@area.create("/label-batches/<int:label_batch_id>/handouts", "label.order", Handout, HandoutTold, zh="领用标签")
def hand_out(sent: dict[str, Any], label_batch_id: int) -> Any:
    """Note who took a range of labels along."""
    taker = db.session.get(User, sent["taker_id"])
    if taker is None:
        raise Problem("bad_choice", "taker_id", value=sent["taker_id"])
    row = _batch(label_batch_id)
    return labelling.hand_out(
        db.session(), actor(), row, first=sent["first"], last=sent["last"], taker=taker, now=now()
    )


@area.act("/label-batches/<int:label_batch_id>/void", "label.order", Count, body=Lost, zh="作废空白标签")
def void_blanks(sent: dict[str, Any], label_batch_id: int) -> Any:
    """Blank labels of a range are lost or spoilt."""
    row = _batch(label_batch_id)
    return {"count": labelling.void_blanks(db.session(), actor(), row, **sent, now=now())}


@area.read(
    "/instruments/<int:instrument_id>/labels", "label.view", page_of(LabelTold), query=PageQuery, zh="器具的标签"
)
def of_instrument(asked: dict[str, Any], instrument_id: int) -> Any:
    """List the labels an instrument has and had."""
    return plain_list(labelling.history(db.session(), seen_instrument(instrument_id).id), asked)


@area.act("/instruments/<int:instrument_id>/label", "label.bind", LabelTold, body=Bound, zh="绑定标签")
def bind(sent: dict[str, Any], instrument_id: int) -> Any:
    """Bind a label to an instrument for life."""
    row = seen_instrument(instrument_id)
    label = labelling.find(db.session(), sent["label"])
    if label is None:
        raise Problem("unknown_label", "label")
    return labelling.bind(db.session(), actor(), label, row, reason=sent.get("reason", ""), now=now())


@area.operation(
    "POST", "/instruments/<int:instrument_id>/label/void", "label.bind", body=Reason, status=204, zh="作废标签"
)
def void_label(sent: dict[str, Any], instrument_id: int) -> Any:
    """The label is lost, damaged or copied: its page says void from now on."""
    labelling.void_current(db.session(), actor(), seen_instrument(instrument_id), sent["reason"], now=now())
    return ""


@area.act("/instruments/<int:instrument_id>/label/replace", "label.bind", LabelTold, body=Reason, zh="更换标签")
def replace_label(sent: dict[str, Any], instrument_id: int) -> Any:
    """A new code for a label we print ourselves."""
    return labelling.replace_own(db.session(), actor(), seen_instrument(instrument_id), sent["reason"], now=now())


# -- printing and packages

papers = Area("papers", "打印与打包", "Printing and packages")
PrintTold = told(
    "PrintItemTold", PrintItem, "id", "kind", "instrument_id", "certificate_id", "state", "is_again", "reason", "asked_at",
    "printed_at", "copies",
)  # fmt: skip
Printed = said(
    "Printed",
    None,
    ids=fields.List(Whole(), required=True, validate=validate.Length(1, 500)),
    copies=Whole(span=(1, 99)),
)
Withdrawn = said("PrintWithdrawn", None, ids=fields.List(Whole(), required=True, validate=validate.Length(1, 500)))
PackageTold = told(
    "PackageTold", PaperPackage, "id", "title", "state", "papers", "size", "sha256", "asked_at", "expires_at"
)
PackageSaid = said(
    "PackageSaid", None, title=Text(required=True, validate=validate.Length(1, 100)), language=Text(),
    certificate_ids=fields.List(Whole(), required=True, validate=validate.Length(1, 2000)), choices={"language": paper.LANGUAGES},
)  # fmt: skip
list_of(
    papers,
    "/print-queue",
    ITEMS,
    PrintTold,
    zh="待打印列表",
    en="List what waits to be printed.",
    endpoint="print_items",
)


def _seen_items(keys: list[int]) -> list[int]:
    """Keys of papers within the scope of the one who asks; any other is not there."""
    statement = print_queue.scoped(select(PrintItem.id).where(PrintItem.id.in_(keys)), actor())
    visible = set(db.session.scalars(statement))
    or_404(visible == set(keys) or None)
    return list(dict.fromkeys(keys))


@papers.act("/print-queue/printed", "print.mark", Count, body=Printed, zh="标记已打印")
def printed(sent: dict[str, Any]) -> Any:
    """Note that papers lie printed on the table."""
    keys = _seen_items(sent["ids"])
    return {"count": print_queue.mark_printed(db.session(), actor(), keys, copies=sent.get("copies", 1), now=now())}


@papers.act("/print-queue/withdraw", "print.mark", Count, body=Withdrawn, zh="移出打印队列")
def withdraw(sent: dict[str, Any]) -> Any:
    """Nobody needs these on paper."""
    return {"count": print_queue.withdraw(db.session(), actor(), _seen_items(sent["ids"]), now=now())}


@papers.act("/print-queue/<int:print_item_id>/again", "print.mark", PrintTold, body=Reason, zh="重新打印")
def again(sent: dict[str, Any], print_item_id: int) -> Any:
    """Let a paper be printed once more."""
    item: PrintItem = or_404(print_queue.seen(db.session(), actor(), print_item_id))
    return print_queue.again(db.session(), actor(), item, sent["reason"], now=now())


@papers.act("/instruments/<int:instrument_id>/print-label", "print.mark", PrintTold, zh="打印标签")
def ask_label(instrument_id: int) -> Any:
    """Let the label of an instrument wait to be printed."""
    return print_queue.ask_label(db.session(), actor(), seen_instrument(instrument_id), now=now())


@papers.read("/packages", "package.make", page_of(PackageTold), query=PageQuery, zh="证书包列表")
def packages(asked: dict[str, Any]) -> Any:
    """List one's own packages of certificates."""
    return plain_list(packaging.own_packages(db.session(), actor()), asked)


@papers.create("/packages", "package.make", PackageSaid, PackageTold, zh="打包证书")
def pack(sent: dict[str, Any]) -> Any:
    """Have certificates packed into a ZIP by the worker."""
    keys = [seen_certificate(key).id for key in dict.fromkeys(sent["certificate_ids"])]
    row = packaging.ask(db.session(), actor(), sent["title"], keys, sent.get("language", "zh"), now=now())
    return made(row, "api_papers.package", package_id=row.id)


@papers.read("/packages/<int:package_id>", "package.make", PackageTold, zh="查看证书包")
def package(package_id: int) -> Any:
    """Read how far a package is."""
    found: PaperPackage = or_404(packaging.own(db.session(), actor(), package_id))
    return found
