"""The certificate as a Digital Calibration Certificate: XML by the schema of PTB, DCC 3.3.0, with values in D-SI.

The same facts as on paper, in Chinese and, where there is one, in English. Conformity is a statement of its own, and one for
each table; the document named in `previousReport` is given with its fingerprint. Structure: https://www.ptb.de/dcc.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

from lxml import etree

from metrology.documents.bilingual import Bilingual, LabelledText
from metrology.documents.certificate_facts import CertificateFacts
from metrology.documents.dcc_elements import (
    DCC,
    NAMESPACES,
    Element,
    add,
    contents,
    described,
    identification,
    location,
    named,
    one_line,
    optional,
)
from metrology.documents.dcc_results import measurement_results, quantity_of

SCHEMA: Final = "3.3.0"
OWN: Final = "urn:cnlm:ref-type:"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_SOFTWARE: Final = Bilingual("计量器具管理系统", "metrology, registry of measuring instruments")
_TITLES: Final = {
    "verification_certificate": Bilingual("检定证书", "Verification certificate"),
    "rejection_notice": Bilingual("检定结果通知书", "Rejection notice"),
    "calibration_certificate": Bilingual("校准证书", "Calibration certificate"),
}
_ROLES: Final = (
    ("verifier", Bilingual("检定员", "Verified by"), Bilingual("校准员", "Calibrated by")),
    ("checker", Bilingual("核验员", "Checked by"), Bilingual("核验员", "Checked by")),
    ("approver", Bilingual("批准人", "Approved by"), Bilingual("批准人", "Approved by")),
)
_REF_TYPES: Final = (
    ("cnlm_point", Bilingual("检定点", "test point"), Bilingual("读数所在的点", "the point at which was read")),
    ("cnlm_lowerLimit", Bilingual("最大允许误差下限", "lower limit of error"), Bilingual("规程规定", "by the regulation")),
    ("cnlm_upperLimit", Bilingual("最大允许误差上限", "upper limit of error"), Bilingual("规程规定", "by the regulation")),
    ("cnlm_basis", Bilingual("判定依据", "basis of a limit"), Bilingual("公式和条款", "formula and clause")),
    ("cnlm_unconfirmed", Bilingual("待核对限值", "limit not confirmed"),
     Bilingual("尚未与规程原文核对的限值为 false", "false for a limit not yet checked against the text of the regulation")),
    ("cnlm_validUntil", Bilingual("有效期至", "valid until"), Bilingual("最后一个有效日", "the last valid day")),
    ("cnlm_checkpoint", Bilingual("存证", "checkpoint"),
     Bilingual("签发时日志链的序号和哈希", "size and head hash of the registry's journal at issue")),
)  # fmt: skip
_SCOPE: Final = Bilingual(
    "结果仅对所检定或校准的计量器具有效；未经本机构书面批准，不得部分复制。",
    "The results relate only to the item. Not to be reproduced except in full without written approval of the body.",
)


def dcc_xml(facts: CertificateFacts, *, is_sealed: bool = False) -> bytes:
    """The DCC of a certificate, notice or calibration certificate; ``is_sealed`` says that a signature is put on it next."""
    return bytes(etree.tostring(dcc_tree(facts, is_sealed=is_sealed), xml_declaration=True, encoding="UTF-8"))


def dcc_tree(facts: CertificateFacts, *, is_sealed: bool = False) -> Element:
    """The same as a tree, for the one who signs it."""
    root = etree.Element(f"{{{DCC}}}digitalCalibrationCertificate", nsmap={**NAMESPACES, "xsi": _XSI})
    root.set("schemaVersion", SCHEMA)
    root.set(f"{{{_XSI}}}schemaLocation", f"{DCC} {DCC}/v{SCHEMA}/dcc.xsd")
    data = add(root, "administrativeData")
    _software(add(data, "dccSoftware"))
    _ref_types(add(data, "refTypeDefinitions"))
    _core(add(data, "coreData"), facts)
    _items(add(data, "items"), facts)
    _laboratory(add(data, "calibrationLaboratory"), facts, is_sealed=is_sealed)
    _persons(add(data, "respPersons"), facts)
    customer = add(data, "customer")
    named(customer, facts.applicant)
    location(customer, street=facts.applicant_address)
    _statements(add(data, "statements"), facts)
    measurement_results(add(root, "measurementResults"), facts)
    return root


def release() -> str:
    """The release of this software, for who asks what wrote a document."""
    try:
        return version("metrology")
    except PackageNotFoundError:
        return "0.1.0"


def _software(parent: Element) -> None:
    one = add(parent, "software")
    named(one, _SOFTWARE)
    add(one, "release", release())
    add(one, "type", "application")


def _ref_types(parent: Element) -> None:
    for code, name, meaning in _REF_TYPES:
        one = add(parent, "refTypeDefinition", refType=code)
        named(one, name)
        described(one, [meaning])
        add(one, "namespace", "cnlm")
        add(one, "link", OWN + code.removeprefix("cnlm_"))


def _core(parent: Element, facts: CertificateFacts) -> None:
    add(parent, "countryCodeISO3166_1", "CN")
    for lang in ("zh", "en"):
        add(parent, "usedLangCodeISO639_1", lang)
    add(parent, "mandatoryLangCodeISO639_1", "zh")
    add(parent, "uniqueIdentifier", one_line(facts.number))
    numbers = add(parent, "identifications")
    identification(numbers, "calibrationLaboratory", facts.record_number, Bilingual("原始记录号", "record No."))
    identification(numbers, "calibrationLaboratory", facts.public_url, Bilingual("核验网址", "address to check it at"))
    add(parent, "beginPerformanceDate", facts.verification_date)
    add(parent, "endPerformanceDate", facts.verification_date)
    add(parent, "performanceLocation", facts.place_kind or "other")
    add(parent, "issueDate", facts.issue_date)
    if facts.replaces:
        change = add(parent, "reportAmendedSubstituted")
        add(change, "typeOfChange", "substituted")
        add(change, "replacedUniqueIdentifier", one_line(facts.replaces))
    for previous in facts.previous:
        report = add(parent, "previousReport")
        named(report, _TITLES.get(previous.kind, Bilingual("证书", "certificate")), "referral")
        add(report, "referralID", one_line(previous.number))
        add(report, "procedure", "SHA-256")
        add(report, "value", previous.sha256)


def _items(parent: Element, facts: CertificateFacts) -> None:
    instrument = facts.instrument
    item = add(parent, "item", id="item")
    named(item, instrument.name)
    if instrument.manufacturer:
        named(add(item, "manufacturer"), Bilingual(instrument.manufacturer))
    optional(item, "model", instrument.model)
    numbers = add(item, "identifications")
    identification(
        numbers, "manufacturer", instrument.serial_number, Bilingual("出厂编号", "serial No."), ref_type="basic_serialNumber"
    )  # fmt: skip
    identification(numbers, "other", instrument.registry_number, Bilingual("登记编号", "register No."))
    if instrument.nameplate:
        quantities = add(item, "itemQuantities")
        for one in instrument.nameplate:
            _labelled(add(quantities, "itemQuantity"), one)


def _labelled(parent: Element, one: LabelledText) -> None:
    named(parent, one.label)
    quantity_of(parent, Bilingual(one.value, one.value_en))


def _laboratory(parent: Element, facts: CertificateFacts, *, is_sealed: bool) -> None:
    body = facts.body
    optional(parent, "calibrationLaboratoryCode", body.authorisation_number)
    contact = add(parent, "contact")
    named(contact, body.name)
    optional(contact, "eMail", body.email)
    optional(contact, "phone", body.phone)
    optional(contact, "fax", body.fax)
    location(contact, street=body.address, postcode=body.postcode, country="CN")
    add(parent, "cryptElectronicSeal", "true" if is_sealed else "false")


def _persons(parent: Element, facts: CertificateFacts) -> None:
    is_calibration = facts.kind == "calibration_certificate"
    for name, verifying, calibrating in _ROLES:
        one = add(parent, "respPerson")
        named(add(one, "person"), Bilingual(getattr(facts, name)))
        words = calibrating if is_calibration else verifying
        described(one, [words])
        add(one, "role", words.en)
        add(one, "mainSigner", "true" if name == "approver" else "false")


def _statements(parent: Element, facts: CertificateFacts) -> None:
    title = _TITLES[facts.kind]
    kind = add(parent, "statement")
    named(kind, Bilingual("文件种类", "kind of document"))
    contents(
        add(kind, "declaration"),
        Bilingual(f"{title.zh}：{facts.verification_kind.zh}", f"{title.en}: {facts.verification_kind.en}"),
    )
    _conformity(parent, facts)
    if facts.valid_until:
        until = add(parent, "statement", refType="cnlm_validUntil")
        named(until, Bilingual("有效期至", "valid until"))
        contents(add(until, "declaration"), facts.validity_rule)
        add(until, "date", facts.valid_until)
    for one in facts.calibration:
        for name, text in (
            (Bilingual("测量不确定度", "measurement uncertainty"), one.uncertainty),
            (Bilingual("计量溯源性", "metrological traceability"), one.traceability),
        ):
            said = add(parent, "statement")
            named(said, name)
            contents(add(said, "declaration"), text)
    for remark in (*facts.remarks, _SCOPE):
        contents(add(add(parent, "statement"), "declaration"), remark)
    if facts.checkpoint:
        head = add(parent, "statement", refType="cnlm_checkpoint")
        named(head, Bilingual("存证", "checkpoint of the journal"))
        contents(add(head, "declaration"), Bilingual(facts.checkpoint))


def _conformity(parent: Element, facts: CertificateFacts) -> None:
    """The verdict as a statement. A calibration without a decision rule has none."""
    rule = facts.calibration[0].decision_rule if facts.calibration else Bilingual("")
    if facts.calibration and not rule.zh:
        return
    one = add(parent, "statement", refType="basic_conformity")
    named(one, Bilingual("结论", "conclusion"))
    described(one, [rule])
    for regulation in facts.regulations:
        optional(one, "norm", regulation.number)
    said = add(one, "declaration")
    contents(said, facts.conclusion)
    for item in facts.failed_items:
        contents(said, item)
    add(one, "date", facts.issue_date)
    if said_word := _word(facts):
        add(one, "conformity", said_word)


def _word(facts: CertificateFacts) -> str:
    """Pass or fail; empty while a point of a calibration is undetermined (待定)."""
    if facts.kind != "calibration_certificate":
        return "fail" if facts.kind == "rejection_notice" else "pass"
    judged = {row.within for table in facts.tables for row in table.rows if row.mpe}
    return "fail" if False in judged else "pass" if judged == {True} else ""
