"""What inspectors read of every type, as plain lines: its nameplate, its sheet, its limits and how its findings are explained.

`python -m tests.regulations.drawn` writes `drawn.txt` again; the difference is to be read like the law it renders.
"""

import json
from pathlib import Path

from metrology import regulations
from metrology.domain.calibrating import KIND, method_for
from metrology.domain.calibration_sheet import Proposal
from metrology.regulations import evaluate

FILE = Path(__file__).with_name("drawn.txt")
KINDS = ("initial", "in_service")


_TABLE = {
    "by": None, "min_rows": 0, "extendable": False, "required": True, "either": (), "instead": None, "in_form": True, "is_judged": True,
}  # fmt: skip


def _labels(labels):
    return f"{labels.get('zh', '')} / {labels.get('en', '')}"


def _plates(one):
    texts = {json.dumps(e.case["nameplate"], sort_keys=True) for e in one.examples if "problem" not in e.expect}
    return [one.validate_nameplate(json.loads(text)) for text in sorted(texts)]


def _fields(table):
    for field in table.fields:
        needed = "required" if field.required else "optional"
        choices = ", ".join(f"{choice.value} = {_labels(choice.labels)}" for choice in field.choices)
        said = [
            table.path(field.key),
            field.kind,
            field.unit or "–",
            needed,
            _labels(field.labels),
            choices,
            f"× {field.repeat}",
        ]
        yield "field " + " | ".join([*said, _labels(field.hint), field.clause])


def _rows(kind, table):
    said = [f"table {kind} {table.key or '–'}", table.layout, _labels(table.labels), _labels(table.hint), table.clause]
    told = [f"{name} {getattr(table, name)}" for name in _TABLE if getattr(table, name) != _TABLE[name]]
    yield " | ".join([*said, *told])
    for row in table.rows:
        values = ", ".join(f"{key} {text}" for key, text in row.values.items())
        fixed = ", ".join(row.fixed)
        yield f"row {kind} {table.key}.{row.point} | {_labels(row.labels)} | {values} | {_labels(row.hint)} | {fixed}"


def _findings(one):
    for example in one.examples:
        for found in evaluate(example.case, partial=example.partial).get("findings") or []:
            stem = found["point"].partition("[")[0]
            if not stem.startswith("items."):
                own = sorted(set(found) - _COMMON)
                said = [stem, found["edition"], _labels(found["labels"]), found["clause"], found["formula"]]
                yield "finding " + " | ".join([*said, ", ".join(found["inputs"]), ", ".join(own)])


_COMMON = {
    "point", "labels", "error", "mpe", "within", "unrounded", "lower", "upper", "margin", "edition", "clause", "formula", "inputs", "numbers",
}  # fmt: skip


def _plate(one):
    for field in one.nameplate:
        needed = "required" if field.required else "for a verdict" if field.required_for_verdict else "optional"
        choices = ", ".join(f"{choice.value} = {_labels(choice.labels)}" for choice in field.choices)
        known = ", ".join([*field.synonyms, *(f"{prefix}…" for prefix in field.prefixes)])
        said = [field.key, field.kind, field.unit or "–", needed, _labels(field.labels), choices, known]
        yield "plate " + " | ".join([*said, _labels(field.hint), "of a part" if field.of_part else ""])


def lines(one):
    """Everything of a type, each line once, in the order it is first said."""
    said = dict.fromkeys(_plate(one))
    for edition in one.editions:
        said[f"edition {edition.code}"] = None
        for i, plate in enumerate(_plates(one)):
            for kind in KINDS:
                sheet = edition.reading_sheet(plate, kind)
                for table in sheet.tables:
                    said.update(dict.fromkeys(_fields(table)))
                if i == 0:
                    interval = edition.interval(plate)
                    said[f"interval {interval.months} {interval.mode} {interval.clause} {interval.confirmed}"] = None
                    for table in sheet.tables:
                        said.update(dict.fromkeys(_rows(kind, table)))
                    for limit in edition.mpe_at(plate, kind):
                        said[f"limit {kind} {limit.limit.text()} at {limit.at.text() if limit.at else '–'}"] = None
    said.update(dict.fromkeys(_findings(one)))
    return [f"{one.code}: {line}" for line in said]


def calibration_lines():
    """The sheet of a calibration, with its blank rows, without them, and before a unit is known."""
    said = {}
    proposal = Proposal(source="分辨力", value="0.005 mm", distribution="rectangular")
    for method in (
        method_for("mm", "JJF 1", (proposal,)),
        method_for("mm", "", (proposal,), with_blanks=False),
        method_for("", ""),
    ):
        for table in method.reading_sheet({}, KIND).tables:
            said.update(dict.fromkeys(_fields(table)))
            said.update(dict.fromkeys(_rows(f"({method.document or 'no method'})", table)))
    return [f"calibration: {line}" for line in said]


def all_lines():
    """Every type that can be judged, and the sheet of a calibration."""
    types = regulations.instrument_types().values()
    return [line for one in types if one.has_rules for line in lines(one)] + calibration_lines()


if __name__ == "__main__":
    FILE.write_text("\n".join(all_lines()) + "\n", encoding="utf-8")
