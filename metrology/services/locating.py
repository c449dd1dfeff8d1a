"""Districts as people write them, and whether something lies where one may work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.places import Place
from metrology.services import searching
from metrology.services.cleaning import key_of
from metrology.services.search_documents import RIPPLE_AT_ONCE
from metrology.services.tasks import enqueue

_CHUNK = 500
_CITY = ("河南省", "新乡市")
_ENDINGS = ("区", "县", "市")
_SHORT = {"高新区": "410771X", "经开区": "410772X", "示范区": "410773X", "平原新区": "410773X"}


class Districts:
    """All districts, read once, found by code or name."""

    def __init__(self, session: Session) -> None:
        self._by_name: dict[str, str] = {}
        rows = session.execute(select(District.code, District.name_zh, District.name_en)).all()
        codes = {row.code for row in rows}
        for row in rows:
            for name in (row.code, row.name_zh, row.name_en, *_shortened(row.name_zh)):
                self._by_name.setdefault(key_of(name), row.code)
        for name, code in _SHORT.items():
            if code in codes:
                self._by_name.setdefault(name, code)

    def code_of(self, text: str | None, field: str = "district_code") -> str | None:
        """The code of a district written as code or name (红旗区, 新乡市红旗区, 红旗); nothing for nothing."""
        if not text or not text.strip():
            return None
        wanted = key_of(text)
        for prefix in _CITY:
            if wanted not in self._by_name:
                wanted = wanted.removeprefix(prefix)
        found = self._by_name.get(wanted)
        if found is None:
            raise Problem("unknown_district", field, value=text.strip()[:64])
        return found


def _shortened(name: str) -> list[str]:
    """A name without its last letter, where two letters are left: 红旗 for 红旗区, but 新乡县 stays whole."""
    short = name[:-1]
    is_whole = name[-1:] not in _ENDINGS or len(short) < 2 or short == "新乡"
    return [] if is_whole else [short]


def must_lie_within(actor: Actor, district_code: str | None, field: str) -> None:
    """Refuse work outside the actor's district. What has no district is anyone's."""
    if actor.is_holder or actor.district_code is None or district_code is None:
        return
    if actor.district_code != district_code:
        raise Problem("outside_scope", field)


def take_along(
    session: Session,
    actor: Actor,
    of: Holder | Place,
    which: ColumnElement[bool],
    district_code: str | None,
    *,
    now: datetime,
) -> None:
    """Put the instruments of a holder or place, and what finds them, into another district.

    The journal tells each of them; of more than ``RIPPLE_AT_ONCE`` it tells once for each district they come from, naming the
    holder or place (``instruments.followed``), so that who follows the journal reads them anew.
    """
    theirs = (Instrument.holder_id if isinstance(of, Holder) else Instrument.place_id) == of.id
    elsewhere = Instrument.district_code.is_distinct_from(district_code)
    found = session.execute(
        select(Instrument.id, Instrument.district_code).where(theirs, which, elsewhere).limit(RIPPLE_AT_ONCE + 1)
    ).all()
    if len(found) > RIPPLE_AT_ONCE:
        _tell_all(session, actor, of, theirs & which & elsewhere, district_code, now=now)
    else:
        for key, before in found:
            record(
                session, actor, "instrument.followed", ("instrument", key), at=now, instrument=key,
                changes={"district_code": [before, district_code]},
            )  # fmt: skip
    session.execute(
        update(Instrument)
        .where(theirs, which, elsewhere)
        .values(district_code=district_code)
        .execution_options(synchronize_session=False)
    )
    for row in session.identity_map.values():
        if isinstance(row, Instrument):
            session.expire(row, ["district_code", "district"])
    if len(found) > RIPPLE_AT_ONCE:
        arguments = {"of": of.__tablename__, "key": of.id}
        enqueue(session, Actor.system(), "search.reindex", arguments, now=of.updated_at)
        return
    keys = [row.id for row in found]
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        searching.index(session, *session.scalars(select(Instrument).where(Instrument.id.in_(chunk))))


def _tell_all(
    session: Session,
    actor: Actor,
    of: Holder | Place,
    which: ColumnElement[bool],
    district_code: str | None,
    *,
    now: datetime,
) -> None:
    counted = select(Instrument.district_code, func.count()).where(which).group_by(Instrument.district_code)
    for before, count in session.execute(counted).all():
        record(
            session, actor, "instruments.followed", (of.__tablename__, of.id), at=now,
            changes={"district_code": [before, district_code], "instruments": [None, count]},
        )  # fmt: skip
