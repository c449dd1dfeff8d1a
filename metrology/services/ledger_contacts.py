"""People whom a ledger names as contacts of a holder: added where the holder does not have them yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.authority import Actor
from metrology.persistence.holders import Contact, Holder
from metrology.services import contacting
from metrology.services.cleaning import key_of
from metrology.services.contacting import ContactFacts


class LedgerContacts:
    """Contacts of the holders of a chunk. Nobody is told by WeCom on a ledger's word: it names no robot."""

    def __init__(self, session: Session, actor: Actor, *, now: datetime) -> None:
        self._session, self._actor, self._now = session, actor, now
        self._known: dict[int, set[str]] = defaultdict(set)

    def prefetch(self, holder_ids: Iterable[int]) -> None:
        """Look up the contacts of many holders."""
        keys = list(set(holder_ids))
        for start in range(0, len(keys), 500):
            statement = select(Contact.holder_id, Contact.name, Contact.phone, Contact.email)
            for holder_id, *words in self._session.execute(
                statement.where(Contact.holder_id.in_(keys[start : start + 500]))
            ):
                self._known[holder_id].update(filter(None, map(key_of, words)))

    def is_new(self, holder_id: int | None, facts: ContactFacts) -> bool:
        """Whether a holder has nobody of this name, telephone number or mail address."""
        said = set(filter(None, map(key_of, (facts.name, facts.phone, facts.email))))
        return holder_id is None or not said & self._known[holder_id]

    def note(self, holder_id: int, facts: ContactFacts) -> None:
        """Take a contact as known from here on."""
        self._known[holder_id].update(filter(None, map(key_of, (facts.name, facts.phone, facts.email))))

    def add(self, holder: Holder, facts: ContactFacts) -> Contact:
        """A new contact of a holder."""
        self.note(holder.id, facts)
        return contacting.add_contact(self._session, self._actor, holder, facts, wecom_hosts=(), now=self._now)
