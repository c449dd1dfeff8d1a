"""What the bureau decides for itself: its name on paper, the validity rule, numbering, warning days. Journalled when changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.certificate import NumberingScheme
from metrology.domain.problems import Problem
from metrology.persistence.journal import record
from metrology.persistence.preferences import RegistrySetting

VALIDITY_RULES = ("anniversary_minus_one", "anniversary")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


@dataclass(frozen=True)
class BureauSettings:
    """Settings of the bureau with their defaults."""

    bureau_name: str = "新乡市市场监督管理局"
    bureau_name_en: str = "Xinxiang Administration for Market Regulation"
    validity_rule: str = "anniversary_minus_one"
    """How the last valid day follows from the day of verification: ``anniversary_minus_one`` or ``anniversary``."""
    certificate_number_template: str = "{body}-{kind}-{yyyy}-{seq:06d}"
    warn_days: int = 30
    """Days before the last valid day from which the public page says "due soon"."""
    complaint_phone: str = "12315"
    complaint_url: str = ""
    reminder_officer_digest: bool = True
    report_mail_domains: str = ""
    """Domains, with blanks between, at which further addresses may get subscribed reports; empty: none."""
    scan_alarm_networks: int = 30
    """Networks in one day from which a code that is opened so often is said to be perhaps copied."""

    def named(self, language: str) -> str:
        """The bureau's name in Chinese (``zh``), in English (``en``) or in both (``zh-en``); without an English one, in Chinese."""
        if language == "zh-en" and self.bureau_name_en:
            return f"{self.bureau_name}  {self.bureau_name_en}"
        return self.bureau_name_en or self.bureau_name if language == "en" else self.bureau_name


@dataclass(frozen=True, slots=True)
class KeptSettings:
    """The settings as they stand whenever they are asked for, and their version: it grows with each that is changed."""

    session: Session

    @property
    def settings(self) -> BureauSettings:
        """What they are."""
        return read(self.session)

    @property
    def version(self) -> int:
        """How often one of them was kept."""
        return _version(_rows(self.session))


def read(session: Session) -> BureauSettings:
    """The settings in force."""
    return parse({key: row.value for key, row in _rows(session).items()})


def _rows(session: Session) -> dict[str, RegistrySetting]:
    return {row.key: row for row in session.scalars(select(RegistrySetting))}


def _version(rows: Mapping[str, RegistrySetting]) -> int:
    return sum(row.version for row in rows.values())


def parse(stored: Mapping[str, str]) -> BureauSettings:
    """The settings that stored rows say."""
    values: dict[str, object] = {}
    for field in fields(BureauSettings):
        if field.name not in stored:
            continue
        text = stored[field.name]
        values[field.name] = int(text) if field.type == "int" else text == "1" if field.type == "bool" else text
    return replace(BureauSettings(), **values)  # type: ignore[arg-type]


def domains(text: str) -> frozenset[str]:
    """The domains of a setting, with blanks or commas between.

    >>> sorted(domains("xinxiang.gov.cn, Example.CN"))
    ['example.cn', 'xinxiang.gov.cn']
    """
    return frozenset(text.lower().replace(",", " ").split())


def change(
    session: Session, actor: Actor, values: Mapping[str, object], *, now: datetime, seen: int | None = None
) -> BureauSettings:
    """Change settings; refuses unknown keys, rules and numbers that make no sense. Each change is journalled.

    ``seen`` is the version that was read: what was changed since is not written over.
    """
    rows = _rows(session)
    if seen is not None and seen != _version(rows):
        raise Problem("changed_meanwhile")
    before = asdict(parse({key: row.value for key, row in rows.items()}))
    for key, value in values.items():
        if key not in before:
            raise Problem("unknown_setting", key)
        _check(key, value)
        if before[key] == value:
            continue
        text = ("1" if value else "0") if isinstance(value, bool) else str(value)
        row = rows.get(key) or RegistrySetting(key=key)
        row.value, row.updated_at = text, now
        session.add(row)
        record(
            session, actor, "setting.changed", ("registry_setting", key), at=now, changes={key: [before[key], value]}
        )
    try:
        session.flush()
    except IntegrityError:  # set for the first time by two at the same moment
        raise Problem("changed_meanwhile") from None
    return read(session)


def _check(key: str, value: object) -> None:
    if key == "validity_rule" and value not in VALIDITY_RULES:
        raise Problem("bad_choice", key)
    if key == "warn_days" and not 0 <= int(str(value)) <= 365:
        raise Problem("out_of_range", key)
    if key == "scan_alarm_networks" and not 2 <= int(str(value)) <= 10_000:
        raise Problem("out_of_range", key)
    if key == "bureau_name" and not str(value).strip():
        raise Problem("bad_name", key)
    if key == "report_mail_domains" and not all(_DOMAIN.fullmatch(one) for one in domains(str(value or ""))):
        raise Problem("bad_mail_domain", key)
    if key == "complaint_url" and value and not str(value).startswith(("https://", "http://")):
        raise Problem("bad_address", key)
    if key == "certificate_number_template":
        try:
            NumberingScheme(str(value))
        except Problem as problem:
            raise Problem(problem.code, key) from None
