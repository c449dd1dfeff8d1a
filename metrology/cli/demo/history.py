"""Three years of the example city, month by month, through the services: ledgers again each year, verifications, repairs, revocations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.cli.demo.city import SEED, City, Made
from metrology.cli.demo.readings import NAMEPLATE, take
from metrology.domain.authority import Actor
from metrology.domain.instrument import Cause, State
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.people import User
from metrology.persistence.verifications import Verification
from metrology.services import approving, certifying, drafting, ending, law, moving, verifying
from metrology.services.reporting import keep_figures

JUDGED = ("fuel_dispenser", "digital_indicating_scale", "electronic_price_computing_scale")
RENEWED = ("market", "fuel", "enterprise")
"""Ledgers whose instruments are verified again and again; household meters are replaced instead."""
REJECTED_SHARE = 0.03
_SKIPPED = 0.035
"""Of those that fall due in a month, how many are left for the next one."""
_LATE, _NEVER = 0.035, 0.006
"""Of the verifications of forgetful holders: how many come late, and how many not at all."""
_SENT_ON = (10, 20)
"""Days of a month on which ledgers come and meters are replaced, besides its last."""
_OLDEST, _OTHERS = 7, 3
"""Household meters past their service life that are replaced each time: the oldest, and some where somebody is at home."""
_DAYS_TAKEN = (0, 1, 2, 3, 4, 5, 6, 8, 11)
_HOW_OFTEN = (5, 18, 24, 20, 14, 9, 5, 3, 2)
"""Days from the record to the certificate, and of a hundred how many take so long."""


def instant(day: date, hour: int = 2) -> datetime:
    """An instant of a day (UTC; Shanghai is eight hours on)."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def month_starts(start: date, today: date) -> list[date]:
    """The first of each month after ``start``, up to ``today``."""
    found: list[date] = []
    day = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    while day <= today:
        found.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return found


@dataclass
class History:
    """Makes the city grow older."""

    session: Session
    city: City
    serving: dict[str, list[int]]
    own: set[int] = field(default_factory=set)
    """Instruments verified in this registry; the others come with each year's ledger."""
    random: Random = field(default_factory=lambda: Random(SEED + 1))  # noqa: S311 - an example
    desks: Random = field(default_factory=lambda: Random(SEED + 2))  # noqa: S311 - how long papers lie
    homes: Random = field(default_factory=lambda: Random(SEED + 3))  # noqa: S311 - where somebody opens the door
    people: dict[str, Actor] = field(default_factory=dict)

    def begin(self) -> None:
        """Know who acts."""
        for user in self.session.scalars(select(User)):
            name = user.email.partition("@")[0]
            self.people[name] = Actor(
                user.id, user.name, user.role_names, user.district_code, user.holder_id, user.institute_id
            )

    def grow_older(self, day: date) -> list[Made]:
        """The instruments verified elsewhere since the last time, in time or late as their holders are: the next ledgers."""
        renewed = [made for made in self.city.made if made.ledger in RENEWED and _renew(made, day, self.random)]
        own = select(Instrument.serial_number, Instrument.part_label).where(Instrument.id.in_(self.own))
        known = {tuple(row) for row in self.session.execute(own)}
        return [made for made in renewed if made.key not in known]

    def months(self, start: date, today: date, send: Callable[[date], None]) -> Iterator[str]:
        """Live through the months up to the day before ``today``; yields what was done, for the progress bar.

        ``send`` brings the ledgers of the holders, within a month and as it ends, before its figures are kept: what comes later
        is no part of them, so that the trend and the report of that past day say the same.
        """
        since = start
        for until in (*month_starts(start, today), today):
            if until <= since:
                continue
            last = until - timedelta(days=1)
            for day in (*(last.replace(day=one) for one in _SENT_ON), last):
                if since <= day <= last:
                    send(day)
                    self._rotate(day)
            count = self._verify_due(since, until)
            if until.day == 1:
                keep_figures(self.session, today=last)
            self.session.commit()
            yield f"{last:%Y-%m}: {count}"
            since = until

    def _rotate(self, day: date) -> None:
        """Replace some of the household meters past their service life."""
        statement = (
            select(Instrument)
            .where(Instrument.state == "in_use", Instrument.lot_code != "", Instrument.due_date < day)
            .order_by(Instrument.due_date, Instrument.id)
        )
        old = list(self.session.scalars(statement))
        others = old[_OLDEST:]
        for meter in (*old[:_OLDEST], *self.homes.sample(others, min(_OTHERS, len(others)))):
            moving.move_instrument(
                self.session,
                self.people["officer"],
                meter,
                "retired",
                cause="request",
                reason="到期轮换",
                today=day,
                now=instant(day),
            )

    def _verify_due(self, since: date, until: date) -> int:
        """Verify what fell due from ``since`` to the day before ``until`` of the instruments this registry verifies."""
        statement = (
            select(Instrument)
            .where(
                Instrument.id.in_(self.own),
                Instrument.state.in_(("in_use", "awaiting_verification", "rejected")),
                (Instrument.due_date < until + timedelta(days=12))
                | Instrument.due_date.is_(None)
                | (Instrument.state != "in_use"),
            )
            .order_by(Instrument.id)
        )
        count, length = 0, (until - since).days
        for instrument in list(self.session.scalars(statement)):
            if self.random.random() < _SKIPPED:
                continue
            day = since + timedelta(days=self.random.randrange(length))
            if instrument.due_date is not None:
                day = min(day, max(instrument.due_date, since))
            count += self._verify(instrument, day, until - timedelta(days=1))
            if count % 50 == 0:
                self.session.commit()
        return count

    def _verify(self, instrument: Instrument, day: date, last: date) -> bool:
        """Verify one on a day; the papers follow within days, and before the figures of the month are kept, which is ``last``."""
        if instrument.last_verified_on and day <= instrument.last_verified_on:
            return False
        verifier = self.people["verifier" if instrument.id % 2 else "verifier2"]
        kind = None
        if instrument.state == "rejected":
            officer, kind = self.people["officer"], "after_repair"
            repair: tuple[tuple[State, Cause], ...] = (
                ("under_repair", "repair"),
                ("awaiting_verification", "repaired"),
            )
            for state, cause in repair:
                moving.move_instrument(
                    self.session, officer, instrument, state, cause=cause, reason="调修", today=day, now=instant(day)
                )
        draft = drafting.start_draft(self.session, verifier, instrument, kind=kind, today=day, now=instant(day, 1))
        conforming = draft.kind == "after_repair" or self.random.random() > REJECTED_SHARE
        self._fill(draft, instrument, day, conforming=conforming)
        [days] = self.desks.choices(_DAYS_TAKEN, _HOW_OFTEN)
        approved = min(day + timedelta(days=days), last)
        checked = day + (approved - day) // 2
        verifying.submit(self.session, verifier, draft, today=day, now=instant(day, 2))
        approving.check(self.session, self.people["checker"], draft, now=instant(checked, 3))
        approving.approve(self.session, self.people["approver"], draft, today=approved, now=instant(approved, 4))
        return True

    def _fill(self, draft: Verification, instrument: Instrument, day: date, *, conforming: bool) -> None:
        one = law.type_of(self.session, instrument.type_code)
        plate = {**draft.nameplate, **NAMEPLATE.get(instrument.type_code, {})}
        nameplate = one.validate_nameplate(plate)
        readings = take(
            one.edition_on(day).reading_sheet(nameplate, draft.kind), nameplate, self.random, conforming=conforming
        )
        changes = drafting.DraftChanges(
            verified_on=day, nameplate=plate, readings=readings, standard_ids=self.serving[instrument.type_code][:1]
        )
        drafting.save_draft(
            self.session,
            self.people["verifier" if instrument.id % 2 else "verifier2"],
            draft,
            changes,
            now=instant(day, 1),
        )

    def leave_waiting(self, today: date) -> None:
        """Some records are handed in, some checked, one returned, one is still a draft: everybody finds work."""
        keys = sorted(self.own)
        waiting = self.session.scalars(
            select(Instrument)
            .where(Instrument.id.in_(keys), Instrument.state == "in_use")
            .order_by(Instrument.due_date)
            .limit(12)
        ).all()
        for place, instrument in enumerate(waiting):
            if instrument.last_verified_on and instrument.last_verified_on >= today:
                continue
            verifier = self.people["verifier" if instrument.id % 2 else "verifier2"]
            draft = drafting.start_draft(self.session, verifier, instrument, today=today, now=instant(today, 0))
            if place == 0:
                continue
            self._fill(draft, instrument, today, conforming=place != 1)
            verifying.submit(self.session, verifier, draft, today=today, now=instant(today, 0))
            if place > 6:
                approving.check(self.session, self.people["checker"], draft, now=instant(today, 0))
            if place == 2:
                approving.return_record(
                    self.session, self.people["checker"], draft, "第 2 流量点读数请复核", now=instant(today, 0)
                )
        self.session.commit()

    def end_some(self, today: date) -> None:
        """Revoked certificates, repairs, suspensions, losses: what a real registry holds at any time."""
        officer = self.people["officer"]
        numbers = sorted(self.own)
        for place, key in enumerate(numbers[:: max(1, len(numbers) // 6)]):
            instrument = self.session.get_one(Instrument, key)
            certificate = certifying.current(self.session, instrument.id)
            if certificate is not None and certificate.kind == "verification_certificate":
                self._end(certificate, today, place)
        moves: tuple[tuple[State, Cause, str], ...] = (
            ("under_repair", "repair", "送修"),
            ("suspended", "request", "停业封存"),
            ("lost", "request", "摊位搬迁后未找到"),
            ("retired", "request", "报废"),
        )
        others = self.session.scalars(
            select(Instrument)
            .where(Instrument.state == "in_use", Instrument.is_assembly.is_(False), Instrument.lot_code == "")
            .order_by(Instrument.serial_key)
            .limit(120)
        ).all()
        for place, instrument in enumerate(others[::3]):
            state, cause, reason = moves[place % len(moves)]
            try:
                moving.move_instrument(
                    self.session,
                    officer,
                    instrument,
                    state,
                    cause=cause,
                    reason=reason,
                    today=today,
                    now=instant(today),
                )
            except Problem:  # a step the law does not allow from where it stands
                continue
        self.session.commit()

    def _end(self, certificate: Certificate, today: date, place: int) -> None:
        """Most are revoked, one is annulled, and one proposal still waits for a second person."""
        kind, reason = (
            (ending.ANNULMENT, "检定对象与铭牌不符，未对该器具进行检定")
            if place == 1
            else (ending.REVOCATION, "原始记录有误，撤销证书")
        )
        proposed = ending.propose(
            self.session, self.people["officer"], certificate, kind, reason, now=instant(today, 1)
        )
        if place != 2:
            ending.confirm(self.session, self.people["approver"], proposed, today=today, now=instant(today))


def _renew(made: Made, day: date, random: Random) -> bool:
    """Verify again what its holder sends in before ``day``; whether there was anything."""
    before = made.verified_on
    while True:
        if made.applies_on is None:
            made.applies_on = _next_time(made, random)
        if made.applies_on >= day:
            return made.verified_on != before
        made.verified_on, made.applies_on = max(made.applies_on, made.verified_on + timedelta(days=1)), None


def _next_time(made: Made, random: Random) -> date:
    """When its holder has it verified again: some weeks before its last valid day, so that the ledger tells of it in time, or late."""
    due, how = made.verified_on + timedelta(days=made.months * 30), random.random() if made.is_forgetful else 1.0
    if how < _NEVER:
        return date.max
    return due + timedelta(days=random.randrange(20, 170) if how < _LATE else random.randrange(-45, -11))
