"""Reports that people of the example city keep: shared with the office or everybody, and sent to the manager by mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.saved_reports import SavedReport
from metrology.services import keeping_reports, subscribing
from metrology.services.subscribing import SubscriptionFacts

_REPORTS = (
    # who keeps it, kind, name, query, for whom
    ("manager", "overdue", "红旗区逾期情况", "district=410702", "staff"),
    ("manager", "indicators", "本年考核指标", "period=this-year", "office"),
    ("manager", "own_list", "各区县在用、逾期、待检定", "about=instruments&by=district&sum=in_use&sum=overdue&sum=waiting", "staff"),
    (
        "officer", "own_list", "逾期的加油机",
        "about=instruments&col=number&col=serial&col=part&col=holder&col=district&col=due&col=overdue_days&sort=due"
        "&type=fuel_dispenser&due=overdue", "staff",
    ),
)  # fmt: skip
_SENT = {
    "红旗区逾期情况": SubscriptionFacts(rhythm="weekly", day=1, hour=8),
    "本年考核指标": SubscriptionFacts(rhythm="monthly", day=1, hour=8, with_xlsx=False, language="en"),
}


def keep_reports(session: Session, people: Mapping[str, Actor], *, now: datetime) -> list[SavedReport]:
    """Keep them, and let the manager have two of them by mail."""
    kept = []
    for who, kind, name, query, sharing in _REPORTS:
        row = keeping_reports.keep(session, people[who], kind, name, query, sharing, now=now)
        if name in _SENT:
            subscribing.subscribe(session, people[who], row, _SENT[name], now=now)
        kept.append(row)
    return kept
