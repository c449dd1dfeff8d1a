"""Certificates to print in tests, and paper looked at: text of a page, page as picture."""

from __future__ import annotations

import io
import re

import pypdfium2

from metrology.documents.calibration_facts import BudgetLine, BudgetText, CalibrationFacts
from metrology.documents.certificate_facts import (
    Bilingual,
    CertificateFacts,
    CheckResult,
    InstrumentFacts,
    IssuingBody,
    LabelledText,
    PointResult,
    RegulationUsed,
    ResultTable,
    StandardUsed,
)

URL = "https://metrology.example.gov.cn/c/AbCdEfGhIjKlMnOpQrStUv"


def create_point(**changes: object) -> PointResult:
    values: dict[str, object] = {
        "point": "10 e", "reference": "2500", "indication": "2501", "error": "+1", "mpe": "±5", "within": True,
        "formula": "±0.5 e（0 ≤ m ≤ 500 e）", "clause": "JJG 539-2016 表 3",
    }  # fmt: skip
    return PointResult(**(values | changes))  # type: ignore[arg-type]


def create_table(*points: PointResult) -> ResultTable:
    return ResultTable(Bilingual("称量性能", "Weighing performance"), "g", points or (create_point(),))


def create_facts(**changes: object) -> CertificateFacts:
    values: dict[str, object] = {
        "kind": "verification_certificate",
        "number": "XXJL-衡-2026-JD-000128",
        "record_number": "YS-2026-11-0128",
        "body": IssuingBody(
            Bilingual("新乡市计量测试所", "Xinxiang Metrology Institute"), "（豫）法计（2023）07001",
            "红旗区示范路88号", "0373-1234567", "0373-1234568", "453000", "a@example.gov.cn",
        ),
        "applicant": Bilingual("示范经营户244", "Vendor 244"),
        "applicant_address": "延津县示范路1号",
        "instrument": InstrumentFacts(
            Bilingual("电子计价秤", "Price-computing scale"), "ACS-15", "YH100000", "示范电子秤厂", "MI-000128",
            (LabelledText(Bilingual("最大秤量", "Max"), "15 kg"),),
        ),
        "conclusion": Bilingual("准予作 Ⅲ 级使用", "Fit for use as class Ⅲ"),
        "verification_kind": Bilingual("后续检定", "Subsequent"),
        "verification_date": "2026-11-22",
        "issue_date": "2026-11-23",
        "valid_until": "2027-11-21",
        "validity_rule": Bilingual("周期12个月，至次年对应日的前一日", "To the day before the anniversary"),
        "verifier": "张示范",
        "checker": "李核验",
        "approver": "王批准",
        "place": "示范08号集贸市场",
        "environment": (LabelledText(Bilingual("温度", "Temperature"), "21.3 ℃"),),
        "regulations": (RegulationUsed("JJG 539-2016", Bilingual("数字指示秤", "Digital indicating scales")),),
        "standards": (
            StandardUsed(Bilingual("砝码组", "Weights"), "FM-0012", "1 mg ~ 20 kg", "M1 等级", "FM-2026-0012", "2027-03-01"),
        ),
        "checks": (CheckResult(Bilingual("外观检查", "Appearance"), Bilingual("符合要求", "Conforms"), within=True, clause="6.1"),),
        "tables": (create_table(),),
        "qr_text": URL,
        "public_url": URL,
        "checkpoint": "9f86d081884c7d659a2feaa0c55ad015",
    }  # fmt: skip
    return CertificateFacts(**(values | changes))  # type: ignore[arg-type]


def create_notice(**changes: object) -> CertificateFacts:
    values: dict[str, object] = {
        "kind": "rejection_notice",
        "conclusion": Bilingual("不合格", "Rejected"),
        "valid_until": "",
        "failed_items": (Bilingual("示值误差 +12 g 超出 ±5 g", "Error +12 g exceeds ±5 g"),),
        "tables": (create_table(create_point(error="+12", within=False)),),
    }
    return create_facts(**(values | changes))


def create_calibration(**changes: object) -> CertificateFacts:
    """A calibration certificate: results with U and k, the budget, no verdict."""
    rows = tuple(
        create_point(
            point=f"{at} mm", point_en=f"{at} mm", reference=f"{at}.000", indication=f"{at}.013", error="+0.013", mpe="",
            within=None, formula="", clause="", uncertainty="0.010", coverage_factor="2.00",
        )
        for at in (0, 50, 100, 150)
    )  # fmt: skip
    values: dict[str, object] = {
        "kind": "calibration_certificate",
        "conclusion": Bilingual("给出校准结果，不作符合性判定", "Results stated without a statement of conformity"),
        "verification_kind": Bilingual("校准", "Calibration"),
        "valid_until": "",
        "validity_rule": Bilingual(""),
        "checks": (),
        "tables": (ResultTable(Bilingual("示值误差", "Error of indication"), "mm", rows, point_heading=Bilingual("校准点", "Point")),),
        "calibration": (CALIBRATION,),
    }  # fmt: skip
    return create_facts(**(values | changes))


CALIBRATION = CalibrationFacts(
    measurand=Bilingual("长度", "Length"),
    uncertainty=Bilingual(
        "扩展不确定度 U 由合成标准不确定度乘以包含因子 k 得到，包含概率约为 95 %，按 JJF 1059.1-2012 评定。",
        "The expanded uncertainty U is the combined standard uncertainty times k, coverage probability about 95 % (JCGM 100).",
    ),
    traceability=Bilingual("测量结果通过所列测量标准溯源至国家计量基准。", "Traceable to national standards through those listed."),
    budget=BudgetText(
        point="150 mm",
        lines=(
            BudgetLine(Bilingual("测量重复性", "Repeatability"), "A", Bilingual("正态", "normal"), "", "0.0021 mm", "1", "17.6"),
            BudgetLine(Bilingual("标准器", "Standard"), "B", Bilingual("正态，k = 2", "normal, k = 2"), "0.002 mm", "0.0010 mm", "1", "4.0"),
            BudgetLine(Bilingual("分辨力", "Resolution"), "B", Bilingual("均匀", "rectangular"), "0.005 mm", "0.0029 mm", "1", "78.4"),
        ),
        combined="0.0050 mm", freedom="60", coverage_factor="2.00", expanded="0.010 mm",
    ),
)  # fmt: skip


def page_texts(pdf: bytes) -> list[str]:
    """The text of each page without any space: letter-spacing and breaks are looks, not text."""
    document = pypdfium2.PdfDocument(pdf)
    texts = [re.sub(r"[\s\u00a0\x02\ufffe]", "", page.get_textpage().get_text_bounded()) for page in document]
    document.close()
    return texts


def page_png(pdf: bytes, page: int = 0, dots_per_inch: int = 150) -> bytes:
    document = pypdfium2.PdfDocument(pdf)
    out = io.BytesIO()
    document[page].render(scale=dots_per_inch / 72).to_pil().save(out, "PNG")
    document.close()
    return out.getvalue()


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)
