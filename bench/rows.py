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
from types import SimpleNamespace
from typing import Any

from metrology import regulations
from metrology.persistence.journal import GENESIS, entry_hash
from metrology.persistence.search import document_body
from metrology.services.record_digest import digest

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
                "identity_key": f"bench|{number}", "district_code": DISTRICTS[number % 12], "is_active": True,
                "created_at": NOW, "updated_at": NOW, "version": 1,
            }  # fmt: skip

    def places(self) -> Iterator[dict[str, Any]]:
        """Communities, then stalls in markets of a hundred."""
        for number in range(1, self.communities + self.stalls + 1):
            is_community = number <= self.communities
            name = f"示范小区{number:06d}" if is_community else f"示范市场 {number:07d} 号摊"
            yield {
                "id": number, "path": f"/{number}/", "kind": "community" if is_community else "stall", "name": name,
                "full_name": name, "identity_key": f"bench|{number}", "district_code": DISTRICTS[number % 12],
                "is_active": True, "created_at": NOW, "updated_at": NOW, "version": 1,
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
            "serial_key": serial, "part_label": "", "is_assembly": False, "nameplate": record_of(type_code).nameplate,
            "purpose": "trade", "holder_id": holder, "place_id": place, "district_code": DISTRICTS[place % 12],
            "is_onsite": True, "state": "in_use", "last_verified_on": _day(verified), "due_date": _day(due),
            "due_basis": "certificate", "due_kind": due_kind, "lot_code": f"L{place:06d}" if due_kind == "rotation" else "",
            "created_at": NOW, "updated_at": NOW, "version": 1,
        }  # fmt: skip

    def document(self, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """Its search document."""
        parts = (row["number"], row["serial_number"], row["model"], row["manufacturer"], row["lot_code"])
        body = document_body("instrument", *parts, district_code=row["district_code"], holder_id=row["holder_id"])
        return {
            "id": number, "kind": "instrument", "object_id": number, "district_code": row["district_code"],
            "holder_id": row["holder_id"], "title": row["number"], "body": body,
        }  # fmt: skip

    def verification(self, key: int, row: Mapping[str, Any], *, years_ago: int, is_full: bool) -> dict[str, Any]:
        """An approved record of an instrument; a full one has its readings and judgement, others the verdict alone."""
        record = record_of(row["type_code"])
        day = _years_before(row["last_verified_on"], years_ago)
        instant = f"{day} 02:00:00.000000"
        return {
            "id": key, "number": f"JD{key:08d}", "instrument_id": row["id"], "type_code": row["type_code"],
            "kind": record.kind, "state": "approved", "verified_on": day, "nameplate": record.nameplate if is_full else "{}",
            "readings": record.readings if is_full else "{}", "edition_code": record.edition, "verdict": "conforms",
            "judgement": record.judgement if is_full else "{}", "institute_id": 1, "verifier_id": 1, "checker_id": 2,
            "approver_id": 3, "submitted_at": instant, "checked_at": instant, "approved_at": instant,
            "environment": "{}", "seals": "[]", "created_at": instant, "updated_at": instant, "version": 1,
        }  # fmt: skip

    def certificate(self, key: int, row: Mapping[str, Any], *, of: int, years_ago: int) -> dict[str, Any]:
        """The certificate of a record: the last one stands, an earlier one had ended when it was issued.

        ``payload`` is JSON text; ``sha256`` is what the journal says of it and no column.
        """
        day, stands = _years_before(row["last_verified_on"], years_ago), years_ago == 0
        instant = f"{day} 03:00:00.000000"
        payload = self._payload(row, is_whole=stands and row["id"] % self.step == 0)
        fixed = {
            "number": f"XX-JD-{day[:4]}-{key:08d}", "code": code("c", key), "kind": "verification_certificate",
            "instrument_id": row["id"], "verification_id": of, "verified_on": day, "issued_on": day,
            "valid_until": row["due_date"] if stands else day, "validity_rule": "anniversary_minus_one", "payload": payload,
        }  # fmt: skip
        sha256 = digest(SimpleNamespace(**fixed))  # type: ignore[arg-type]
        return {
            **fixed, "id": key, "standing": "valid" if stands else "superseded", "ended_on": None if stands else day,
            "ended_at": None if stands else instant, "payload": _json(payload), "issued_at": instant,
            "under_review": False, "sha256": sha256,
        }  # fmt: skip

    def _payload(self, row: Mapping[str, Any], *, is_whole: bool) -> dict[str, Any]:
        """A whole one as it is printed; of the others what a public page reads of it."""
        name = regulations.get(row["type_code"]).names
        printed = {
            "name": {"zh": name["zh"], "en": name["en"]}, "model": row["model"], "serial_number": row["serial_number"],
            "manufacturer": row["manufacturer"],
        }  # fmt: skip
        if is_whole:
            return {**self.payload, "instrument": {**self.payload["instrument"], **printed}}
        return {"body": _BODY, "instrument": printed}


_BODY = {"name": {"zh": "新乡市计量技术检测中心", "en": "Xinxiang Metrology Institute"}}
_FIRST_DAY, _LAST_DAY = date(2021, 1, 1).toordinal(), TODAY.toordinal()
_json = json.JSONEncoder(ensure_ascii=False).encode


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
        changes = {
            "number": [None, certificate["number"]], "kind": [None, certificate["kind"]],
            "valid_until": [None, certificate["valid_until"]], "signed_by": [None, None],
            "sha256": [None, certificate["sha256"]],
        }  # fmt: skip
        facts = {
            "seq": self.seq, "at": f"{certificate['issued_on']}T03:00:00+00:00", "actor_id": 3, "actor_name": "批准人丙",
            "role": "approver", "ip": "", "action": "certificate.issued", "object_kind": "certificate",
            "object_id": str(certificate["id"]), "instrument_id": certificate["instrument_id"], "changes": changes,
            "reason": "",
        }  # fmt: skip
        before, self.hash = self.hash, entry_hash(self.hash, facts)
        return {
            **facts, "at": certificate["issued_at"], "changes": _json(changes), "prev_hash": before, "hash": self.hash,
        }  # fmt: skip
