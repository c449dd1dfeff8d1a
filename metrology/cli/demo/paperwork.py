"""Labels, complaints, a copied code and the print queue of the example city."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.optimization.workdays import day_kind
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.printing import PrintItem
from metrology.services import complaining, label_layouts, labelling, scan_watch

BATCH = 210
BOUND = 24
_WAITS_SINCE = timedelta(days=36)
_TOLD = (
    ("short_measure", "买三斤苹果，回家复称少了二两。", "水果区，靠北门", 12),
    ("short_measure", "加满油比平时多出四升，油箱没有那么大。", "3 号加油机", 6),
    ("other_serial", "扫码显示的编号和秤上铭牌对不上。", "", 3),
    ("seal_broken", "铅封线断了，用胶带粘着。", "肉铺", 1),
    ("display", "摊主把秤转过去，看不到示值。", "", 0),
)
_ANSWERED = (395, 330, 281, 233, 160, 118, 87, 51)
"""Days since the complaints that are closed."""
_SHORT = ("买两斤排骨，回家复称少了一两半。", "称出来的斤两和公平秤对不上。", "秤没放东西时显示不是零。")
_SEEN = (
    ("公平秤复秤：载荷 2 kg，示值误差在允许范围内，铅封完好。", "经复秤，该秤计量准确。感谢您的监督。"),
    ("零点漂移 5 g，已责令停用并送检。", "该秤已停用送检，合格后方可使用。感谢您的监督。"),
)


def show(session: Session, people: Mapping[str, Actor], own: set[int], *, today: date, now: datetime) -> None:
    """A batch of labels in use, complaints in every state, a code that is scanned too often, and papers that wait."""
    officer = people["officer"]
    rows = list(
        session.scalars(
            select(Instrument)
            .where(Instrument.id.in_(own), Instrument.state == "in_use")
            .order_by(Instrument.id)
            .limit(BOUND + 8)
        )
    )
    _labels(session, people, rows[:BOUND], now)
    _complaints(session, officer, rows, today, now)
    scans = {(rows[0].id, today, f"network {number}"): 1 + number % 4 for number in range(41)}
    scan_watch.count(session, scans)
    session.execute(
        update(PrintItem)
        .where(PrintItem.state == "waiting", PrintItem.asked_at < now - _WAITS_SINCE)
        .values(state="printed", printed_at=PrintItem.asked_at, printed_by_id=PrintItem.for_user_id, copies=1)
        .execution_options(synchronize_session=False)
    )
    session.flush()


def _labels(session: Session, people: Mapping[str, Actor], rows: list[Instrument], now: datetime) -> None:
    officer, verifier = people["officer"], people["verifier"]
    label_layouts.save(
        session,
        officer,
        "电子秤小标签 35 × 22",
        {"width": "35", "height": "22", "dots_per_inch": "300", "gap": "3"},
        now=now,
    )
    began = now - timedelta(days=40)
    batch = labelling.order_batch(
        session, officer, prefix="XX", count=BATCH, layout="L7160", note="集贸市场第一批", now=began
    )
    labelling.note_printed(session, officer, batch, first=batch.first, last=batch.last, now=began)
    taker = session.get_one(User, verifier.user_id)
    labelling.hand_out(session, officer, batch, first=1, last=60, taker=taker, now=began + timedelta(days=1))
    blanks = labelling.labels_of(session, batch, 1, len(rows))
    for number, (label, row) in enumerate(zip(blanks, rows, strict=True)):
        labelling.bind(session, verifier, label, row, now=began + timedelta(days=2 + number % 20))
    labelling.void_blanks(
        session, officer, batch, first=55, last=58, reason="随车被雨淋湿", now=now - timedelta(days=9)
    )
    again = labelling.labels_of(session, batch, 40, 40)[0]
    labelling.bind(session, verifier, again, rows[1], reason="标签被撕掉一角，扫不出来", now=now - timedelta(days=3))


def _answered(session: Session, officer: Actor, rows: list[Instrument], today: date, now: datetime) -> None:
    """Complaints of the past year, looked into within days."""
    for number, days in enumerate(_ANSWERED):
        row, since = rows[number % len(rows)], timedelta(days=days)
        one = complaining.complain(
            session, receipt=complaining.new_receipt(), instrument=row, scanned_code=row.public_code, kind="short_measure",
            text=_SHORT[number % len(_SHORT)], today=today - since, now=now - since,
        )  # fmt: skip
        complaining.decide(session, officer, one, accepts=True, now=now - since + timedelta(days=1))
        seen, answer = _SEEN[number % len(_SEEN)]
        looked = now - since + timedelta(days=3)
        day = today - since + timedelta(days=3)
        complaining.inspect(session, officer, one, seen, inspected_on=day, today=day, now=looked)
        complaining.close(session, officer, one, answer, now=looked + timedelta(days=1))


def _complaints(session: Session, officer: Actor, rows: list[Instrument], today: date, now: datetime) -> None:
    """The oldest closed, the next inspected, one accepted, two that wait."""
    _answered(session, officer, rows, today, now)
    told = []
    for (kind, text, seller, days), row in zip(_TOLD, rows, strict=False):
        told.append(
            complaining.complain(
                session, receipt=complaining.new_receipt(), instrument=row, scanned_code=row.public_code, kind=kind,
                text=text, seller=seller, contact="1390000000" if days else "", today=today - timedelta(days=days),
                now=now - timedelta(days=days),
            )
        )  # fmt: skip
    for one in told[:3]:
        complaining.decide(session, officer, one, accepts=True, now=now - timedelta(days=2))
    day = next(one for one in (today - timedelta(days=back) for back in range(1, 12)) if day_kind(one).is_workday)
    for one in told[:2]:
        complaining.inspect(
            session, officer, one, "公平秤复秤：载荷 1 kg，示值 1.05 kg，铅封完好。", inspected_on=day, today=today,
            now=now - timedelta(days=1),
        )  # fmt: skip
    complaining.close(
        session, officer, told[0], "经复秤，计量超差，已责令改正并由经营者补足差额。感谢您的监督。", now=now
    )
