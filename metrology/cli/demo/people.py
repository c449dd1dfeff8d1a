"""The example city's institute, people, standards and settings, made through the services."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.authority import Actor
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.journal import record
from metrology.persistence.people import Institute, User
from metrology.services import accounts, authorisations, people, standards
from metrology.services.authorisations import AuthorisationFacts
from metrology.services.people import InstituteFacts, QualificationFacts
from metrology.services.standards import StandardFacts

SYSTEM = Actor.system()
DOMAIN = "demo.example"
STAFF = (
    ("admin", "郑管理", ("administrator",), None),
    ("manager", "周局长", ("manager",), None),
    ("officer", "王科员", ("officer",), None),
    ("officer.changyuan", "李科员", ("officer",), "410783"),
    ("verifier", "张检定", ("verifier",), None),
    ("verifier2", "刘检定", ("verifier",), None),
    ("checker", "陈核验", ("checker",), None),
    ("approver", "杨批准", ("approver",), None),
    ("auditor", "孙审计", ("auditor",), None),
)
"""Account, name, roles, district."""


@dataclass(frozen=True)
class Credentials:
    """An account of the example city and its random password."""

    role: str
    email: str
    password: str


def make_people(
    session: Session, hash_password: Callable[[str], str], *, start: date, today: date, now: datetime
) -> list[Credentials]:
    """The institute, its staff with qualifications, and a password for each."""
    institute = people.create_institute(
        session,
        SYSTEM,
        InstituteFacts(
            name="新乡市计量检定测试中心(示范)",
            short_code="XXJL",
            name_en="Xinxiang Institute of Metrology (example)",
            authorisation_number="(豫)法计(2023)07001号",
            authorised_until=today + timedelta(days=500),
            address="河南省新乡市示范路 100 号",
            postcode="453000",
            phone="0373-0000000",
            email=f"jl@{DOMAIN}",
        ),
        now=now,
    )
    people_may = AuthorisationFacts(
        number=institute.authorisation_number, type_code="*", valid_from=start - timedelta(days=400),
        valid_until=today + timedelta(days=500),
    )  # fmt: skip
    authorisations.authorise(session, SYSTEM, institute, people_may, now=now)
    made = [
        _account(session, hash_password, name, words, roles, district, institute, now=now)
        for name, words, roles, district in STAFF
    ]
    competent = User.email.startswith("verifier") | User.email.startswith("checker")
    for user in session.scalars(select(User).where(competent)):
        facts = QualificationFacts(
            type_code="*",
            certificate_number=f"豫注计师2022{user.id:05d}",
            valid_from=start - timedelta(days=400),
            valid_until=today + timedelta(days=700),
        )
        people.add_qualification(session, SYSTEM, user, facts, now=now)
    return made


def _account(
    session: Session,
    hash_password: Callable[[str], str],
    name: str,
    words: str,
    roles: tuple[str, ...],
    district: str | None,
    institute: Institute | None,
    *,
    now: datetime,
    holder_id: int | None = None,
) -> Credentials:
    password = secrets.token_urlsafe(9)
    facts = accounts.AccountFacts(
        email=f"{name}@{DOMAIN}",
        name=words,
        roles=roles,
        district_code=district,
        holder_id=holder_id,
        institute_id=institute.id if institute and roles[0] in ("verifier", "checker", "approver") else None,
    )
    user = accounts.create_user(session, SYSTEM, facts, now=now)
    accounts.set_password(session, SYSTEM, user, hash_password(password), now=now)
    return Credentials(roles[0], user.email, password)


def make_holder_account(
    session: Session, hash_password: Callable[[str], str], holder: Holder, *, now: datetime
) -> Credentials:
    """An account for one holder, and a contact who is told of what falls due."""
    contact = Contact(holder_id=holder.id, name="站长", phone="0373-0000001", email=f"holder@{DOMAIN}")
    session.add(contact)
    record(session, SYSTEM, "contact.added", contact, at=now)
    return _account(
        session, hash_password, "holder", f"{holder.name}负责人", ("holder",), None, None, now=now, holder_id=holder.id
    )


_STANDARDS = (
    ("标准金属量器 20 L", "Standard metal measure, 20 L", ("fuel_dispenser",), "", "50 L", "0.05 %", "U=0.05%(k=2)"),
    (
        "标准金属量器 100 L",
        "Standard metal measure, 100 L",
        ("fuel_dispenser",),
        "",
        "200 L",
        "0.025 %",
        "U=0.025%(k=2)",
    ),
    (
        "M1 等级砝码组",
        "Weights of class M1",
        (
            "digital_indicating_scale",
            "electronic_price_computing_scale",
            "analog_indicating_scale",
            "non_self_indicating_scale",
        ),
        "",
        "300 kg",
        "0.005 %",
        "M1 级",
    ),
    ("水表检定装置", "Water meter test bench", ("cold_water_meter",), "", "", "0.2 %", "0.2 级"),
    ("标准压力表", "Reference pressure gauge", ("pressure_gauge",), "", "60 MPa", "0.25 %", "0.25 级"),
    ("出租汽车计价器标准装置", "Taximeter bench", ("taximeter",), "", "", "0.1 %", "±0.1%"),
)


def make_standards(session: Session, *, start: date, today: date, now: datetime) -> dict[str, list[int]]:
    """Measurement standards with yearly certificates up to now; one of them lapsed. Type code → keys that serve it."""
    serving: dict[str, list[int]] = {}
    known = regulations.all_types()
    for number, (name, name_en, types, low, high, accuracy, words) in enumerate(_STANDARDS, 1):
        first = start - timedelta(days=40)  # the first month lived through may begin before the start
        facts = StandardFacts(
            name=name,
            name_en=name_en,
            serial_number=f"BZ-{number:03d}",
            manufacturer="示范标准器厂",
            examination_number=f"[2022]豫量标新证字第{number:03d}号",
            range_text=f"≤{high}" if high else "",
            range_low=low,
            range_high=high,
            accuracy=accuracy,
            accuracy_text=words,
            type_codes=tuple(code for code in types if code in known),
            certificate_number=f"豫计量字{first.year}-{number:04d}",
            certificate_issuer="河南省计量测试科学研究院(示范)",
            valid_from=first,
            valid_until=first + timedelta(days=365),
        )
        standard = standards.create_standard(session, SYSTEM, facts, today=today, now=now)
        year = 1
        while facts.valid_until < today and number != 2:
            first = facts.valid_until - timedelta(days=5)
            facts = replace(
                facts,
                valid_from=first,
                valid_until=first + timedelta(days=365),
                certificate_number=f"豫计量字{first.year}-{number:04d}-{year}",
            )
            standards.renew(session, SYSTEM, standard, facts, now=now)
            year += 1
        for code in facts.type_codes:
            serving.setdefault(code, []).append(standard.id)
    return serving
