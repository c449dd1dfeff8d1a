"""The registry's keys at work: who signs what, and what is done when a key grows old, is lost or is stolen.

The installation opens its ring once (``use``); everything else asks for a signer of a purpose. Each change is a new, signed
key list and an entry in the journal. What to do when something happened: docs/operations.md.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from metrology.documents import key_list, key_vault
from metrology.documents.code_checker import KeyList, day_of
from metrology.documents.key_list import PURPOSES, Content
from metrology.documents.key_ring import KeyRing, root_keys
from metrology.documents.key_vault import SigningKey
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence import clock
from metrology.persistence.journal import record
from metrology.persistence.status_lists import StatusShard

RENEW_LIST = timedelta(days=30)
"""Age at which the list is signed anew where the root is at hand."""
ROTATE_BEFORE = timedelta(days=42)
"""A key's successor is published this long before its last day: two overlaps and two weeks for a slow office."""
WARN_BEFORE = timedelta(days=45)

log = logging.getLogger(__name__)
_rings: list[KeyRing] = []


def use(ring: KeyRing) -> None:
    """Work with the keys of this ring from now on."""
    _rings[:] = [ring]


def ring() -> KeyRing:
    """The ring of this installation."""
    if not _rings:
        raise Problem("keys_not_opened")
    return _rings[0]


def signer(purpose: str, *, day: date | None = None, now: datetime | None = None) -> SigningKey:
    """The key that signs for a purpose (``certificate``, ``status``, ``journal``, ``dump``) on a day; today when none is named.

    Refused when the keys are locked, or none of the purpose may sign on that day.
    """
    now = now or clock.now_utc()
    found = ring().signer(purpose, day or day_of(now), now)
    if found is None:
        raise Problem("no_signing_key", purpose=purpose)
    return found


def opened(now: datetime) -> KeyList:
    """The present key list, checked."""
    found = ring().current(now)
    if found is None:
        raise Problem("keys_not_made")
    return found


# -- the first start, and the yearly round


def ensure(session: Session, *, now: datetime) -> bool:
    """Make the keys of a new registry; whether there were none. A new public address is listed, where the root is at hand."""
    if not _rings:
        return False
    if not ring().ensure(now):
        if ring().origin not in opened(now).origins and ring().has_root:
            try:
                renew(session, Actor.system(), now=now)
            except Problem as problem:  # a locked root does not keep the registry from starting
                log.warning("The new address is not in the key list yet: %s", problem)
        return False
    record(session, Actor.system(), "key_list.published", ("key_list", "1"), at=now, changes={"version": [None, 1]})
    return True


def renew(session: Session, actor: Actor, *, now: datetime) -> bool:
    """The same keys, listed anew with a later end; whether it is published already."""
    return _publish(session, actor, ring().next_content(now), now, "renewed")


def rotate(
    session: Session, actor: Actor, purposes: Iterable[str] = PURPOSES, *, now: datetime, at_once: bool = False
) -> bool:
    """New keys beside the old ones, which still sign until the new begin, two weeks from now; whether they are published."""
    with ring().locked():
        content = ring().next_content(now)
        made = []
        for purpose in purposes:
            if purpose not in PURPOSES:
                raise Problem("purpose_unknown", "purpose", purpose=purpose)
            key = key_vault.make(purpose)
            ring().keep(key)
            key_list.rotated(content, key, day_of(now), at_once=at_once)
            made.append(f"{purpose} {key.kid}")
            record(session, actor, "key.made", ("key", key.kid), at=now, changes={"purpose": [None, purpose]})
        return _publish(session, actor, content, now, ", ".join(made))


def retire(session: Session, actor: Actor, kid: str, *, now: datetime, reason: str = "") -> bool:
    """End a key that was lost, or whose time is over: it signs no more, what it signed holds. A successor signs from today."""
    with ring().locked():
        content = key_list.retired(ring().next_content(now), kid, day_of(now))
        _succeed(session, actor, content, kid, now)
        record(
            session, actor, "key.retired", ("key", kid), at=now, changes={"state": ["active", "retired"]}, reason=reason
        )
        ring().forget(kid)
        return _publish(session, actor, content, now, f"retired {kid}")


def revoke(session: Session, actor: Actor, kid: str, since: datetime, *, now: datetime, reason: str = "") -> bool:
    """End a key that was stolen: nothing it signed since then is believed. A successor signs from today.

    Certificates signed with it before are to be confirmed on the live page until they are signed again, see
    ``certificate_codes.sign_again``.
    """
    if since > now:
        raise Problem("since_in_future", "since")
    with ring().locked():
        content = key_list.revoked(ring().next_content(now), kid, since)
        _succeed(session, actor, content, kid, now)
        changes: dict[str, list[Any]] = {"state": ["active", "revoked"], "since": [None, key_list.instant(since)]}
        record(session, actor, "key.revoked", ("key", kid), at=now, changes=changes, reason=reason)
        ring().forget(kid)
        return _publish(session, actor, content, now, f"revoked {kid}")


def _succeed(session: Session, actor: Actor, content: Content, kid: str, now: datetime) -> None:
    """Another key of the same purpose that may sign today, made when there is none."""
    purpose = next(one["purpose"] for one in content["keys"] if one["kid"] == kid)
    today = day_of(now).isoformat()
    if any(
        one["purpose"] == purpose and one["state"] == "active" and one["sign_from"] <= today <= one["sign_until"]
        for one in content["keys"]
    ):
        return
    key = key_vault.make(purpose)
    ring().keep(key)
    key_list.rotated(content, key, day_of(now), at_once=True)
    record(session, actor, "key.made", ("key", key.kid), at=now, changes={"purpose": [None, purpose]})


def _publish(session: Session, actor: Actor, content: Content, now: datetime, what: str) -> bool:
    version = content["version"]
    published = ring().publish(content, now)
    action = "key_list.published" if published else "key_list.requested"
    changes = {"version": [version - 1, version]}
    record(session, actor, action, ("key_list", str(version)), at=now, changes=changes, reason=what[:200])
    _mark_all(session)
    return published


def _mark_all(session: Session) -> None:
    """Every status list is signed anew: by another key, or under another address."""
    session.execute(update(StatusShard).values(signed_at=None).execution_options(synchronize_session=False))


# -- the root


def request(*, now: datetime) -> str:
    """What is carried to the root: the list that waits for its signature, or the present one renewed."""
    return key_list.to_bytes(ring().next_content(now)).decode()


def sign_request(text: str, folder: Path, passphrase: str) -> str:
    """The signed list, made where the root is; no registry is needed there."""
    content = key_list_content(text)
    roots = ring_roots(folder, passphrase, content)
    if not roots:
        raise Problem("root_not_here")
    return key_list.signed(text.encode(), roots)


def key_list_content(text: str) -> Content:
    """The list in a request."""
    try:
        content: Content = json.loads(text)
        if key_list.to_bytes(content).decode() != text:
            raise Problem("request_unreadable")
    except ValueError as error:
        raise Problem("request_unreadable") from error
    return content


def ring_roots(folder: Path, passphrase: str, content: Content) -> list[SigningKey]:
    """The roots kept in a folder that sign a list."""
    return root_keys(folder, key_vault.Seal(folder, passphrase), content)


def import_list(session: Session, actor: Actor, envelope: str, *, now: datetime) -> KeyList:
    """Publish a list that the root has signed elsewhere."""
    with ring().locked():
        found = ring().accept(envelope, now)
    changes = {"version": [found.version - 1, found.version]}
    record(session, actor, "key_list.published", ("key_list", str(found.version)), at=now, changes=changes)
    _mark_all(session)
    return found


def move_root(session: Session, actor: Actor, target: Path, passphrase: str, *, now: datetime) -> list[Path]:
    """Take the root off this machine: sealed under a passphrase in another folder, destroyed here."""
    with ring().locked():
        moved = ring().move_root(target, passphrase)
    for file in moved:
        record(session, actor, "key.moved", ("key", file.stem), at=now, changes={"purpose": [None, "root"]})
    return moved


def roll_root(session: Session, actor: Actor, folder: Path | None, passphrase: str, *, now: datetime) -> KeyList:
    """The next root takes over and a new next one is made, in the folder where the roots are; both sign this list."""
    with ring().locked():
        here = folder or ring().folder / "root"
        seal = key_vault.Seal(here, passphrase) if folder else ring().seal
        new = key_vault.make("root")
        content = key_list.rolled(ring().next_content(now), new)
        signers = root_keys(here, seal, content)
        current = next(one["kid"] for one in content["roots"] if one["role"] == "current")
        if current not in [key.kid for key in signers]:
            raise Problem("root_not_here")
        seal.write(new, here / f"{new.kid}.json")
        found = ring().accept(key_list.signed(key_list.to_bytes(content), signers), now)
    record(session, actor, "key.renewed", ("key", current), at=now, changes={"purpose": [None, "root"]})
    changes = {"version": [found.version - 1, found.version]}
    record(session, actor, "key_list.published", ("key_list", str(found.version)), at=now, changes=changes)
    return found


# -- what a night looks after


def look_after(session: Session, *, now: datetime) -> list[str]:
    """Where the root is at hand: renew the list and rotate keys in time. Otherwise the sentences that say what is to be done."""
    current = ring().current(now)
    if current is None:
        return []
    ending = ending_purposes(current, now)
    is_old = now - current.issued >= RENEW_LIST or ring().origin not in current.origins
    if ring().has_root:
        if ending:
            rotate(session, Actor.system(), ending, now=now)
        elif is_old:
            renew(session, Actor.system(), now=now)
        return []
    told = [
        f"The last key for {purpose} stops soon: flask keys rotate, then sign the list with the root."
        for purpose in ending
    ]
    if current.expires - now < WARN_BEFORE:
        told.append("The key list expires soon: flask keys request, sign it with the root, flask keys import-list.")
    return told


def ending_purposes(current: KeyList, now: datetime) -> list[str]:
    """The purposes whose last key stops before a successor would be ready."""
    limit = day_of(now) + ROTATE_BEFORE
    last = {
        purpose: max(
            (key.sign_until for key in current.keys if key.purpose == purpose and key.state == "active"), default=None
        )
        for purpose in PURPOSES
    }
    return [purpose for purpose, day in last.items() if day is None or day < limit]
