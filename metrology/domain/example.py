"""Worked examples of a regulation, typed from its text or a source about it, and the few forms most of them have.

An example pins a number by standing on its edge: at the limit and one step beyond. `expect` is compared with what
`regulations.evaluate` answers; beside that it may name `lacks` (path → code, None for none), `interval` (months and mode),
`limits` of the points in order, and `rows`, `values` and `hints` of the sheet.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A worked case; without `partial` it must be complete."""

    id: str
    source: str
    case: Mapping[str, Any]
    expect: Mapping[str, Any]
    partial: bool = True


@dataclass(frozen=True, slots=True)
class Examples:
    """Builds the examples of a type: what most of them have in common is said once."""

    type_code: str
    nameplate: Mapping[str, str]
    source: str
    kind: str = "subsequent"
    on: str = "2026-06-01"
    whole: Mapping[str, Any] = field(default_factory=dict)
    """Readings of a complete verification without any error."""

    def of(
        self,
        name: str,
        readings: Mapping[str, Any],
        expect: Mapping[str, Any],
        *,
        plate: Mapping[str, str | None] | None = None,
        kind: str = "",
        on: str = "",
        source: str = "",
        partial: bool = True,
    ) -> Example:
        """An example; `plate` changes the usual nameplate, None takes a characteristic away."""
        merged = {key: text for key, text in {**self.nameplate, **(plate or {})}.items() if text is not None}
        case = {
            "type": self.type_code,
            "on": on or self.on,
            "kind": kind or self.kind,
            "nameplate": merged,
            "readings": readings,
        }
        return Example(id=name, source=source or self.source, case=case, expect=expect, partial=partial)

    def complete(self, name: str, verdict: str, *findings: Mapping[str, Any], **how: Any) -> Example:
        """A whole verification; tables in `readings` replace the usual ones, None takes one away."""
        changed = {**self.whole, **how.pop("readings", {})}
        readings = {key: table for key, table in changed.items() if table is not None}
        expect = {"verdict": verdict, "findings": list(findings)} if findings else {"verdict": verdict}
        return self.of(name, readings, expect, partial=False, **how)

    def found(self, name: str, readings: Mapping[str, Any], *findings: Mapping[str, Any], **how: Any) -> Example:
        """Findings on a part of the readings."""
        return self.of(name, readings, {"findings": list(findings)}, **how)

    def lacking(self, name: str, readings: Mapping[str, Any], lacks: Mapping[str, str | None], **how: Any) -> Example:
        """What is lacking, and what is not."""
        return self.of(name, readings, {"lacks": lacks}, **how)

    def refused(self, name: str, **how: Any) -> Example:
        """A nameplate (or a day) outside the regulation."""
        return self.of(name, {}, {"verdict": None, "problem": {"code": "not_covered"}}, **how)

    def accepted(self, name: str, **how: Any) -> Example:
        """A nameplate just inside the regulation."""
        return self.of(name, {}, {"problem": None}, **how)

    def lasts(self, name: str, months: int, mode: str = "periodic", **how: Any) -> Example:
        """The interval or service life."""
        return self.of(name, {}, {"interval": {"months": months, "mode": mode}}, **how)

    def edges(self, path: str, inside: Sequence[str], outside: Sequence[str], **how: Any) -> Iterator[Example]:
        """Both sides of the bounds of a condition, `table.field`."""
        table, _, key = path.partition(".")
        for text, code in [*((one, None) for one in inside), *((one, "outside_conditions") for one in outside)]:
            lacks = {path: code}
            yield self.lacking(f"{key.replace('_', ' ')} {text}", {table: {key: text}}, lacks, **how)
