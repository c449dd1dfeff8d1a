"""A city of any size as rows: made from a number alone, so that every run has the same.

Four in five are household meters, installed community by community, so their service lives end together; the rest are scales, gauges
and nozzles that are due one by one. Verdicts are real: each type has some records judged by its regulation, which repeat. Certificates
are vouched for: each has its entry in the chained journal, with its fingerprint. Ten thousand, all over the registry, are as large as
a real one.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from metrology import regulations
from metrology.persistence.canonical import encoded
from metrology.persistence.journal import GENESIS
from metrology.persistence.search import document_body, doubled

TODAY = date(2026, 11, 20)
NOW = "2026-11-20 02:00:00.000000"
INSTANT = datetime(2026, 11, 20, 2, tzinfo=UTC)
DISTRICTS = (
    *("410702", "410703", "410704", "410711", "410721", "410724", "410725", "410726", "410727", "410781", "410782"),
    "410783",
)
METERS_OF_COMMUNITY = 1500
WHOLE_CERTIFICATES = 10_000
"""So many have a whole payload (11 KB); all of ten million would fill the disk. What is measured is one of these."""
HOLDERS_FIRST = 10
KINDS = (
    # type, of a hundred, mode
    ("cold_water_meter", 34, "rotation"),
    ("active_energy_meter", 33, "rotation"),
    ("diaphragm_gas_meter", 13, "rotation"),
    ("electronic_price_computing_scale", 10, "verification"),
    ("pressure_gauge", 6, "verification"),
    ("digital_indicating_scale", 4, "verification"),
)
_KEPT = {"created_at": NOW, "updated_at": NOW, "version": 1}
SAME: Mapping[str, Mapping[str, Any]] = {
    "holder": {"is_active": True, **_KEPT},
    "place": {"is_active": True, **_KEPT},
    "instrument": {
        "part_label": "", "is_assembly": False, "purpose": "trade", "is_onsite": True, "state": "in_use",
        "due_basis": "certificate", **_KEPT,
    },
    "search_document": {"kind": "instrument"},
    "certificate": {"kind": "verification_certificate", "validity_rule": "anniversary_minus_one", "under_review": False},
    "journal_entry": {
        "actor_id": 3, "actor_name": "批准人丙", "role": "approver", "ip": "", "action": "certificate.issued",
        "object_kind": "certificate", "reason": "",
    },
}  # fmt: skip
"""What all rows of a table have alike."""
_LADDER = [kind for kind in KINDS for _each in range(kind[1])]
MAKERS = (
    "三川智慧科技股份有限公司",
    "宁波水表（集团）股份有限公司",
    "江苏林洋能源股份有限公司",
    "上海大华电子秤厂",
    "浙江苍南仪表集团",
)


@dataclass(frozen=True)
class Record:
    """A conforming record of a type as its columns hold it (JSON text), and the edition that judged it."""

    kind: str
    edition: str
    nameplate: str
    readings: str
    judgement: str


@cache
def record_of(type_code: str) -> Record:
    """The type's first worked example that is whole and conforms, judged by the edition in force."""
    kind = regulations.get(type_code)
    for example in kind.examples:
        case = example.case
        if example.partial or example.expect.get("verdict") != "conforms":
            continue
        edition = kind.edition_on(date.fromisoformat(case["on"]))
        plate = kind.validate_nameplate(case["nameplate"], on=date.fromisoformat(case["on"]))
        verdict = edition.judge(plate, case["kind"], case["readings"])
        texts = (json.dumps(text, ensure_ascii=False) for text in (plate, case["readings"], verdict.to_dict()))
        return Record(case["kind"], edition.code, *texts)
    raise LookupError(f"{type_code} has no whole conforming example")


def code(kind: str, number: int) -> str:
    """The unguessable code a thing would have, from its number."""
    digest = hashlib.blake2b(f"{kind}{number}".encode(), digest_size=16).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True)
class City:
    """How many there are of everything."""

    instruments: int
    payload: Mapping[str, Any] = field(default_factory=dict)
    """A real certificate's payload, see ``bench.payloads``."""

    @property
    def communities(self) -> int:
        """Places of meters."""
        return max(1, self.instruments // METERS_OF_COMMUNITY)

    @property
    def stalls(self) -> int:
        """Places of what is due one by one, each with its holder."""
        return max(1, self.instruments // 25)

    @property
    def step(self) -> int:
        """Every so many instruments there is one whose certificate is whole."""
        return max(1, self.instruments // WHOLE_CERTIFICATES)

    def holders(self) -> Iterator[dict[str, Any]]:
        """Three utilities, then a holder for each stall."""
        for number in range(1, HOLDERS_FIRST + self.stalls):
            is_utility = number < HOLDERS_FIRST
            name = f"新乡示范公用事业公司{number}" if is_utility else f"示范商户{number:07d}"
            yield {
                "id": number, "number": f"DW{number:08d}", "name": name, "kind": "utility" if is_utility else "vendor",
                "identity_key": f"bench|{number}", "district_code": DISTRICTS[number % 12],
            }  # fmt: skip

    def places(self) -> Iterator[dict[str, Any]]:
        """Communities, then stalls in markets of a hundred."""
        for number in range(1, self.communities + self.stalls + 1):
            is_community = number <= self.communities
            name = f"示范小区{number:06d}" if is_community else f"示范市场 {number:07d} 号摊"
            yield {
                "id": number, "path": f"/{number}/", "kind": "community" if is_community else "stall", "name": name,
                "full_name": name, "identity_key": f"bench|{number}", "district_code": DISTRICTS[number % 12],
            }  # fmt: skip

    def instrument(self, number: int) -> dict[str, Any]:
        """The instrument with a number, from 1."""
        type_code, _share, due_kind = _LADDER[(number * 37) % 100]
        if due_kind == "rotation":
            place = 1 + (number // METERS_OF_COMMUNITY) % self.communities
            holder = 1 + number % 3
            verified = _FIRST_DAY + (place * 131) % 2100
            due = verified + 6 * 365
        else:
            stall = number % self.stalls
            place, holder = self.communities + 1 + stall, HOLDERS_FIRST + stall - 1 or 1
            due = _LAST_DAY + (number * 7919) % 420 - 40
            verified = due - 364
        serial = f"{(number * 2654435761) % 10**10:010d}{number % 10}"
        maker = MAKERS[number % 5]
        return {
            "id": number, "number": f"QJ{number:08d}", "public_code": code("i", number), "type_code": type_code,
            "model": f"LXS-{15 + number % 4 * 5}E", "manufacturer": maker, "manufacturer_key": maker, "serial_number": serial,
            "serial_key": serial, "nameplate": record_of(type_code).nameplate, "holder_id": holder, "place_id": place,
            "district_code": DISTRICTS[place % 12], "last_verified_on": _day(verified), "due_date": _day(due),
            "due_kind": due_kind, "lot_code": f"L{place:06d}" if due_kind == "rotation" else "",
        }  # fmt: skip

    def document(self, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """Its search document."""
        serial, own = row["serial_number"], f"{number:08d}"
        parts = [
            f"qqjj{_PAIRS[own[:4]]}{_PAIRS[own[4:]]}",
            f"{_PAIRS[serial[:4]]}{_PAIRS[serial[4:8]]}{_PAIRS[serial[7:]][2:]}",
        ]
        parts += [doubled(row["model"]), doubled(row["manufacturer"])]
        if row["lot_code"]:
            parts.append(doubled(row["lot_code"]))
        marks = document_body("instrument", district_code=row["district_code"], holder_id=row["holder_id"])
        body = "\n".join((marks, *parts))
        return {
            "id": number, "object_id": number, "district_code": row["district_code"],
            "holder_id": row["holder_id"], "title": row["number"], "body": body,
        }  # fmt: skip

    def certificate(self, key: int, row: Mapping[str, Any], *, of: int, years_ago: int) -> dict[str, Any]:
        """The certificate of a record: the last one stands, an earlier one had ended when it was issued.

        ``payload`` is JSON text; ``sha256`` is what the journal says of it and no column.
        """
        day, stands = _years_before(row["last_verified_on"], years_ago), years_ago == 0
        instant = f"{day} 03:00:00.000000"
        is_whole = stands and row["id"] % self.step == 0
        payload = _canonical(self._whole(row)) if is_whole else _printed(row)
        fixed = {
            "number": f"XX-JD-{day[:4]}-{key:08d}", "code": code("c", key), "instrument_id": row["id"],
            "verification_id": of, "verified_on": day, "issued_on": day, "valid_until": row["due_date"] if stands else day,
        }  # fmt: skip
        return {
            **fixed, "id": key, "standing": "valid" if stands else "superseded", "ended_on": None if stands else day,
            "ended_at": None if stands else instant, "payload": payload, "issued_at": instant,
            "sha256": _digest(fixed, payload),
        }  # fmt: skip

    def _whole(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A whole payload as it is printed."""
        printed: dict[str, Any] = json.loads(_printed(row))["instrument"]
        return {**self.payload, "instrument": {**self.payload["instrument"], **printed}}


def _canonical(value: Any) -> str:
    return encoded(value).decode()


def _printed(row: Mapping[str, Any]) -> str:
    """What a public page reads of a payload, as canonical JSON."""
    return (
        f'{{"body":{_BODY},"instrument":{{"manufacturer":"{row["manufacturer"]}","model":"{row["model"]}",'
        f'"name":{_names(row["type_code"])},"serial_number":"{row["serial_number"]}"}}}}'
    )


@cache
def _names(type_code: str) -> str:
    name = regulations.get(type_code).names
    return _canonical({"zh": name["zh"], "en": name["en"]})


def _digest(fixed: Mapping[str, Any], payload: str) -> str:
    """``record_digest.digest_of`` the certificate: its canonical JSON is put together here, which is ten times as fast."""
    text = (
        f'{{"code":"{fixed["code"]}","instrument_id":{fixed["instrument_id"]},"issued_on":"{fixed["issued_on"]}",'
        f'"kind":"verification_certificate","number":"{fixed["number"]}","payload":{payload},"valid_until":"{fixed["valid_until"]}",'
        f'"validity_rule":"anniversary_minus_one","verification_id":{fixed["verification_id"]},'
        f'"verified_on":"{fixed["verified_on"]}"}}'
    )
    return hashlib.sha256(text.encode()).hexdigest()


_BODY = _canonical({"name": {"zh": "新乡市计量技术检测中心", "en": "Xinxiang Metrology Institute"}})
_PAIRS = {f"{number:04d}": "".join(digit * 2 for digit in f"{number:04d}") for number in range(10_000)}
"""Four digits, each twice."""
_FIRST_DAY, _LAST_DAY = date(2021, 1, 1).toordinal(), TODAY.toordinal()


@cache
def _day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


@cache
def _years_before(day: str, years: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=365 * years)).isoformat()


@dataclass
class Chain:
    """Entries of the journal in order, each hashed with the one before."""

    seq: int = 0
    hash: str = GENESIS

    def issued(self, certificate: Mapping[str, Any]) -> dict[str, Any]:
        """The entry of a certificate's issue, as ``certifying`` writes it."""
        self.seq += 1
        changes = (
            f'{{"kind":[null,"verification_certificate"],"number":[null,"{certificate["number"]}"],'
            f'"sha256":[null,"{certificate["sha256"]}"],"signed_by":[null,null],"valid_until":[null,"{certificate["valid_until"]}"]}}'
        )
        key, instrument, before = certificate["id"], certificate["instrument_id"], self.hash
        facts = (
            f'{before}\n{{"action":"certificate.issued","actor_id":3,"actor_name":"批准人丙",'
            f'"at":"{certificate["issued_on"]}T03:00:00+00:00","changes":{changes},"instrument_id":{instrument},"ip":"",'
            f'"object_id":"{key}","object_kind":"certificate","reason":"","role":"approver","seq":{self.seq}}}'
        )
        self.hash = hashlib.sha256(facts.encode()).hexdigest()
        return {
            "seq": self.seq, "at": certificate["issued_at"], "object_id": str(key), "instrument_id": instrument,
            "changes": changes, "prev_hash": before, "hash": self.hash,
        }  # fmt: skip
