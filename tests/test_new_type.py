"""A new instrument type is one new file: dropped in, it is registered, verified and certified with nothing else changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.documents.certificate_facts import CertificateFacts
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import TypeEntry
from metrology.persistence.verifications import Verification
from metrology.services import certifying, paper
from metrology.services.paper import Press
from metrology.services.preparing import prepare
from metrology.services.registering import InstrumentFacts, register_instrument
from tests.conftest import NOW, TODAY
from tests.people import sign_in
from tests.records import OFFICER, Team, create_standard, create_team

SOURCE = '''
"""Made-up dial thermometers (示例表盘温度计), judged by a made-up regulation."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from metrology.domain.mpe import MaximumPermissibleError, MpeAt
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.reading_sheet import PresetRow, ReadingField, ReadingTable
from metrology.domain.regulation import Case, Citation, Edition, InstrumentType, RequiredStandard, number
from metrology.domain.schedule import Interval
from metrology.domain.verdict import Finding, Lack, of_error

NAMEPLATE = (
    Characteristic(key="span", labels={"zh": "量程上限", "en": "upper limit"}, unit="°C", required=True),
)
ITEMS = (ReadingField(key="glass", labels={"zh": "表盘玻璃完好", "en": "glass intact"}, kind="boolean"),)


@dataclass(frozen=True, kw_only=True)
class DialEdition(Edition):
    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        return Interval(months=12, mode="periodic", clause=self.code)

    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        return [MpeAt(self.quantity("mpe"), nameplate.quantity("span"))]

    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        yield ReadingTable(key="items", labels={"zh": "外观", "en": "visual inspection"}, layout="items", fields=ITEMS)
        span = nameplate.quantity("span")
        rows = tuple(
            PresetRow(point=f"p{i}", labels={"zh": f"检定点 {i}", "en": f"point {i}"}, values={"reference": span.times(i).times(self.value("step")).plain()})
            for i in (1, 2)
        )
        fields = (
            ReadingField(key="reference", labels={"zh": "标准温度", "en": "reference"}, unit="°C"),
            ReadingField(key="indication", labels={"zh": "示值", "en": "indication"}, unit="°C"),
        )
        yield ReadingTable(key="dial", labels={"zh": "示值误差", "en": "error of indication"}, layout="rows", fields=fields, rows=rows, min_rows=2)

    def findings(self, case: Case) -> Iterator[Finding | Lack]:
        for row in case.reading.rows("dial"):
            reference, indication = row.get("reference"), row.get("indication")
            if reference is not None and indication is not None:
                yield of_error(
                    f"dial[{row.index}]", {"zh": "示值误差", "en": "error"}, error=indication - reference,
                    limit=MaximumPermissibleError.symmetric(self.quantity("mpe")), clause="5.1", formula="E = I - R",
                    numbers=("mpe",), extras={"lag": "0.1 °C"},
                )


TYPE = InstrumentType(
    code="dial_thermometer",
    names={"zh": "示例表盘温度计", "en": "example dial thermometer"},
    purposes=("trade",),
    nameplate=NAMEPLATE,
    editions=(
        DialEdition(
            code="JJG 9999-2020",
            citation=Citation("JJG 9999-2020", {"zh": "示例表盘温度计检定规程", "en": "Regulation of Example Dials"}),
            in_force=date(2020, 1, 1),
            numbers={"mpe": number("1.5", "°C", source="made up"), "step": number("0.5", source="made up")},
            nameplate=NAMEPLATE,
            extra_labels={"lag": {"zh": "滞后", "en": "Lag"}},
        ),
    ),
    category="dial_thermometer",
    standard=RequiredStandard(names={"zh": "标准水银温度计", "en": "standard thermometer"}, ratio=(1, 3)),
)
'''


@pytest.fixture
def dial(tmp_path: Path) -> Iterator[str]:
    """The file, dropped into the folder of the law."""
    (tmp_path / "dial_thermometer.py").write_text(SOURCE, encoding="utf-8")
    regulations.__path__.append(str(tmp_path))
    regulations.reload()
    try:
        yield "dial_thermometer"
    finally:
        regulations.__path__.remove(str(tmp_path))
        regulations.reload()


def test_a_dropped_in_type_is_registered_verified_and_certified(
    app: Flask, session: Session, dial: str, set_today: Any
) -> None:
    set_today(TODAY)
    prepare(session)
    assert session.get_one(TypeEntry, dial).has_rules
    assert regulations.recognise("示例表盘温度计") == dial
    team = create_team(session)
    standard = create_standard(
        session, team.institute, "BZ-T", accuracy="0.5 °C", range_low="", range_high="", type_codes=[dial]
    )
    with pytest.raises(Problem, match="bad_quantity"):
        register_instrument(
            session,
            OFFICER,
            InstrumentFacts(type_code=dial, serial_number="W-1", nameplate={"span": "hot"}),
            today=TODAY,
            now=NOW,
        )
    facts = InstrumentFacts(type_code=dial, serial_number="W-1", manufacturer="示范仪表厂", nameplate={"span": "100"})
    instrument = register_instrument(session, OFFICER, facts, today=TODAY, now=NOW)
    session.commit()
    record = _verify(app, session, team, instrument.id, standard.id)
    assert (record.verdict, record.edition_code) == ("conforms", "JJG 9999-2020")
    certificate = _decide(app, session, team, record)
    assert (certificate.valid_until, instrument.state) == (date(2027, 11, 21), "in_use")
    _on_paper(session, certificate)
    assert "示例表盘温度计" in app.test_client().get(f"/c/{certificate.code}").text


def _verify(app: Flask, session: Session, team: Team, instrument_id: int, standard_id: int) -> Verification:
    """Through the pages: the form is drawn from the file, refuses what it lacks, and takes the rest."""
    verifier = app.test_client()
    sign_in(verifier, team.verifier)
    address = verifier.post(f"/verifications/start?instrument_id={instrument_id}").location
    page = verifier.get(address).text
    assert "量程上限" in page
    assert 'name="r.dial.1.reference" value="100"' in page
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    form |= {
        "standard": str(standard_id), "n.span": "100", "r.items.glass": "yes", "do": "submit", "r.dial.0.reference": "50",
        "r.dial.0.indication": "51.5", "r.dial.1.reference": "100",
    }  # fmt: skip
    lacking = verifier.post(address, data=form)
    assert lacking.status_code == 422
    assert "检定点 2" in lacking.text
    form = {**form, **dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', lacking.text))}
    assert verifier.post(address, data={**form, "r.dial.1.indication": "98.5"}).status_code == 302
    session.expire_all()
    return session.query(Verification).one()


def _decide(app: Flask, session: Session, team: Team, record: Verification) -> Certificate:
    for person, verb in ((team.checker, "check"), (team.approver, "approve")):
        browser = app.test_client()
        sign_in(browser, person)
        assert "51.5" in browser.get(f"/verifications/{record.id}").text
        assert browser.post(f"/verifications/{record.id}/{verb}").status_code == 302
    session.expire_all()
    certificate = certifying.document_of(session, record.id)
    assert certificate is not None
    return certificate


def _on_paper(session: Session, certificate: Certificate) -> None:
    facts = CertificateFacts.from_payload(certificate.payload)
    table = facts.tables[0]
    assert [(row.reference, row.indication, row.error, row.mpe, row.within) for row in table.rows] == [
        ("50", "51.5", "1.5", "±1.5", True),
        ("100", "98.5", "-1.5", "±1.5", True),
    ]
    assert [heading.zh for heading in table.extra_headings] == ["滞后"]
    assert paper.pdf(session, certificate, "zh-en", Press("https://jl.example.cn")).startswith(b"%PDF-")
