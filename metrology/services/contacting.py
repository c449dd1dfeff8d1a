"""People of a holder who are told of what falls due, and how they want to be told."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.holders import Contact, Holder
from metrology.persistence.journal import record
from metrology.services import cleaning

LANGUAGES = ("zh_Hans_CN", "en")
_ADDRESS = re.compile(r"[^@\s,;<>\"()]+@[^@\s,;<>\"()]+\.[^@\s.,;<>\"()]+")
_PHONE = re.compile(r"\+?[0-9][0-9 \-()/转]{4,30}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """What is said of a contact."""

    name: str
    post: str = ""
    phone: str = ""
    email: str = ""
    wecom_webhook: str = ""
    """Address of a WeCom group robot."""
    notify_email: bool = True
    notify_wecom: bool = False
    language: str = "zh_Hans_CN"


def check(facts: ContactFacts, *, wecom_hosts: Collection[str]) -> ContactFacts:
    """The facts as they are stored, or the Problem of the first wrong one. Only robots of ``wecom_hosts`` are accepted."""
    name = cleaning.words("name", facts.name)
    if not name:
        raise Problem("missing_name", "name")
    phone = cleaning.code("phone", facts.phone, 40)
    if phone and not _PHONE.fullmatch(phone):
        raise Problem("bad_phone", "phone")
    email = cleaning.code("email", facts.email)
    if email and not _ADDRESS.fullmatch(email):
        raise Problem("bad_email", "email")
    webhook = cleaning.code("wecom_webhook", facts.wecom_webhook, 500)
    if webhook and not _is_robot(webhook, wecom_hosts):
        raise Problem("bad_wecom_webhook", "wecom_webhook", host=" ".join(sorted(wecom_hosts)))
    if facts.notify_wecom and not webhook:
        raise Problem("webhook_needed", "wecom_webhook")
    return replace(
        facts,
        name=name,
        post=cleaning.words("post", facts.post),
        phone=phone,
        email=email,
        wecom_webhook=webhook,
        notify_email=facts.notify_email and bool(email),
        language=cleaning.choice("language", facts.language, LANGUAGES, "zh_Hans_CN"),
    )


def _is_robot(webhook: str, hosts: Collection[str]) -> bool:
    try:
        parts = urlsplit(webhook)
    except ValueError:
        return False
    has_key = bool(parse_qs(parts.query).get("key", [""])[0])
    return parts.scheme == "https" and parts.netloc in hosts and has_key


def add_contact(
    session: Session, actor: Actor, holder: Holder, facts: ContactFacts, *, wecom_hosts: Collection[str], now: datetime
) -> Contact:
    """A new contact of a holder."""
    facts = check(facts, wecom_hosts=wecom_hosts)
    _check_own(actor, holder)
    contact = Contact(holder_id=holder.id, is_active=True, **{f.name: getattr(facts, f.name) for f in fields(facts)})
    session.add(contact)
    record(session, actor, "contact.added", contact, at=now)
    session.flush()
    session.expire(holder, ["contacts"])
    return contact


def revise_contact(
    session: Session,
    actor: Actor,
    contact: Contact,
    changes: Mapping[str, Any],
    *,
    wecom_hosts: Collection[str],
    now: datetime,
) -> Contact:
    """Change a contact."""
    _check_own(actor, contact.holder)
    kept = ContactFacts(**{f.name: getattr(contact, f.name) for f in fields(ContactFacts)})
    facts = check(replace(kept, **changes), wecom_hosts=wecom_hosts)
    for f in fields(facts):
        if getattr(contact, f.name) != getattr(facts, f.name):
            setattr(contact, f.name, getattr(facts, f.name))
    if session.is_modified(contact):
        record(session, actor, "contact.revised", contact, at=now)
    session.flush()
    return contact


def remove_contact(session: Session, actor: Actor, contact: Contact, *, now: datetime) -> None:
    """No longer tell a contact anything. The record of what it was told stays."""
    _check_own(actor, contact.holder)
    contact.is_active = False
    record(session, actor, "contact.removed", contact, at=now)
    session.flush()


def _check_own(actor: Actor, holder: Holder) -> None:
    if actor.is_holder and actor.holder_id != holder.id:
        raise Problem("outside_scope")
