"""The example city's past: the figures kept as a month ended are those of that day, whatever came later; what it verifies itself."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.cli.demo.city import City, Made
from metrology.cli.demo.history import History, _renew
from metrology.cli.demo.making import _own, vouch
from metrology.documents.key_vault import make
from metrology.domain.schedule import due_date
from metrology.persistence.figures import OverdueFigure
from metrology.services import checkpointing, placing
from metrology.services.placing import PlaceFacts
from tests.conftest import NOW
from tests.people import create_user
from tests.records import OFFICER, actor_of, create_scale


def test_ledgers_of_a_month_come_before_its_figures_and_later_ones_after(session: Session) -> None:
    sent: list[date] = []

    def send(day: date) -> None:
        sent.append(day)
        scale = create_scale(session, f"SC{len(sent)}")
        scale.state, scale.due_date, scale.due_basis = "in_use", date(2026, 1, 1), "ledger"
        scale.last_verified_on = date(2025, 1, 2)
        session.flush()

    for _month in History(session, City(), {}).months(date(2026, 9, 15), date(2026, 11, 22), send):
        pass
    september, october = [date(2026, 9, 20), date(2026, 9, 30)], [date(2026, 10, day) for day in (10, 20, 31)]
    assert sent == [*september, *october, *(date(2026, 11, day) for day in (10, 20, 21))]
    kept = select(OverdueFigure.day, func.sum(OverdueFigure.overdue)).group_by(OverdueFigure.day)
    assert session.execute(kept.order_by(OverdueFigure.day)).all() == [(date(2026, 9, 30), 2), (date(2026, 10, 31), 5)]


@pytest.mark.parametrize("seed", range(8))
def test_a_holder_settles_once_when_to_come_and_the_ledger_tells_of_it_in_time(seed: int) -> None:
    made, verified, random = Made("market", "红旗区", {}, 12, date(2025, 12, 1)), date(2025, 12, 1), Random(seed)
    assert not _renew(made, date(2026, 3, 1), random)
    settled = made.applies_on
    assert not _renew(made, date(2026, 6, 1), random)
    assert settled is not None
    assert (made.verified_on, made.applies_on) == (verified, settled)
    assert _renew(made, settled + timedelta(days=1), random)
    assert made.verified_on == settled
    assert settled + timedelta(days=11) < due_date(verified, 12)


def test_of_the_forgetful_some_come_late_and_few_do_not_come() -> None:
    random, verified = Random(1), date(2025, 12, 1)
    last, made = (
        due_date(verified, 12),
        [Made("market", "红旗区", {}, 12, verified, is_forgetful=True) for _ in range(2000)],
    )
    for one in made:
        _renew(one, verified, random)
    late = sum(one.applies_on is not None and last < one.applies_on < date.max for one in made)
    never = sum(one.applies_on == date.max for one in made)
    assert 0 < never < late < len(made) // 20


def test_meters_past_their_life_are_replaced_and_other_overdue_ones_are_not(session: Session) -> None:
    meter, scale = create_scale(session, "SC1"), create_scale(session, "SC2")
    for one in (meter, scale):
        one.state, one.due_date, one.due_basis = "in_use", date(2026, 1, 1), "ledger"
        one.last_verified_on = date(2025, 1, 2)
    meter.lot_code = "W2020-01"
    session.flush()
    history = History(session, City(), {}, people={"officer": actor_of(create_user(session, "officer"))})
    history._rotate(date(2026, 9, 30))
    assert (meter.state, scale.state) == ("retired", "in_use")


def test_the_journal_of_three_years_has_a_checkpoint_that_arrived(session: Session, tmp_path: Path) -> None:
    create_scale(session)
    session.commit()
    settings = dataclasses.replace(current_app.config["METROLOGY"], checkpoint_sinks=f"dir:{tmp_path}")
    later = NOW + timedelta(days=1)
    assert checkpointing.is_late(session, now=later)
    vouch(session, make("journal"), settings, now=later)
    assert not checkpointing.is_late(session, now=later)
    assert len(list(tmp_path.iterdir())) == 1


def test_what_the_registry_verifies_itself_lies_in_more_than_one_district(session: Session) -> None:
    scales = [create_scale(session, f"SC{number}") for number in range(5)]
    districts = ("410702", "410702", "410703", "410704", "410711")
    for scale, district in zip(scales, districts, strict=True):
        facts = PlaceFacts(kind="market", name=f"市场 {scale.id}", district_code=district)
        scale.place = placing.register_place(session, OFFICER, facts, now=NOW)
    session.flush()
    assert _own(session) == {scales[place].id for place in (0, 2, 3)}
