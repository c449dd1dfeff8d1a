"""Own lists of instruments: their columns, filters, groups and sums.

As in the overdue report, what is counted is what is verified: the nozzles of a dispenser, not the dispenser around them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, case, cast, extract, func, select, text

from metrology.documents.bilingual import Bilingual
from metrology.domain.instrument import SCHEDULED, STATES
from metrology.persistence import due
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.keyset import Condition, Division, Order
from metrology.persistence.places import Place
from metrology.persistence.scope import within
from metrology.persistence.tally_groups import MONTH, Counted
from metrology.services import own_list_words as words
from metrology.services.finding import InstrumentsFound, find_instruments
from metrology.services.own_list_common import (
    DISTRICT_MEANING,
    DISTRICTS,
    HOLDERS,
    PLACES,
    TYPE_MEANING,
    TYPES,
    days,
    equals,
    key_of,
    month_of,
    place_path,
    plain,
    type_filter,
)
from metrology.services.own_list_parts import Asked, Column, Group, ListFilter, Subject, Sum

KEPT = tuple(state for state in STATES if state not in ("retired", "lost"))
"""States listed unless the filter names others."""
ALL = "all"
DUE = {
    "overdue": Bilingual("已逾期", "overdue"),
    "30": Bilingual("30 天内到期", "within 30 days"),
    "60": Bilingual("60 天内到期", "within 60 days"),
    "90": Bilingual("90 天内到期", "within 90 days"),
    "month": Bilingual("本月到期", "this month"),
    "next_month": Bilingual("下月到期", "next month"),
    "year": Bilingual("本年内到期", "this year"),
    "none": Bilingual("无到期日", "no due date"),
}
_STATE_CHOICES = {ALL: Bilingual("全部状态", "all states"), **words.INSTRUMENT_STATES}


def states(filters: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The states asked for; by default all but those gone for good, or those that fall due when due work is asked for."""
    asked = filters.get("state", ())
    if ALL in asked:
        return STATES
    if asked:
        return tuple(state for state in STATES if state in asked)
    wants_due = filters.get("due", ("none",))[0] != "none" or "due_from" in filters or "due_to" in filters
    return tuple(sorted(SCHEDULED)) if wants_due else KEPT


def due_days(code: str, today: date) -> tuple[date | None, date | None]:
    """The due dates that a choice means today, both ends included."""
    first_of_month = today.replace(day=1)
    next_month = (first_of_month + timedelta(days=32)).replace(day=1)
    if code == "overdue":
        return None, today - timedelta(days=1)
    if code == "month":
        return first_of_month, next_month - timedelta(days=1)
    if code == "next_month":
        return next_month, (next_month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    if code == "year":
        return date(today.year, 1, 1), date(today.year, 12, 31)
    return today, today + timedelta(days=int(code))


def _due(asked: Asked, values: tuple[str, ...]) -> Condition:
    if values[0] == "none":
        return Instrument.due_date.is_(None)
    first, last = due_days(values[0], asked.today)
    until = Instrument.due_date <= last
    return until if first is None else until & (Instrument.due_date >= first)


def _found(asked: Asked, values: tuple[str, ...]) -> Condition | None:
    if "text" not in asked.found:
        asked.found["text"] = find_instruments(asked.session, asked.actor, values[0])
    found: InstrumentsFound | None = asked.found["text"]
    if found is None:
        return None
    return found.condition if not found.type_codes else Instrument.type_code.in_(found.type_codes)


def _purpose(_asked: Asked, values: tuple[str, ...]) -> Condition:
    """Few instruments are for another purpose than trade: those have an index of their own."""
    chosen = Instrument.purpose.in_(values)
    return chosen if "trade" in values else chosen & text("instrument.purpose <> 'trade'")


def _planned(_asked: Asked, values: tuple[str, ...]) -> Condition:
    return due.planned() if values[0] == "yes" else ~due.planned()


def _place(asked: Asked, values: tuple[str, ...]) -> Condition:
    path = place_path(asked, values[0])
    return Instrument.place_id.in_(select(Place.id).where(Place.path.startswith(path, autoescape=True)))


def _scope(asked: Asked) -> Condition | None:
    return within(select(Instrument), asked.actor).whereclause


def _count(condition: Condition) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


def _overdue_days(asked: Asked) -> ColumnElement[Any]:
    if asked.session.get_bind().dialect.name == "sqlite":
        gone: ColumnElement[Any] = cast(
            func.julianday(asked.today.isoformat()) - func.julianday(Instrument.due_date), Integer
        )
    else:
        gone = cast(asked.today, Instrument.due_date.type) - Instrument.due_date
    late = Instrument.state.in_(sorted(SCHEDULED)) & (Instrument.due_date < asked.today)
    return case((late, gone), else_=None)


def _holder_kind() -> ColumnElement[Any]:
    return func.coalesce(Holder.kind, "")


_JOINS = {
    "type": (TypeEntry, TypeEntry.code == Instrument.type_code),
    "holder": (Holder, Holder.id == Instrument.holder_id),
    "place": (Place, Place.id == Instrument.place_id),
    "district": (District, District.code == Instrument.district_code),
}
COLUMNS = (
    Column(
        key="number", name=Bilingual("编号", "Number"), meaning=Bilingual("本系统给器具的唯一编号，终身不变。", "Number of the registry, for life."),
        value=Instrument.number, sort="number", is_default=True, width=18,
    ),
    Column(
        key="type", name=Bilingual("器具种类", "Type"), meaning=TYPE_MEANING, value=TypeEntry.name_zh, value_en=TypeEntry.name_en,
        joins=("type",), is_default=True, width=24,
    ),
    Column(key="model", name=Bilingual("型号", "Model"), meaning=Bilingual("铭牌上的型号。", "As on the nameplate."), value=Instrument.model, is_default=True, width=16),
    Column(key="manufacturer", name=Bilingual("制造单位", "Manufacturer"), meaning=Bilingual("铭牌上的制造单位。", "As on the nameplate."), value=Instrument.manufacturer, width=24),
    Column(
        key="serial", name=Bilingual("出厂编号", "Serial number"), meaning=Bilingual("铭牌上的出厂编号。", "As on the nameplate."),
        value=Instrument.serial_number, sort="serial", is_default=True, width=18,
    ),
    Column(key="part", name=Bilingual("枪（部件）号", "Part"), meaning=Bilingual("加油机油枪等部件的编号；整机为空。", "Nozzle number of a part; empty otherwise."), value=Instrument.part_label, width=10),
    Column(key="holder", name=Bilingual("使用单位", "Holder"), meaning=Bilingual("使用该器具的单位或个人。", "Who holds it."), value=Holder.name, joins=("holder",), is_default=True, width=30),
    Column(key="uscc", name=Bilingual("统一社会信用代码", "Credit code"), meaning=Bilingual("使用单位的统一社会信用代码（GB 32100）。", "Of the holder, GB 32100."), value=Holder.uscc, joins=("holder",), width=22),
    Column(
        key="holder_kind", name=Bilingual("单位类别", "Kind of holder"), meaning=Bilingual("使用单位的类别。", "What kind of holder."), kind="code",
        value=Holder.kind, joins=("holder",), codes=words.HOLDER_KINDS, width=12,
    ),
    Column(key="place", name=Bilingual("使用地点", "Place"), meaning=Bilingual("市场、加油站、小区等，由大到小。", "Market, station, community, from large to small."), value=Place.full_name, joins=("place",), is_default=True, width=30),
    Column(key="location", name=Bilingual("具体位置", "Location"), meaning=Bilingual("在该地点内的位置。", "Within its place."), value=Instrument.location, width=16),
    Column(
        key="district", name=Bilingual("区县", "District"), meaning=DISTRICT_MEANING, value=District.name_zh, value_en=District.name_en,
        joins=("district",), width=14,
    ),
    Column(
        key="state", name=Bilingual("状态", "State"), meaning=Bilingual("登记的当前状态；仅“在用”器具计入在用数。", "Current state; only “in use” counts as in use."), kind="code",
        value=Instrument.state, codes=words.INSTRUMENT_STATES, is_default=True, width=12,
    ),
    Column(
        key="due", name=Bilingual("有效期至", "Due date"), meaning=Bilingual("可使用的最后一日（含）；次日起为逾期。", "Last day on which it may be used; overdue from the day after."),
        kind="day", value=Instrument.due_date, sort="due", is_default=True, width=12,
    ),
    Column(
        key="overdue_days", name=Bilingual("逾期天数", "Days overdue"), meaning=Bilingual("制表日减到期日；在用或待检定且已逾期的才有。", "Day of the list less the due date, of what is in use or waits and is overdue."),
        kind="number", value=_overdue_days, width=10,
    ),
    Column(key="due_kind", name=Bilingual("到期事项", "Due for"), meaning=Bilingual("检定，或使用期限届满轮换。", "Verification, or rotation at the end of service life."), kind="code", value=Instrument.due_kind, codes=words.DUE_KINDS, width=10),
    Column(
        key="due_basis", name=Bilingual("到期日依据", "Due date by"), meaning=Bilingual("本系统证书，或使用单位台账（未经证实）。", "A certificate of this registry, or the holder's ledger, which proves nothing."),
        kind="code", value=Instrument.due_basis, codes=words.DUE_BASES, width=20,
    ),
    Column(key="verified", name=Bilingual("上次检定", "Last verified"), meaning=Bilingual("最近一次检定的日期。", "Day of the last verification."), kind="day", value=Instrument.last_verified_on, sort="verified", width=14),
    Column(key="purpose", name=Bilingual("用途", "Purpose"), meaning=Bilingual("强制检定的用途类别。", "Purpose by which verification is mandatory."), kind="code", value=Instrument.purpose, codes=words.PURPOSES, width=12),
    Column(key="onsite", name=Bilingual("现场检定", "On site"), meaning=Bilingual("是：到现场检定；否：送检。", "Verified where it stands, or brought in."), kind="yes", value=Instrument.is_onsite, width=10),
    Column(key="approval", name=Bilingual("型式批准号", "Type approval"), meaning=Bilingual("型式批准证书编号。", "Number of the type approval."), value=Instrument.type_approval_number, width=18),
    Column(key="lot", name=Bilingual("批号", "Lot"), meaning=Bilingual("到货批次。", "Lot it was delivered in."), value=Instrument.lot_code, width=14),
    Column(key="manufactured", name=Bilingual("出厂日期", "Made on"), meaning=Bilingual("铭牌或合格证上的制造日期。", "Day of manufacture."), kind="day", value=Instrument.manufactured_on, width=12),
    Column(key="installed", name=Bilingual("安装日期", "Installed on"), meaning=Bilingual("投入使用的日期。", "Day it was installed."), kind="day", value=Instrument.installed_on, width=12),
    Column(
        key="planned", name=Bilingual("已排检", "On a visit"), meaning=Bilingual("在尚未完成的检定安排中。", "On a visit that is not finished."), kind="yes",
        value=lambda _asked: due.on_visit() == 1, width=8,
    ),
    Column(key="notes", name=Bilingual("备注", "Notes"), meaning=Bilingual("登记时的备注。", "As recorded."), value=Instrument.notes, width=24),
)  # fmt: skip
FILTERS = (
    ListFilter(key="q", name=Bilingual("查找", "Find"), kind="text", where=_found),
    type_filter(Instrument.type_code, divides=Instrument.type_code, tally="type_code"),
    ListFilter(
        key="state", name=Bilingual("状态", "State"), kind="choices", where=lambda _asked, _values: None, codes=_STATE_CHOICES,
        tally="state",
    ),
    ListFilter(
        key="district", name=Bilingual("区县", "District"), kind="choices", where=equals(Instrument.district_code), names=DISTRICTS,
        divides=Instrument.district_code, tally="district_code",
    ),
    ListFilter(key="due", name=Bilingual("到期情况", "When due"), kind="choice", where=_due, codes=DUE, tally="due"),
    ListFilter(key="due", name=Bilingual("有效期至", "Due date"), kind="days", where=days(Instrument.due_date), tally="due"),
    ListFilter(key="verified", name=Bilingual("上次检定", "Last verified"), kind="days", where=days(Instrument.last_verified_on)),
    ListFilter(key="purpose", name=Bilingual("用途", "Purpose"), kind="choices", where=_purpose, codes=words.PURPOSES, tally="purpose"),
    ListFilter(key="due_kind", name=Bilingual("到期事项", "Due for"), kind="choice", where=equals(Instrument.due_kind), codes=words.DUE_KINDS, tally="due_kind"),
    ListFilter(key="planned", name=Bilingual("已排检", "On a visit"), kind="choice", where=_planned, codes=words.YES_NO),
    ListFilter(key="lot", name=Bilingual("批号", "Lot"), kind="text", where=lambda _asked, values: Instrument.lot_code == values[0]),
    ListFilter(
        key="holder", name=Bilingual("使用单位", "Holder"), kind="reference", names=HOLDERS, tally="holder_id",
        where=lambda _asked, values: Instrument.holder_id == key_of(values[0]),
    ),
    ListFilter(key="place", name=Bilingual("使用地点", "Place"), kind="reference", names=PLACES, where=_place, tally="place_id"),
)  # fmt: skip
GROUPS = (
    Group(
        key="district", name=Bilingual("区县", "District"), meaning=DISTRICT_MEANING, names=DISTRICTS, tally="district_code", narrows="district",
        value=plain(func.coalesce(Instrument.district_code, "")),
    ),
    Group(key="type", name=Bilingual("器具种类", "Type"), meaning=TYPE_MEANING, names=TYPES, tally="type_code", narrows="type", value=plain(Instrument.type_code)),
    Group(key="state", name=Bilingual("状态", "State"), meaning=Bilingual("登记的当前状态。", "Current state."), codes=words.INSTRUMENT_STATES, tally="state", narrows="state", value=plain(Instrument.state)),
    Group(key="purpose", name=Bilingual("用途", "Purpose"), meaning=Bilingual("强制检定的用途类别。", "Purpose."), codes=words.PURPOSES, tally="purpose", narrows="purpose", value=plain(Instrument.purpose)),
    Group(
        key="due_month", name=Bilingual("到期月份", "Month due"), meaning=Bilingual("到期日所在的月份。", "Month of the due date."), tally=MONTH, value=month_of(Instrument.due_date),
    ),
    Group(key="due_kind", name=Bilingual("到期事项", "Due for"), meaning=Bilingual("检定或轮换。", "Verification or rotation."), codes=words.DUE_KINDS, tally="due_kind", narrows="due_kind", value=plain(Instrument.due_kind)),
    Group(
        key="holder", name=Bilingual("使用单位", "Holder"), meaning=Bilingual("使用该器具的单位或个人。", "Who holds it."), names=HOLDERS, tally="holder_id", narrows="holder",
        value=plain(func.coalesce(Instrument.holder_id, 0)),
    ),
    Group(
        key="place", name=Bilingual("使用地点", "Place"), meaning=Bilingual("登记的地点（摊位、楼栋等）。", "The place recorded: a stall, a building."), names=PLACES, tally="place_id",
        narrows="place", value=plain(func.coalesce(Instrument.place_id, 0)),
    ),
    Group(key="holder_kind", name=Bilingual("单位类别", "Kind of holder"), meaning=Bilingual("使用单位的类别。", "Kind of the holder."), codes=words.HOLDER_KINDS, joins=("holder",), value=plain(_holder_kind())),
    Group(key="manufacturer", name=Bilingual("制造单位", "Manufacturer"), meaning=Bilingual("铭牌上的制造单位。", "As on the nameplate."), value=plain(Instrument.manufacturer)),
    Group(key="model", name=Bilingual("型号", "Model"), meaning=Bilingual("铭牌上的型号。", "As on the nameplate."), value=plain(Instrument.model)),
    Group(
        key="made_year", name=Bilingual("出厂年份", "Year made"), meaning=Bilingual("出厂日期的年份。", "Year of manufacture."),
        value=plain(func.coalesce(cast(extract("year", Instrument.manufactured_on), Integer), 0)),
    ),
    Group(key="verified_month", name=Bilingual("上次检定月份", "Month last verified"), meaning=Bilingual("最近一次检定的月份。", "Month of the last verification."), value=month_of(Instrument.last_verified_on)),
)  # fmt: skip
_WORKING = Instrument.state == "in_use"


def _yesterday(today: date) -> date:
    return today - timedelta(days=1)


def _within_30(today: date) -> date:
    return today + timedelta(days=30)


SUMS = (
    Sum(key="count", name=Bilingual("台（件）数", "Instruments"), meaning=Bilingual("符合条件的器具数；加油机等按枪计。", "Instruments that match; a dispenser by its nozzles."), value=lambda _asked: func.count(Instrument.id), tally=lambda _today: Counted()),
    Sum(key="in_use", name=Bilingual("在用", "In use"), meaning=Bilingual("其中状态为“在用”的。", "Of these, in use."), value=lambda _asked: _count(_WORKING), tally=lambda _today: Counted(("in_use",))),
    Sum(
        key="overdue", name=Bilingual("逾期", "Overdue"), meaning=Bilingual("在用且已过到期日的。", "In use, and the last valid day has passed."),
        value=lambda asked: _count(_WORKING & (Instrument.due_date < asked.today)),
        tally=lambda today: Counted(("in_use",), last=_yesterday(today)),
    ),
    Sum(
        key="soon", name=Bilingual("30 天内到期", "Due within 30 days"), meaning=Bilingual("在用，到期日在制表日起 30 天内的。", "In use, last valid day within 30 days from the day of the list."),
        value=lambda asked: _count(_WORKING & (Instrument.due_date >= asked.today) & (Instrument.due_date <= _within_30(asked.today))),
        tally=lambda today: Counted(("in_use",), first=today, last=_within_30(today)),
    ),
    Sum(
        key="waiting", name=Bilingual("待检定", "Awaiting verification"), meaning=Bilingual("状态为“待检定”的。", "In the state “awaiting verification”."),
        value=lambda _asked: _count(Instrument.state == "awaiting_verification"), tally=lambda _today: Counted(("awaiting_verification",)),
    ),
    Sum(
        key="rejected", name=Bilingual("不合格", "Rejected"), meaning=Bilingual("状态为“不合格”的。", "In the state “rejected”."),
        value=lambda _asked: _count(Instrument.state == "rejected"), tally=lambda _today: Counted(("rejected",)),
    ),
    Sum(
        key="never", name=Bilingual("从未检定", "Never verified"), meaning=Bilingual("没有任何检定日期的。", "Without any day of a verification."),
        value=lambda _asked: _count(Instrument.last_verified_on.is_(None)), tally=lambda _today: Counted(is_verified=False),
    ),
    Sum(key="planned", name=Bilingual("已排检", "On a visit"), meaning=Bilingual("在尚未完成的检定安排中的。", "On a visit that is not finished."), value=lambda _asked: func.sum(due.on_visit())),
)  # fmt: skip


def _divide(filters: Mapping[str, tuple[str, ...]]) -> Division:
    return Instrument.state, states(filters)


INSTRUMENTS = Subject(
    key="instruments",
    name=Bilingual("计量器具", "Instruments"),
    meaning=Bilingual("一行一台（件）；加油机等按枪计。", "One line each; a dispenser by its nozzles."),
    action="instrument.view",
    model=Instrument,
    joins=_JOINS,
    columns=COLUMNS,
    filters=FILTERS,
    groups=GROUPS,
    sums=SUMS,
    sorts={
        "due": Order(Instrument.due_date, Instrument.id, nullable=True),
        "number": Order(Instrument.number, Instrument.id),
        "serial": Order(Instrument.serial_key, Instrument.id),
        "verified": Order(Instrument.last_verified_on, Instrument.id, nullable=True),
    },
    default_sort="due",
    scope=_scope,
    divide=_divide,
    divided_sorts=("due",),
    always=(Instrument.is_assembly.is_(False),),
    path="/instruments/{}",
)
__all__ = ["ALL", "DUE", "INSTRUMENTS", "KEPT", "due_days", "states"]
