"""Makes the example city: people, standards, ledgers, three years, and what waits to be done today."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import click
from flask import current_app
from flask_security.utils import hash_password
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from metrology.cli.demo import history as past
from metrology.cli.demo import paperwork, people, standards
from metrology.cli.demo.calibrations import TYPE as CALIPER
from metrology.cli.demo.calibrations import calibrate_some
from metrology.cli.demo.city import Made, build
from metrology.cli.demo.comparison import compare_ledgers
from metrology.cli.demo.kept import keep_reports
from metrology.cli.demo.ledgers import TITLES, ledger_file
from metrology.cli.demo.lots import begin_lot, certify_lot
from metrology.cli.demo.rules import enter_rules
from metrology.cli.demo.statements import file_statements
from metrology.cli.demo.systems import add_webhook
from metrology.cli.demo.tasks import close
from metrology.documents.signed_note import NoteSigner
from metrology.domain.authority import Actor
from metrology.optimization.workdays import next_workday
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.persistence.equipment import Equipment
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.places import Place
from metrology.persistence.tasks import Task
from metrology.services import (
    capability,
    case_gathering,
    case_notices,
    checkpointing,
    equipment,
    importing,
    keys,
    standard_cases,
    visiting,
)
from metrology.services.equipment import CheckFacts
from metrology.services.reminding import remind_all
from metrology.services.reporting import keep_figures
from metrology.settings import Settings

YEARS = 3
OWN_MARKETS = 3
OWN_STATIONS = 12
_VISITS, _MOST_A_VISIT, _PLANNED_AHEAD = 8, 60, timedelta(days=30)


def make_city(scale: float) -> None:
    """Make the example city unless it is there; tell the accounts."""
    settings = current_app.config["METROLOGY"]
    session = db.session()
    if session.scalar(select(User.id).limit(1)) is not None:
        click.echo(f"The example city is there. Accounts: {settings.instance / 'accounts.txt'}")
        return
    if settings.instance.name != "demo" and "demo" not in str(settings.database_url):
        raise click.ClickException(
            "This is not a demo database (METROLOGY_INSTANCE should end in “demo”); nothing was changed."
        )
    began = time.monotonic()
    today = clock.today_cn()
    accounts = _make(session, today, scale)
    _write_accounts(settings.instance / "accounts.txt", accounts)
    count = session.scalar(text("select count(*) from instrument"))
    click.echo(f"\n{count:,} instruments in {time.monotonic() - began:.0f} s. Accounts (address, password):\n")
    for account in accounts:
        click.echo(f"  {account.role:<14} {account.email:<32} {account.password}")
    click.echo(f"\nThey are kept in {settings.instance / 'accounts.txt'}.")


def _make(session: Session, today: date, scale: float) -> list[people.Credentials]:
    start = today - timedelta(days=365 * YEARS)
    now = past.instant(start)
    accounts = people.make_people(session, hash_password, start=start, today=today, now=now)
    serving = standards.make_standards(session, start=start, today=today, now=now)
    session.commit()
    city = build(start, scale)
    history = past.History(session, city, serving)
    history.begin()
    enter_rules(session, history.people, today=start, now=now)
    with click.progressbar(length=100, label="Making the example city") as bar:
        for step in _ledgers(session, city.made, history, start):
            bar.update(step)
        history.own = _own(session)
        for _month in history.months(start, today, partial(_send, session, history, today)):
            bar.update(1)
        _send_again(session, history, today)
        history.end_some(today)
        bar.update(4)
        accounts.append(_last_touches(session, history, today))
        bar.finish()
    return accounts


def _ledgers(session: Session, instruments: list[Made], history: past.History, day: date) -> Iterable[int]:
    """Import instruments as their holders' ledgers have them on a day."""
    officer = history.people["officer"]
    for ledger in TITLES:
        rows = [one for one in instruments if one.ledger == ledger]
        if not rows:
            continue
        name, data = ledger_file(ledger, rows)
        importing.import_now(
            session,
            officer,
            data,
            name,
            today=day,
            now=partial(past.instant, day),
            step=lambda *_told: session.commit(),
        )
        session.commit()
        yield 5


def _send(session: Session, history: past.History, today: date, day: date) -> None:
    """The holders' ledgers of a day; as the month before the last ends, a lot of new meters as well."""
    _send_again(session, history, day)
    this_month = today.replace(day=1)
    if day == (this_month - timedelta(days=1)).replace(day=1) - timedelta(days=1):
        certify_lot(history, day)


def _send_again(session: Session, history: past.History, day: date) -> None:
    """The holders' ledgers of a day: what was verified elsewhere since the last ones."""
    for _step in _ledgers(session, history.grow_older(day), history, day):
        pass


def _own(session: Session) -> set[int]:
    """The instruments this registry verifies itself: those of the first market or station of a district, for some districts."""
    chosen: set[int] = set()
    for kind, count in (("market", OWN_MARKETS), ("station", OWN_STATIONS)):
        roots = session.scalars(select(Place).where(Place.kind == kind, Place.parent_id.is_(None)).order_by(Place.id))
        first: dict[str | None, Place] = {}
        for root in roots:
            first.setdefault(root.district_code, root)
        for root in list(first.values())[:count]:
            statement = (
                select(Instrument.id)
                .join(Place, Place.id == Instrument.place_id)
                .where(
                    Place.path.startswith(root.path),
                    Instrument.type_code.in_(past.JUDGED),
                    Instrument.is_assembly.is_(False),
                )
                .order_by(Instrument.id)
                .limit(110)
            )
            chosen.update(session.scalars(statement))
    return chosen


def _last_touches(session: Session, history: past.History, today: date) -> people.Credentials:
    """A holder's account, visits for the next days, drafts and records that wait, the reminders of today, the day's figures."""
    now = clock.now_utc()
    station = session.scalars(
        select(Holder)
        .join(Instrument, Instrument.holder_id == Holder.id)
        .where(Instrument.id.in_(history.own), Instrument.type_code == "fuel_dispenser")
        .order_by(Holder.id)
        .limit(1)
    ).one()
    account = people.make_holder_account(session, hash_password, station, now=now)
    history.leave_waiting(today)
    calibrate_some(session, history.people, history.serving.get(CALIPER, []), station, today)
    _visits(session, history.people["officer"], history, today)
    begin_lot(history, today=today, now=now)
    paperwork.show(session, history.people, history.own, today=today, now=now)
    session.commit()
    _doubt(session, history, today)
    keep_figures(session, today=today)
    file_statements(session, history.people, today=today, now=now)
    compare_ledgers(session, history.people, today=today, now=now)
    keep_reports(session, history.people, now=now)
    add_webhook(session, history.people, settings=current_app.config["METROLOGY"], now=now)
    capability.count_nameplates(session, today=today)
    remind_all(session, today=today, now=now, public_url=current_app.config["METROLOGY"].public_url)
    session.commit()
    vouch(session, keys.signer("journal", now=now), current_app.config["METROLOGY"], now=clock.now_utc())
    return account


def vouch(session: Session, signer: NoteSigner, settings: Settings, *, now: datetime) -> None:
    """Sign the journal and take the checkpoint out: its oldest entries are three years old, and none was signed yet."""
    sinks, origin = checkpointing.sinks_of(settings), checkpointing.origin_of(settings)
    checkpointing.make(session, signer, origin=origin, sinks=sinks, now=now)
    session.commit()
    checkpointing.deliver_due(session, settings=settings, now=clock.now_utc)


def _doubt(session: Session, history: past.History, today: date) -> None:
    """A measure of the dispensers' standard failed its intermediate check: its certificates of the last weeks are under review."""
    officer, now = history.people["officer"], clock.now_utc()
    row = session.scalars(select(Equipment).where(Equipment.name == "标准金属量器 20 L")).one()
    failed = CheckFacts(
        checked_on=today, result="unsatisfactory", method="与 100 L 量器比对", found="+0.2 %", limit="±0.035 %"
    )
    equipment.keep_check(session, officer, row, failed, today=today, now=now)
    facts = standard_cases.CaseFacts(
        defective_from=today - timedelta(days=60), finding="期间核查:20 L 标准金属量器示值偏大 0.2 %,上次核查合格后失准。",
        reverify_by=today + timedelta(days=30), error="0.2 %",
    )  # fmt: skip
    case = standard_cases.open_case(session, officer, row, facts, today=today, now=now)
    session.commit()
    case_gathering.gather(session, case, now=clock.now_utc, step=lambda *_told: session.commit())
    url = current_app.config["METROLOGY"].public_url
    case_notices.draft(session, case, "doubt", now=now, public_url=url)
    case.state = "open"
    close(session.get_one(Task, case.task_id), now=now)
    session.commit()


def _visits(session: Session, officer: Actor, history: past.History, today: date) -> None:
    """Plan what is overdue or soon due in the markets, stations and communities with most of it for the coming days.

    Each was planned some days ago, those with most first: past days know of it.
    """
    verifiers = [history.people[name].user_id or 0 for name in ("verifier", "verifier2")]
    day = today
    overdue = (
        select(Place.path, Instrument.id)
        .join(Place, Place.id == Instrument.place_id)
        .where(Instrument.state == "in_use", Instrument.due_date < today + _PLANNED_AHEAD)
        .order_by(Instrument.due_date, Instrument.id)
    )
    by_root: dict[str, list[int]] = {}
    for path, key in session.execute(overdue):
        by_root.setdefault(path.split("/")[1], []).append(key)
    for number, (place, due) in enumerate(sorted(by_root.items(), key=lambda one: -len(one[1]))[:_VISITS]):
        day = next_workday(day)
        facts = visiting.VisitFacts(
            planned_on=day, place_id=int(place), verifier_ids=tuple(verifiers[: 1 + len(due) % 2])
        )
        planned_at = clock.now_utc() - timedelta(days=3 * (_VISITS - number))
        visiting.plan_visit(session, officer, facts, due[:_MOST_A_VISIT], today=today, now=planned_at)
        day += timedelta(days=1)


def _write_accounts(path: Path, accounts: list[people.Credentials]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{one.role} {one.email} {one.password}\n" for one in accounts)
