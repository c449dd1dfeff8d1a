"""Reports that can be kept under a name, shared and sent: each with its page, what narrows it, and how its files are made.

To make another report one of them is to add one entry here; pages, saving, subscriptions and mails follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl, urlencode

from sqlalchemy.orm import Session

from metrology.documents.bilingual import Bilingual
from metrology.domain.authority import Actor, may
from metrology.domain.problems import Problem
from metrology.services import indicator_papers, overdue_papers, own_list, own_list_papers
from metrology.services.own_list import LONGEST_QUERY
from metrology.services.own_list_running import Run

MOST_SENT_ROWS = 50_000
"""Rows of a list that go with a mail; a longer one is fetched from its page."""


@dataclass(frozen=True)
class Reader:
    """For whom a report is made, when, in which language, and under which name it is kept."""

    session: Session
    actor: Actor
    today: date
    language: str
    name: str = ""
    fonts_folder: Path | None = None


@dataclass(frozen=True)
class ReportKind:
    """One kind of report."""

    code: str
    name: Bilingual
    action: str
    """Who may read it at all."""
    path: str
    """Its page."""
    clean: Callable[[str], str]
    """What of a query string is kept; refuses what the report does not know."""
    pdf: Callable[[Reader, str], bytes]
    xlsx: Callable[[Reader, str], IO[bytes]]
    check: Callable[[Reader, str], None] = lambda _reader, _query: None
    """Refuses what the reader may not see, or what is too much to be sent."""


def _list_run(reader: Reader, query: str) -> Run:
    return Run(reader.session, reader.actor, own_list.of_query(query), today=reader.today, language=reader.language)


def _check_list(reader: Reader, query: str) -> None:
    run = _list_run(reader, query)
    if not run.made.is_grouped and run.count(MOST_SENT_ROWS) > MOST_SENT_ROWS:
        raise Problem("report_too_long", None, limit=f"{MOST_SENT_ROWS:,}")


def keys_only(*known: str) -> Callable[[str], str]:
    """Keeps these keys, once each, in this order; refuses others."""

    def clean(query: str) -> str:
        given = pairs_of(query)
        for key in given:
            if key not in (*known, "lang"):
                raise Problem("own_list_filter", None, key=key[:40])
        return urlencode([(key, given[key]) for key in known if given.get(key)])

    return clean


def pairs_of(query: str) -> Mapping[str, str]:
    """The values of a query string by key; one that is too long is refused."""
    if len(query) > LONGEST_QUERY:
        raise Problem("filter_too_long")
    try:
        return dict(parse_qsl(query, max_num_fields=100))
    except ValueError as fault:
        raise Problem("filter_too_long") from fault


def _clean_indicators(query: str) -> str:
    """Keeps the period, district and type; a period that is none is refused, one that moves on stays as it was said."""
    kept = keys_only(*indicator_papers.KEYS)(query)
    indicator_papers.asked_of(pairs_of(kept), today=date(2000, 1, 1))
    return kept


KINDS: dict[str, ReportKind] = {
    one.code: one
    for one in (
        ReportKind(
            code="own_list",
            name=Bilingual("自定义清单", "Own list"),
            action="list.build",
            path="/reports/lists/",
            clean=lambda query: own_list.of_query(query).query,
            pdf=lambda reader, query: own_list_papers.pdf(
                _list_run(reader, query), reader.name, fonts_folder=reader.fonts_folder
            ),
            xlsx=lambda reader, query: own_list_papers.xlsx(_list_run(reader, query), reader.name),
            check=_check_list,
        ),
        ReportKind(
            code="overdue",
            name=Bilingual("逾期报表", "Overdue report"),
            action="report.view",
            path="/reports/overdue",
            clean=keys_only(*overdue_papers.KEYS),
            pdf=lambda reader, query: overdue_papers.pdf(
                reader.session, reader.actor, overdue_papers.filter_of(pairs_of(query)), today=reader.today,
                language=reader.language, fonts_folder=reader.fonts_folder,
            ),
            xlsx=lambda reader, query: overdue_papers.xlsx(
                reader.session, reader.actor, overdue_papers.filter_of(pairs_of(query)), today=reader.today,
                language=reader.language,
            ),
        ),
        ReportKind(
            code="indicators",
            name=Bilingual("考核指标", "Indicators"),
            action="report.view",
            path="/reports/indicators/",
            clean=_clean_indicators,
            pdf=lambda reader, query: indicator_papers.pdf(
                reader.session, reader.actor, indicator_papers.asked_of(pairs_of(query), today=reader.today),
                language=reader.language, fonts_folder=reader.fonts_folder,
            ),
            xlsx=lambda reader, query: indicator_papers.xlsx(
                reader.session, reader.actor, indicator_papers.asked_of(pairs_of(query), today=reader.today),
                language=reader.language,
            ),
        ),
    )
}  # fmt: skip


def kind_of(code: str) -> ReportKind:
    """A kind by its code."""
    found = KINDS.get(code)
    if found is None:
        raise Problem("report_kind_unknown", "kind")
    return found


def kinds_of(actor: Actor) -> list[ReportKind]:
    """The kinds somebody may read."""
    return [one for one in KINDS.values() if may(actor, one.action)]
