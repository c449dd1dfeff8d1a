"""Everything a certificate or notice prints, gathered once at issue: from then on the paper is made from it alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from metrology.documents.certificate_facts import (
    Bilingual,
    CertificateFacts,
    CertificateKind,
    InstrumentFacts,
    IssuingBody,
    LabelledText,
    PreviousDocument,
    RegulationUsed,
    StandardUsed,
)
from metrology.domain.calibrating import KIND as CALIBRATION
from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.domain.reading_sheet import Choice, choose
from metrology.domain.regulation import Edition, InstrumentType
from metrology.domain.schedule import ANNIVERSARY
from metrology.persistence.people import Institute
from metrology.persistence.verifications import Verification
from metrology.services import calibration_text, certificate_tables, law
from metrology.services.calibrating import method_of
from metrology.services.certificate_tables import bilingual
from metrology.services.record_sheet import LaidSheet, lay
from metrology.services.validity import Validity

KINDS = {
    "initial": Bilingual("首次检定", "Initial verification"),
    "subsequent": Bilingual("后续检定", "Subsequent verification"),
    "after_repair": Bilingual("修理后检定", "Verification after repair"),
    "in_service": Bilingual("使用中检查", "In-service inspection"),
    CALIBRATION: Bilingual("校准", "Calibration"),
}
CONCLUSIONS = {"conforms": Bilingual("合格", "Conforms"), "rejected": Bilingual("不合格", "Rejected")}
NO_HOLDER = Bilingual("（未登记使用单位）", "(no holder registered)")


def facts_of(
    session: Session,
    verification: Verification,
    *,
    kind: CertificateKind,
    number: str,
    code: str,
    issued_on: date,
    held: Validity | None,
    replaces: str = "",
    checkpoint: str = "",
    previous: PreviousDocument | None = None,
) -> CertificateFacts:
    """The text of the document that certifies an approved record. The addresses hold the path alone, see ``paper.facts_of``."""
    one = law.type_of(session, verification.type_code)
    is_calibration = kind == "calibration_certificate"
    edition = method_of(one, verification) if is_calibration else one.edition(verification.edition_code)
    laid = _laid(verification, edition)
    judgement = verification.judgement
    holder = verification.instrument.holder
    return CertificateFacts(
        kind=kind,
        number=number,
        record_number=verification.number,
        body=_body(verification.institute),
        applicant=Bilingual(holder.name) if holder else NO_HOLDER,
        applicant_address=holder.address if holder else "",
        instrument=_instrument(verification, one),
        conclusion=calibration_text.conclusion(verification)
        if is_calibration
        else CONCLUSIONS[str(verification.verdict)],
        verification_kind=KINDS[verification.kind],
        verification_date=verification.verified_on.isoformat(),
        issue_date=issued_on.isoformat(),
        valid_until=held.until.isoformat() if held and held.until else "",
        validity_rule=validity_text(held) if held else Bilingual(""),
        verifier=verification.verifier.name,
        checker=verification.checker.name if verification.checker else "",
        approver=verification.approver.name if verification.approver else "",
        place=verification.place_text,
        environment=_environment(verification, laid),
        regulations=calibration_text.regulations(session, verification)
        if is_calibration
        else (RegulationUsed(edition.citation.document, bilingual(edition.citation.title)),),
        standards=tuple(_standard(use.snapshot) for use in verification.standards),
        checks=certificate_tables.checks(laid),
        tables=calibration_text.tables(verification)
        if is_calibration
        else certificate_tables.tables(laid, edition, judgement.get("unconfirmed") or ()),
        calibration=(calibration_text.statements(session, verification),) if is_calibration else (),
        failed_items=certificate_tables.failures(laid),
        replaces=replaces,
        remarks=(*_remarks(verification), *_disputes(edition, judgement.get("disputed") or ())),
        qr_text=f"/c/{code}",
        public_url=f"/c/{code}",
        checkpoint=checkpoint,
        place_kind="customer" if verification.instrument.is_onsite else "laboratory",
        previous=(previous,) if previous else (),
    )


def _laid(verification: Verification, edition: Edition) -> LaidSheet:
    sheet = edition.reading_sheet(verification.nameplate, verification.kind)
    return lay(sheet, verification.readings, verification.judgement["findings"])


def _body(institute: Institute | None) -> IssuingBody:
    if institute is None:
        return IssuingBody(Bilingual("—"), "")
    return IssuingBody(
        name=Bilingual(institute.name, institute.name_en), authorisation_number=institute.authorisation_number,
        address=institute.address, phone=institute.phone, fax=institute.fax, postcode=institute.postcode,
        email=institute.email,
    )  # fmt: skip


def _instrument(verification: Verification, one: InstrumentType) -> InstrumentFacts:
    instrument = verification.instrument
    return InstrumentFacts(
        name=instrument_name(one, instrument.part_label), model=instrument.model, serial_number=instrument.serial_number,
        manufacturer=instrument.manufacturer, registry_number=instrument.number,
        nameplate=nameplate_texts(one, verification.nameplate),
    )  # fmt: skip


def instrument_name(one: InstrumentType, part_label: str) -> Bilingual:
    """What an instrument of a type, or a part of one, is called on paper."""
    name = bilingual(one.names)
    if not part_label or one.part is None:
        return name
    part = bilingual(one.part.names)
    return Bilingual(f"{name.zh} {part.zh} {part_label}", f"{name.en}, {part.en} {part_label}")


def nameplate_texts(one: InstrumentType, nameplate: dict[str, Any]) -> tuple[LabelledText, ...]:
    """The nameplate with its labels, in the order of the type's file."""
    shown = []
    for characteristic in one.nameplate:
        text, english = str(nameplate.get(characteristic.key) or ""), ""
        if characteristic.kind == "choice":
            text, english = _chosen(characteristic.choices, text)
        elif characteristic.kind in ("integer", "number") and characteristic.unit and text:
            text = f"{text} {characteristic.unit}"
        if text:
            shown.append(LabelledText(bilingual(characteristic.labels), text, english))
    return tuple(shown)


def _environment(verification: Verification, laid: LaidSheet) -> tuple[LabelledText, ...]:
    table = laid.table(ENVIRONMENT)
    if table is None:
        return ()
    read = verification.environment
    shown = []
    for one in table.table.fields:
        text, english = str(read.get(one.key) or ""), ""
        if one.kind == "choice":
            text, english = _chosen(one.choices, choose(one.choices, text) or text)
        if text:
            shown.append(LabelledText(bilingual(one.labels), text, english))
    return tuple(shown)


def _chosen(choices: Iterable[Choice], value: str) -> tuple[str, str]:
    """What a choice is called in Chinese and, where that is another word, in English."""
    labels = next((dict(one.labels) for one in choices if one.value == value), {})
    chinese, english = labels.get("zh", value), labels.get("en", "")
    return chinese, english if english != chinese else ""


def _standard(snapshot: dict[str, Any]) -> StandardUsed:
    serial = " ".join(filter(None, (snapshot["number"], snapshot["serial_number"])))
    return StandardUsed(
        name=Bilingual(snapshot["name"], snapshot["name_en"]), serial_number=serial,
        measuring_range=snapshot["range"], accuracy=snapshot["accuracy"],
        certificate_number=snapshot["certificate_number"], valid_until=snapshot["valid_until"],
    )  # fmt: skip


def _remarks(verification: Verification) -> list[Bilingual]:
    applied = [
        f"{seal['number']}（{seal['position']}）" if seal["position"] else str(seal["number"])
        for seal in verification.seals or ()
        if seal["found"] == "applied"
    ]
    if not applied:
        return []
    return [Bilingual(f"加施封印：{'、'.join(applied)}", f"Seals applied: {', '.join(applied)}")]


def _disputes(edition: Edition, keys: Sequence[str]) -> Iterator[Bilingual]:
    """What a limit rests on although somebody says that the text has it otherwise."""
    for key in keys:
        says = edition.disputed.get(key)
        if says:
            ours = edition.stated(key)
            number = edition.numbers.get(key)
            where = number.clause if number and number.clause else key
            yield Bilingual(
                f"判定所依据的数值有争议：{where} 按 {ours} 判定，另有核对意见称规程原文为 {says}",
                f"A number judged by is disputed: {where}, taken as {ours}; the text is said to have {says}",
            )


def validity_text(held: Validity) -> Bilingual:
    """How the last valid day was found, as it is printed."""
    interval = held.interval
    clause = f"（{interval.clause}）" if interval.clause else ""
    if interval.months is None:
        return Bilingual(
            f"首次检定，不规定检定周期{clause}", f"Verified once; no interval is laid down{_in(interval.clause)}"
        )
    counted = held.counted_from.isoformat()
    ends_zh, ends_en = "至周年日前一日止", "ending the day before the anniversary"
    if held.rule == ANNIVERSARY:
        ends_zh, ends_en = "至周年日当日止", "ending on the anniversary"
    if interval.is_service_life:
        return Bilingual(
            f"自首次检定合格之日 {counted} 起使用期限 {interval.months} 个月{clause}，{ends_zh}，到期更换",
            f"Service life of {interval.months} months from the first verification on {counted}{_in(interval.clause)}, "
            f"{ends_en}; then replaced",
        )
    return Bilingual(
        f"检定周期 {interval.months} 个月{clause}，自检定之日起计，{ends_zh}",
        f"Interval of {interval.months} months from the day of verification{_in(interval.clause)}, {ends_en}",
    )


def _in(clause: str) -> str:
    return f" ({clause})" if clause else ""
