"""The example city's institute, people, standards and settings, made through the services."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.journal import record
from metrology.persistence.people import Institute, User
from metrology.services import accounts, authorisations, people
from metrology.services.authorisations import AuthorisationFacts
from metrology.services.people import InstituteFacts, QualificationFacts

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
    _authorise(session, institute, start=start, today=today, now=now)
    county = _county_institute(session, today=today, now=now)
    _authorise_county(session, county, start=start, today=today, now=now)
    made = [
        _account(session, hash_password, name, words, roles, district, institute, now=now)
        for name, words, roles, district in STAFF
    ]
    competent = User.email.startswith("verifier") | User.email.startswith("checker")
    for user in session.scalars(select(User).where(competent)):
        facts = QualificationFacts(
            type_code="*",
            certificate_number=f"豫注计师2022{user.id:05d}",
            grade="registered_2",
            valid_from=start - timedelta(days=400),
            valid_until=today + timedelta(days=50 if user.email.startswith("verifier2") else 700),
        )
        people.add_qualification(session, SYSTEM, user, facts, now=now)
    return made


AUTHORISED = (
    ("fuel_dispenser", "", ""), ("digital_indicating_scale", "max", "300 kg"), ("electronic_price_computing_scale", "", ""),
    ("analog_indicating_scale", "", ""), ("non_self_indicating_scale", "", ""), ("cold_water_meter", "dn", "50"),
    ("pressure_gauge", "", ""), ("taximeter", "", ""), ("diaphragm_gas_meter", "", ""), ("active_energy_meter", "", ""),
    ("vernier_caliper", "", ""),
)  # fmt: skip
"""Type, the characteristic that limits it, and how far: larger water meters and most medical instruments go to the province."""


def _authorise(session: Session, institute: Institute, *, start: date, today: date, now: datetime) -> None:
    for code, characteristic, high in AUTHORISED:
        facts = AuthorisationFacts(
            number=institute.authorisation_number, type_code=code, valid_from=start - timedelta(days=400),
            valid_until=today + timedelta(days=500), characteristic=characteristic, high=high,
        )  # fmt: skip
        authorisations.authorise(session, SYSTEM, institute, facts, now=now)


def _county_institute(session: Session, *, today: date, now: datetime) -> Institute:
    facts = InstituteFacts(
        name="长垣市计量检定测试所(示范)", short_code="CYJL", name_en="Changyuan Metrology Station (example)",
        authorisation_number="(新)法计(2024)07083号", authorised_until=today + timedelta(days=45), district_code="410783",
        address="长垣市示范大道 8 号",
    )  # fmt: skip
    return people.create_institute(session, SYSTEM, facts, now=now)


def _authorise_county(session: Session, county: Institute, *, start: date, today: date, now: datetime) -> None:
    """A county's station: two types, in its own district."""
    for code in ("electronic_price_computing_scale", "sphygmomanometer"):
        facts = AuthorisationFacts(
            number=county.authorisation_number, type_code=code, valid_from=start, valid_until=today + timedelta(days=45),
            district_code="410783",
        )  # fmt: skip
        authorisations.authorise(session, SYSTEM, county, facts, now=now)


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
