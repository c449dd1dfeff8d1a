"""The view of capability: types by institutes with their gaps, what goes to the province, and the same as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, render_template, request, send_file
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from metrology import regulations
from metrology.documents.spreadsheet_out import XLSX_TYPE, ListColumn, write_xlsx
from metrology.documents.workbook import Cell as Value
from metrology.domain.authorised import Grant
from metrology.persistence.database import db
from metrology.persistence.instruments import TypeEntry
from metrology.services import capability, house_due, outside
from metrology.services.capability import Capability, Cell, Line
from metrology.web import labels
from metrology.web.filters import pick
from metrology.web.people import district
from metrology.web.requests import requires, today

blueprint = Blueprint("capability", __name__, url_prefix="/capability")
LACKS: dict[str, Any] = {
    "authorisation": _l("not authorised"),
    "standard": _l("no valid standard"),
    "verifier": _l("no qualified verifier"),
    "checker": _l("no qualified checker"),
}


def characteristic_name(code: str, key: str) -> str:
    """What a nameplate characteristic of a type is called."""
    one = regulations.all_types().get(code)
    found = next((each for each in one.nameplate if each.key == key), None) if one is not None else None
    return pick(found.labels) if found is not None else key


def range_words(grant: Grant, code: str) -> str:
    """The range and district of an item of an authorisation; empty for an unlimited one."""
    said = []
    if grant.characteristic:
        name = characteristic_name(code, grant.characteristic)
        both = (
            f"{grant.low} – {grant.high}"
            if grant.low and grant.high
            else f"≤ {grant.high}"
            if grant.high
            else f"≥ {grant.low}"
        )
        said.append(f"{name} {both}")
    if grant.district_code:
        said.append(district(grant.district_code))
    return " · ".join(said)


def limits_of(cell: Cell, line: Line) -> list[str]:
    """What limits an institute for a type; empty when one item is unlimited."""
    words = [range_words(grant, line.type.code) for grant in cell.grants]
    return [] if "" in words else list(dict.fromkeys(words))


def _asked() -> Capability:
    purpose = request.args.get("purpose", "")
    group = request.args.get("group", "")
    return capability.view(
        db.session(), today=today(), purpose=purpose if purpose in labels.PURPOSES else "", group=group
    )


@blueprint.get("/")
@requires("standard.view", replica=True)
def matrix() -> str:
    """What the local institutes may verify, and what goes to the province."""
    found = _asked()
    groups = db.session.query(TypeEntry.group_zh, TypeEntry.group_en).filter(TypeEntry.is_current).distinct().all()
    return render_template(
        "capability/matrix.html",
        found=found,
        groups=sorted((zh, pick({"zh": zh, "en": en})) for zh, en in groups if zh),
        purposes=labels.PURPOSES,
        lacks=LACKS,
        limits_of=limits_of,
        characteristic_name=characteristic_name,
        above=[row for row in outside.institutes(db.session()) if row.level in ("provincial", "regional", "national")],
        soon=[
            one
            for one in house_due.due_within(db.session(), today())
            if one.kind in ("standard", "examination", "equipment")
        ],
    )


@blueprint.get("/capability.xlsx")
@requires("standard.view", replica=True)
def export() -> Response:
    """The matrix as a spreadsheet, one row a type."""
    found = _asked()
    columns = [
        ListColumn(str(_("Group")), 18),
        ListColumn(str(_("Instrument type")), 26),
        ListColumn(str(_("In the city"))),
        *(ListColumn(institute.name, 30) for institute in found.institutes),
        ListColumn(str(_("To the province"))),
        ListColumn(str(_("Of these")), 40),
    ]
    file = write_xlsx(columns, _rows(found), title=str(_("Capability")), definitions=_definitions(found))
    answer: Response = send_file(
        file, mimetype=XLSX_TYPE, as_attachment=True, download_name=f"capability-{today().isoformat()}.xlsx"
    )
    return answer


def _rows(found: Capability) -> Iterator[list[Value]]:
    for line in found.lines:
        left = line.uncovered
        values = "; ".join(
            f"{value or _('not recorded')}: {count}" for value, count in left.values if left.characteristic
        )
        name = characteristic_name(line.type.code, left.characteristic) if left.characteristic else ""
        group = pick({"zh": line.type.group_zh, "en": line.type.group_en})
        yield [
            group, pick(line.type), Decimal(line.total), *(_cell_words(cell, line) for cell in line.cells), Decimal(left.count),
            f"{name} {values}".strip(),
        ]  # fmt: skip


def _cell_words(cell: Cell, line: Line) -> str:
    if cell.lacks:
        return "; ".join(str(LACKS[one]) for one in cell.lacks)
    limits = limits_of(cell, line)
    said = str(_("can verify")) if not limits else str(_("can verify: %(limits)s", limits="; ".join(limits)))
    return f"{said} ({cell.verifiers})"


def _definitions(found: Capability) -> list[tuple[str, str]]:
    counted = found.counted_on.isoformat() if found.counted_on else "—"
    return [
        (
            str(_("can verify")),
            str(_("Authorised, with a valid standard and people who may verify and check. In brackets: verifiers.")),
        ),
        (str(_("To the province")), str(_("Instruments in the city that no local institute may verify."))),
        (str(_("Nameplates counted on")), counted),
        (str(_("Day")), today().isoformat()),
    ]
