"""Which passwords are refused: too short, among the common ones, or made from what everyone knows of the person or the office.

Guessing is estimated by zxcvbn, offline, from its lists of leaked passwords, names and words and from keyboard and date
patterns. No mixture of letters, digits and signs is asked for, and nothing expires (ASVS 5.0 V6.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from zxcvbn import zxcvbn

from metrology.domain.problems import Problem

SHORTEST = 10
LONGEST = 128
_ESTIMATED = 72
"""zxcvbn's own limit: what stands beyond adds strength that is not counted."""
_ENOUGH = 3
KNOWN_HERE = [
    "metrology",
    "verification",
    "xinxiang",
    "henan",
    "jiliang",
    "jianding",
    "qiangjian",
    "jidu",
    "shichang",
    "jianguan",
    "scjg",
    "xxjl",
    "jls",
    "admin",
    "administrator",
    "password",
    "mima",
    "welcome",
    "guanliyuan",
    "woaini",
    "1314",
    "520",
    "5201314",
    "521",
    "1314520",
    "zhongguo",
    "beijing",
    "woaizhongguo",
    "taobao",
    "alipay",
    "wechat",
    "weixin",
    "qq",
    "qq123",
    "abc123",
    "1qaz",
    "2wsx",
    "3edc",
    "qazwsx",
    "iloveyou",
]
"""Words of this trade and town, and what Chinese lists of leaked passwords begin with."""


def password_refusal(password: str, *, known: Iterable[str] = ()) -> Problem | None:
    """Why a password may not be chosen, or None. ``known`` is what others know of the person: name, mail address, phone."""
    if len(password) < SHORTEST:
        return Problem("password_too_short", "password", least=SHORTEST)
    if len(password) > LONGEST:
        return Problem("password_too_long", "password", most=LONGEST)
    words = [part for text in known for part in (text, *re.split(r"[\s@._\-]+", text)) if len(part) > 2]
    estimate = zxcvbn(password[:_ESTIMATED], user_inputs=[*words, *KNOWN_HERE], max_length=_ESTIMATED)
    if estimate["score"] < _ENOUGH:
        return Problem("password_guessable", "password")
    return None
