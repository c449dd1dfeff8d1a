"""The worked cases from public sources, when they are at hand."""

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "shared" / "examples"


def cases():
    if not FOLDER.is_dir():
        return []
    return [
        pytest.param(case, id=f"{file.stem}/{case['id']}")
        for file in sorted(FOLDER.glob("cases/*.json"))
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"]
    ]


@pytest.fixture(scope="module")
def checker():
    spec = importlib.util.spec_from_file_location("worked_cases", FOLDER / "check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not FOLDER.is_dir(), reason="the folder of worked cases is not beside the project")
@pytest.mark.parametrize("case", cases())
def test_a_worked_case_comes_out_as_its_source_says(case, checker):
    assert list(checker.matches(checker.call(case), case["expect"], case.get("tolerance", 0))) == []
