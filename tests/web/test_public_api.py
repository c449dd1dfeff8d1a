"""The status API for everybody: one or many, as JSON or as the sheet that was sent; hostile lists refused; examples of its page run."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.documents.spreadsheet_in import read_workbook
from metrology.documents.spreadsheet_out import ListColumn, write_xlsx
from metrology.persistence.certificates import Certificate
from metrology.services import ending
from metrology.settings import ROOT
from tests.conftest import NOW, TODAY
from tests.people import create_user
from tests.records import Team, actor_of, certify, create_scale, create_team, scale_readings
from tests.tampering import without_triggers

UNKNOWN = "AAAAAAAAAAAAAAAAAAAAAA"


@dataclass
class City:
    """A registry with a certificate, and someone who asks without an account."""

    session: Session
    team: Team
    certificate: Certificate
    client: FlaskClient

    def post(self, content: Any, query: str = "") -> Any:
        return self.client.post(f"/api/public/status{query}", json=content)

    def send(self, data: bytes, name: str, query: str = "") -> Any:
        return self.client.post(f"/api/public/status{query}", data={"file": (io.BytesIO(data), name)})

    def annul(self) -> None:
        proposer = actor_of(create_user(self.session, "officer"))
        proposed = ending.propose(self.session, proposer, self.certificate, "annulment", "检定对象有误", now=NOW)
        ending.confirm(self.session, self.team.actor("approver"), proposed, today=TODAY, now=NOW)
        self.session.commit()


@pytest.fixture
def city(app: Flask, session: Session, client: FlaskClient, set_today: Any) -> City:
    set_today(TODAY)
    team = create_team(session)
    certificate = certify(session, team, create_scale(session), scale_readings(kind="initial"))
    session.commit()
    return City(session, team, certificate, client)


# -- one


def test_one_certificate(city: City) -> None:
    one = city.certificate
    answer = city.client.get(f"/api/public/status/{one.code}")
    told = answer.get_json()
    assert told.pop("as_of") == "2026-11-22T04:00:00Z"
    assert told == {
        "code": one.code,
        "number": "XXJL-JD-2026-000001",
        "kind": "verification_certificate",
        "standing": "valid",
        "standing_words": {"zh": "检定有效", "en": "Valid"},
        "holds": True,
        "result": "conforms",
        "verified_on": "2026-11-22",
        "issued_on": "2026-11-22",
        "valid_until": "2027-11-21",
        "ended_on": None,
        "replaced_by": None,
        "instrument": {
            "type": "digital_indicating_scale",
            "name": {"zh": "数字指示秤", "en": "digital indicating scale"},
            "model": "ACS-30",
            "manufacturer": "示范衡器有限公司",
            "serial_number": "SC100001",
        },
        "body": {"zh": "新乡市计量技术检测中心", "en": "Xinxiang Metrology Institute"},
        "url": f"http://127.0.0.1:8000/c/{one.code}",
    }


def test_nobody_is_named(city: City) -> None:
    told = city.client.get(f"/api/public/status/{city.certificate.code}").text
    for name in ("检定员甲", "核验员乙", "批准人丙", "示范超市有限公司"):
        assert name not in told


def test_an_ending_is_told_at_once(city: City) -> None:
    address = f"/api/public/status/{city.certificate.code}"
    tag = city.client.get(address).headers["ETag"]
    city.annul()
    answer = city.client.get(address, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    told = answer.get_json()
    assert (told["standing"], told["holds"], told["ended_on"]) == ("annulled", False, "2026-11-22")


def test_who_has_the_answer_is_told_so(city: City, set_today: Any) -> None:
    address = f"/api/public/status/{city.certificate.code}"
    first = city.client.get(address)
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = city.client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    set_today(date(2027, 11, 22))
    assert (
        city.client.get(address, headers={"If-None-Match": first.headers["ETag"]}).get_json()["standing"] == "expired"
    )


@pytest.mark.parametrize(
    ("code", "problem"),
    [(UNKNOWN, "unknown_certificate"), ("nonsense", "unreadable_code"), ("x" * 500, "unreadable_code")],
)
def test_what_is_not_there(city: City, code: str, problem: str) -> None:
    answer = city.client.get(f"/api/public/status/{code}", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    told = answer.get_json()
    assert (told["code"], told["status"]) == (problem, 404)
    assert told["detail"]


def test_pages_of_other_sites_may_read_it(city: City) -> None:
    address = f"/api/public/status/{city.certificate.code}"
    assert city.client.get(address).headers["Access-Control-Allow-Origin"] == "*"
    preflight = city.client.options(
        address, headers={"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
    )
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "If-None-Match" in preflight.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in city.post([city.certificate.code]).headers


def test_limits_are_told_and_kept(app: Flask, city: City) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    try:
        address = f"/api/public/status/{city.certificate.code}"
        first = city.client.get(address).headers
        assert (first["RateLimit-Limit"], first["RateLimit-Remaining"]) == ("240", "239")
        assert 1 <= int(first["RateLimit-Reset"]) <= 60
        answers = [city.post([city.certificate.code]) for _time in range(21)]
        assert [one.status_code for one in answers] == [200] * 20 + [429]
        refused = answers[-1]
        assert (refused.mimetype, refused.headers["RateLimit-Remaining"]) == ("application/problem+json", "0")
        assert int(refused.headers["Retry-After"]) >= 1
    finally:
        app.config["RATELIMIT_ENABLED"] = False


def test_numbers_are_not_to_be_tried_through(app: Flask, city: City) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    try:
        tried = [{"number": f"XXJL-JD-2026-{i:06d}", "serial_number": "SC9"} for i in range(500)]
        assert [city.post(tried).status_code for _time in range(5)] == [200, 200, 200, 200, 429]
    finally:
        app.config["RATELIMIT_ENABLED"] = False


# -- what was touched


def test_a_touched_certificate_is_not_told_of(city: City) -> None:
    one = city.certificate
    code, number = one.code, one.number
    without_triggers(city.session, "certificate", "update certificate set valid_until = '2099-01-01'")
    alone = city.client.get(f"/api/public/status/{code}", headers={"Accept-Language": "en"})
    assert (alone.status_code, alone.get_json()["code"]) == (409, "certificate_altered")
    assert "2099" not in alone.text
    listed = city.post([code]).get_json()["certificates"][0]
    assert (listed["problem"]["code"], "certificate" in listed) == ("certificate_altered", False)
    page = city.client.get(f"/c/{code}").text
    assert "数据校验不符" in page
    assert "2099" not in page
    assert number not in page
    assert "合格" not in page
    assert "查看现行状态" not in page


# -- many


def test_each_way_to_name_a_certificate(city: City) -> None:
    code, number = city.certificate.code, city.certificate.number
    answer = city.post(
        [
            code,
            f"http://127.0.0.1:8000/c/{code}",
            f"https://jl.example.cn/c/{code}#123456789",
            {"code": code},
            {"number": number, "serial_number": "SC100001"},
            {"number": number.lower(), "serial_number": " ＳＣ100001 "},
        ]
    )
    told = answer.get_json()
    assert (answer.status_code, told["count"], answer.headers["Cache-Control"]) == (200, 6, "no-store")
    assert [one["certificate"]["number"] for one in told["certificates"]] == [number] * 6


def test_a_number_alone_tells_nothing(city: City) -> None:
    number = city.certificate.number
    told = city.post(
        [{"number": number}, {"number": number, "serial_number": "SC100002"}, {"number": "X", "serial_number": "Y"}, ""]
    ).get_json()["certificates"]
    assert [one["problem"]["code"] for one in told] == [
        "serial_number_needed", "unknown_certificate", "unknown_certificate", "nothing_asked",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"7", "list_needed"),
        (b'{"codes": []}', "list_needed"),
        (b"[1]", "bad_item"),
        (b"[null]", "bad_item"),
        (b'[{"code": 1}]', "bad_item"),
        (b'[{"code": "x", "admin": "1"}]', "bad_item"),
        (json.dumps(["x" * 2001]).encode(), "text_too_long"),
        (json.dumps(["x"] * 501).encode(), "too_many_certificates"),
    ],
)
def test_lists_that_are_refused(city: City, body: bytes, problem: str) -> None:
    answer = city.client.post("/api/public/status", data=body, content_type="application/json")
    assert (answer.status_code, answer.mimetype, answer.get_json()["code"]) == (
        422,
        "application/problem+json",
        problem,
    )


def test_five_hundred_are_answered(city: City) -> None:
    told = city.post({"certificates": [UNKNOWN] * 499 + [city.certificate.code]}).get_json()
    assert (told["count"], told["certificates"][-1]["certificate"]["standing"]) == (500, "valid")


def test_a_body_that_is_too_large(city: City) -> None:
    answer = city.client.post("/api/public/status", data=b" " * 3_000_000, content_type="application/json")
    assert answer.status_code == 413


# -- sheets


def sheet(rows: list[list[str]], kind: str) -> bytes:
    if kind == "csv":
        return "\n".join(",".join(row) for row in rows).encode("gb18030")
    with write_xlsx([ListColumn(one) for one in rows[0]], rows[1:], title="x") as book:
        return book.read()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_sheet_comes_back_with_columns_added(city: City, kind: str) -> None:
    number = city.certificate.number
    sent = sheet(
        [["摊位", "证书编号", "出厂编号"], ["A1", number, "SC100001"], ["A2", number, "SC999"], ["A3", "", ""]], kind
    )
    answer = city.send(sent, f"list.{kind}", "?answer=sheet&lang=zh_Hans_CN")
    assert answer.status_code == 200
    back = read_workbook(answer.data, f"back.{kind}")
    assert back.kind == kind
    rows = [row.cells for row in back.sheets[0].rows]
    assert rows[0][:5] == ("摊位", "证书编号", "出厂编号", "证书状态", "今日是否有效")
    assert rows[1][:6] == ("A1", number, "SC100001", "有效", "是", number)
    assert [row[4] for row in rows[2:]] == ["否", "否"]
    assert rows[2][-1] == "本系统未出具过该证书，或出厂编号不符。"


def test_a_sheet_of_codes_is_answered_as_json(city: City) -> None:
    sent = sheet([["二维码内容"], [f"https://jl.example.cn/c/{city.certificate.code}#42"], [UNKNOWN]], "csv")
    told = city.send(sent, "codes.csv").get_json()["certificates"]
    assert told[0]["certificate"]["holds"] is True
    assert told[1]["problem"]["code"] == "unknown_certificate"


def test_a_bare_list_of_codes_needs_no_heading(city: City) -> None:
    told = city.send(f"{city.certificate.code}\n{UNKNOWN}\n".encode(), "codes.txt").get_json()
    assert told["count"] == 2


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "file_empty"),
        (b"%PDF-1.7", "file_kind_unknown"),
        (b"PK\x03\x04 no workbook", "file_kind_unknown"),
        ("名称,备注\n秤,x\n".encode(), "no_certificate_column"),
        ("证书编号,备注\n1,x\n".encode(), "no_certificate_column"),
        (("二维码\n" + "x\n" * 501).encode(), "too_many_certificates"),
        (("二维码\n" + "x\n" * 2500).encode(), "file_too_many_rows"),
        (b"a" * (2 * 1024 * 1024 + 1), "file_too_large"),
    ],
)
def test_sheets_that_are_refused(city: City, data: bytes, problem: str) -> None:
    answer = city.send(data, "list.csv")
    assert (answer.status_code, answer.get_json()["code"]) == (422, problem)


def test_no_cell_of_an_answer_is_a_formula(city: City) -> None:
    sent = "二维码,备注\nx,\"=cmd|'/c calc'!A0\"\n".encode()
    assert "'=cmd" in city.send(sent, "list.csv", "?answer=sheet").text


# -- for people


def test_the_page_answers_what_was_pasted(city: City) -> None:
    assert "证书批量核查" in city.client.get("/status").text
    text = f"{city.certificate.code}\n{city.certificate.number} SC100001\n{UNKNOWN}\n"
    page = city.client.post("/status", data={"text": text}).text
    assert page.count(city.certificate.number) >= 2
    assert UNKNOWN in page
    saved = city.client.post("/status", data={"text": text, "answer": "csv"})
    assert saved.headers["Content-Disposition"] == 'attachment; filename="status.csv"'
    assert saved.text.count(city.certificate.number) == 3


def test_the_page_keeps_what_was_pasted_when_it_refuses(city: City) -> None:
    page = city.client.post("/status", data={"text": "x\n" * 501})
    assert (page.status_code, page.text.count("x\n") >= 500) == (422, True)
    assert city.client.post("/status", data={"text": " "}).status_code == 422


def test_the_page_runs_nothing_that_was_pasted(city: City) -> None:
    page = city.client.post("/status", data={"text": "<script>alert(1)</script>\n"}).text
    assert "<script>alert" not in page


# -- what the documentation says


def test_the_examples_of_the_documentation_are_true(city: City) -> None:
    """Each ```http block is sent as it stands (codes put in), and the JSON after it must be in the answer."""
    text = (ROOT / "docs" / "public-api.md").read_text()
    blocks = re.findall(r"```http\n(.*?)```\n+```json\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 5
    for request, expected in blocks:
        head, _blank, body = request.replace("{code}", city.certificate.code).partition("\n\n")
        first, *lines = head.splitlines()
        method, address = first.split(" ")[:2]
        headers = dict(line.split(": ", 1) for line in lines)
        answer = city.client.open(address, method=method, headers=headers, data=body.strip() or None)
        wanted = json.loads(expected.replace("{code}", city.certificate.code))
        assert_within(wanted, answer.get_json(), first)


def assert_within(wanted: Any, found: Any, where: str) -> None:
    """All that is wanted is found; ``"…"`` stands for anything."""
    if wanted == "…":
        return
    if isinstance(wanted, dict):
        for key, value in wanted.items():
            assert key in found, f"{where}: {key} lacks in {found}"
            assert_within(value, found[key], f"{where} {key}")
    elif isinstance(wanted, list):
        assert len(wanted) == len(found), where
        for one, other in zip(wanted, found, strict=True):
            assert_within(one, other, where)
    else:
        assert wanted == found, where


def test_the_documentation_names_every_problem_and_limit() -> None:
    text = (Path(ROOT) / "docs" / "public-api.md").read_text()
    codes = {
        "unknown_certificate", "unreadable_code", "serial_number_needed", "nothing_asked", "certificate_altered",
        "too_many_certificates", "no_certificate_column", "file_needed", "bad_json", "list_needed", "bad_item", "http_429",
    }  # fmt: skip
    assert {code for code in codes if f"`{code}`" not in text} == set()
    for limit in ("240", "20", "500", "2,000"):
        assert limit in text
