"""The lists behind the figures of indicators: each opens exactly what was counted, or the page says why there is no list.

A list shows records as they are today: of a past day only numbers are kept. Instruments in use at the end of a past day have a
list of that day, as far back as it is kept what each was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from metrology.domain.indicator import BY_CODE
from metrology.services.indicator_counting import Asked
from metrology.services.indicators import GroupMeasure, Standing
from metrology.web.filters import label

NONE = "none"
_KINDS = {"first_pass": ["initial", "subsequent"], "repaired": ["after_repair"]}
_VERDICTS = {"first_pass": "conforms", "rejected": "rejected", "repaired": "conforms"}
_DAYS = ("turnaround", "turnaround_90")


@dataclass(frozen=True)
class Behind:
    """A part of a figure, and the list of it; without an address there is none."""

    words: str
    count: int | None
    """None where the records are not what is counted, as with uses of standards: then the list alone says how many."""
    url: str | None


def has_lists(asked: Asked) -> bool:
    """Whether the figures are of now: a past day opens no list."""
    return asked.past is None


def parts(row: Standing, asked: Asked) -> list[Behind]:
    """What a figure is made of, each part with its list. ``asked`` is within the reach of who asks."""
    code, now = row.indicator.code, row.now
    rest = (now.against or 0) - now.counted
    if code == "coverage":
        return [
            Behind(str(_("within validity")), now.counted, in_use(asked, validity="valid")),
            Behind(str(_("expired or never verified")), rest, in_use(asked, validity="none")),
        ]
    if code == "complaints":
        return [
            Behind(str(_("complaints received")), now.counted, complaints(asked)),
            Behind(str(_("instruments in use")), now.against or 0, _all_in_use(asked)),
        ]
    if code in ("first_pass", "rejected"):
        first, other = ("conforms", "rejected") if code == "first_pass" else ("rejected", "conforms")
        return [
            Behind(label(first, "VERDICTS"), now.counted, records(code, asked, verdict=first)),
            Behind(label(other, "VERDICTS"), rest, records(code, asked, verdict=other)),
        ]
    if code == "workload_standard":
        return [
            Behind(str(_("uses of standards")), now.counted, None),
            Behind(str(_("records with a standard")), None, records(code, asked)),
        ]
    return [Behind(str(_("records")), now.counted, records(code, asked))]


def on_time_parts(row: Standing, asked: Asked, late: int) -> list[Behind]:
    """Of what fell due: verified in time, verified late, still waiting."""
    waiting = (row.now.against or 0) - row.now.counted - late
    until = min(asked.period.last, asked.day - timedelta(days=1))
    due = {"due_from": asked.period.first.isoformat(), "due_to": until.isoformat(), "due_kind": "verification"}
    return [
        Behind(str(_("verified in time")), row.now.counted, records("on_time", asked)),
        Behind(str(_("verified late")), late, records("on_time", asked, late="yes")),
        Behind(str(_("overdue, not verified yet")), waiting, _instruments(asked, **due)),
    ]


def counted(code: str, asked: Asked, **more: Any) -> str | None:
    """The list of what is counted (the numerator)."""
    if code == "coverage":
        return in_use(asked, validity="valid", **more)
    if code == "complaints":
        return complaints(asked, **more)
    return records(code, asked, **more)


def of_group(code: str, asked: Asked, by: str, one: GroupMeasure) -> str | None:
    """The list of what is counted in a group."""
    if by == "model":
        kind, maker, model = one.key.split("|", 2)
        empty = [name for name, value in (("manufacturer", maker), ("model", model)) if not value]
        return counted(code, asked, type=kind, manufacturer=maker, model=model, not_recorded=empty)
    if by == "maker":
        return counted(code, asked, manufacturer=one.key, not_recorded=[] if one.key else ["manufacturer"])
    name = {"complaint_kind": "kind"}.get(by, by)
    return counted(code, asked, **{name: one.key or NONE})


def records(code: str, asked: Asked, **more: Any) -> str | None:
    """The list of verifications that an indicator counts."""
    if not BY_CODE[code].has_types:
        asked = replace(asked, type_code=None)
    if not has_lists(asked):
        return None
    first, last = asked.period.first.isoformat(), asked.period.last.isoformat()
    given: dict[str, Any] = {"state": "approved", "counted": "yes", **_where(asked)}
    if code == "on_time":
        until = min(asked.period.last, asked.day - timedelta(days=1)).isoformat()
        given |= {"kind": "subsequent", "due_from": first, "due_to": until, "late": "no"}
    elif code in _DAYS:
        given |= {"counted": "document", "approved_from": first, "approved_to": last}
    else:
        given |= {"verified_from": first, "verified_to": last}
        given |= {"kind": _KINDS[code]} if code in _KINDS else {}
        given |= {"verdict": _VERDICTS[code]} if code in _VERDICTS else {}
        given |= {"standards": "yes"} if code == "workload_standard" else {}
    return _address("verifications.listing", {**given, **more})


def in_use(asked: Asked, **more: Any) -> str | None:
    """The list of instruments under mandatory verification that are in use as the state is asked for."""
    return _then(asked, **{"mandatory": "yes", **_where(asked), **more})


def complaints(asked: Asked, **more: Any) -> str | None:
    """The list of complaints received."""
    if not has_lists(asked):
        return None
    days = {"received_from": asked.period.first.isoformat(), "received_to": asked.period.last.isoformat()}
    where = {"district": asked.district_code} if asked.district_code else {}
    return _address("complaints.listing", {"state": "all", **days, **where, **more})


def _all_in_use(asked: Asked) -> str | None:
    return _then(asked, district=asked.district_code)


def is_listed(asked: Asked) -> bool:
    """Whether it is known which instruments were in use when the state is asked for."""
    return asked.end == asked.today or (asked.listed_from is not None and asked.end >= asked.listed_from)


def _then(asked: Asked, **more: Any) -> str | None:
    if not is_listed(asked):
        return None
    given = {"state": "in_use", "counted": "yes", **more}
    if asked.end == asked.today:
        return _address("instruments.listing", given)
    return _address("instruments_then.listing", {"as_of": asked.end.isoformat(), **given})


def _instruments(asked: Asked, **more: Any) -> str | None:
    if not has_lists(asked):
        return None
    return _address("instruments.listing", {"state": "in_use", "counted": "yes", **_where(asked), **more})


def _where(asked: Asked) -> dict[str, str]:
    found = {"type": asked.type_code, "district": asked.district_code}
    return {key: value for key, value in found.items() if value}


def _address(endpoint: str, values: dict[str, Any]) -> str:
    return url_for(endpoint, **{key: value for key, value in values.items() if value})
