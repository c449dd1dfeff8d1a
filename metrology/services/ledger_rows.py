"""From the cells of a line to the facts of an instrument, its holder and its place.

Only what is peculiar to ledgers is decided here: which column says what, how a name becomes a type, how an address becomes
a place. Whether the facts can be true is decided by ``registering``, as for forms and the API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from metrology import regulations
from metrology.domain.address import DwellingAddress, split_address
from metrology.domain.ledger import heading_name, read_day
from metrology.domain.problems import Problem
from metrology.domain.reading_sheet import folded
from metrology.domain.regulation import InstrumentType
from metrology.services import contacting
from metrology.services.contacting import ContactFacts
from metrology.services.holding import HolderFacts
from metrology.services.instrument_facts import InstrumentFacts, SealFacts
from metrology.services.ledger_cells import ONSITE, PURPOSES, said, word_of
from metrology.services.ledger_fields import BY_KEY, IGNORED, NAMEPLATE, NOTES, ORDINAL, said_by
from metrology.services.ledger_headings import Column, SheetLayout
from metrology.services.ledger_lines import LedgerLine
from metrology.services.ledger_nameplates import NameplateReader, column_of_characteristic
from metrology.services.placing import PlaceFacts
from metrology.services.registering import Row

_BETWEEN_SEALS = re.compile(r"[\s、,\uff0c;\uff1b/]+")
_NAMES: Final = ("type", "type_kind", "type_category")
_CONTACT: Final = ("contact.name", "contact.phone", "contact.email")
_HOLDER: Final = (
    "holder.name", "holder.uscc", "place.station", "place.market", "place.stall", "holder.district", "place.district",
    "holder.address", "holder.legal_representative", "holder.industry",
)  # fmt: skip
"""What a line says of its holder. Many lines say the same of one."""
_PLACE: Final = frozenset(
    {
        "place.district", "holder.district", "place.address", "place.stall", "place.station", "place.market", "place.community",
        "place.building",
    }
)  # fmt: skip
"""What a line says of its place."""
_OWN: Final = ("serial_number", "place.address")
"""What each line of a lot says by itself."""
_MOST_HOLDERS: Final = 5000
_SITE_KINDS: Final = {"hospital": "hospital", "market_organiser": "market"}


@dataclass
class LineReader:
    """Reads the lines of one sheet. ``default_holder`` holds what a sheet says of no holder."""

    layout: SheetLayout
    districts: tuple[str, ...] = ()
    """Names of districts, to be taken off the front of addresses."""
    default_holder: HolderFacts | None = None
    default_type: str = ""
    _columns: dict[str, list[Column]] = field(init=False)
    _text_columns: list[tuple[str, int]] = field(init=False)
    _place_columns: list[tuple[str, int]] = field(init=False)
    _compared: tuple[int, ...] = field(init=False)
    _width: int = field(init=False)
    _nameplates: NameplateReader = field(init=False)
    _types: dict[tuple[str, ...], InstrumentType] = field(init=False, default_factory=dict)
    _holder_kind: str = field(init=False, default="")
    _holders: dict[tuple[str, ...], HolderFacts | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._nameplates = NameplateReader(self.layout)
        self._columns = {}
        for column in self.layout.columns:
            if column.field not in (IGNORED, ORDINAL) and not column.field.startswith(NAMEPLATE):
                self._columns.setdefault(column.field, []).append(column)
        holder = self.layout.column_of("holder.name")
        self._holder_kind = said_by(holder.heading) if holder else ""
        self._text_columns = [
            (key, columns[0].index) for key, columns in self._columns.items() if key != NOTES and not BY_KEY[key].is_day
        ]

        self._place_columns = [one for one in self._text_columns if one[0] in _PLACE]
        own = {self._columns[key][0].index for key in _OWN if key in self._columns}
        read = [column.index for column in self.layout.columns if column.field not in (IGNORED, ORDINAL)]
        self._compared = tuple(index for index in read if index not in own)
        self._width = max(read, default=-1) + 1

    def read(self, line: LedgerLine) -> Row:
        """The facts of a line, or the Problem of its first wrong cell; ``problem.field`` is the field of the column."""
        texts = {key: said(line, index, key) for key, index in self._text_columns}
        kind = self._type(texts)
        if texts.get("quantity", "") not in ("", "1"):
            raise Problem("not_single", "quantity", value=texts["quantity"])
        part_label = texts.get("part_label", "") if kind.part else ""
        if kind.part and not part_label:
            raise Problem("missing_part_label", "part_label", part=kind.part.names["zh"])
        nameplate, further = self._nameplates.read(line, kind)
        holder = self._holder(texts)
        place, location = self._place(texts, holder, kind)
        instrument = InstrumentFacts(
            type_code=kind.code,
            serial_number=texts.get("serial_number", ""),
            manufacturer=texts.get("manufacturer", ""),
            model=texts.get("model", ""),
            part_label=part_label,
            nameplate=nameplate,
            purpose=word_of(PURPOSES, texts.get("purpose", ""), "purpose"),
            is_onsite=word_of(ONSITE, texts.get("is_onsite", ""), "is_onsite"),
            location=location,
            seals=tuple(SealFacts(number) for number in _BETWEEN_SEALS.split(texts.get("seals", "")) if number),
            notes=self._notes(line, texts, further),
            type_approval_number=texts.get("type_approval_number", ""),
            identification_code=texts.get("identification_code", ""),
            factory_code=texts.get("factory_code", ""),
            repair_code=texts.get("repair_code", ""),
            lot_code=texts.get("lot_code", ""),
            manufactured_on=self._day(line, "manufactured_on"),
            installed_on=self._day(line, "installed_on"),
            last_verified_on=self._day(line, "verified_on"),
            due_date=self._day(line, "due_date"),
        )
        return Row(instrument=instrument, holder=holder, place=place)

    def contact(self, line: LedgerLine) -> ContactFacts | None:
        """Whom a line names as contact of the holder, checked."""
        name, phone, email = (self._said(line, key) for key in _CONTACT)
        if not (name or phone or email):
            return None
        name = name or self._said(line, "holder.name") or self._said(line, "place.station")
        try:
            return contacting.check(ContactFacts(name=name, phone=phone, email=email), wecom_hosts=())
        except Problem as problem:
            problem.field = f"contact.{problem.field}"
            raise

    # -- what lines repeat

    def alike(self, line: LedgerLine) -> tuple[str, ...] | None:
        """All that a line says but its serial number and address; None where a cell shows an error."""
        texts = line.texts
        if not texts:
            return None
        if len(texts) < self._width:
            texts += ("",) * (self._width - len(texts))
        return tuple([texts[index] for index in self._compared])

    def type_of(self, line: LedgerLine) -> InstrumentType:
        """The type of a line that was read before."""
        return self._type({key: self._said(line, key) for key in _NAMES})

    def serial_number(self, line: LedgerLine) -> str:
        """The serial number of a line."""
        return self._said(line, "serial_number")

    def place(
        self, line: LedgerLine, holder: HolderFacts | None, kind: InstrumentType
    ) -> tuple[PlaceFacts | None, str]:
        """The place of a line, and where within it the instrument stands."""
        return self._place({key: said(line, index, key) for key, index in self._place_columns}, holder, kind)

    # -- cells

    def _said(self, line: LedgerLine, key: str) -> str:
        column = self._columns.get(key)
        return said(line, column[0].index, key) if column else ""

    def _day(self, line: LedgerLine, key: str) -> date | None:
        column = self._columns.get(key)
        if not column or (line.texts and not said(line, column[0].index, key)):
            return None
        return read_day(line.cell(column[0].index), key)

    def _notes(self, line: LedgerLine, texts: Mapping[str, str], further: list[str]) -> str:
        remarks = ((column, said(line, column.index, NOTES)) for column in self._columns.get(NOTES, ()))
        parts = [
            text if _is_remark(column.heading) else f"{column.heading}: {text}" for column, text in remarks if text
        ]
        if origin := texts.get("origin"):
            parts.append(f"{BY_KEY['origin'].labels['zh']}: {origin}")
        return "\n".join([*parts, *further])

    # -- type and nameplate

    def _type(self, texts: Mapping[str, str]) -> InstrumentType:
        names = tuple(texts[key] for key in _NAMES if texts.get(key))
        if names not in self._types:
            self._types[names] = regulations.get(self._code_of(names))
        return self._types[names]

    def _code_of(self, names: Sequence[str]) -> str:
        """The first of the names that is known; a sheet without names is of the type chosen for it."""
        for name in names:
            for spelling in (name, heading_name(name)):
                code = self.layout.type_names.get(folded(spelling)) or regulations.recognise(spelling)
                if code:
                    return code
        if names:
            raise Problem("unknown_category", "type", value=names[0][:64])
        chosen = self.layout.type_code or self.default_type
        if not chosen:
            raise Problem("missing_category", "type")
        return chosen

    # -- holder and place

    def _holder(self, texts: Mapping[str, str]) -> HolderFacts | None:
        known = tuple([texts.get(key, "") for key in _HOLDER])
        if known not in self._holders:
            if len(self._holders) >= _MOST_HOLDERS:
                self._holders.clear()
            self._holders[known] = self._holder_anew(texts)
        return self._holders[known]

    def _holder_anew(self, texts: Mapping[str, str]) -> HolderFacts | None:
        name, uscc, station = (texts.get(key, "") for key in ("holder.name", "holder.uscc", "place.station"))
        market, stall = texts.get("place.market", ""), texts.get("place.stall", "")
        if not (name or uscc or station):
            if self.default_holder is None:
                raise Problem("missing_holder", "holder.name")
            return self.default_holder
        said = self._holder_kind or ("enterprise" if station else "vendor" if market and stall else "")
        return HolderFacts(
            name=name or station,
            kind=said or _kind_by_name(name) or None,
            uscc=uscc or None,
            district_code=texts.get("holder.district") or texts.get("place.district") or None,
            address=texts.get("holder.address", ""),
            legal_representative=texts.get("holder.legal_representative", ""),
            industry=texts.get("holder.industry", ""),
            market="" if uscc else market,
            stall="" if uscc else stall,
        )

    def _place(
        self, texts: Mapping[str, str], holder: HolderFacts | None, kind: InstrumentType
    ) -> tuple[PlaceFacts | None, str]:
        """The place, and where within it the instrument stands."""
        district = texts.get("place.district") or texts.get("holder.district") or None
        address, stall = texts.get("place.address", ""), texts.get("place.stall", "")
        if station := texts.get("place.station"):
            return PlaceFacts(name=station, kind="station", district_code=district, address=address), ""
        if market := texts.get("place.market"):
            place = PlaceFacts(name=market, kind="market", district_code=district)
            return (PlaceFacts(name=stall, kind="stall", parent=place), address) if stall else (place, address)
        community, building = texts.get("place.community", ""), texts.get("place.building", "")
        cut = split_address(address, self.districts)
        is_meter = kind.default_interval.is_service_life and cut.building
        if community or (address and (is_meter or (holder and holder.kind == "utility"))):
            return _dwelling(cut, community or cut.community or address, building, district)
        where = " ".join(part for part in (stall, building, address) if part)
        if holder is None or not (where or district):
            return None, where
        site = _SITE_KINDS.get(holder.kind or "", "enterprise")
        return PlaceFacts(name=holder.name, kind=site, district_code=district, address=holder.address), where


def _dwelling(
    cut: DwellingAddress, community: str, building: str, district: str | None
) -> tuple[PlaceFacts | None, str]:
    return _building(community, building or cut.building, district), cut.door


@lru_cache(maxsize=4096)
def _building(community: str, building: str, district: str | None) -> PlaceFacts:
    place = PlaceFacts(name=community, kind="community", district_code=district)
    return PlaceFacts(name=building, kind="building", parent=place) if building else place


_COLUMN_OF: Final = {
    "type_code": "type",
    "last_verified_on": "verified_on",
    "location": "place.address",
    "holder.market": "place.market",
    "holder.stall": "place.stall",
}


def column_at_fault(problem: Problem, layout: SheetLayout) -> str:
    """The heading of the column that a problem speaks of; the name of the field where no column holds it."""
    key = _COLUMN_OF.get(problem.field or "", problem.field or "")
    found = layout.column_of(key)
    if found is None and key.startswith(NAMEPLATE):
        found = column_of_characteristic(key.removeprefix(NAMEPLATE), layout)
    for one in _nearest(key):
        found = found or layout.column_of(one)
    if found is not None:
        return found.heading
    return BY_KEY[key].labels["zh"] if key in BY_KEY else ""


def _nearest(key: str) -> tuple[str, ...]:
    if key.endswith("district_code"):
        return ("place.district", "holder.district")
    if key.startswith("holder."):
        return ("holder.name", "place.station")
    return ("place.market", "place.station", "place.community", "place.address") if key.startswith("place.") else ()


@lru_cache(maxsize=256)
def _is_remark(heading: str) -> bool:
    return folded(heading) in {
        folded(text) for text in ("备注", "附注", "说明", "remark", "remarks", "note", "notes", "notes 备注")
    }


_BY_NAME: Final = (
    (re.compile(r"医院|卫生院|卫生室|诊所|卫生服务中心|疾控"), "hospital"),
    (re.compile(r"(供水|自来水|水务|燃气|天然气|热力|供热|供电)(集团|股份|有限|责任|总)*公司|水厂$|水司$"), "utility"),
    (re.compile(r"(局|人民政府|委员会|街道办事处|大队|支队)$"), "government"),
    (re.compile(r"市场(管理|服务|开发)"), "market_organiser"),
)


def _kind_by_name(name: str) -> str:
    return next((kind for pattern, kind in _BY_NAME if pattern.search(name)), "")
