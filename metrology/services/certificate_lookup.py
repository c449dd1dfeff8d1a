"""Finding a certificate by what is printed on it, for somebody who cannot scan: number and serial number together.

Certificate numbers follow one another, so that a number alone would let anybody read the register from end to end.
"""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/c/([A-Za-z0-9_-]{16,24})(?:#.*)?", re.DOTALL)


def code_in(text: str) -> str | None:
    """The code of a certificate in the text of a QR code, whatever address it names; None where there is none.

    >>> code_in(" https://jl.example.cn/c/Zk3vX0p1Q2mJ8sYb5tLq7A#52339 ")
    'Zk3vX0p1Q2mJ8sYb5tLq7A'
    >>> code_in("https://jl.example.cn/i/Zk3vX0p1Q2mJ8sYb5tLq7A") is None
    True
    """
    found = _ADDRESS.fullmatch(text.strip())
    return found[1] if found else None


def code_by_number(session: Session, number: str, serial_number: str) -> str:
    """The code of the certificate that bears a number and names a serial number; refused alike whichever of them is wrong."""
    number, serial_number = number.strip(), serial_number.strip()
    if not number or not serial_number:
        raise Problem("number_and_serial_needed", "number" if not number else "serial_number")
    certificate = session.scalar(select(Certificate).where(Certificate.number == number))
    printed = certificate.payload["instrument"].get("serial_number", "") if certificate else ""
    if certificate is None or printed.casefold() != serial_number.casefold():
        raise Problem("no_such_certificate", "number")
    return certificate.code
