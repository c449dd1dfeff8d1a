"""Districts as people write them, and whether something lies where one may work."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.districts import District
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
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


def take_along(session: Session, of: Holder | Place, which: ColumnElement[bool], district_code: str | None) -> None:
    """Put the instruments of a holder or place, and what finds them, into another district."""
    theirs = (Instrument.holder_id if isinstance(of, Holder) else Instrument.place_id) == of.id
    keys = list(session.scalars(select(Instrument.id).where(theirs, which).limit(RIPPLE_AT_ONCE + 1)))
    session.execute(
        update(Instrument)
        .where(theirs, which)
        .values(district_code=district_code)
        .execution_options(synchronize_session=False)
    )
    for row in session.identity_map.values():
        if isinstance(row, Instrument):
            session.expire(row, ["district_code", "district"])
    if len(keys) > RIPPLE_AT_ONCE:
        arguments = {"of": of.__tablename__, "key": of.id}
        enqueue(session, Actor.system(), "search.reindex", arguments, now=of.updated_at)
        return
    for start in range(0, len(keys), _CHUNK):
        chunk = keys[start : start + _CHUNK]
        searching.index(session, *session.scalars(select(Instrument).where(Instrument.id.in_(chunk))))
