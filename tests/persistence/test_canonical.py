"""The fast writer of JSON writes what the standard library writes: fingerprints made by either are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from metrology.persistence.canonical import encoded, kept

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # how fast values are made says how busy the machine is
@given(VALUES)
@example(1e-7)
@example([-1e-05, 6.103515625e-05, 0.0001])
@example({"é": 1, "e\u0301": 2, "\uffff": 3, "\U00020bb7": 4})
@example(['\x7f\x00\x1f\u2028"\\/', 2**64, -(2**63), "5e-3 kg"])
def test_both_write_the_same(value: Any) -> None:
    assert encoded(value) == json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize("value", [object(), {"a": {1, 2}}, b"bytes"])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encoded(value)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
@example(["\ud800", 2**64])
def test_what_the_database_keeps_is_read_back_as_it_was(value: Any) -> None:
    assert json.loads(kept(value)) == value


def test_keys_stay_in_their_order() -> None:
    assert list(json.loads(kept({"b": 1, "a": {"d": 2, "c": 3}}))) == ["b", "a"]
