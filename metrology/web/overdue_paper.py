"""The overdue report written down: the workbook and what the PDF is typeset from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import IO, Any

from flask_babel import gettext as _

from metrology.documents import sheet_pdf
from metrology.documents.certificate_facts import Bilingual
from metrology.documents.spreadsheet_out import ListColumn, write_xlsx
from metrology.domain.overdue_figure import OVERDUE_FIGURES
from metrology.domain.schedule import AGEING
from metrology.persistence.database import db
from metrology.services import settings as bureau_settings
from metrology.services.reporting import OverdueGroup, OverdueReport, TrendPoint
from metrology.web.filters import pick
from metrology.web.overdue_page import ageing_words, district_of, name_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(report: OverdueReport, scope: str) -> IO[bytes]:
    """Every group with its ageing, numbers as numbers; the second sheet says what they mean and what was asked."""
    headings = [
        _("Grouped by"),
        _("Name"),
        _("District"),
        _("In use"),
        _("Overdue"),
        _("Share overdue") + ", %",
        _("Planned"),
    ]
    headings += [_("Oldest last valid day"), *ageing_words()]
    return write_xlsx(
        [ListColumn(str(heading)) for heading in headings],
        _rows(report),
        title=_("Overdue %(day)s", day=report.day.isoformat()),
        definitions=list(_definitions(report, scope)),
    )


def _rows(report: OverdueReport) -> Iterator[list[Any]]:
    whole = OverdueGroup("", "", "", report.total, report.ageing, report.in_use, report.planned)
    yield _row(str(_("All")), str(_("All")), whole, report)
    for section, groups in (
        (_("District"), report.districts),
        (_("Type"), report.types),
        (_("Market, station or community"), report.places),
        (_("Holder"), report.holders),
    ):
        for group in groups:
            yield _row(str(section), name_of(group), group, report)


def _row(section: str, name: str, group: OverdueGroup, report: OverdueReport) -> list[Any]:
    share = (Decimal(100 * group.total) / group.in_use).quantize(Decimal("0.1")) if group.in_use else None
    return [
        section,
        name,
        district_of(group),
        group.in_use or None,
        group.total,
        share,
        None if report.is_past else group.planned,
        group.oldest,
        *group.ageing,
    ]


def _definitions(report: OverdueReport, scope: str) -> Iterator[tuple[str, str]]:
    yield str(_("Day")), report.day.isoformat()
    yield str(_("What it covers")), scope
    if report.is_past:
        yield str(_("Planned")), str(_("How visits stood on a past day is not kept."))
    for one in OVERDUE_FIGURES:
        words = [one.numerator, one.left_out, one.counted_on, one.source]
        yield pick({"zh": one.name.zh, "en": one.name.en}), "\n".join(pick({"zh": w.zh, "en": w.en}) for w in words)


def paper(report: OverdueReport, scope: str) -> sheet_pdf.OverdueReport:
    """The facts of the two pages."""
    bureau = bureau_settings.read(db.session())
    return sheet_pdf.OverdueReport(
        body_name=bureau.bureau_name,
        scope=scope,
        as_of=report.day.isoformat(),
        overdue=report.total,
        in_use=report.in_use,
        change_since_last_month=report.change,
        planned=None if report.is_past else report.planned,
        ahead=tuple(
            sheet_pdf.OverdueAhead(one.days, one.count, None if report.is_past else one.planned) for one in report.ahead
        ),
        never_verified=report.never_verified,
        ageing=tuple(
            sheet_pdf.AgeingBand(Bilingual(zh=zh, en=en), count)
            for (zh, en), count in zip(_bands(), report.ageing, strict=True)
        ),
        districts=tuple(
            sheet_pdf.OverdueDistrict(name_of(one), one.in_use, one.total, one.planned, one.ageing)
            for one in report.districts
        ),
        holders=tuple(
            sheet_pdf.OverdueHolder(one.name, district_of(one), one.in_use, one.total, _age(report.day, one.oldest))
            for one in report.holders
        ),
        places=tuple(sheet_pdf.OverduePlace(one.name, district_of(one), one.total) for one in report.places),
        types=tuple(
            sheet_pdf.OverdueType(Bilingual(zh=one.name, en=one.name_en), one.in_use, one.total) for one in report.types
        ),
        trend=tuple(
            sheet_pdf.OverdueMonth(point.day.strftime("%Y-%m"), point.overdue)
            for point in (*report.trend, TrendPoint(report.day, report.total, report.in_use))
            if report.trend and point.overdue is not None
        ),
    )


def _age(day: date, oldest: date | None) -> int:
    return (day - oldest).days if oldest else 0


def _bands() -> list[tuple[str, str]]:
    return [
        (f"{one.first}–{one.last} 天", f"{one.first}–{one.last} days")
        if one.last
        else (f"{one.first - 1} 天以上", f"over {one.first - 1} days")
        for one in AGEING
    ]
