"""What every file in `regulations/` promises; a new type is held to it by being there."""

import copy
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metrology import regulations
from metrology.domain.problems import NotCovered, Problem
from metrology.domain.regulation import KINDS, PURPOSES
from metrology.regulations import evaluate
from tests.regulations.worked import wrong

TYPES = list(regulations.instrument_types().values())
EDITIONS = [(one, edition) for one in TYPES for edition in one.editions]
EXAMPLES = [pytest.param(example, id=f"{one.code}/{example.id}") for one in TYPES for example in one.examples]
PLATES = [
    pytest.param(one, one.validate_nameplate(plate), id=f"{one.code}/{i}")
    for one in TYPES
    for i, plate in enumerate(
        {
            json.dumps(e.case["nameplate"], sort_keys=True): e.case["nameplate"]
            for e in one.examples
            if "problem" not in e.expect
        }.values()
    )
]
WHOLE = [
    pytest.param(one, e, id=f"{one.code}/{e.id}")
    for one in TYPES
    for e in one.examples
    if not e.partial and e.expect.get("verdict") == "conforms"
]
by_type = pytest.mark.parametrize("one", TYPES, ids=lambda one: one.code)
by_edition = pytest.mark.parametrize(("one", "edition"), EDITIONS, ids=lambda value: getattr(value, "code", ""))


def bilingual(labels):
    return all(labels.get(lang, "").strip() for lang in ("zh", "en"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_comes_out_as_typed(example):
    assert wrong(example) == []


@by_type
def test_names_in_both_languages(one):
    assert bilingual(one.names)
    assert all(bilingual(characteristic.labels) for characteristic in one.nameplate)
    assert all(bilingual(choice.labels) for characteristic in one.nameplate for choice in characteristic.choices)
    assert one.standard is not None
    assert bilingual(one.standard.names)
    assert set(one.purposes) <= set(PURPOSES)


@by_edition
def test_editions_are_dated_and_cited(one, edition):
    assert edition.code.startswith(("JJG", "JJF", "OIML"))
    assert bilingual(edition.citation.title)
    assert one.edition_on(edition.in_force) is edition
    assert one.edition(edition.code) is edition


@by_type
def test_before_the_first_edition_there_is_no_verdict(one):
    first = min(edition.in_force for edition in one.editions)
    with pytest.raises(NotCovered):
        one.edition_on(first - timedelta(days=1))


@by_edition
def test_a_number_is_confirmed_only_with_a_source(one, edition):
    assert [key for key, number in edition.numbers.items() if number.confirmed and not number.source] == []


@by_type
def test_every_edition_can_be_judged_in_whole(one):
    whole = [example for example in one.examples if not example.partial]
    assert {example.expect.get("verdict") for example in whole} >= {"conforms", "rejected"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("one", "plate"), PLATES)
def test_the_sheet_can_be_drawn(one, plate, kind):
    for edition in one.editions:
        sheet = edition.reading_sheet(plate, kind)
        assert len({table.key for table in sheet.tables}) == len(sheet.tables)
        for table in sheet.tables:
            keys = {field.key for field in table.fields}
            assert bilingual(table.labels)
            assert all(bilingual(field.labels) for field in table.fields)
            assert table.layout != "items" or all(field.kind == "boolean" for field in table.fields)
            assert all(
                bilingual(row.labels) and set(row.values) <= keys and set(row.fixed) <= set(row.values)
                for row in table.rows
            )
            assert table.by is None or (table.by in keys and all(table.by in row.fixed for row in table.rows))
            assert all(key in keys for group in table.either for alternative in group for key in alternative)
            assert all(field.choices for field in table.fields if field.kind == "choice")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("one", "plate"), PLATES)
def test_limits_and_intervals_are_known(one, plate, kind):
    for edition in one.editions:
        limits = edition.mpe_at(plate, kind)
        assert limits
        assert all(limit.limit.value > 0 for limit in limits)
        assert 0 < edition.interval(plate).months <= 120


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("one", "plate"), PLATES)
def test_an_empty_or_untouched_sheet_is_no_verdict(one, plate, kind):
    for edition in one.editions:
        sheet = edition.reading_sheet(plate, kind)
        untouched = {
            table.key: [dict(row.values) for row in table.rows] for table in sheet.tables if table.layout == "rows"
        }
        for readings in ({}, untouched):
            verdict = edition.judge(plate, kind, readings)
            assert verdict.verdict is None
            assert verdict.missing
            assert all(bilingual(lack.labels) for lack in verdict.missing)


@by_type
def test_a_nameplate_the_regulation_does_not_know_is_refused(one):
    with pytest.raises(Problem, match="unknown_characteristic"):
        one.validate_nameplate({"colour": "green"})
    for characteristic in one.nameplate:
        if characteristic.kind != "text":
            with pytest.raises(Problem) as refused:
                one.validate_nameplate({characteristic.key: "三十"})
            assert refused.value.field == characteristic.key
            assert refused.value.code in ("bad_quantity", "bad_choice")


@pytest.mark.parametrize(("one", "plate"), PLATES)
def test_normalised_text_stays_as_it_is(one, plate):
    assert one.validate_nameplate(plate) == plate


@by_type
def test_required_characteristics_are_asked_for(one):
    for characteristic in one.nameplate:
        if characteristic.required:
            with pytest.raises(Problem) as refused:
                one.validate_nameplate({})
            assert refused.value.code == "missing_characteristic"


# -- readings: nothing missing ever conforms


def leaves(value, path=()):
    """Every place a value stands at."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from leaves(inner, (*path, i))
    else:
        yield path


def replaced(readings, path, value):
    changed = copy.deepcopy(readings)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def without(readings, path):
    changed = copy.deepcopy(readings)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return changed


def verdict_of(example, readings):
    return evaluate({**example.case, "readings": readings})["verdict"]


# What may be left out: a direction is increasing and a load balanced when nothing else is said.
OPTIONAL = {"direction", "phase"}


@pytest.mark.parametrize(("one", "example"), WHOLE)
def test_leaving_out_any_one_reading_never_conforms(one, example):
    readings = json.loads(json.dumps(example.case["readings"]))
    for path in leaves(readings):
        for changed in (without(readings, path), replaced(readings, path, None), replaced(readings, path, "  ")):
            if path[-1] not in OPTIONAL:
                assert verdict_of(example, changed) is None, path


@pytest.mark.parametrize(("one", "example"), WHOLE)
def test_leaving_out_any_row_or_table_never_conforms(one, example):
    readings = json.loads(json.dumps(example.case["readings"]))
    for key, content in readings.items():
        assert verdict_of(example, without(readings, (key,))) is None, key
        if isinstance(content, list):
            for i in range(len(content)):
                assert verdict_of(example, without(readings, (key, i))) is None, (key, i)


@pytest.mark.parametrize(("one", "example"), WHOLE)
def test_an_answer_of_no_rejects(one, example):
    readings = json.loads(json.dumps(example.case["readings"]))
    for item in readings["items"]:
        answer = evaluate({**example.case, "readings": replaced(readings, ("items", item), False)})
        assert answer["verdict"] == "rejected"
        assert [f["point"] for f in answer["findings"] if not f["within"]] == [f"items.{item}"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.data(),
    rubbish=st.one_of(
        st.text(max_size=8),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.lists(st.none(), max_size=2),
        st.dictionaries(st.text(max_size=3), st.none(), max_size=1),
    ),
)
@pytest.mark.parametrize(("one", "example"), WHOLE)
def test_rubbish_in_any_place_never_breaks_and_never_conforms_unread(one, example, data, rubbish):
    readings = json.loads(json.dumps(example.case["readings"]))
    path = data.draw(st.sampled_from(sorted(leaves(readings), key=str)))
    for changed in (replaced(readings, path, rubbish), replaced(readings, path[:1], rubbish)):
        answer = evaluate({**example.case, "readings": changed})
        json.dumps(answer)
        if answer["verdict"] == "conforms":
            # then it was a number (or a yes, or a name for a place) that means something there
            assert (
                path[-1] in OPTIONAL | {"position"}
                or rubbish is True
                or str(rubbish).strip()[:1].isdigit()
                or str(rubbish).strip()[:1] in "-+.−"
            )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
@pytest.mark.parametrize(("one", "example"), WHOLE)
def test_any_subset_of_readings_without_something_required_is_no_verdict(one, example, data):
    readings = json.loads(json.dumps(example.case["readings"]))
    gone = data.draw(st.sets(st.sampled_from(sorted(leaves(readings), key=str)), min_size=1))
    for path in sorted(gone, key=str):
        readings = replaced(readings, path, None)
    if any(path[-1] not in OPTIONAL for path in gone):
        assert verdict_of(example, readings) is None


@pytest.mark.parametrize("example", EXAMPLES)
def test_in_part_there_is_never_a_verdict(example):
    assert evaluate(example.case, partial=True)["verdict"] is None


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_verdict_is_json_of_text(example):
    answer = evaluate(example.case, partial=example.partial)
    assert json.loads(json.dumps(answer)) == answer
    for finding in answer["findings"]:
        assert bilingual(finding["labels"])
        assert all(isinstance(text, str) for text in finding["inputs"].values())


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_finding_carries_its_whole_trace(example):
    answer = evaluate(example.case, partial=example.partial)
    for finding in answer["findings"]:
        where = finding["point"]
        assert finding["edition"] == answer["edition"], where
        assert finding["inputs"], where
        assert all(text for text in finding["inputs"].values()), where
        if where.startswith("items."):
            assert finding["inputs"] == {"answer": "yes" if finding["within"] else "no"}
            continue
        assert finding["clause"], where
        assert finding["formula"], where
        assert finding["numbers"], where
        if finding["error"] is not None:
            assert finding["unrounded"] and finding["mpe"] and finding["lower"] and finding["upper"], where
            assert finding["margin"] is not None or finding["lower"].startswith(("0 ", "-0 ")), where
