"""The server starts with everything the application is made of out of the garbage collector's way."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from flask import Flask

from metrology.cli import serving


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)
def test_the_application_is_settled_before_it_serves(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[int] = []
    monkeypatch.setattr("waitress.serve", lambda *_app, **_said: frozen.append(gc.get_freeze_count()))
    try:
        serving.serve(app)
        assert frozen[0] > 10_000
    finally:
        gc.unfreeze()


def test_what_comes_later_is_still_collected() -> None:
    serving.settle()
    try:

        class Circle:
            me: Any = None

        circle, gone = Circle(), []
        circle.me = circle
        weakref.finalize(circle, gone.append, 1)
        del circle
        gc.collect()
        assert gone == [1]
    finally:
        gc.unfreeze()
