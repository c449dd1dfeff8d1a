"""The words of a mail that brings a report, and of the one that says it comes no more; in Chinese or English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ReportMail:
    """What the mail tells. It holds no data itself: those stand in the files and behind the log-in."""

    name: str
    """Of the report."""
    day: str
    bureau: str
    files: Sequence[str]
    url: str
    stop_url: str
    is_too_long: bool = False
    """Whether the spreadsheet was left out for its size."""


def compose(mail: ReportMail, language: str) -> tuple[str, str]:
    """Subject and body."""
    if language == "en":
        lines = [f"{mail.name}, as of {mail.day}.", ""]
        lines += [f"Attached: {', '.join(mail.files)}"] if mail.files else []
        lines += ["The list is too long for a mail; fetch the spreadsheet from the page."] * mail.is_too_long
        lines += [
            f"Open it: {mail.url}",
            "",
            "These data are for official use only.",
            f"Get it no more: {mail.stop_url}",
            "",
        ]
        return f"{mail.name} {mail.day}", "\n".join([*lines, mail.bureau])
    lines = [f"{mail.name}，截至 {mail.day}。", ""]
    lines += [f"附件：{'、'.join(mail.files)}"] if mail.files else []
    lines += ["清单行数较多，不宜作为邮件附件，请打开页面下载电子表格。"] * mail.is_too_long
    lines += [f"打开报表：{mail.url}", "", "数据仅供工作使用，请勿外传。", f"退订：{mail.stop_url}", ""]
    return f"{mail.name} {mail.day}", "\n".join([*lines, mail.bureau])


_REASONS = {
    "report_gone": ("该报表已被保存人删除或不再共享", "the report was removed, or is no longer shared with you"),
    "own_list_not_allowed": ("您的角色已无权查看该报表", "your role no longer sees this report"),
}


def compose_stopped(name: str, reason: str, url: str, bureau: str, language: str) -> tuple[str, str]:
    """Subject and body of the mail that says why a report comes no more."""
    zh, en = _REASONS.get(reason, ("报表的筛选条件已不再有效", "the report can no longer be made as it was kept"))
    if language == "en":
        body = f"“{name}” is no longer sent: {en}.\n\nYour subscriptions: {url}\n\n{bureau}"
        return f"No longer sent: {name}", body
    return f"停止发送：{name}", f"“{name}”已停止发送：{zh}。\n\n查看订阅：{url}\n\n{bureau}"
