"""What an own list can be about. A new subject is one entry here."""

from __future__ import annotations

from metrology.domain.authority import Actor, may
from metrology.services.own_list_instruments import INSTRUMENTS
from metrology.services.own_list_parts import Subject
from metrology.services.own_list_records import CERTIFICATES, HOLDER_LIST, VERIFICATIONS

SUBJECTS: dict[str, Subject] = {one.key: one for one in (INSTRUMENTS, VERIFICATIONS, CERTIFICATES, HOLDER_LIST)}


def subjects_of(actor: Actor) -> list[Subject]:
    """What lists of this person may be about."""
    return [one for one in SUBJECTS.values() if may(actor, one.action)]
