import pytest

from metrology.domain.problems import BadChoice, Problem


@pytest.mark.parametrize(
    ("make", "text", "kept"),
    [
        (lambda: Problem("lapsed"), "lapsed", {"code": "lapsed", "field": None, "params": {}}),
        (lambda: Problem("lapsed", "until"), "lapsed (until)", {"code": "lapsed", "field": "until", "params": {}}),
        (lambda: Problem("few", got=1), "few: got=1", {"code": "few", "field": None, "params": {"got": "1"}}),
        (
            lambda: BadChoice("kind", value="x", of="y"),
            "bad_choice (kind): value=x, of=y",
            {"code": "bad_choice", "field": "kind", "params": {"value": "x", "of": "y"}},
        ),
    ],
)
def test_a_problem_is_written_and_kept(make, text, kept):
    problem = make()
    assert str(problem) == text
    assert problem.to_dict() == kept
    assert problem.args == (kept["code"], kept["field"], kept["params"])
