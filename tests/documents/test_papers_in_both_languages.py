"""Papers in both languages: what says which page it is and up to which day it counts says so in both; a Chinese one in Chinese."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Literal

import pytest

from metrology.documents.as_of_pdf import DayStatement, day_statement_pdf
from metrology.documents.bilingual import Bilingual, in_both
from metrology.documents.indicators_pdf import DefinitionText, IndicatorLine, IndicatorsPaper, indicators_pdf
from metrology.documents.lot_pdf import lot_pdf
from metrology.documents.sheet_pdf import day_sheet_pdf, overdue_pdf
from metrology.documents.statement_pdf import StatementLine, StatementPaper, statement_pdf
from metrology.services.settings import BureauSettings
from tests.documents.paper import page_texts
from tests.documents.test_working_papers import create_day_sheet, create_report, create_row
from tests.lots import empty_lot

Language = Literal["zh", "zh-en"]
DAY = date(2026, 11, 22)


def _statement(language: Language) -> bytes:
    paper = StatementPaper(
        body_name="示范局", number="BB-1", period="2026-10", days="2026-10-01 – 2026-10-31", scope="全市", is_yearly=False,
        is_draft=True, version=2, replaces="", reason="", digest="", prepared_by="王", approved_by="", approved_at="",
        indicators=(("按期检定率", "On-time rate", "90 %", "95 %"),), types=(StatementLine("水表", "water meter", (1, 1, 1, 0, 1, 0)),),
        districts=(), complaints=0,
    )  # fmt: skip
    return statement_pdf(paper, day=DAY, language=language)


def _indicators(language: Language) -> bytes:
    line = IndicatorLine("按期检定率", "On-time rate", "90 %", "9 / 10", "", "—", "", "—", "", (0.5, None))
    meant = DefinitionText(
        "按期检定率", "On-time rate", (("分子", "Counted", "结论为“合格”的。", "Those that “conform”."),)
    )
    paper = IndicatorsPaper("示范局", "全市", "2026", "2026", DAY.isoformat(), ("26-10", "26-11"), (line,), (meant,))
    return indicators_pdf(paper, language=language)


def _as_of(language: Language) -> bytes:
    nothing = Bilingual("")
    answer = DayStatement(
        body_name="示范局", on="2026-10-01", made_on=DAY.isoformat(), known="2026-11-22 10:00", answer=Bilingual("检定有效", "valid"),
        is_legal=True, because=Bilingual("证书有效", "its certificate held"), then=nothing, instrument=(), document=(), entries=(),
        checkpoint="", head="12:abc", qr_text="",
    )  # fmt: skip
    return day_statement_pdf(answer, language=language)


PAPERS: dict[str, Callable[[Language], bytes]] = {
    "overdue": lambda language: overdue_pdf(create_report(), language=language),
    "day sheet": lambda language: day_sheet_pdf(create_day_sheet(create_row()), language=language),
    "statement": _statement,
    "indicators": _indicators,
    "status on a day": _as_of,
    "lot": lambda language: lot_pdf(empty_lot("PC-1"), (), public_url="https://example.cn", language=language),
}


@pytest.mark.parametrize("name", PAPERS)
def test_every_page_is_numbered_in_the_languages_of_its_paper(name: str) -> None:
    """``page_texts`` leaves out blanks."""
    both, chinese = (page_texts(PAPERS[name](language)) for language in ("zh-en", "zh"))
    for place, page in enumerate(both, 1):
        assert f"第{place}页" in page
        assert f"Page{place}/{len(both)}" in page
    assert all("Page" not in page for page in chinese)


@pytest.mark.parametrize("name", ["overdue", "indicators"])
def test_the_day_is_as_of_in_both_languages_at_the_top_and_at_the_foot(name: str) -> None:
    first = page_texts(PAPERS[name]("zh-en"))[0]
    assert first.count("截至") == first.count("asof") == 2


def test_what_a_report_covers_is_said_once_where_both_languages_say_the_same() -> None:
    words = {"zh": "全市", "en": "The whole city"}
    assert in_both("en", words.__getitem__) == "全市  The whole city"
    assert in_both("zh_Hans_CN", words.__getitem__) == "全市"
    assert in_both("en", lambda _language: "东湖市场") == "东湖市场"


def test_english_definitions_have_straight_quotation_marks() -> None:
    page = page_texts(_indicators("zh-en"))[1]
    assert 'Thosethat"conform".' in page
    assert "“合格”" in page


def test_the_bureau_is_named_in_the_languages_of_its_paper() -> None:
    bureau = BureauSettings(bureau_name="示范局", bureau_name_en="Example Bureau")
    assert [bureau.named(one) for one in ("zh", "en", "zh-en")] == [
        "示范局",
        "Example Bureau",
        "示范局  Example Bureau",
    ]
    nameless = replace(bureau, bureau_name_en="")
    assert [nameless.named(one) for one in ("zh", "en", "zh-en")] == ["示范局"] * 3
