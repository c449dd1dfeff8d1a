"""The papers of a certificate: from what was fixed at issue alone, signed, kept, the same for everybody."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from signxml.verifier import XMLVerifier
from sqlalchemy import text
from sqlalchemy.orm import Session

from metrology.documents.code_checker import check, open_key_list, roots_of
from metrology.documents.qr import read_qr
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.services import certifying, paper, verifying
from metrology.services.keys import ring
from metrology.services.paper import Press
from metrology.services.record_digest import digest
from metrology.settings import load
from tests.conftest import NOW, TODAY
from tests.documents.dcc import faults, needs_schema, texts
from tests.documents.paper import page_png, page_texts, squeezed
from tests.records import REJECTING, certify, create_scale, create_team, finish, scale_readings

INITIAL = scale_readings(kind="initial")
BARE = Press("https://jl.example.cn")


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Press:
    settings = load(
        {"METROLOGY_INSTANCE": str(tmp_path_factory.mktemp("instance")), "METROLOGY_PUBLIC_URL": BARE.public_url}
    )
    return paper.press(settings, "新乡市市场监督管理局", NOW)


def issued(session: Session, added: dict[str, str] | None = None) -> Certificate:
    certificate = certify(session, create_team(session), create_scale(session), scale_readings(added, kind="initial"))
    session.commit()
    return certificate


def test_the_code_on_the_page_is_the_address(session: Session) -> None:
    certificate = issued(session)
    (read,) = read_qr(page_png(paper.pdf(session, certificate, "zh-en", BARE)))
    address, _, digits = read.partition("#")
    assert address == f"https://jl.example.cn/c/{certificate.code}"
    keys = open_key_list(ring().body(), roots_of(ring().roots()), now=NOW)
    shade = check(f"{ring().origin}/c/{certificate.code}#{digits}", keys, {}, now=NOW)
    assert (shade.word, shade.facts and shade.facts.number) == ("status_missing", certificate.number)


def test_a_certificate_touched_by_hand_is_not_printed(session: Session, signing: Press) -> None:
    certificate = issued(session)
    paper.pdf(session, certificate, "zh", signing)  # a paper that is kept does not help either
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("drop trigger certificate_fixed"))
    else:
        session.execute(text("alter table certificate disable trigger all"))
    session.execute(text(f"update certificate set valid_until = '2099-01-01' where id = {certificate.id}"))
    session.commit()
    session.expire_all()
    for offered in (
        lambda: paper.pdf(session, certificate, "zh", signing),
        lambda: paper.dcc(session, certificate, signing),
        lambda: paper.json(session, certificate, signing),
    ):
        with pytest.raises(Problem, match="certificate_altered"):
            offered()


def test_the_pdf_is_signed_and_holds_the_same_dcc_and_json_as_are_offered(session: Session, signing: Press) -> None:
    certificate = issued(session)
    pdf = paper.pdf(session, certificate, "zh", signing)
    assert b"/ETSI.CAdES.detached" in pdf
    inside = {name: files[0] for name, files in PdfReader(io.BytesIO(pdf)).attachments.items()}
    assert inside["certificate.xml"] == paper.dcc(session, certificate, signing)
    assert inside["certificate.json"].decode() == paper.json(session, certificate, signing)
    told = json.loads(inside["certificate.json"])
    assert (told["number"], told["fingerprint"]) == (certificate.number, digest(certificate))
    assert told["public_url"] == f"https://jl.example.cn/c/{certificate.code}"
    assert signing.key is not None
    assert XMLVerifier().verify(inside["certificate.xml"], x509_cert=signing.key.certificate).signed_xml is not None


@needs_schema
@pytest.mark.parametrize("added", [None, REJECTING], ids=["certificate", "notice"])
def test_the_dcc_of_a_record_is_valid(session: Session, signing: Press, added: dict[str, str] | None) -> None:
    xml = paper.dcc(session, issued(session, added), signing)
    assert faults(xml) == []
    assert texts(xml, "//dcc:calibrationLaboratory/dcc:cryptElectronicSeal/text()") == ["true"]


def test_what_was_made_once_is_given_to_everybody(session: Session, signing: Press) -> None:
    certificate = issued(session)
    first = paper.pdf(session, certificate, "zh", signing)
    session.expire_all()
    assert paper.pdf(session, certificate, "zh", signing) == first
    assert paper.pdf(session, certificate, "en", signing) != first
    (kept,) = [path for path in Path(signing.kept_in or "").rglob("*.pdf") if path.read_bytes() == first]
    kept.unlink()
    again = paper.pdf(session, certificate, "zh", signing)  # signed anew, the pages are the same
    assert page_texts(again) == page_texts(first)
    assert again.startswith(first[: first.rindex(b"startxref")][:1000])


def test_a_paper_without_the_time_stamp_asked_for_is_not_kept(session: Session, signing: Press, tmp_path: Path) -> None:
    assert signing.key is not None
    deaf = replace(signing, key=replace(signing.key, timestamp_url="http://127.0.0.1:9/"), kept_in=tmp_path)
    paper.pdf(session, issued(session), "zh", deaf)
    assert list(tmp_path.rglob("*.pdf")) == []


def test_without_a_key_the_same_certificate_gives_the_same_bytes(session: Session) -> None:
    certificate = issued(session)
    first = paper.pdf(session, certificate, "zh", BARE)
    session.expire_all()
    assert paper.pdf(session, certificate, "zh", BARE) == first


def test_the_text_of_the_pdf_is_what_was_put_in(session: Session) -> None:
    certificate = issued(session)
    facts = paper.facts_of(session, certificate, BARE.public_url)
    common = [
        facts.number,
        facts.instrument.serial_number,
        facts.verifier,
        facts.checker,
        facts.approver,
        facts.checkpoint,
    ]
    common += [row.indication for table in facts.tables for row in table.rows]
    common += [one.certificate_number for one in facts.standards]
    chinese = [facts.applicant.zh, facts.body.name.zh, facts.validity_rule.zh, *(one.title.zh for one in facts.tables)]
    english = [facts.body.name.en, facts.validity_rule.en, *(one.title.en for one in facts.tables)]
    english += [row.point_en for table in facts.tables for row in table.rows]
    for language, expected in (("zh", chinese), ("zh-en", chinese + english), ("en", english)):
        pages = "".join(page_texts(paper.pdf(session, certificate, language, BARE)))  # type: ignore[arg-type]
        # where English stands alone, its words begin with a capital
        said, put = (pages.lower(), str.lower) if language == "en" else (pages, str)
        assert [one for one in common + expected if put(squeezed(one)) not in said] == [], language
    names = [
        facts.applicant.zh, facts.instrument.manufacturer, facts.verifier, facts.checker, facts.approver, facts.place,
        facts.body.authorisation_number, facts.body.address, *(one.accuracy for one in facts.standards),
        *(row.clause for table in facts.tables for row in table.rows), *(check.clause for check in facts.checks),
        facts.validity_rule.en,
    ]  # fmt: skip
    for name in sorted(filter(None, names), key=len, reverse=True):
        pages = pages.replace(squeezed(name), "")
    assert re.findall("[\u3400-\u9fff]+", pages) == []  # an English paper has no Chinese but names and clauses


def test_a_correction_names_what_it_replaces_and_its_fingerprint(session: Session) -> None:
    team = create_team(session)
    wrong = certify(session, team, create_scale(session), INITIAL)
    draft = verifying.correct(
        session, team.actor("verifier"), wrong.verification, today=TODAY, now=NOW, reason="地点有误"
    )
    verifying.submit(session, team.actor("verifier"), draft, today=TODAY, now=NOW)
    right = finish(session, team, draft)
    assert right is not None
    facts = paper.facts_of(session, right, BARE.public_url)
    assert facts.replaces == wrong.number
    assert [(one.number, one.sha256) for one in facts.previous] == [(wrong.number, digest(wrong))]
    assert f"替代No.{squeezed(wrong.number)}" in page_texts(paper.pdf(session, right, "zh", BARE))[0]


def test_after_a_rejection_the_certificate_names_the_notice(session: Session) -> None:
    team = create_team(session)
    scale = create_scale(session)
    notice = certify(session, team, scale, scale_readings(REJECTING, kind="initial"))
    after = certify(session, team, scale, scale_readings(kind="after_repair"), kind="after_repair")
    facts = paper.facts_of(session, after, BARE.public_url)
    assert [(one.kind, one.number) for one in facts.previous] == [("rejection_notice", notice.number)]
    assert facts.replaces == ""
    assert squeezed(notice.number) in "".join(page_texts(paper.pdf(session, after, "zh", BARE)))


def test_the_own_key_is_renewed_by_the_day(tmp_path: Path) -> None:
    settings = load({"METROLOGY_INSTANCE": str(tmp_path)})
    first = paper.key_of(settings, "X", NOW)
    assert paper.key_of(settings, "X", NOW + timedelta(days=1)).fingerprint == first.fingerprint
    assert paper.key_of(settings, "X", NOW + timedelta(days=365 * 5)).fingerprint != first.fingerprint


def test_issuing_makes_no_paper(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise AssertionError

    for name in ("certificate_pdf", "sign_pdf", "sign_xml", "dcc_xml"):
        monkeypatch.setattr(paper, name, fail)
    assert certifying.current(session, issued(session).instrument_id) is not None
