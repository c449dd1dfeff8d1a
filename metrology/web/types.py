"""Types of instruments: the catalogue, and for each type what its regulation says, with what nobody has confirmed marked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select

from metrology import regulations
from metrology.domain.mpe import MpeAt
from metrology.domain.problems import Problem
from metrology.domain.reading_sheet import ReadingSheet
from metrology.domain.regulation import Edition, InstrumentType
from metrology.domain.schedule import Interval
from metrology.persistence.database import db
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.keyset import Order
from metrology.persistence.search import plain
from metrology.persistence.standards import MeasurementStandard
from metrology.services import confirming, law
from metrology.web import labels, listing
from metrology.web.filters import label, pick
from metrology.web.list_filters import Asking, ChoiceFilter, Condition, TextFilter, equals, labelled, yes_no
from metrology.web.listing import Column, ListDefinition
from metrology.web.problems import sentence_of
from metrology.web.requests import allowed, or_404, requires
from metrology.web.type_numbers import edition_asked

blueprint = Blueprint("types", __name__, url_prefix="/types")


def _found(_asking: Asking, text: str) -> Condition | None:
    """Of a type the regulation or catalogue calls so. The catalogue is short: its names are compared here."""
    wanted = plain(text)
    named = [
        code for code, one in regulations.all_types().items() if any(wanted in plain(name) for name in one.names_known)
    ]
    document = TypeEntry.regulation.contains(text.strip(), autoescape=True)
    return or_(TypeEntry.code.in_(named), document) if wanted else None


def _all(statement: Select[Any], _asking: Asking) -> Select[Any]:
    return statement.where(TypeEntry.is_current)


TYPES = listing.register(
    ListDefinition(
        page="types",
        endpoint="types.listing",
        action="type.view",
        title=_l("Instrument types"),
        model=TypeEntry,
        columns=(
            Column(key="name", label=_l("Name"), value=pick, sort="position"),
            Column(key="group", label=_l("Catalogue kind"), value=lambda row: pick(row, "group")),
            Column(key="mode", label=_l("Mode"), value=lambda row: label(row.mode, "MODES")),
            Column(key="interval", label=_l("Months"), value=lambda row: row.interval_months, is_numeric=True),
            Column(key="supervision", label=_l("Supervision"), value=lambda row: row.supervision or None),
            Column(
                key="purposes",
                label=_l("Purposes"),
                value=lambda row: ", ".join(label(code, "PURPOSES") for code in row.purposes) or None,
            ),
            Column(key="regulation", label=_l("Regulation"), value=lambda row: row.regulation or None),
            Column(key="rules", label=_l("Verdict computed"), value=lambda row: row.has_rules),
            Column(key="confirmed", label=_l("Confirmed"), value=lambda row: row.is_confirmed),
            Column(key="code", label=_l("Code"), value=lambda row: row.code, is_default=False),
        ),
        filters=(
            TextFilter(key="q", label=_l("Find"), placeholder=_l("name or regulation"), where=_found, is_main=True),
            ChoiceFilter(
                key="mode",
                label=_l("Mode"),
                choices=labelled(labels.MODES),
                where=equals(TypeEntry.mode),
                is_multiple=True,
                is_main=True,
            ),
            ChoiceFilter(key="rules", label=_l("Verdict computed"), is_main=True, **yes_no(TypeEntry.has_rules)),
            ChoiceFilter(key="mandatory", label=_l("Mandatory"), is_main=True, **yes_no(TypeEntry.is_mandatory)),
        ),
        sorts={"position": Order(TypeEntry.position, TypeEntry.code)},
        default_sort="position",
        within=_all,
        cells="types/_cells.html",
        export_action="type.view",
    )
)


@blueprint.get("/", endpoint="listing")
@requires("type.view")
def type_list() -> str:
    """The catalogue."""
    return listing.show(TYPES, empty=(_("No types"), _("The catalogue is loaded at every start.")))


@dataclass(frozen=True)
class Trial:
    """What an edition says for one nameplate: interval, limits, the sheet of readings; or why it says nothing."""

    nameplate: dict[str, str]
    kind: str
    interval: Interval | None = None
    limits: tuple[MpeAt, ...] = ()
    sheet: ReadingSheet | None = None
    problem: str = ""
    field_at_fault: str | None = None


@blueprint.get("/<code>")
@requires("type.view")
def detail(code: str) -> str:
    """One type: names, mode, editions with their sources, nameplate, and what it asks of a nameplate one can type in."""
    entry = or_404(db.session.get(TypeEntry, code))
    one = law.types(db.session()).get(code)
    edition = edition_asked(one)
    return render_template(
        "types/detail.html",
        entry=entry,
        type=one,
        edition=edition,
        trial=_trial(one, edition) if one is not None and edition is not None else None,
        numbers=confirming.standings(db.session(), code, edition) if edition else [],
        kinds=labels.VERIFICATION_KINDS,
        purposes=[label(purpose, "PURPOSES") for purpose in entry.purposes],
        standards=_standards(code) if allowed("standard.view") else [],
    )


def _trial(one: InstrumentType, edition: Edition) -> Trial:
    """What the edition says for the nameplate of the address, or of its first worked example."""
    keys = {characteristic.key for characteristic in one.nameplate}
    given = {key: text[:200] for key in keys if (text := request.args.get(key, "").strip())}
    kind = request.args.get("kind", "subsequent")
    if "kind" not in request.args:
        given = next((dict(example.case["nameplate"]) for example in one.examples if "nameplate" in example.case), {})
    try:
        nameplate = one.validate_nameplate(given)
        interval = edition.interval(nameplate)
        return Trial(nameplate, kind, interval, edition.mpe_at(nameplate, kind), edition.reading_sheet(nameplate, kind))
    except Problem as problem:
        return Trial(given, kind, problem=sentence_of(problem), field_at_fault=problem.field)


def _standards(code: str) -> list[MeasurementStandard]:
    """Standards in use that say they serve the type. There are few standards: they are looked through here."""
    rows = db.session.scalars(
        select(MeasurementStandard).where(MeasurementStandard.state == "in_use").order_by(MeasurementStandard.name)
    )
    return [row for row in rows if code in row.type_codes]
