"""The words that tell administrators that the registry stopped telling another system of changes, and what to do."""

from __future__ import annotations

from metrology.domain.webhook import GIVE_UP

HOURS = int(GIVE_UP.total_seconds() // 3600)
WHY = {
    "failing": (
        f"对方已连续 {HOURS} 小时未能接收",
        f"the other system has taken nothing for {HOURS} hours",
    ),
    "gone": ("对方答复该地址已停用(HTTP 410)", "the other system says that the address is no more (HTTP 410)"),
    "owner_inactive": ("其所属账户已停用", "the account it belongs to is not active"),
    "cursor_lost": (
        "其所属账户的管辖范围已变,或日志并非原日志,须由对方重新读取全部数据",
        "the scope of its account changed, or the journal is another one: the other system must read everything anew",
    ),
    "nothing_readable": (
        "其所属账户已无权查看所选各类数据",
        "its account may no longer read any of the kinds chosen",
    ),
    "secret_unreadable": (
        "密钥无法解封(安装密钥已更换),请更换签名密钥",
        "its secret cannot be opened (the key of the installation changed): rotate it",
    ),
}
"""Why, as ``domain.webhook.REASONS`` says it."""


def compose(
    name: str, endpoint: str, why: str, url: str, bureau: str, bureau_en: str, language: str
) -> tuple[str, str]:
    """Subject and body in ``zh_Hans_CN`` or ``en``."""
    zh, en = WHY[why]
    if language == "en":
        lines = [
            f"{name},", "", f"changes are no longer sent to “{endpoint}”: {en}.", "",
            "Nothing is lost: once it is resumed, it goes on where it stopped.", "", f"See: {url}", "", bureau_en or bureau,
        ]  # fmt: skip
        return f"Webhook paused: {endpoint}", "\n".join(lines)
    lines = [
        f"{name}:", "", f"已停止向“{endpoint}”推送变更:{zh}。", "", "数据不会丢失:恢复后从中断处继续。", "", f"查看:{url}", "",
        bureau,
    ]  # fmt: skip
    return f"变更推送已暂停:{endpoint}", "\n".join(lines)
