"""Certificates of every instrument type, made from the worked examples of its regulation without a database."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date
from typing import Any

from metrology import regulations
from metrology.documents.certificate_facts import Bilingual, CertificateFacts, InstrumentFacts, RegulationUsed
from metrology.domain.regulation import InstrumentType
from metrology.services import certificate_tables
from metrology.services.certificate_tables import bilingual
from metrology.services.certificate_text import nameplate_texts
from metrology.services.record_readings import arranged, settled
from metrology.services.record_sheet import lay
from tests.documents.paper import create_facts

TYPES = list(regulations.instrument_types().values())


def whole_case(one: InstrumentType) -> Mapping[str, Any]:
    """The case of a complete verification of the type that conforms."""
    return next(e.case for e in one.examples if not e.partial and e.expect.get("verdict") == "conforms")


def facts_of_case(case: Mapping[str, Any]) -> CertificateFacts:
    """What the paper says of a case: a certificate or a notice, by its verdict."""
    one = regulations.get(case["type"])
    edition = one.edition_on(date.fromisoformat(case["on"]))
    plate = one.validate_nameplate(case["nameplate"])
    sheet = edition.reading_sheet(plate, case["kind"])
    readings = settled(sheet, arranged(sheet, edition.arranged(case["readings"])))
    verdict = edition.judge(plate, case["kind"], case["readings"])
    assert verdict.verdict is not None, verdict.missing
    laid = lay(sheet, readings, [finding.to_dict() for finding in verdict.findings])
    conforms = verdict.verdict == "conforms"
    return create_facts(
        kind="verification_certificate" if conforms else "rejection_notice",
        conclusion=Bilingual("合格", "Conforms") if conforms else Bilingual("不合格", "Rejected"),
        valid_until="2027-11-21" if conforms else "",
        instrument=InstrumentFacts(bilingual(one.names), "M-1", "SN-1", "示范厂", "MI-1", nameplate_texts(one, plate)),
        regulations=(RegulationUsed(edition.citation.document, bilingual(edition.citation.title)),),
        checks=certificate_tables.checks(laid),
        tables=certificate_tables.tables(laid, edition, verdict.unconfirmed),
        failed_items=certificate_tables.failures(laid),
    )


def rejecting_case(one: InstrumentType) -> Mapping[str, Any]:
    """The same case with the first yes/no item answered no."""
    case = copy.deepcopy(dict(whole_case(one)))
    items = case["readings"]["items"]
    items[next(iter(items))] = False
    return case
