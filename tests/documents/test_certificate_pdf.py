"""The certificate on paper says what its facts say, and nothing else."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from pypdf import PdfReader

from metrology.documents.certificate_facts import Bilingual, CertificateFacts, CheckResult, LabelledText
from metrology.documents.certificate_pdf import certificate_pdf
from metrology.documents.fonts import MissingGlyphs, paper_fonts
from metrology.documents.qr import read_qr
from metrology.domain.problems import Problem
from tests.documents.paper import (
    URL,
    create_calibration,
    create_facts,
    create_notice,
    create_point,
    create_table,
    page_png,
    page_texts,
    squeezed,
)

HOSTILE = '#import "x": *  *bold* _it_ $x^2$ `code` @ref <label> // c \\ #show: panic() 示范'


def test_cover_has_every_field() -> None:
    cover = page_texts(certificate_pdf(create_facts(replaces="XXJL-0001"), language="zh"))[0]
    for text in (
        "新乡市计量测试所", "检定证书", "VERIFICATIONCERTIFICATE", "证书编号XXJL-衡-2026-JD-000128", "替代No.XXJL-0001",
        "送检单位示范经营户244", "计量器具名称电子计价秤", "型号/规格ACS-15", "出厂编号YH100000", "制造单位示范电子秤厂",
        "检定依据JJG539-2016", "准予作Ⅲ级使用", "2026年11月22日", "有效期至2027年11月21日", "批准人王批准", "核验员李核验",
        "检定员张示范", "授权证书编号：（豫）法计（2023）07001", "地址：红旗区示范路88号", "邮编：453000", "电话：0373-1234567",
        "传真：0373-1234568", "a@example.gov.cn", "扫码核验真伪", URL, "第1页/共2页", "检定专用章",
    ):  # fmt: skip
        assert text in cover, text


def test_inner_page_has_every_field() -> None:
    inner = page_texts(certificate_pdf(create_facts(), language="zh"))[1]
    for text in (
        "证书编号XXJL-衡-2026-JD-000128", "原始记录YS-2026-11-0128", "第2页/共2页", "JJG539-2016《数字指示秤》", "砝码组FM-0012",
        "1mg~20kg", "M1等级", "FM-2026-0012", "2027-03-01", "检定类别后续检定", "示范08号集贸市场", "温度21.3℃", "最大秤量15kg",
        "MI-000128", "延津县示范路1号", "外观检查符合要求6.1合格", "称量性能", "参考值/g", "示值误差/g", "最大允许误差/g",
        "10e25002501+1±5合格[1]", "[1]±0.5e（0≤m≤500e）；JJG539-2016表3", "周期12个月，至次年对应日的前一日",
        "仅对所检定的计量器具有效", "9f86d081884c7d659a2feaa0c55ad015",
    ):  # fmt: skip
        assert text in inner, text
    assert "以下空白" in inner
    assert "尚未与规程原文核对" not in inner


def test_english_is_printed_only_in_the_bilingual_certificate() -> None:
    chinese = "".join(page_texts(certificate_pdf(create_facts(), language="zh")))
    both = "".join(page_texts(certificate_pdf(create_facts(), language="zh-en")))
    for text in (
        "XinxiangMetrologyInstitute",
        "Vendor244",
        "Price-computingscale",
        "FitforuseasclassⅢ",
        "Validuntil",
        "2027-11-21",
        "Page2/2",
        "Weighingperformance",
        "relateonlytotheitem",
    ):
        assert text in both, text
        assert text not in chinese, text
    for text in ("示范经营户244", "准予作Ⅲ级使用", "以下空白", "有效期至"):
        assert text in both, text


def test_rejection_notice_has_failed_items_and_no_validity() -> None:
    pages = page_texts(certificate_pdf(create_notice(), language="zh"))
    assert "检定结果通知书" in pages[0]
    assert "检定结论不合格" in pages[0]
    assert "1.示值误差+12g超出±5g" in pages[0]
    assert "签发日期2026年11月23日" in pages[0]
    assert "不合格[1]" in pages[1]
    assert "不得继续使用" in pages[1]
    cover_and_results = pages[0] + pages[1].split("检定结果")[-1]
    assert "有效期至" not in cover_and_results
    assert "2027年" not in "".join(pages)


def test_many_failed_items_go_on_inside() -> None:
    items = tuple(Bilingual(f"第{n}喷嘴不合格") for n in range(1, 8))
    pages = page_texts(certificate_pdf(create_notice(failed_items=items), language="zh"))
    assert "5.第5喷嘴不合格" in pages[0]
    assert "第6喷嘴" not in pages[0]
    assert "共7项，其余见续页" in pages[0]
    assert all(f"{n}.第{n}喷嘴不合格" in "".join(pages[1:]) for n in range(1, 8))


def test_limits_found_differently_have_their_own_note_and_unconfirmed_ones_a_mark() -> None:
    table = create_table(
        create_point(point="甲", clause="表 3"),
        create_point(point="乙", clause="表 4", mpe="±10"),
        create_point(point="丙", clause="表 3", confirmed=False),
    )
    inner = page_texts(certificate_pdf(create_facts(tables=(table,)), language="zh"))[1]
    assert "甲25002501+1±5合格[1]" in inner
    assert "乙25002501+1±10合格[2]" in inner
    assert "丙25002501+1±5†合格[1]" in inner
    assert "尚未与规程原文核对" in inner


def test_columns_in_which_nothing_stands_are_left_out() -> None:
    table = create_table(create_point(reference="", formula="", clause=""))
    inner = page_texts(certificate_pdf(create_facts(tables=(table,)), language="zh"))[1]
    assert "示值/g" in inner
    assert "参考值" not in inner
    assert "依据" not in inner.split("检定结果")[-1]


def test_pages_are_counted_and_headings_repeated() -> None:
    table = create_table(*(create_point(point=f"点{n}") for n in range(120)))
    pages = page_texts(certificate_pdf(create_facts(tables=(table,)), language="zh-en"))
    count = len(pages)
    assert count >= 4
    for number, text in enumerate(pages, 1):
        assert f"第{number}页/共{count}页" in text
        assert f"Page{number}/{count}" in text
    assert all("最大允许误差" in text for text in pages[2:-1])
    assert "以下空白" in pages[-1]
    assert sum(f"点{n}2500" in "".join(pages) for n in range(120)) == 120


@pytest.mark.parametrize("language", ["zh", "zh-en"])
def test_markup_in_data_is_printed_as_it_is(language: Literal["zh", "zh-en"]) -> None:
    facts = create_facts(
        applicant=Bilingual(HOSTILE, HOSTILE), conclusion=Bilingual("#合格*"), approver="#panic()", place=HOSTILE
    )
    text = "".join(page_texts(certificate_pdf(facts, language=language)))
    assert text.count(squeezed(HOSTILE)) >= 2
    assert "#合格*" in text
    assert "#panic()" in text


def test_long_names_and_words_stay_on_the_paper() -> None:
    word = "SN" + "0123456789" * 9
    facts = create_facts(applicant=Bilingual("某某" * 40), place=word, checkpoint="f" * 200)
    pages = page_texts(certificate_pdf(facts, language="zh-en"))
    assert "某某" * 40 in pages[0]
    assert word in pages[1]
    assert "第1页/共" in pages[0]
    assert "f" * 200 in "".join(pages)


@pytest.mark.parametrize("qr_text", [URL, URL + "#" + "1234567890" * 28], ids=["address", "signed"])
def test_the_code_reads_back_from_the_page(qr_text: str) -> None:
    assert read_qr(page_png(certificate_pdf(create_facts(qr_text=qr_text), language="zh"))) == [qr_text]


def test_the_same_facts_give_the_same_bytes_in_any_thread() -> None:
    facts = create_facts()
    with ThreadPoolExecutor(4) as pool:
        pdfs = set(pool.map(lambda _: certificate_pdf(facts, language="zh"), range(8)))
    assert len(pdfs) == 1
    assert certificate_pdf(create_facts(number="XXJL-2"), language="zh") not in pdfs


def test_it_is_pdf_a_3() -> None:
    pdf = certificate_pdf(create_facts(), language="zh")
    assert pdf.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>3</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf


def test_characters_no_font_has_are_refused_by_name() -> None:
    covered = paper_fonts().covered
    rare = next(chr(n) for n in range(0x2A6D6, 0x20000, -1) if n not in covered)
    with pytest.raises(MissingGlyphs) as caught:
        certificate_pdf(create_facts(applicant=Bilingual(f"王{rare}"), place="a\u202eb\x07"), language="zh")
    assert caught.value.code == "missing_glyphs"
    assert set(caught.value.characters) == {rare, "\u202e", "\x07"}
    assert f"{rare} (U+{ord(rare):04X})" in caught.value.params["characters"]
    assert "U+202E" in caught.value.params["characters"]


def test_rarer_names_and_thin_spaces_are_printed() -> None:
    facts = create_facts(verifier="𬭸䶮", place="21.3\u2009℃")
    pages = page_texts(certificate_pdf(facts, language="zh"))
    assert "𬭸䶮" in pages[0]
    assert "21.3℃" in pages[1]


@pytest.mark.parametrize("reader", ["pdfium", "pypdf", "pdftotext"])
def test_every_reader_of_pdf_gets_the_text_that_was_put_in(reader: str, tmp_path: Path) -> None:
    """Ligatures, thin spaces, signs, Chinese beyond the first plane of what fonts usually have."""
    put = [
        "Office fi fl ffi AVATAR",
        "21.3\u2009℃",
        "±0.30\u202f%",
        "Ⅲ",
        "½ Max",
        "m³/h",
        "U = 0.011 mm",
        "𬭸䶮",
        "（豫）法计〔2023〕07001号",
    ]
    facts = create_facts(
        applicant=Bilingual(put[0], put[0]), place=put[1], verifier=put[7], checkpoint="", applicant_address=put[8],
        conclusion=Bilingual(f"准予作 {put[3]} 级使用", "x"), environment=(LabelledText(Bilingual("a"), put[2]), LabelledText(Bilingual("b"), put[6])),
        tables=(create_table(create_point(point=put[4], extra=(put[5],))),),
    )  # fmt: skip
    facts = replace(facts, tables=(replace(facts.tables[0], extra_headings=(Bilingual("流量"),)),))
    pdf = certificate_pdf(facts, language="zh")
    said = _read(reader, pdf, tmp_path)
    for text in put:
        assert re.sub(r"\s", "", text) in said, text


def _read(reader: str, pdf: bytes, folder: Path) -> str:
    if reader == "pdfium":
        return "".join(page_texts(pdf))
    if reader == "pypdf":
        return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))
    if shutil.which("pdftotext") is None:
        pytest.skip("poppler's pdftotext is not installed")
    (folder / "paper.pdf").write_bytes(pdf)
    said = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(folder / "paper.pdf"), "-"], check=True, capture_output=True
    )
    return re.sub(r"\s", "", said.stdout.decode())


@pytest.mark.parametrize(
    "facts",
    [create_facts(), create_notice(), create_calibration(), create_facts(remarks=(Bilingual("备注"),))],
    ids=["certificate", "notice", "calibration", "remarks"],
)
def test_facts_survive_json(facts: CertificateFacts) -> None:
    stored = json.loads(json.dumps(facts.to_payload()))
    assert CertificateFacts.from_payload(stored) == facts


def test_payload_of_an_earlier_release_is_read_and_an_unknown_one_refused() -> None:
    payload = create_facts().to_payload()
    del payload["checkpoint"], payload["remarks"]
    assert CertificateFacts.from_payload(payload).checkpoint == ""
    with pytest.raises(ValueError, match="unknown"):
        CertificateFacts.from_payload(payload | {"colour": "red"})
    with pytest.raises(ValueError, match="lacking"):
        CertificateFacts.from_payload({name: value for name, value in payload.items() if name != "number"})
    with pytest.raises(ValueError, match="form"):
        CertificateFacts.from_payload(payload | {"form": 2})


@pytest.mark.parametrize(
    "changes",
    [
        {"tables": (create_table(create_point(within=False)),)},
        {"tables": (create_table(create_point(within=None)),)},
        {"checks": (CheckResult(Bilingual("外观"), Bilingual("破损"), within=False),)},
        {"failed_items": (Bilingual("示值误差"),)},
        {"kind": "rejection_notice"},
        {"kind": "rejection_notice", "valid_until": "", "failed_items": ()},
    ],
)
def test_a_conclusion_its_results_contradict_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Problem, match="certificate_contradicts_results"):
        create_facts(**changes)


def test_a_row_without_limit_needs_no_judgement() -> None:
    assert create_facts(tables=(create_table(create_point(within=None, mpe="")),)).tables[0].rows[0].within is None


@pytest.mark.parametrize(
    "name", ["number", "verifier", "checker", "approver", "regulations", "qr_text", "verification_date"]
)
def test_gaps_are_refused(name: str) -> None:
    with pytest.raises(Problem, match="certificate_incomplete") as caught:
        create_facts(**{name: () if name == "regulations" else ""})
    assert caught.value.field == name


def test_days_are_iso() -> None:
    with pytest.raises(ValueError, match="2026年"):
        create_facts(verification_date="2026年11月22日")
