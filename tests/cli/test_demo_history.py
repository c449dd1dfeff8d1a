"""The example city's past: the figures kept as a month ended are those of that day, whatever came later; what it verifies itself."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from metrology.cli.demo.city import City
from metrology.cli.demo.history import History
from metrology.cli.demo.making import _own
from metrology.persistence.figures import OverdueFigure
from metrology.services import placing
from metrology.services.placing import PlaceFacts
from tests.conftest import NOW
from tests.records import OFFICER, create_scale


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


def test_what_the_registry_verifies_itself_lies_in_more_than_one_district(session: Session) -> None:
    scales = [create_scale(session, f"SC{number}") for number in range(4)]
    for scale, district in zip(scales, ("410702", "410702", "410703", "410704"), strict=True):
        facts = PlaceFacts(kind="market", name=f"市场 {scale.id}", district_code=district)
        scale.place = placing.register_place(session, OFFICER, facts, now=NOW)
    session.flush()
    assert _own(session) == {scales[0].id, scales[2].id}
