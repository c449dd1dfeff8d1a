"""Day sheets, the overdue report, labels and the calendar feed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import icalendar
import pypdfium2
import pytest

from metrology.documents.calendar_feed import CalendarEvent, calendar_ics
from metrology.documents.certificate_facts import Bilingual
from metrology.documents.label_pdf import LABEL_SHEETS, Label, SheetName, label_sheet_pdf
from metrology.documents.qr import read_qr
from metrology.documents.sheet_pdf import (
    AgeingBand,
    DaySheet,
    DaySheetRow,
    OverdueAhead,
    OverdueDistrict,
    OverdueHolder,
    OverdueMonth,
    OverduePlace,
    OverdueReport,
    OverdueType,
    day_sheet_pdf,
    overdue_pdf,
)
from metrology.domain.problems import Problem
from tests.documents.paper import page_png, page_texts

DAY = date(2026, 11, 22)
URL = "https://metrology.example.gov.cn/i/AbCdEfGhIjKlMnOpQr"


def create_row(number: int = 1, **changes: object) -> DaySheetRow:
    row = DaySheetRow(
        f"A{number:02}",
        "示范经营户",
        "电子秤",
        "ACS-15",
        f"YH{number:04}",
        f"MI-{number:06}",
        "2026-11-12",
        10,
        f"{URL}{number}",
    )
    return replace(row, **changes)  # type: ignore[arg-type]


def create_day_sheet(*rows: DaySheetRow) -> DaySheet:
    return DaySheet(
        "RW-2026-01",
        "2026-11-22",
        Bilingual("星期日", "Sunday"),
        "示范市场",
        "示范路1号",
        "张管理 0373-1",
        ("张三", "李四"),
        rows,
        "带砝码",
    )


def create_report(rows: int = 3, name: str = "示范单位") -> OverdueReport:
    return OverdueReport(
        body_name="新乡市市场监督管理局", scope="全市", as_of="2026-11-22", overdue=2345, in_use=25012,
        change_since_last_month=-120, planned=812, never_verified=17,
        ahead=(OverdueAhead(30, 640, 41), OverdueAhead(60, 900, 50), OverdueAhead(90, 1700, 60)),
        ageing=(AgeingBand(Bilingual("1–30 天"), 1345), AgeingBand(Bilingual("31–90 天"), 1000)),
        districts=tuple(OverdueDistrict(Bilingual(f"{name}区{n}", f"District {n}"), 100, 50, 10, (30, 20)) for n in range(rows)),
        holders=tuple(OverdueHolder(f"{n}{name}", name, 100, 50, 400) for n in range(rows)),
        places=tuple(OverduePlace(f"{n}{name}市场", name, 60) for n in range(rows)),
        types=tuple(OverdueType(Bilingual(f"{n}{name}类", "Some long English name of a type"), 100, 50) for n in range(rows)),
        trend=tuple(OverdueMonth(f"2026-{n:02}", 100 * n) for n in range(1, 12)),
    )  # fmt: skip


def test_day_sheet_has_the_visit_and_each_instrument() -> None:
    text = "".join(
        page_texts(day_sheet_pdf(create_day_sheet(create_row(note="#铅封*"), create_row(2, overdue_days=0, due=""))))
    )
    for part in (
        "检定任务单",
        "2026年11月22日",
        "星期日",
        "RW-2026-01",
        "示范市场",
        "张管理",
        "张三、李四",
        "带砝码",
        "YH0001",
        "MI-000001",
        "逾期10天",
        "#铅封*",
        "合格",
        "未检",
        "检定员签字",
        "第1页/共1页",
    ):
        assert part in text, part
    assert text.count("逾期") == 1


def test_day_sheet_codes_read_back() -> None:
    pdf = day_sheet_pdf(create_day_sheet(create_row(), create_row(2), create_row(3, qr_text="")), language="zh-en")
    assert sorted(read_qr(page_png(pdf, dots_per_inch=200))) == [f"{URL}1", f"{URL}2"]


def test_day_sheet_goes_over_pages_with_its_heading() -> None:
    pages = page_texts(day_sheet_pdf(create_day_sheet(*(create_row(n) for n in range(30)))))
    assert len(pages) == 3
    assert all("出厂编号" in page and f"第{n}页/共3页" in page for n, page in enumerate(pages, 1))


def test_overdue_report_says_it_all_in_the_first_line() -> None:
    first, second = page_texts(overdue_pdf(create_report()))
    for part in (
        "逾期未检报告",
        "全市",
        "2,345",
        "占在用9.4%",
        "−120",
        "812",
        "640",
        "已安排41",
        "90天内新增逾期1,700",
        "从未检定17",
        "1–30天",
        "57.4%",
        "示范单位区0",
        "当日",
        "26-11",
    ):
        assert part in first, part
    for part in ("0示范单位", "400", "0示范单位类", "50.0%"):
        assert part in second, part


@pytest.mark.parametrize("rows", [0, 1, 40])
@pytest.mark.parametrize("name", ["甲", "某某某某某某某某某某某某某某某某某某某某某某某某某某有限公司"])
def test_overdue_report_is_always_two_pages(rows: int, name: str) -> None:
    assert len(page_texts(overdue_pdf(create_report(rows, name), language="zh-en"))) == 2


def test_overdue_report_in_both_languages_says_all_of_it_twice() -> None:
    first, second = page_texts(overdue_pdf(create_report(12), language="zh-en"))
    assert "640newlyoverduewithin30days(41planned)" in first
    assert "Neververified:17" in first
    for part in ("SomelongEnglishnameofatype", "3morearenotlisted"):
        assert part in second, part
    assert "newlyoverdue" not in page_texts(overdue_pdf(create_report(12)))[0]


def test_overdue_report_without_a_last_month_and_without_anything_overdue() -> None:
    first = page_texts(
        overdue_pdf(replace(create_report(0), change_since_last_month=None, overdue=0, in_use=0, ageing=(), trend=()))
    )[0]
    assert "较上月（无可比数据）" in first
    assert "占在用—" in first


def test_overdue_report_tells_of_types_left_out() -> None:
    assert "另有9类器具未列出" in page_texts(overdue_pdf(create_report(20)))[1]


@pytest.mark.parametrize(
    ("sheet", "count", "across", "down"),
    [
        ("L7160", 21, 210 - 2 * 7.21, 7 * 38.1),
        ("L7162", 16, 210 - 2 * 4.63, 8 * 33.9),
        ("L7163", 14, 210 - 2 * 4.63, 7 * 38.1),
    ],
)
def test_label_sheets_fill_a4_evenly(sheet: SheetName, count: int, across: float, down: float) -> None:
    s = LABEL_SHEETS[sheet]
    assert s.labels == count
    assert (s.columns - 1) * s.column_pitch + s.width == pytest.approx(across, abs=0.05)
    assert s.rows * s.row_pitch == pytest.approx(down)
    assert s.top * 2 + down == pytest.approx(297, abs=0.05)


def test_labels_start_where_told_and_fill_the_next_sheet() -> None:
    label = Label("检定合格", URL, "XXJL-000128", "YH100000", "2027-11-21", "电子秤", "计量所")
    pages = page_texts(label_sheet_pdf([label], sheet="L7160", day=DAY, start=20, copies=3))
    assert [page.count("XXJL-000128") for page in pages] == [2, 1]
    assert "检定合格有效期至2027-11-21" in pages[0]
    assert "出厂编号YH100000" in pages[0]


def test_a_label_stands_at_its_place_to_the_millimetre() -> None:
    pdf = label_sheet_pdf([Label("合格", URL, "N1")], sheet="L7163", day=DAY, start=4)
    page = pypdfium2.PdfDocument(pdf)[0]
    place = page.get_textpage().search("N1").get_next()
    assert place is not None
    left, bottom, right, top = (value / 72 * 25.4 for value in page.get_textpage().get_charbox(place[0]))
    assert 4.63 + 101.64 < left < right < 4.63 + 101.64 + 99.1
    assert 15.15 + 38.1 < 297 - top < 297 - bottom < 15.15 + 2 * 38.1


@pytest.mark.parametrize("sheet", ["L7160", "L7162", "L7163"])
def test_signed_codes_on_labels_read_back(sheet: SheetName) -> None:
    labels = [Label("合格", f"{URL}{n}#" + "1234567890" * 22, f"N{n}") for n in range(3)]
    assert sorted(read_qr(page_png(label_sheet_pdf(labels, sheet=sheet, day=DAY), dots_per_inch=200))) == [
        label.qr_text for label in labels
    ]


@pytest.mark.parametrize(
    ("start", "copies", "code"),
    [(0, 1, "bad_label_start"), (22, 1, "bad_label_start"), (1, 0, "bad_label_count"), (1, 5_001, "bad_label_count")],
)
def test_starts_and_counts_off_the_sheet_are_refused(start: int, copies: int, code: str) -> None:
    with pytest.raises(Problem, match=code):
        label_sheet_pdf([Label("合格", URL, "N1")], sheet="L7160", day=DAY, start=start, copies=copies)


def test_calendar_events_last_all_day_and_keep_their_uid() -> None:
    changed = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
    events = [
        CalendarEvent(
            "visit-1@x", date(2026, 11, 30), "检定：示范市场; 23 台", changed, location="延津县", url="https://x.cn/v/1"
        ),
        CalendarEvent(
            "visit-2@x", date(2026, 12, 1), "取消", changed, status="CANCELLED", sequence=2, last_day=date(2026, 12, 2)
        ),
    ]
    feed = calendar_ics(events, name="检定计划")
    first, second = icalendar.Calendar.from_ical(feed).walk("VEVENT")
    assert (first["UID"], first.start, first.end, str(first["SUMMARY"])) == (
        "visit-1@x",
        date(2026, 11, 30),
        date(2026, 12, 1),
        "检定：示范市场; 23 台",
    )
    assert (second["STATUS"], second["SEQUENCE"], second.end) == ("CANCELLED", 2, date(2026, 12, 3))
    assert b"DTSTART;VALUE=DATE:20261130" in feed
    assert feed == calendar_ics(events, name="检定计划")
