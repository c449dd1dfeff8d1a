"""Numbers given out: in order, also where two take the first of a year at once."""

from __future__ import annotations

import threading

from flask import Flask
from sqlalchemy.orm import Session

from metrology.persistence.database import db, transaction
from metrology.services import numbering

NAME = "certificate/XXJL/2026"


def test_numbers_follow_each_other(session: Session) -> None:
    assert numbering.take(session, NAME) == range(1, 2)
    assert numbering.take(session, NAME, 3) == range(2, 5)
    assert numbering.take(session, "certificate/XXJL/2027") == range(1, 2)


def test_two_who_take_the_first_at_once_both_get_one(app: Flask) -> None:
    taken: list[range] = []
    both_are_there = threading.Barrier(2)

    def take() -> None:
        with app.app_context(), Session(db.engine) as own:
            both_are_there.wait(10)
            with transaction(own):
                taken.append(numbering.take(own, NAME))

    others = [threading.Thread(target=take) for _ in range(2)]
    for one in others:
        one.start()
    for one in others:
        one.join(30)
    assert sorted(one[0] for one in taken) == [1, 2]


def test_one_who_comes_while_the_first_is_not_committed_waits_for_it(app: Flask) -> None:
    taken: list[range] = []

    def take() -> None:
        with app.app_context(), Session(db.engine) as own, transaction(own):
            taken.append(numbering.take(own, NAME))

    with app.app_context(), Session(db.engine) as first:
        with transaction(first):
            assert numbering.take(first, NAME) == range(1, 2)
            other = threading.Thread(target=take)
            other.start()
            other.join(0.3)
            assert taken == []
        other.join(30)
    assert taken == [range(2, 3)]
