"""The words of reminders, in Chinese and English: fixed sentences with facts filled in.

Fixed on purpose: templates that offices edit cannot be tested, and text-message operators approve fixed texts only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

LISTED = 50
"""Instruments named in one message; the rest is counted."""


@dataclass(frozen=True)
class DueItem:
    """One instrument that falls due."""

    type_name: str
    type_name_en: str
    serial_number: str
    part_label: str
    place: str
    due_date: date
    is_rotation: bool = False


@dataclass(frozen=True)
class DueNotice:
    """What a reminder tells: to whom, of which instruments, by whom, and where to look."""

    recipient_name: str
    bureau: str
    bureau_en: str
    items: Sequence[DueItem]
    day: date
    url: str
    is_officer: bool = False


def compose(notice: DueNotice, language: str) -> tuple[str, str]:
    """Subject and body of a reminder in ``zh_Hans_CN`` or ``en``."""
    return _english(notice) if language == "en" else _chinese(notice)


def _split(notice: DueNotice) -> tuple[list[DueItem], list[DueItem]]:
    items = sorted(notice.items, key=lambda item: (item.due_date, item.place, item.serial_number))
    return [item for item in items if item.due_date < notice.day], [
        item for item in items if item.due_date >= notice.day
    ]


def _chinese(notice: DueNotice) -> tuple[str, str]:
    late, due = _split(notice)
    parts = [f"{len(late)} 台已逾期"] * bool(late) + [f"{len(due)} 台即将到期"] * bool(due)
    subject = f"强制检定提醒:{','.join(parts)}"
    head = f"{notice.recipient_name}:"
    who = "您负责范围内" if notice.is_officer else "贵单位(个人)"
    lines = [head, "", f"截至 {notice.day.isoformat()},{who}的下列计量器具{'、'.join(parts)}检定。", ""]
    lines += [_chinese_line(item, notice.day) for item in [*late, *due][:LISTED]]
    if len(notice.items) > LISTED:
        lines.append(f"……另有 {len(notice.items) - LISTED} 台,请登录查看。")
    lines += ["", "未按规定申请检定或者检定不合格的,不得继续使用(《中华人民共和国计量法》第九条)。"]
    lines += [f"查看与预约:{notice.url}", "", notice.bureau]
    return subject, "\n".join(lines)


def _chinese_line(item: DueItem, day: date) -> str:
    days = (item.due_date - day).days
    distance = f"逾期 {-days} 天" if days < 0 else "今日到期" if days == 0 else f"还有 {days} 天"
    part = f" {item.part_label}号" if item.part_label else ""
    kind = "轮换期限" if item.is_rotation else "有效期至"
    return f"- {item.type_name} {item.serial_number}{part}({item.place or '地点未登记'}):{kind} {item.due_date.isoformat()},{distance}"


def _english(notice: DueNotice) -> tuple[str, str]:
    late, due = _split(notice)
    parts = [f"{len(late)} overdue"] * bool(late) + [f"{len(due)} falling due"] * bool(due)
    subject = f"Mandatory verification: {', '.join(parts)}"
    whose = "in your area" if notice.is_officer else "of yours"
    lines = [f"{notice.recipient_name},", ""]
    lines += [
        f"as of {notice.day.isoformat()}, these measuring instruments {whose} need verification ({', '.join(parts)}):",
        "",
    ]
    lines += [_english_line(item, notice.day) for item in [*late, *due][:LISTED]]
    if len(notice.items) > LISTED:
        lines.append(f"… and {len(notice.items) - LISTED} more; please log in to see them.")
    lines += ["", "An instrument that was not submitted for verification, or was rejected, must not be used"]
    lines += ["(Metrology Law of the People's Republic of China, article 9).", f"See and apply: {notice.url}", ""]
    lines.append(notice.bureau_en or notice.bureau)
    return subject, "\n".join(lines)


def _english_line(item: DueItem, day: date) -> str:
    days = (item.due_date - day).days
    distance = f"{-days} days overdue" if days < 0 else "last day today" if days == 0 else f"{days} days left"
    part = f" no. {item.part_label}" if item.part_label else ""
    kind = "to be replaced by" if item.is_rotation else "valid until"
    place = item.place or "place not recorded"
    return f"- {item.type_name_en} {item.serial_number}{part} ({place}): {kind} {item.due_date.isoformat()}, {distance}"
