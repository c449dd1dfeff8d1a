"""Worked examples against what comes back: what `evaluate` answers, and beside it what the sheet asks for.

An example may expect, besides the answer: `lacks` (path → code, None for none), `interval` (months and mode), `hints`
(what stands beside a row or field of the sheet) and `rows` (how many preset rows a table has).
"""

from dataclasses import replace
from datetime import date

from metrology.domain.problems import Problem
from metrology.regulations import evaluate_by, get


def differences(got, want, where=""):
    """What `want` says and `got` does not; findings are found by their point."""
    if isinstance(want, dict):
        for key, value in want.items():
            yield from differences((got or {}).get(key), value, f"{where}.{key}")
    elif isinstance(want, list):
        by_point = {finding["point"]: finding for finding in got or []}
        for value in want:
            yield from differences(by_point.get(value["point"]), value, f"{where}[{value['point']}]")
    elif got != want:
        yield f"{where}: {got} instead of {want}"


def _hint(labels):
    return labels.get("en", "")


def outcome(example, one=None):
    """Everything an example can expect, from its type or from one tried with other numbers."""
    case = example.case
    one = one or get(case["type"])
    answer = evaluate_by(one, case, partial=example.partial)
    lacks = answer.get("missing") or []
    answer["lacks"] = {lack["path"]: lack["code"] for lack in lacks}
    try:
        day = date.fromisoformat(case["on"])
        plate = one.validate_nameplate(case["nameplate"], on=day)
        edition = one.edition_on(day)
        sheet = edition.reading_sheet(plate, case["kind"])
        interval = edition.interval(plate)
    except Problem:
        return answer
    answer["interval"] = {"months": interval.months, "mode": interval.mode}
    answer["limits"] = {str(i): limit.limit.text() for i, limit in enumerate(edition.mpe_at(plate, case["kind"]))}
    answer["rows"] = {table.key: len(table.rows) for table in sheet.tables}
    answer["hints"] = {}
    answer["values"] = {}
    for table in sheet.tables:
        for row in table.rows:
            answer["hints"][f"{table.key}.{row.point}"] = _hint(row.hint)
            answer["values"][f"{table.key}.{row.point}"] = dict(row.values)
        for field in table.fields:
            answer["hints"][table.path(field.key)] = _hint(field.hint)
    return answer


def wrong(example, one=None):
    """How an example comes out otherwise than typed."""
    return list(differences(outcome(example, one), example.expect))


def tried(one, edition, key, value):
    """The type with one number of one edition changed."""
    changed = edition.with_numbers({key: str(value)})
    return replace(one, editions=tuple(changed if known is edition else known for known in one.editions))
