"""The example city's past: the figures kept as a month ended are those of that day, whatever came later."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.cli.demo.city import City
from metrology.cli.demo.history import History
from metrology.persistence.figures import OverdueFigure
from tests.records import create_scale


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
    assert sent == [date(2026, 9, 30), date(2026, 10, 31)]
    kept = select(OverdueFigure.day, func.sum(OverdueFigure.overdue)).group_by(OverdueFigure.day)
    assert session.execute(kept.order_by(OverdueFigure.day)).all() == [(date(2026, 9, 30), 1), (date(2026, 10, 31), 2)]
