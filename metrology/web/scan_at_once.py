"""The page of a certificate that stands, for a guest: one question to the database, and a page filled rather than drawn.

Everything else takes the long way in ``web.scan``. Both make the same page (``tests/web/test_scan_at_once.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from flask import current_app, request

from metrology.services import scanning_at_once
from metrology.services.lot_of_meter import LotSaid
from metrology.services.scanning import PublicFacts
from metrology.services.settings import BureauSettings
from metrology.web.filters import distance, pick
from metrology.web.languages import choose
from metrology.web.requests import today
from metrology.web.shapes import Shapes, Slot

Draw = Callable[[str, PublicFacts, BureauSettings, str], str]
"""Code, facts, settings, and how long it still holds in words → the page."""
MOST_WORDS = 5_000
_shapes = Shapes()


def page(code: str, draw: Draw) -> tuple[PublicFacts, bytes] | None:
    """The facts and the page; None where it is to be made the long way."""
    if request.query_string or current_app.config["SESSION_COOKIE_NAME"] in request.cookies:
        return None  # another address, or perhaps somebody who is signed in
    day = today()
    found = scanning_at_once.standing(code, today=day)
    if found is None:
        return None
    facts, bureau = found
    language, until = choose(), facts.certificate.valid_until
    left = _left(language, (until - day).days, until) if until else ""
    values: list[str] = []
    institute = facts.institute.get("en" if language == "en" else "zh") or pick(facts.institute)
    shape = (language, bureau, _shape(facts, values, institute, left))

    def drawn(slots: list[Slot]) -> str:
        given = iter(slots)
        marked = _marked(facts, given)
        text = draw(str(slots[0]), marked, bureau, next(given) if left else "")
        return text.replace(code, slots[0])  # the language switch names the address that is open

    return facts, _shapes.fill(shape, [code, *values], drawn)


_lefts: dict[tuple[str, int], str] = {}


def _left(language: str, days: int, until: date) -> str:
    """How far it is to a day, in words; the words of each number are looked up once."""
    words = _lefts.get((language, days))
    if words is None:
        words = distance(until)
        if len(_lefts) < MOST_WORDS:
            _lefts[language, days] = words
    return words


def forget() -> None:
    """Draw everything anew."""
    _shapes._drawn.clear()  # noqa: SLF001 - for tests that change a template


def _shape(facts: PublicFacts, values: list[str], institute: str, left: str) -> tuple[Any, ...]:
    """What the template decides by; the values it writes are put on the list in the order of ``_marked``."""
    paper, lot = facts.certificate, facts.lot
    written = (
        facts.model, facts.serial_number, facts.manufacturer, facts.part_label, facts.holder, facts.place, institute,
        paper.number, paper.verified_on.isoformat(), paper.valid_until.isoformat() if paper.valid_until else "",
        *(text for seal in facts.seals for text in seal), *(row.verified_on.isoformat() for row in facts.history),
        *((lot.number, lot.code, lot.meters, lot.verified) if lot else ()), left,
    )  # fmt: skip
    values += [text for text in written if text]
    return (
        facts.standing, facts.state, paper.kind, tuple(facts.name.values()), tuple(facts.part_name.values()), len(facts.seals),
        tuple((row.kind, row.verdict) for row in facts.history), lot and lot.is_own,
        tuple(bool(text) for text in written),
    )  # fmt: skip


def _marked(facts: PublicFacts, slots: Iterator[Slot]) -> PublicFacts:
    """The facts with a slot for each value that is not empty, in the order of ``_shape``."""
    next(slots)  # the code's

    def mark(value: Any) -> Any:
        return next(slots) if value else value

    model, serial, manufacturer = mark(facts.model), mark(facts.serial_number), mark(facts.manufacturer)
    part_label, holder, place, institute = (
        mark(value) for value in (facts.part_label, facts.holder, facts.place, pick(facts.institute))
    )
    paper = facts.certificate
    number, verified_on, valid_until = mark(paper.number), mark(paper.verified_on), mark(paper.valid_until)
    seals = tuple(scanning_at_once.SealShown(mark(seal.number), mark(seal.position)) for seal in facts.seals)
    return replace(
        facts,
        model=model,
        serial_number=serial,
        manufacturer=manufacturer,
        part_label=part_label,
        holder=holder,
        place=place,
        institute={"zh": institute, "en": institute},
        certificate=replace(paper, number=number, verified_on=verified_on, valid_until=valid_until),
        seals=seals,
        history=tuple(replace(row, verified_on=mark(row.verified_on)) for row in facts.history),
        lot=_lot(facts.lot, mark),
    )


def _lot(lot: LotSaid | None, mark: Callable[[Any], Any]) -> LotSaid | None:
    if lot is None:
        return None
    number, code, meters, verified = (mark(value) for value in (lot.number, lot.code, lot.meters, lot.verified))
    return replace(lot, number=number, code=code, meters=meters, verified=verified)
