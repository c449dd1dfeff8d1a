"""Everything printed on a certificate or a rejection notice, as text, and its way to JSON and back.

The payload is stored with the certificate, so that the paper can be printed again, byte for byte, in ten years.
Contents of the pages: JJF 1069-2012 and 国质检量函〔2005〕861号.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from datetime import date
from typing import Any, Final, Literal, Self, get_args, get_origin, get_type_hints

from metrology.documents.bilingual import NOTHING, POINT, Bilingual, LabelledText
from metrology.documents.calibration_facts import CalibrationFacts
from metrology.domain.problems import Problem

__all__ = [
    "Bilingual",
    "CertificateFacts",
    "CertificateKind",
    "CheckResult",
    "InstrumentFacts",
    "IssuingBody",
    "LabelledText",
    "PointResult",
    "PreviousDocument",
    "RegulationUsed",
    "ResultTable",
    "StandardUsed",
]

CertificateKind = Literal["verification_certificate", "rejection_notice", "calibration_certificate"]

_FORM: Final = 1
"""Number of the payload's form; a later form that means something else by a name gets the next number."""


@dataclass(frozen=True, slots=True)
class IssuingBody:
    """The verification body, as its authorisation names it."""

    name: Bilingual
    authorisation_number: str
    """Number of the 计量授权证书 or the legal basis of a statutory body."""
    address: str = ""
    phone: str = ""
    fax: str = ""
    postcode: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """What identifies the instrument, to be compared with its nameplate."""

    name: Bilingual
    model: str
    serial_number: str
    manufacturer: str
    registry_number: str = ""
    """The number of our own register."""
    nameplate: tuple[LabelledText, ...] = ()
    """Further nameplate values in the order to print them; accuracy class, capacity, Q3 and so on."""


@dataclass(frozen=True, slots=True)
class RegulationUsed:
    """A verification regulation (检定规程) followed."""

    number: str
    """Such as `JJG 539-2016`."""
    name: Bilingual


@dataclass(frozen=True, slots=True)
class StandardUsed:
    """A measurement standard used, as it was on the day."""

    name: Bilingual
    serial_number: str
    measuring_range: str
    accuracy: str
    """Expanded uncertainty with k, accuracy class or maximum permissible error, as text."""
    certificate_number: str
    valid_until: str
    """ISO day."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """An item judged without a number: appearance, seals, zero-setting, tightness."""

    item: Bilingual
    finding: Bilingual
    """What was found, such as `符合要求`, or what is wrong."""
    within: bool
    clause: str = ""


@dataclass(frozen=True, slots=True)
class PointResult:
    """One row of a table of results. Units stand in the heading of the table."""

    point: str
    reference: str
    indication: str
    error: str
    mpe: str
    """Such as `±5`; empty where nothing is limited."""
    within: bool | None
    """None where no limit applies to the row."""
    extra: tuple[str, ...] = ()
    """Values of the table's extra columns, in their order."""
    formula: str = ""
    """How the limit was found: `±1.0e, 500e < m ≤ 2000e`. Rows of the same formula and clause share a note mark."""
    clause: str = ""
    point_en: str = ""
    """The point in English, where its words are Chinese."""
    extra_en: tuple[str, ...] = ()
    """The extra columns in English, where any of their values is in words; in the order of `extra`."""
    uncertainty: str = ""
    """Expanded uncertainty U of the error, in the unit of the error; calibration only."""
    coverage_factor: str = ""
    confirmed: bool = True
    """False: nobody has yet checked the limit against the regulation; it is printed with a mark and a note."""


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A table of results: title, unit of its quantities, rows."""

    title: Bilingual
    unit: str
    rows: tuple[PointResult, ...]
    extra_headings: tuple[Bilingual, ...] = ()
    point_heading: Bilingual = POINT
    error_unit: str = ""
    """Unit of error and limit when it differs from that of the values, such as `%`."""
    note: Bilingual = NOTHING
    status: Literal["", "before_adjustment", "after_adjustment"] = ""
    """Whether the rows were read before (调整前) or after (调整后) an adjustment or repair."""


@dataclass(frozen=True, slots=True)
class PreviousDocument:
    """The document of the same instrument before this one, and the fingerprint by which it is told from any other."""

    kind: str
    number: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """All of a certificate's text. Days are ISO (`2026-11-22`)."""

    kind: CertificateKind
    number: str
    record_number: str
    """Number of the original record (原始记录号)."""
    body: IssuingBody
    applicant: Bilingual
    """Holder or applicant (送检单位/使用单位)."""
    applicant_address: str
    instrument: InstrumentFacts
    conclusion: Bilingual
    """Such as `合格`, `准予作 Ⅲ 级使用` or `不合格`."""
    verification_kind: Bilingual
    """Initial, subsequent, after repair, in-service."""
    verification_date: str
    issue_date: str
    """Day of approval."""
    valid_until: str
    """Empty for a rejection notice, and for types verified once; then `validity_rule` says why."""
    validity_rule: Bilingual
    """How 有效期至 was found: interval, clause, anniversary less one day."""
    verifier: str
    checker: str
    approver: str
    place: str
    environment: tuple[LabelledText, ...]
    regulations: tuple[RegulationUsed, ...]
    standards: tuple[StandardUsed, ...]
    checks: tuple[CheckResult, ...]
    tables: tuple[ResultTable, ...]
    qr_text: str
    """All that the QR code holds (the address, with or without signed digits behind `#`)."""
    public_url: str
    """What is printed below the code: the address on the official domain."""
    failed_items: tuple[Bilingual, ...] = ()
    """Items failed; a rejection notice has at least one, a certificate none."""
    replaces: str = ""
    """Number of the certificate that this one replaces."""
    remarks: tuple[Bilingual, ...] = ()
    """Further sentences: repair before this verification, seals put on, limits of use."""
    checkpoint: str = ""
    """Head of the journal at issue, printed small at the end so that paper bears witness to the record."""
    place_kind: Literal["", "laboratory", "customer"] = ""
    """Whether it was verified in the laboratory or where it is used."""
    previous: tuple[PreviousDocument, ...] = ()
    """At most one."""
    calibration: tuple[CalibrationFacts, ...] = ()
    """One for a calibration certificate, none otherwise."""

    def __post_init__(self) -> None:
        """Refuse what must not be put on paper: gaps, and a conclusion its own points contradict."""
        required = (*_REQUIRED, "calibration") if self.kind == "calibration_certificate" else _REQUIRED
        missing = [name for name in required if _is_blank(getattr(self, name))]
        if not (self.instrument.serial_number or self.instrument.registry_number):
            missing.append("serial_number")
        if self.kind not in get_args(CertificateKind):
            raise ValueError(f"{self.kind!r} is no kind of certificate")
        if missing:
            raise Problem("certificate_incomplete", missing[0], missing=", ".join(missing))
        for name in ("verification_date", "issue_date", "valid_until"):
            if getattr(self, name):
                date.fromisoformat(getattr(self, name))
        if self._contradicts_itself():
            raise Problem("certificate_contradicts_results", "conclusion", kind=self.kind)

    def _contradicts_itself(self) -> bool:
        if self.kind == "rejection_notice":
            return bool(self.valid_until) or not self.failed_items
        if self.kind == "calibration_certificate":
            # It states results; what it says of conformity has a decision rule, and nothing in it runs out.
            undecided = (
                any(row.within is not None for row in self._points()) and not self.calibration[0].decision_rule.zh
            )
            return bool(self.valid_until) or undecided or any(not row.uncertainty for row in self._stated())
        undecided = any(row.within is None and row.mpe for row in self._points())
        failed = any(row.within is False for row in self._points()) or not all(check.within for check in self.checks)
        return undecided or failed or bool(self.failed_items)

    def _points(self) -> list[PointResult]:
        return [row for table in self.tables for row in table.rows]

    def _stated(self) -> list[PointResult]:
        """The rows that are results: what stood before an adjustment has no uncertainty of its own."""
        return [row for table in self.tables if table.status != "before_adjustment" for row in table.rows]

    def to_payload(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"form": _FORM, **_as_json(asdict(self))}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """What `to_payload` gave, also by an earlier release that had fewer fields. Unknown names are refused."""
        if payload.get("form") != _FORM:
            raise ValueError(f"form {payload.get('form')!r} of a certificate is not known")
        facts: Self = _from_json(cls, {name: value for name, value in payload.items() if name != "form"})
        return facts


_REQUIRED: Final = (
    "number", "applicant", "conclusion", "verification_date", "issue_date", "verifier", "checker", "approver",
    "regulations", "qr_text", "public_url",
)  # fmt: skip


def _is_blank(value: Any) -> bool:
    return not (value.zh.strip() if isinstance(value, Bilingual) else value)


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_json(item) for name, item in value.items()}
    return [_as_json(item) for item in value] if isinstance(value, list | tuple) else value


def _from_json(kind: Any, value: Any) -> Any:
    """Build `kind` from JSON: a dataclass from an object, a tuple from a list, the rest as it is."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        unknown = set(value) - set(hints)
        lacking = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING} - set(value)
        if unknown or lacking:
            raise ValueError(f"{kind.__name__}: unknown {sorted(unknown)}, lacking {sorted(lacking)}")
        return kind(**{name: _from_json(hints[name], item) for name, item in value.items()})
    if get_origin(kind) is tuple:
        return tuple(_from_json(get_args(kind)[0], item) for item in value)
    if kind is str and not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    if get_origin(kind) is Literal and value not in get_args(kind):
        raise ValueError(f"{value!r} is none of {get_args(kind)}")
    return value
