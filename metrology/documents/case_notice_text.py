"""The words to holders when a standard is found defective: their certificates are under review, stand again, or what was decided.

Fixed sentences with facts filled in, like the reminders: what an authority writes in such a case is not typed in a hurry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

LISTED = 50
"""Certificates named in one message; the rest is counted."""
Kind = Literal["doubt", "fallen", "result"]


@dataclass(frozen=True)
class DoubtedItem:
    """One certificate: its number, the instrument, and what was decided (cleared or revoked; empty while nothing is)."""

    certificate: str
    type_name: str
    type_name_en: str
    serial_number: str
    part_label: str
    place: str
    decision: str = ""


@dataclass(frozen=True)
class CaseNotice:
    """What a notice tells: to whom, about which standard since when, of which certificates, by whom, and where to look."""

    kind: Kind
    recipient_name: str
    bureau: str
    bureau_en: str
    case: str
    standard: str
    standard_en: str
    since: date
    reverify_by: date
    items: Sequence[DoubtedItem]
    total: int
    url: str


def compose(notice: CaseNotice, language: str) -> tuple[str, str]:
    """Subject and body in ``zh_Hans_CN`` or ``en``."""
    return _english(notice) if language == "en" else _chinese(notice)


_SUBJECTS = {
    "doubt": "检定证书列入审查的通知",
    "fallen": "检定证书恢复有效的通知",
    "result": "检定证书审查结论的通知",
}
_SUBJECTS_EN = {
    "doubt": "Verification certificates under review",
    "fallen": "Verification certificates stand again",
    "result": "Review of verification certificates concluded",
}
_DECIDED = {"cleared": "维持有效", "revoked": "撤销", "": ""}
_DECIDED_EN = {"cleared": "upheld", "revoked": "revoked", "": ""}


def _chinese(notice: CaseNotice) -> tuple[str, str]:
    said = {
        "doubt": [
            f"我们发现检定所用的计量标准“{notice.standard}”自 {notice.since.isoformat()} 起量值存疑(编号 {notice.case})。"
            f"贵单位(个人)的下列 {notice.total} 份检定证书(通知书)因此列入审查:",
        ],
        "fallen": [
            f"关于计量标准“{notice.standard}”量值存疑的情况(编号 {notice.case})经复核不成立,"
            f"贵单位(个人)的下列 {notice.total} 份检定证书(通知书)恢复原有效力,此前的通知作废:",
        ],
        "result": [
            f"关于计量标准“{notice.standard}”量值存疑(编号 {notice.case})的审查已经结束,"
            f"贵单位(个人)的下列 {notice.total} 份检定证书(通知书)结论如下:",
        ],
    }[notice.kind]
    after = {
        "doubt": [
            "审查期间,证书查询页面显示“审查中”,证书暂不能作为计量器具合格的依据。",
            f"我们将安排复检,请在 {notice.reverify_by.isoformat()} 前予以配合;复检前请勿自行拆封、调修。",
        ],
        "fallen": ["为此安排的复检一并取消。给您带来的不便,敬请谅解。"],
        "result": ["证书被撤销的计量器具,须经重新检定合格后方可使用;对结论有异议的,可以申请复核或者仲裁检定。"],
    }[notice.kind]
    lines = [f"{notice.recipient_name}:", "", *said, ""]
    lines += [_chinese_line(item) for item in notice.items[:LISTED]]
    if notice.total > min(len(notice.items), LISTED):
        lines.append(f"……另有 {notice.total - min(len(notice.items), LISTED)} 份,请登录查看。")
    lines += ["", *after, f"查询:{notice.url}", "", notice.bureau]
    return f"{_SUBJECTS[notice.kind]}({notice.case})", "\n".join(lines)


def _chinese_line(item: DoubtedItem) -> str:
    part = f" {item.part_label}号" if item.part_label else ""
    decided = f":{_DECIDED[item.decision]}" if item.decision else ""
    return f"- {item.certificate} {item.type_name} {item.serial_number}{part}({item.place or '地点未登记'}){decided}"


def _english(notice: CaseNotice) -> tuple[str, str]:
    what = "certificate" if notice.total == 1 else "certificates"
    head = {
        "doubt": f"the measurement standard “{notice.standard_en or notice.standard}” with which your instruments were "
        f"verified is in doubt since {notice.since.isoformat()} (case {notice.case}). {notice.total} {what} of yours "
        "are therefore under review:",
        "fallen": f"the doubt about the measurement standard “{notice.standard_en or notice.standard}” (case {notice.case}) "
        f"has proved unfounded. {notice.total} {what} of yours stand as before, and our earlier notice is void:",
        "result": f"the review of certificates verified with the measurement standard "
        f"“{notice.standard_en or notice.standard}” (case {notice.case}) is concluded. What became of {notice.total} "
        f"{what} of yours:",
    }[notice.kind]
    after = {
        "doubt": [
            "Until it is settled the public page says “under review”, and the certificate proves nothing.",
            f"We will verify the instruments again; please make that possible by {notice.reverify_by.isoformat()}. "
            "Do not break seals or adjust anything before.",
        ],
        "fallen": ["The visits planned for it are called off. We apologise for the trouble."],
        "result": [
            "An instrument whose certificate was revoked may be used again only after it was verified anew. You may ask "
            "for a review or an arbitration verification.",
        ],
    }[notice.kind]
    lines = [f"{notice.recipient_name},", "", head, ""]
    lines += [_english_line(item) for item in notice.items[:LISTED]]
    if notice.total > min(len(notice.items), LISTED):
        lines.append(f"… and {notice.total - min(len(notice.items), LISTED)} more; please log in to see them.")
    lines += ["", *after, f"See: {notice.url}", "", notice.bureau_en or notice.bureau]
    return f"{_SUBJECTS_EN[notice.kind]} ({notice.case})", "\n".join(lines)


def _english_line(item: DoubtedItem) -> str:
    part = f" no. {item.part_label}" if item.part_label else ""
    decided = f": {_DECIDED_EN[item.decision]}" if item.decision else ""
    place = item.place or "place not recorded"
    return f"- {item.certificate} {item.type_name_en} {item.serial_number}{part} ({place}){decided}"
