"""The pages of results of a certificate: tables by point and checks, drawn from the sheet without knowing the type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metrology.documents.certificate_facts import Bilingual, CheckResult, PointResult, ResultTable
from metrology.domain.conditions import TABLE as ENVIRONMENT
from metrology.domain.reading_sheet import ReadingField, ReadingTable, choose
from metrology.domain.regulation import Edition
from metrology.domain.verdict import Labels
from metrology.services.record_readings import number_in
from metrology.services.record_sheet import FindingText, LaidRow, LaidSheet, LaidTable, extras

INDICATION = ("indication", "indicated")
REFERENCE = ("reference", "load", "actual")
EXTRA_LABELS: Mapping[str, Labels] = {
    "repeatability": {"zh": "重复性", "en": "Repeatability"},
    "repeatability_limit": {"zh": "重复性限", "en": "Limit of repeatability"},
    "largest_error": {"zh": "单次最大误差", "en": "Largest single error"},
    "readings": {"zh": "读数个数", "en": "Readings"},
    "change": {"zh": "示值变化", "en": "Change of indication"},
    "least_change": {"zh": "最小应变化", "en": "Least change required"},
    "extra_load": {"zh": "附加砝码", "en": "Extra load"},
    "flow_rate": {"zh": "标称流量", "en": "Nominal flow rate"},
    "variation": {"zh": "变差", "en": "Variation"},
    "hysteresis": {"zh": "回程误差", "en": "Hysteresis"},
}
"""Words for what findings hold beside the error, whatever the type. A type's edition may have words of its own."""
_NORM = re.compile(r"(JJ[FG]|GB|OIML|R \d|D \d)")
"""How the name of a norm begins."""
_CONFORMS = Bilingual("符合要求", "conforms")
_FAILS = Bilingual("不符合要求", "does not conform")
_RESULT = Bilingual("结果", "results")
_OTHER = Bilingual("其他项目", "Other items")


def bilingual(labels: Mapping[str, str]) -> Bilingual:
    """Labels as the paper has them."""
    return Bilingual(labels.get("zh") or labels.get("en") or "", labels.get("en", ""))


def cited(finding: FindingText) -> str:
    """The clause of a norm that a finding rests on. Where a number was found on a web page, paper cites nothing for it."""
    clause = str(finding.get("clause") or "")
    return clause if _NORM.match(clause) else ""


def checks(laid: LaidSheet) -> tuple[CheckResult, ...]:
    """Items judged without a number: yes/no answers, then findings that have neither error nor limit."""
    asked = [row for table in laid.tables if table.table.layout == "items" for row in table.rows]
    found = [row.finding for row in asked if row.finding] + [one for one in laid.loose if not one.get("mpe")]
    return tuple(
        CheckResult(
            item=bilingual(one["labels"]), finding=_CONFORMS if one["within"] else _FAILS,
            within=bool(one["within"]), clause=cited(one),
        )
        for one in found
    )  # fmt: skip


def tables(laid: LaidSheet, edition: Edition, unconfirmed: Sequence[str]) -> tuple[ResultTable, ...]:
    """A table for each part of the sheet in which something was read, and one for what belongs to no part."""
    drawer = _Drawer(edition, frozenset(unconfirmed))
    drawn = [one for table in laid.tables for one in drawer.draw(table)]
    rest = [one for one in laid.loose if one.get("mpe")]
    if rest:
        drawn.append(drawer.results(_OTHER, rest))
    return tuple(drawn)


def failures(laid: LaidSheet) -> tuple[Bilingual, ...]:
    """What a rejection notice lists: each finding outside, where it was found, and by how much."""
    found: list[Bilingual] = []
    for table in laid.tables:
        for row in table.rows:
            if row.finding and not row.finding["within"]:
                own = table.table.layout != "items" and row.span == 1 and row.is_preset
                found.append(_failure(row.finding, row.labels if own else {}))
        found += [_failure(one, {}) for one in table.findings if not one["within"]]
    return (*found, *(_failure(one, {}) for one in laid.loose if not one["within"]))


def _failure(finding: FindingText, where: Labels) -> Bilingual:
    error, limit = finding.get("error"), limit_text(finding)
    item = bilingual(finding["labels"])
    named = {"zh": item.zh, "en": item.en}
    more = {lang: f" {where[lang]}" if where.get(lang) not in (None, "", named[lang]) else "" for lang in named}
    if not error or not limit:
        return Bilingual(f"{item.zh}{more['zh']}：{_FAILS.zh}", f"{item.en}{more['en']}: {_FAILS.en}")
    zh, en = f"示值误差 {error}，最大允许误差 {limit}", f"error {error}, MPE {limit}"
    for key, label in EXTRA_LABELS.items():
        if finding.get(f"{key}_within") is False:
            zh += f"；{label['zh']} {finding[key]}，限值 {finding.get(f'{key}_limit') or ''}"
            en += f"; {label['en'].lower()} {finding[key]}, limit {finding.get(f'{key}_limit') or ''}"
    return Bilingual(f"{item.zh}{more['zh']}：{zh}", f"{item.en}{more['en']}: {en}")


def limit_text(finding: FindingText) -> str:
    """The limits with their signs: ``±0.30 %``, or both."""
    text = str(finding.get("mpe") or "")
    return f"±{text}" if text and "…" not in text else text


@dataclass(frozen=True)
class _Drawer:
    edition: Edition
    unconfirmed: frozenset[str]

    def draw(self, laid: LaidTable) -> Iterator[ResultTable]:
        """The readings of a table with what was found; a group of rows judged together has a second table of results."""
        table = laid.table
        if table.layout == "items" or table.key == ENVIRONMENT:
            return
        rows = [row for row in laid.rows if row.is_typed or row.finding]
        if not rows and not laid.findings:
            return
        title = bilingual(table.labels)
        if laid.grouped:
            yield self._table(table, title, [(row, None) for row in rows], ())
            found = [row.finding for row in rows if row.finding]
            yield self.results(
                Bilingual(f"{title.zh} {_RESULT.zh}", f"{title.en}: {_RESULT.en}"), [*found, *laid.findings]
            )
        elif table.layout == "single":
            first = laid.findings[0] if laid.findings else None
            yield self._table(table, title, [(row, first) for row in rows], laid.findings[1:])
        else:
            yield self._table(table, title, [(row, row.finding) for row in rows], laid.findings)

    def results(self, title: Bilingual, findings: Sequence[FindingText]) -> ResultTable:
        """Findings alone, a row each."""
        return self._table(None, title, (), findings)

    def _table(
        self,
        table: ReadingTable | None,
        title: Bilingual,
        rows: Sequence[tuple[LaidRow, FindingText | None]],
        findings: Sequence[FindingText],
    ) -> ResultTable:
        found = [*(finding for _, finding in rows if finding), *findings]
        plan = _planned(table, [row for row, _ in rows], found)
        return ResultTable(
            title=title,
            unit=plan.unit,
            rows=(*(self._row(plan, row, one) for row, one in rows), *(self._row(plan, None, one) for one in findings)),
            error_unit=plan.error_unit,
            extra_headings=(*map(_heading, plan.others), *map(self._word, plan.extras)),
        )

    def _row(self, plan: _Plan, row: LaidRow | None, finding: FindingText | None) -> PointResult:
        values, found = row.values if row else {}, finding or {}
        return PointResult(
            point=row_label(plan.table, row) if row and plan.table else bilingual(found["labels"]).zh,
            point_en=row_label(plan.table, row, "en") if row and plan.table else bilingual(found["labels"]).en,
            reference=_cell(plan.reference, values),
            indication=_cell(plan.indication, values),
            error=number_in(found.get("error"), plan.error_unit or None),
            mpe=_limit_in(found, plan.error_unit),
            within=None if finding is None else bool(finding["within"]),
            extra=(
                *(_cell(one, values) for one in plan.others),
                *(str(found.get(key) or "") for key in plan.extras),
            ),
            extra_en=tuple(_cell(one, values, "en") for one in plan.others if any(o.choices for o in plan.others)),
            formula=str(found.get("formula") or ""),
            clause=cited(found),
            confirmed=not self._doubtful(found),
        )

    def _doubtful(self, finding: FindingText) -> bool:
        return bool(finding) and bool(self.unconfirmed & {"edition", *finding.get("numbers", ())})

    def _word(self, key: str) -> Bilingual:
        own = self.edition.extra_labels
        return bilingual(own.get(key) or EXTRA_LABELS.get(key) or {"zh": key.replace("_", " ")})


@dataclass(frozen=True)
class _Plan:
    """The columns of a table on paper: which fields are the reference and the indication, and what else there is."""

    table: ReadingTable | None
    reference: ReadingField | None
    indication: ReadingField | None
    others: tuple[ReadingField, ...]
    extras: tuple[str, ...]
    error_unit: str

    @property
    def unit(self) -> str:
        return (self.indication.unit or "") if self.indication else ""


def _planned(table: ReadingTable | None, rows: Sequence[LaidRow], findings: Sequence[FindingText]) -> _Plan:
    fields = table.fields if table else ()
    headings = {key for row in rows for key in row.fixed}
    used = [one for one in fields if one.key not in headings and any(_cell(one, row.values) for row in rows)]
    indication = next((one for one in used if one.key in INDICATION), None)
    reference = next((one for one in used if one.key in REFERENCE), None)
    if indication is None or (reference and reference.unit != indication.unit):
        reference = None  # the two share the unit of the heading
    return _Plan(
        table, reference, indication, tuple(one for one in used if one not in (reference, indication)),
        tuple(key for key in _extra_keys(findings) if key not in {one.key for one in fields}),
        next((str(one["error"]).partition(" ")[2] for one in findings if one.get("error")), ""),
    )  # fmt: skip


def _heading(one: ReadingField) -> Bilingual:
    label = bilingual(one.labels)
    if one.kind != "quantity" or not one.unit:
        return label
    return Bilingual(f"{label.zh} / {one.unit}", f"{label.en} / {one.unit}" if label.en else "")


def _cell(one: ReadingField | None, values: Mapping[str, Any], language: str = "zh") -> str:
    if one is None:
        return ""
    value = values.get(one.key)
    if one.kind == "choice":
        chosen = choose(one.choices, str(value or ""))
        return next((choice.labels.get(language, "") for choice in one.choices if choice.value == chosen), "")
    return number_in(value, one.unit)


def row_label(table: ReadingTable, row: LaidRow, language: str = "zh") -> str:
    """The heading of a row; one that was added says what its preset neighbours have fixed (加载, 位置 5)."""
    label = str(row.labels.get(language) or row.labels.get("zh") or "")
    if row.is_preset:
        return label
    fixed = {key for preset in table.rows for key in preset.fixed}
    told = [_cell(one, row.values, language) for one in table.fields if one.key in fixed]
    return " ".join(filter(None, [label, *told]))


def _extra_keys(findings: Iterable[FindingText]) -> list[str]:
    keys: dict[str, None] = {}
    for finding in findings:
        keys |= dict.fromkeys(key for key, value in extras(finding).items() if isinstance(value, str))
    return [key for key in keys if key not in ("runs", "direction", "position")]


def _limit_in(finding: FindingText, unit: str) -> str:
    text = limit_text(finding)
    return text.removesuffix(f" {unit}") if unit else text
