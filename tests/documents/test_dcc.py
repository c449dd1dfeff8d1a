"""The Digital Calibration Certificate: valid by the schema for every type, and the same facts as on paper."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from metrology.documents.certificate_facts import Bilingual, LabelledText, PreviousDocument
from metrology.documents.dcc import dcc_xml
from metrology.documents.dcc_units import UNITS as DSI
from metrology.documents.dcc_units import d_si
from metrology.domain.problems import Problem
from metrology.domain.quantity import UNITS
from metrology.domain.regulation import InstrumentType
from tests.documents.certified import TYPES, facts_of_case, rejecting_case, whole_case
from tests.documents.dcc import faults, found, needs_schema, texts
from tests.documents.paper import create_facts, create_notice, create_point, create_table

by_type = pytest.mark.parametrize("one", TYPES, ids=lambda one: one.code)
_TOKENS = {
    "one", "percent", "metre", "gram", "kilogram", "tonne", "litre", "second", "minute", "hour", "day", "pascal", "bar", "mmHg",
    "volt", "ampere", "watt", "joule", "ohm", "hertz", "kelvin", "degreeCelsius", "decibel", "newton", "siemens", "lux", "candela", "degree", "gray", "sievert", "becquerel", "mole", "per",
    "nano", "micro", "milli", "centi", "deci", "hecto", "kilo", "mega", "giga",
}  # fmt: skip
_PREFIXES = {"nano", "micro", "milli", "centi", "deci", "hecto", "kilo", "mega", "giga"}


@needs_schema
@by_type
def test_every_type_gives_a_valid_certificate_and_notice(one: InstrumentType) -> None:
    for case, kind in ((whole_case(one), "verification_certificate"), (rejecting_case(one), "rejection_notice")):
        facts = facts_of_case(case)
        assert facts.kind == kind
        assert faults(dcc_xml(facts)) == []


@by_type
def test_every_number_on_paper_is_in_the_dcc(one: InstrumentType) -> None:
    facts = facts_of_case(whole_case(one))
    xml = dcc_xml(facts)
    values = " ".join(texts(xml, "//si:valueXMLList/text()")).split()
    words = " ".join(texts(xml, "//dcc:charsXMLList/text()")).split(" ")
    for table in facts.tables:
        for row in table.rows:
            for text in filter(None, (row.reference, row.indication, row.error)):
                assert text in values or text.replace(" ", "\u00a0") in words, text
    limits = sum(bool(row.mpe) for table in facts.tables for row in table.rows)
    assert limits == 0 or len(found(xml, "//dcc:quantity[@refType='cnlm_upperLimit']")) > 0


@needs_schema
@pytest.mark.parametrize(
    "facts",
    [
        create_facts(replaces="XX-1", previous=(PreviousDocument("rejection_notice", "XX-TZ-1", "a" * 64),), place_kind="customer"),
        create_notice(),
        create_facts(tables=(), checks=()),
        create_facts(standards=(), environment=(), checkpoint="", applicant_address=""),
        create_facts(applicant=Bilingual("a\x00b<&>'\"\u2009c"), place="]]>"),
        create_facts(tables=(create_table(create_point(point="½ Max 位置 1"), create_point(within=None, mpe="", error="")),)),
        create_facts(tables=(create_table(create_point(indication="—", extra=("92#", ""))),)),
    ],
    ids=["replaces", "notice", "bare", "no standards", "hostile", "not all judged", "words"],
)  # fmt: skip
def test_unusual_facts_are_valid(facts: object) -> None:
    assert faults(dcc_xml(facts)) == []  # type: ignore[arg-type]


def test_what_it_says() -> None:
    xml = dcc_xml(
        create_facts(replaces="XX-1", previous=(PreviousDocument("verification_certificate", "XX-0", "b" * 64),))
    )
    assert texts(xml, "//dcc:uniqueIdentifier/text()") == ["XXJL-衡-2026-JD-000128"]
    assert texts(xml, "//dcc:reportAmendedSubstituted/dcc:replacedUniqueIdentifier/text()") == ["XX-1"]
    assert texts(xml, "//dcc:previousReport/dcc:referralID/text()") == ["XX-0"]
    assert texts(xml, "//dcc:previousReport/dcc:value/text()") == ["b" * 64]
    assert texts(xml, "//dcc:usedMethod/dcc:norm/text()") == ["JJG 539-2016"]
    assert texts(xml, "//dcc:respPerson[dcc:mainSigner='true']/dcc:person/dcc:name/dcc:content/text()") == ["王批准"]
    assert texts(
        xml, "//dcc:item/dcc:identifications/dcc:identification[@refType='basic_serialNumber']/dcc:value/text()"
    ) == ["YH100000"]
    assert texts(xml, "//dcc:statement[@refType='cnlm_validUntil']/dcc:date/text()") == ["2027-11-21"]
    assert texts(xml, "//dcc:statement[@refType='basic_conformity']/dcc:conformity/text()") == ["pass"]
    assert texts(xml, "//dcc:customer/dcc:name/dcc:content/text()") == ["示范经营户244", "Vendor 244"]
    assert texts(xml, "//dcc:influenceCondition[@refType='basic_temperature']//si:value/text()") == ["21.3"]
    assert texts(xml, "//dcc:influenceCondition[@refType='basic_temperature']//si:unit/text()") == [r"\degreeCelsius"]
    assert texts(xml, "//dcc:itemQuantity//si:unit/text()") == [r"\kilogram"]


def test_a_table_is_lists_of_values_with_their_limits_and_conformity() -> None:
    rows = (
        create_point(),
        create_point(point="500 e", reference="2", indication="2", error="-12", mpe="-15 … +5", within=True),
    )
    xml = dcc_xml(create_facts(tables=(create_table(*rows),)))
    lists = {one.get("refType"): one for one in found(xml, "//dcc:list/dcc:quantity")}
    values = {kind: texts_of.findtext(".//{*}valueXMLList") for kind, texts_of in lists.items()}
    assert values["basic_referenceValue"] == "2500 2"
    assert values["basic_measurementError"] == "+1 -12"
    assert (values["cnlm_lowerLimit"], values["cnlm_upperLimit"]) == ("-5 -15", "5 +5")
    assert lists["basic_measurementError"].findtext(".//{*}unitXMLList") == r"\gram"
    assert lists["cnlm_point"].findtext("{*}charsXMLList") == "10\u00a0e 500\u00a0e"
    assert texts(xml, "//dcc:list//dcc:conformityXMLList/text()") == ["pass pass"]


def test_a_notice_fails_with_its_items() -> None:
    xml = dcc_xml(create_notice())
    assert texts(xml, "//dcc:statement[@refType='basic_conformity']/dcc:conformity/text()") == ["fail"]
    assert "示值误差 +12 g 超出 ±5 g" in texts(xml, "//dcc:statement[@refType='basic_conformity']//dcc:content/text()")
    assert found(xml, "//dcc:statement[@refType='cnlm_validUntil']") == []


def test_unconfirmed_limits_are_marked() -> None:
    rows = (create_point(), create_point(confirmed=False))
    xml = dcc_xml(create_facts(tables=(create_table(*rows),)))
    assert texts(xml, "//dcc:metaData[@refType='cnlm_unconfirmed']/dcc:validXMLList/text()") == ["true false"]


def test_values_without_a_unit_of_si_say_so() -> None:
    table = create_table(create_point(reference="8.05", indication="8.05", error="0", mpe="±0.01"))
    xml = dcc_xml(create_facts(tables=(type(table)(table.title, "CNY", table.rows),)))
    assert set(texts(xml, "//dcc:nonSIUnit/text()")) == {"CNY"}


def test_the_same_facts_give_the_same_bytes() -> None:
    assert dcc_xml(create_facts()) == dcc_xml(create_facts())


# -- units


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_every_unit_of_the_registry_has_one_in_d_si(unit: str) -> None:
    parts = re.findall(r"\\(\w+)(\{-?\d+\})?", d_si(unit).symbol)
    names = [name for name, _ in parts if name != "tothe"]
    assert set(names) <= _TOKENS, names
    assert all(
        a not in _PREFIXES or b not in _PREFIXES | {"per"} for a, b in zip(names, [*names[1:], "per"], strict=True)
    )
    assert "".join(rf"\{name}{power}" for name, power in parts) == d_si(unit).symbol


@pytest.mark.parametrize(
    ("unit", "dsi"),
    [
        ("kg", r"\kilogram"), ("L", r"\litre"), ("m³/h", r"\metre\tothe{3}\per\hour"), ("L/min", r"\litre\per\minute"),
        ("%", r"\percent"), ("mL/mm", r"\milli\litre\per\milli\metre"), ("μmol/mol", r"\micro\mole\per\mole"),
        ("mm²", r"\milli\metre\tothe{2}"), ("km/h", r"\kilo\metre\per\hour"), ("kWh", r"\kilo\watt\hour"),
    ],
)  # fmt: skip
def test_units(unit: str, dsi: str) -> None:
    assert d_si(unit).symbol == dsi


def test_a_unit_that_d_si_lacks_is_refused() -> None:
    with pytest.raises(Problem, match="unit_without_d_si"):
        d_si("市斤")


def test_per_mille_becomes_percent() -> None:
    facts = create_facts(environment=(LabelledText(Bilingual("盐度"), "35 ‰"),))
    xml = dcc_xml(facts)
    assert [Decimal(one) for one in texts(xml, "//dcc:influenceCondition//si:value/text()")] == [Decimal("3.5")]
    assert DSI["‰"].symbol == r"\percent"
