"""The words that tell the office what of its own ends: standards to calibrate, checks to make, qualifications to prolong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WHAT = {
    "standard": ("计量标准证书", "certificate of the standard"),
    "examination": ("计量标准考核证书", "examination certificate of the standard"),
    "equipment": ("标准器及配套设备检定(校准)", "verification or calibration of equipment"),
    "check": ("期间核查", "intermediate check of"),
    "qualification": ("检定人员资格", "qualification of"),
    "authorisation": ("计量授权项目", "authorisation of"),
    "institute": ("机构授权证书", "authorisation certificate of"),
}


@dataclass(frozen=True)
class HouseItem:
    """One thing that ends."""

    kind: str
    name: str
    number: str
    due: date


def compose(
    name: str, bureau: str, bureau_en: str, items: Sequence[HouseItem], day: date, url: str, language: str
) -> tuple[str, str]:
    """Subject and body in ``zh_Hans_CN`` or ``en``."""
    late = sum(item.due < day for item in items)
    if language == "en":
        subject = f"Ours to keep valid: {len(items)} ({late} late)"
        lines = [f"{name},", "", f"as of {day.isoformat()} these end or have ended:", ""]
        lines += [
            f"- {WHAT[one.kind][1]} {one.name} {one.number}: {one.due.isoformat()}, {_left(one, day)}" for one in items
        ]
        return subject, "\n".join([*lines, "", f"See: {url}", "", bureau_en or bureau])
    subject = f"标准与资质到期提醒:{len(items)} 项(其中逾期 {late} 项)"
    lines = [
        f"{name}:",
        "",
        f"截至 {day.isoformat()},下列标准、设备、资格或授权即将到期或已经到期,请及时送检、核查或换证:",
        "",
    ]
    lines += [
        f"- {WHAT[one.kind][0]}:{one.name} {one.number},{one.due.isoformat()},{_left_zh(one, day)}" for one in items
    ]
    return subject, "\n".join([*lines, "", f"查看:{url}", "", bureau])


def _left(one: HouseItem, day: date) -> str:
    days = (one.due - day).days
    return f"{-days} days late" if days < 0 else "today" if days == 0 else f"{days} days left"


def _left_zh(one: HouseItem, day: date) -> str:
    days = (one.due - day).days
    return f"逾期 {-days} 天" if days < 0 else "今日到期" if days == 0 else f"还有 {days} 天"
