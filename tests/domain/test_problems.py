import pytest

from metrology.domain.problems import BadChoice, Problem


@pytest.mark.parametrize(
    ("problem", "text", "kept"),
    [
        (Problem("lapsed"), "lapsed", {"code": "lapsed", "field": None, "params": {}}),
        (Problem("lapsed", "until"), "lapsed (until)", {"code": "lapsed", "field": "until", "params": {}}),
        (Problem("few", got=1), "few: got=1", {"code": "few", "field": None, "params": {"got": "1"}}),
        (
            BadChoice("kind", value="x", of="y"),
            "bad_choice (kind): value=x, of=y",
            {"code": "bad_choice", "field": "kind", "params": {"value": "x", "of": "y"}},
        ),
    ],
)
def test_a_problem_is_written_and_kept(problem, text, kept):
    assert str(problem) == text
    assert problem.to_dict() == kept
    assert problem.args == (kept["code"], kept["field"], kept["params"])
