"""Own lists of verifications, of certificates, and of holders."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload, undefer

from metrology.documents.bilingual import Bilingual
from metrology.persistence.certificates import Certificate
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument, TypeEntry
from metrology.persistence.keyset import Condition, Order
from metrology.persistence.people import Institute, User
from metrology.persistence.scope import within
from metrology.persistence.tallies import holder_tally
from metrology.persistence.verifications import Verification
from metrology.services import certifying, searching
from metrology.services import own_list_words as words
from metrology.services import settings as bureau_settings
from metrology.services.own_list_common import (
    DISTRICT_MEANING,
    DISTRICTS,
    TYPE_MEANING,
    TYPES,
    days,
    equals,
    key_of,
    month_of,
    of_scope,
    plain,
    type_filter,
)
from metrology.services.own_list_parts import Asked, Column, Group, ListFilter, Subject, Sum
from metrology.services.record_digest import altered, altered_records

_District = aliased(District)


def _count(condition: Condition) -> ColumnElement[Any]:
    return func.sum(case((condition, 1), else_=0))


# -- verifications


def _records(session: Session, keys: list[int]) -> list[Any]:
    statement = select(Verification).where(Verification.id.in_(keys)).options(selectinload(Verification.standards))
    return list(session.scalars(statement))


def _holder_of(column: Any) -> Any:
    def where(asked: Asked, values: tuple[str, ...]) -> Condition:
        mine = within(select(Instrument.id).where(Instrument.holder_id == key_of(values[0])), asked.actor)
        found: Condition = column.in_(mine)
        return found

    return where


def _in_districts(column: Any) -> Any:
    def where(asked: Asked, values: tuple[str, ...]) -> Condition:
        here = select(Instrument.id).where(equals(Instrument.district_code)(asked, values))
        found: Condition = column.in_(here)
        return found

    return where


_DONE = Verification.state == "approved"
VERIFICATIONS = Subject(
    key="verifications",
    name=Bilingual("检定记录", "Verifications"),
    meaning=Bilingual("一行一次检定或校准记录。", "One line for each record of a verification or calibration."),
    action="verification.view",
    model=Verification,
    joins={
        "instrument": (Instrument, Instrument.id == Verification.instrument_id),
        "type": (TypeEntry, TypeEntry.code == Verification.type_code),
        "holder": (Holder, Holder.id == Instrument.holder_id),
        "district": (District, District.code == Instrument.district_code),
        "verifier": (User, User.id == Verification.verifier_id),
        "institute": (Institute, Institute.id == Verification.institute_id),
    },
    columns=(
        Column(key="number", name=Bilingual("记录编号", "Record"), meaning=Bilingual("原始记录编号。", "Number of the record."), value=Verification.number, sort="number", is_default=True, width=20),
        Column(key="verified_on", name=Bilingual("检定日期", "Verified on"), meaning=Bilingual("实施检定的日期。", "Day of the verification."), kind="day", value=Verification.verified_on, is_default=True, width=12),
        Column(key="kind", name=Bilingual("检定类别", "Kind"), meaning=Bilingual("首次、后续、修理后检定，使用中检查，或校准。", "Initial, subsequent, after repair, in service, or calibration."), kind="code", value=Verification.kind, codes=words.VERIFICATION_KINDS, is_default=True, width=14),
        Column(key="type", name=Bilingual("器具种类", "Type"), meaning=TYPE_MEANING, value=TypeEntry.name_zh, value_en=TypeEntry.name_en, joins=("type",), is_default=True, width=24),
        Column(key="model", name=Bilingual("型号", "Model"), meaning=Bilingual("器具铭牌上的型号。", "As on the nameplate."), value=Instrument.model, joins=("instrument",), width=16),
        Column(key="manufacturer", name=Bilingual("制造单位", "Manufacturer"), meaning=Bilingual("器具铭牌上的制造单位。", "As on the nameplate."), value=Instrument.manufacturer, joins=("instrument",), width=24),
        Column(key="serial", name=Bilingual("出厂编号", "Serial number"), meaning=Bilingual("器具铭牌上的出厂编号。", "As on the nameplate."), value=Instrument.serial_number, joins=("instrument",), is_default=True, width=18),
        Column(key="holder", name=Bilingual("使用单位", "Holder"), meaning=Bilingual("器具现在的使用单位。", "Who holds the instrument now."), value=Holder.name, joins=("instrument", "holder"), is_default=True, width=30),
        Column(key="district", name=Bilingual("区县", "District"), meaning=DISTRICT_MEANING, value=District.name_zh, value_en=District.name_en, joins=("instrument", "district"), width=14),
        Column(key="state", name=Bilingual("记录状态", "State"), meaning=Bilingual("已批准的记录才有证书。", "Only approved records have certificates."), kind="code", value=Verification.state, codes=words.VERIFICATION_STATES, is_default=True, width=12),
        Column(key="verdict", name=Bilingual("结论", "Verdict"), meaning=Bilingual("按当日有效规程判定；草稿与校准没有结论。", "By the edition in force that day; drafts and calibrations have none."), kind="code", value=Verification.verdict, codes=words.VERDICTS, is_default=True, width=10),
        Column(key="edition", name=Bilingual("检定规程", "Regulation"), meaning=Bilingual("判定所依据规程的版本。", "Edition it was judged by."), value=Verification.edition_code, width=20),
        Column(key="verifier", name=Bilingual("检定员", "Verified by"), meaning=Bilingual("实施检定的人员。", "Who verified."), value=User.name, joins=("verifier",), width=12),
        Column(key="institute", name=Bilingual("检定机构", "Institute"), meaning=Bilingual("实施检定的机构。", "Body that verified."), value=Institute.name, value_en=func.coalesce(func.nullif(Institute.name_en, ""), Institute.name), joins=("institute",), width=26),
        Column(key="place", name=Bilingual("检定地点", "Place of verification"), meaning=Bilingual("记录的检定地点。", "As recorded."), value=Verification.place_text, width=24),
    ),
    filters=(
        ListFilter(key="state", name=Bilingual("记录状态", "State"), kind="choices", where=equals(Verification.state), codes=words.VERIFICATION_STATES),
        ListFilter(key="verdict", name=Bilingual("结论", "Verdict"), kind="choice", where=equals(Verification.verdict), codes=words.VERDICTS),
        ListFilter(key="kind", name=Bilingual("检定类别", "Kind"), kind="choices", where=equals(Verification.kind), codes=words.VERIFICATION_KINDS),
        type_filter(Verification.type_code),
        ListFilter(key="district", name=Bilingual("区县", "District"), kind="choices", where=_in_districts(Verification.instrument_id), names=DISTRICTS),
        ListFilter(key="verified", name=Bilingual("检定日期", "Verified on"), kind="days", where=days(Verification.verified_on)),
        ListFilter(key="holder", name=Bilingual("使用单位", "Holder"), kind="reference", where=_holder_of(Verification.instrument_id), names=None),
    ),
    groups=(
        Group(key="type", name=Bilingual("器具种类", "Type"), meaning=TYPE_MEANING, names=TYPES, narrows="type", value=plain(Verification.type_code)),
        Group(key="month", name=Bilingual("检定月份", "Month verified"), meaning=Bilingual("检定日期所在的月份。", "Month of the verification."), value=month_of(Verification.verified_on)),
        Group(key="kind", name=Bilingual("检定类别", "Kind"), meaning=Bilingual("检定的类别。", "Kind of verification."), codes=words.VERIFICATION_KINDS, narrows="kind", value=plain(Verification.kind)),
        Group(key="verdict", name=Bilingual("结论", "Verdict"), meaning=Bilingual("检定结论。", "The verdict."), codes=words.VERDICTS, narrows="verdict", value=plain(func.coalesce(Verification.verdict, ""))),
        Group(key="state", name=Bilingual("记录状态", "State"), meaning=Bilingual("记录的状态。", "State of the record."), codes=words.VERIFICATION_STATES, narrows="state", value=plain(Verification.state)),
        Group(key="district", name=Bilingual("区县", "District"), meaning=DISTRICT_MEANING, names=DISTRICTS, joins=("instrument",), narrows="district", value=plain(func.coalesce(Instrument.district_code, ""))),
        Group(key="verifier", name=Bilingual("检定员", "Verified by"), meaning=Bilingual("实施检定的人员。", "Who verified."), joins=("verifier",), value=plain(User.name)),
        Group(key="manufacturer", name=Bilingual("制造单位", "Manufacturer"), meaning=Bilingual("器具铭牌上的制造单位。", "As on the nameplate."), joins=("instrument",), value=plain(Instrument.manufacturer)),
        Group(key="model", name=Bilingual("型号", "Model"), meaning=Bilingual("器具铭牌上的型号。", "As on the nameplate."), joins=("instrument",), value=plain(Instrument.model)),
    ),
    sums=(
        Sum(key="count", name=Bilingual("记录数", "Records"), meaning=Bilingual("符合条件的记录数。", "Records that match."), value=lambda _asked: func.count(Verification.id)),
        Sum(key="conforms", name=Bilingual("合格", "Conform"), meaning=Bilingual("已批准且结论为合格的。", "Approved, and the verdict is “conforms”."), value=lambda _asked: _count(_DONE & (Verification.verdict == "conforms"))),
        Sum(key="rejected", name=Bilingual("不合格", "Rejected"), meaning=Bilingual("已批准且结论为不合格的。", "Approved, and the verdict is “rejected”."), value=lambda _asked: _count(_DONE & (Verification.verdict == "rejected"))),
        Sum(key="instruments", name=Bilingual("涉及器具数", "Instruments"), meaning=Bilingual("记录所涉及的不同器具数。", "Different instruments of these records."), value=lambda _asked: func.count(func.distinct(Verification.instrument_id))),
    ),
    sorts={"number": Order(Verification.id, Verification.id)},
    default_sort="-number",
    scope=of_scope(Verification.instrument_id),
    path="/verifications/{}",
    load=_records,
    altered=altered_records,
)  # fmt: skip


# -- certificates


def _documents(session: Session, keys: list[int]) -> list[Any]:
    statement = select(Certificate).where(Certificate.id.in_(keys))
    return list(session.scalars(statement.options(undefer(Certificate.payload), joinedload(Certificate.instrument))))


def _standing(asked: Asked, row: Certificate) -> str:
    if "warn_days" not in asked.found:
        asked.found["warn_days"] = bureau_settings.read(asked.session).warn_days
    return str(certifying.standing(row, row.instrument, asked.today, asked.found["warn_days"]))


def _of_types(_asked: Asked, values: tuple[str, ...]) -> Condition:
    found: Condition = Certificate.instrument_id.in_(select(Instrument.id).where(Instrument.type_code.in_(values)))
    return found


CERTIFICATES = Subject(
    key="certificates",
    name=Bilingual("证书", "Certificates"),
    meaning=Bilingual("一行一份检定证书、检定结果通知书或校准证书。", "One line for each certificate or rejection notice."),
    action="certificate.view",
    model=Certificate,
    joins={
        "instrument": (Instrument, Instrument.id == Certificate.instrument_id),
        "type": (TypeEntry, TypeEntry.code == Instrument.type_code),
        "holder": (Holder, Holder.id == Instrument.holder_id),
        "district": (District, District.code == Instrument.district_code),
    },
    columns=(
        Column(key="number", name=Bilingual("证书编号", "Number"), meaning=Bilingual("证书或通知书编号。", "Number of the document."), value=Certificate.number, is_default=True, width=26),
        Column(key="kind", name=Bilingual("类别", "Kind"), meaning=Bilingual("检定证书、检定结果通知书、校准证书。", "Certificate, rejection notice, calibration certificate."), kind="code", value=Certificate.kind, codes=words.CERTIFICATE_KINDS, is_default=True, width=16),
        Column(key="type", name=Bilingual("器具种类", "Type"), meaning=TYPE_MEANING, value=TypeEntry.name_zh, value_en=TypeEntry.name_en, joins=("instrument", "type"), is_default=True, width=24),
        Column(key="serial", name=Bilingual("出厂编号", "Serial number"), meaning=Bilingual("器具铭牌上的出厂编号。", "As on the nameplate."), value=Instrument.serial_number, joins=("instrument",), is_default=True, width=18),
        Column(key="holder", name=Bilingual("使用单位", "Holder"), meaning=Bilingual("器具现在的使用单位。", "Who holds the instrument now."), value=Holder.name, joins=("instrument", "holder"), is_default=True, width=30),
        Column(key="district", name=Bilingual("区县", "District"), meaning=DISTRICT_MEANING, value=District.name_zh, value_en=District.name_en, joins=("instrument", "district"), width=14),
        Column(key="verified_on", name=Bilingual("检定日期", "Verified on"), meaning=Bilingual("实施检定的日期。", "Day of the verification."), kind="day", value=Certificate.verified_on, width=12),
        Column(key="issued", name=Bilingual("签发日期", "Issued on"), meaning=Bilingual("签发日期。", "Day of issue."), kind="day", value=Certificate.issued_on, sort="issued", is_default=True, width=12),
        Column(key="until", name=Bilingual("有效期至", "Valid until"), meaning=Bilingual("最后一个有效日（含）；通知书与校准证书没有。", "Last valid day; notices and calibrations have none."), kind="day", value=Certificate.valid_until, is_default=True, width=12),
        Column(key="standing", name=Bilingual("证书状态", "Standing"), meaning=Bilingual("制表日的效力：除签发单位的决定外，还看有效期与器具状态。", "What it is worth on the day of the list: by the bureau's decisions, the day, and the state of the instrument."), kind="code", compute=_standing, codes=words.CERTIFICATE_STANDINGS, is_default=True, width=12),
        Column(key="ended", name=Bilingual("失效日期", "Ended on"), meaning=Bilingual("被撤销或被新证书代替的日期。", "Day it was revoked or superseded."), kind="day", value=Certificate.ended_on, width=12),
    ),
    filters=(
        ListFilter(key="kind", name=Bilingual("类别", "Kind"), kind="choice", where=equals(Certificate.kind), codes=words.CERTIFICATE_KINDS),
        ListFilter(key="issued", name=Bilingual("签发日期", "Issued on"), kind="days", where=days(Certificate.issued_on)),
        ListFilter(key="until", name=Bilingual("有效期至", "Valid until"), kind="days", where=days(Certificate.valid_until)),
        ListFilter(key="type", name=Bilingual("器具种类", "Type"), kind="choices", where=_of_types, names=TYPES),
        ListFilter(key="district", name=Bilingual("区县", "District"), kind="choices", where=_in_districts(Certificate.instrument_id), names=DISTRICTS),
        ListFilter(key="holder", name=Bilingual("使用单位", "Holder"), kind="reference", where=_holder_of(Certificate.instrument_id), names=None),
    ),
    groups=(
        Group(key="month", name=Bilingual("签发月份", "Month issued"), meaning=Bilingual("签发日期所在的月份。", "Month of issue."), value=month_of(Certificate.issued_on)),
        Group(key="kind", name=Bilingual("类别", "Kind"), meaning=Bilingual("文件的类别。", "Kind of document."), codes=words.CERTIFICATE_KINDS, narrows="kind", value=plain(Certificate.kind)),
        Group(key="type", name=Bilingual("器具种类", "Type"), meaning=TYPE_MEANING, names=TYPES, joins=("instrument",), narrows="type", value=plain(Instrument.type_code)),
        Group(key="district", name=Bilingual("区县", "District"), meaning=DISTRICT_MEANING, names=DISTRICTS, joins=("instrument",), narrows="district", value=plain(func.coalesce(Instrument.district_code, ""))),
    ),
    sums=(
        Sum(key="count", name=Bilingual("份数", "Documents"), meaning=Bilingual("符合条件的证书与通知书份数。", "Documents that match."), value=lambda _asked: func.count(Certificate.id)),
        Sum(key="certificates", name=Bilingual("检定证书", "Certificates"), meaning=Bilingual("其中检定证书。", "Of these, verification certificates."), value=lambda _asked: _count(Certificate.kind == "verification_certificate")),
        Sum(key="notices", name=Bilingual("检定结果通知书", "Rejection notices"), meaning=Bilingual("其中检定结果通知书。", "Of these, rejection notices."), value=lambda _asked: _count(Certificate.kind == "rejection_notice")),
        Sum(key="ended", name=Bilingual("已失效", "Ended"), meaning=Bilingual("其中已撤销或被代替的。", "Of these, revoked or superseded."), value=lambda _asked: _count(Certificate.standing != "valid")),
    ),
    sorts={"issued": Order(Certificate.issued_on, Certificate.id)},
    default_sort="-issued",
    scope=of_scope(Certificate.instrument_id),
    path="/certificates/{}",
    load=_documents,
    altered=altered,
)  # fmt: skip


# -- holders


def _holder_scope(asked: Asked) -> Condition | None:
    return within(select(Holder), asked.actor, Holder).whereclause


def _holder_found(asked: Asked, values: tuple[str, ...]) -> Condition | None:
    return searching.condition(asked.session, asked.actor, "holder", values[0])


def _held(*conditions: Any) -> Any:
    table = holder_tally.c
    counted = select(func.coalesce(func.sum(table.instruments), 0)).where(table.holder_id == Holder.id, *conditions)
    return counted.correlate(Holder).scalar_subquery()


def _in_use(_asked: Asked) -> Any:
    return _held(holder_tally.c.state == "in_use")


def _overdue(asked: Asked) -> Any:
    last: date = asked.today
    return _held(holder_tally.c.state == "in_use", holder_tally.c.due_date < last)


HOLDER_LIST = Subject(
    key="holders",
    name=Bilingual("使用单位", "Holders"),
    meaning=Bilingual("一行一个使用单位或个人。", "One line for each enterprise, office or person that holds instruments."),
    action="holder.view",
    model=Holder,
    joins={"district": (_District, _District.code == Holder.district_code)},
    columns=(
        Column(key="number", name=Bilingual("编号", "Number"), meaning=Bilingual("本系统给使用单位的编号。", "Number of the registry."), value=Holder.number, sort="number", width=16),
        Column(key="name", name=Bilingual("名称", "Name"), meaning=Bilingual("单位名称或个人姓名。", "Name."), value=Holder.name, sort="name", is_default=True, width=34),
        Column(key="kind", name=Bilingual("类别", "Kind"), meaning=Bilingual("使用单位的类别。", "Kind of holder."), kind="code", value=Holder.kind, codes=words.HOLDER_KINDS, is_default=True, width=12),
        Column(key="uscc", name=Bilingual("统一社会信用代码", "Credit code"), meaning=Bilingual("GB 32100 代码。", "GB 32100."), value=Holder.uscc, is_default=True, width=22),
        Column(key="district", name=Bilingual("区县", "District"), meaning=Bilingual("登记的区县。", "District recorded."), value=_District.name_zh, value_en=_District.name_en, joins=("district",), is_default=True, width=14),
        Column(key="address", name=Bilingual("地址", "Address"), meaning=Bilingual("登记的地址。", "As recorded."), value=Holder.address, width=34),
        Column(key="industry", name=Bilingual("行业", "Industry"), meaning=Bilingual("登记的行业。", "As recorded."), value=Holder.industry, width=16),
        Column(key="in_use", name=Bilingual("在用器具", "In use"), meaning=Bilingual("该单位在用的器具数；加油机等按枪计。", "Instruments in use; a dispenser by its nozzles."), kind="number", value=_in_use, is_default=True, width=10),
        Column(key="overdue", name=Bilingual("逾期器具", "Overdue"), meaning=Bilingual("其中已过有效期的。", "Of these, past their last valid day."), kind="number", value=_overdue, is_default=True, width=10),
        Column(key="active", name=Bilingual("有效", "Active"), meaning=Bilingual("仍在经营或使用的。", "Still there."), kind="yes", value=Holder.is_active, width=8),
    ),
    filters=(
        ListFilter(key="q", name=Bilingual("查找", "Find"), kind="text", where=_holder_found),
        ListFilter(key="kind", name=Bilingual("类别", "Kind"), kind="choices", where=equals(Holder.kind), codes=words.HOLDER_KINDS),
        ListFilter(key="district", name=Bilingual("区县", "District"), kind="choices", where=equals(Holder.district_code), names=DISTRICTS),
        ListFilter(key="active", name=Bilingual("有效", "Active"), kind="choice", where=lambda _asked, values: Holder.is_active.is_(values[0] == "yes"), codes=words.YES_NO),
    ),
    groups=(
        Group(key="district", name=Bilingual("区县", "District"), meaning=Bilingual("登记的区县。", "District recorded."), names=DISTRICTS, narrows="district", value=plain(func.coalesce(Holder.district_code, ""))),
        Group(key="kind", name=Bilingual("类别", "Kind"), meaning=Bilingual("使用单位的类别。", "Kind of holder."), codes=words.HOLDER_KINDS, narrows="kind", value=plain(Holder.kind)),
        Group(key="industry", name=Bilingual("行业", "Industry"), meaning=Bilingual("登记的行业。", "As recorded."), value=plain(Holder.industry)),
    ),
    sums=(
        Sum(key="count", name=Bilingual("使用单位数", "Holders"), meaning=Bilingual("符合条件的使用单位数。", "Holders that match."), value=lambda _asked: func.count(Holder.id)),
        Sum(key="in_use", name=Bilingual("在用器具", "In use"), meaning=Bilingual("这些单位在用的器具数。", "Their instruments in use."), value=lambda asked: func.sum(_in_use(asked))),
        Sum(key="overdue", name=Bilingual("逾期器具", "Overdue"), meaning=Bilingual("其中已过有效期的。", "Of these, past their last valid day."), value=lambda asked: func.sum(_overdue(asked))),
    ),
    sorts={"name": Order(Holder.name, Holder.id), "number": Order(Holder.number, Holder.id)},
    default_sort="name",
    scope=_holder_scope,
    path="/holders/{}",
)  # fmt: skip
