"""Verdicts: what was found at each point, what is lacking, and the word that follows from both.

A verdict is `conforms` only when everything the regulation asks for was read and everything read is within. Anything
lacking gives no verdict at all, with the list of what is lacking.

>>> judged([], [Lack("missing_reading", "zero_error", {})], edition="JJG 539-2016").verdict
>>> judged([Finding("q1", {}, within=False)], [], edition="JJG 443-2023").verdict
'rejected'
>>> judged([Finding("q1", {}, within=True)], [], edition="JJG 443-2023").verdict
'conforms'
>>> judged([], [], edition="JJG 443-2023").verdict
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.quantity import Quantity, plain, round_to

CONFORMS = "conforms"
REJECTED = "rejected"
# Decimals of the unrounded value that are kept for the eye; recomputing starts from the readings.
_SHOWN = Decimal("1e-9")

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lack:
    """Something without which there is no verdict: not read, not legible, or read under conditions that do not count.

    Codes: `missing_reading`, `bad_quantity`, `bad_choice`, `missing_characteristic`, `outside_conditions`,
    `ambiguous_reading`, `not_covered`.
    """

    code: str
    path: str
    labels: Labels
    params: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """JSON-safe text."""
        return {"code": self.code, "path": self.path, "labels": dict(self.labels), "params": dict(self.params)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trace:
    """How a finding came about: what a court, or a recalculation years later, needs."""

    error: str | None = None
    unrounded: str | None = None
    mpe: str | None = None
    lower: str | None = None
    upper: str | None = None
    margin: str | None = None
    edition: str = ""
    clause: str = ""
    formula: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    extras: Mapping[str, str | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding(_Trace):
    """What was found at one point: `within` says whether the point conforms in everything judged at it.

    `edition` is stamped on by the edition that judges. `unrounded` is the error before the one rounding (the error itself where
    nothing is rounded). `margin` is the part of the limit used (1 is exactly at it), `numbers` the keys of the edition's legal numbers it
    rests on, `extras` what else the point has, such as its repeatability.
    """

    point: str
    labels: Labels
    within: bool

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> "Finding":
        """The finding a record keeps, as `to_dict` wrote it."""
        known = {one.name for one in fields(cls)} - {"extras"}
        own = {key: value for key, value in facts.items() if key in known}
        own["numbers"] = tuple(facts.get("numbers", ()))
        return cls(**own, extras={key: value for key, value in facts.items() if key not in known})

    def to_dict(self) -> dict[str, object]:
        """JSON-safe text; the extras stand beside the error, where a reader looks for them."""
        return {
            "point": self.point,
            "labels": dict(self.labels),
            "error": self.error,
            "mpe": self.mpe,
            "within": self.within,
            **self.extras,
            "unrounded": self.unrounded,
            "lower": self.lower,
            "upper": self.upper,
            "margin": self.margin,
            "edition": self.edition,
            "clause": self.clause,
            "formula": self.formula,
            "inputs": dict(self.inputs),
            "numbers": list(self.numbers),
        }


def of_error(
    point: str,
    labels: Labels,
    *,
    error: Quantity,
    limit: MaximumPermissibleError,
    unrounded: Decimal | None = None,
    within: bool = True,
    clause: str = "",
    formula: str = "",
    inputs: Mapping[str, str] | None = None,
    numbers: tuple[str, ...] = (),
    extras: Mapping[str, str | bool | None] | None = None,
) -> Finding:
    """A finding from an error, already rounded by the type's rule, and its limit. `within` adds what else is judged."""
    used = limit.used_by(error)
    return Finding(
        point,
        labels,
        limit.admits(error) and within,
        error=error.text(),
        mpe=limit.text(),
        lower=limit.lower.text(),
        upper=limit.upper.text(),
        unrounded=error.text() if unrounded is None else f"{plain(round_to(unrounded, _SHOWN))} {error.unit}",
        margin=None if used is None else plain(used),
        clause=clause,
        formula=formula,
        inputs=inputs or {},
        numbers=numbers,
        extras=extras or {},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome: `conforms`, `rejected` or None; None always comes with what is missing, unless partial."""

    verdict: str | None
    findings: tuple[Finding, ...]
    missing: tuple[Lack, ...]
    edition: str
    unconfirmed: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    """Those among them of which somebody says that the text has another value."""

    @property
    def confirmed(self) -> bool:
        """Whether every legal number used was checked against its source."""
        return not self.unconfirmed

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings a rejection notice lists."""
        return tuple(finding for finding in self.findings if not finding.within)

    def to_dict(self) -> dict[str, object]:
        """JSON-safe text, stable for storing."""
        return {
            "verdict": self.verdict,
            "findings": [finding.to_dict() for finding in self.findings],
            "missing": [lack.to_dict() for lack in self.missing],
            "edition": self.edition,
            "confirmed": self.confirmed,
            "unconfirmed": list(self.unconfirmed),
            "disputed": list(self.disputed),
        }


def judged(
    findings: Iterable[Finding],
    missing: Iterable[Lack],
    *,
    edition: str,
    partial: bool = False,
    unconfirmed: Iterable[str] = (),
    disputed: Iterable[str] = (),
) -> Verdict:
    """Combine findings into a verdict. Nothing found, anything missing or only a part judged: no verdict."""
    findings, missing = tuple(findings), tuple(missing)
    word = None
    if findings and not missing and not partial:
        word = CONFORMS if all(finding.within for finding in findings) else REJECTED
    return Verdict(
        verdict=word, findings=findings, missing=missing, edition=edition,
        unconfirmed=tuple(sorted(set(unconfirmed))), disputed=tuple(sorted(set(disputed))),
    )  # fmt: skip
