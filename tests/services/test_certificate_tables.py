"""What a certificate cites: clauses of norms, never the web page on which a number was found."""

import pytest

from metrology.services.certificate_tables import _failure, cited


@pytest.mark.parametrize(
    ("clause", "printed"),
    [
        ("JJG 443-2023; 5.2", "JJG 443-2023; 5.2"),
        ("OIML R 76-1:2006 3.8.2.1", "OIML R 76-1:2006 3.8.2.1"),
        ("runyun888.cn news 332 (overview of JJG 443-2023)", ""),
        (None, ""),
    ],
)
def test_only_norms_are_cited(clause: str | None, printed: str) -> None:
    assert cited({"clause": clause}) == printed


LABELS = {"labels": {"zh": "常用流量 Q3", "en": "permanent flow rate Q3"}, "within": False}


@pytest.mark.parametrize(
    ("where", "zh", "en"),
    [
        ({"zh": "常用流量 Q3", "en": "permanent flow rate Q3"}, "常用流量 Q3：", "permanent flow rate Q3: "),
        ({"zh": "第 2 次", "en": "run 2"}, "常用流量 Q3 第 2 次：", "permanent flow rate Q3 run 2: "),
        ({}, "常用流量 Q3：", "permanent flow rate Q3: "),
    ],
)
def test_what_failed_is_named_once(where: dict[str, str], zh: str, en: str) -> None:
    told = _failure({**LABELS, "error": "2.6 %", "mpe": "2 %"}, where)
    assert told.zh.startswith(zh)
    assert told.en.startswith(en)
