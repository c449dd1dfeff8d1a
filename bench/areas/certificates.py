"""Certificates in a second on one core: signed codes, PDF, PAdES signature, DCC; beside bare typst, qrcode and Ed25519.

The certificates are issued by the registry itself, through verifier, checker and approver; bare is the same typst document with the
same data, one QR code with a fixed mask and one signature. A sheet of a thousand labels is set as it is printed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import qrcode
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import measuring
from bench.measuring import Measure, in_turn, several
from bench.rows import code
from metrology import create_app
from metrology.documents import typesetting
from metrology.documents.certificate_pdf import certificate_pdf
from metrology.documents.label_pdf import Label, label_sheet_pdf
from metrology.documents.qr import MASK
from metrology.persistence import defences
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import Model, db, transaction
from metrology.services import certificate_codes, paper
from metrology.services.preparing import prepare
from metrology.settings import load
from tests.conftest import NOW, TODAY
from tests.records import certify, create_scale, create_team

AREA = "certificates"
_CERTIFICATES = 12
_LABELS = 1000


def alone() -> Iterator[Measure]:
    """A small registry of its own, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load({"METROLOGY_INSTANCE": folder})
        app = create_app(dataclasses.replace(settings, scheduler=False))
        with app.app_context():
            with db.engine.begin() as connection:
                Model.metadata.create_all(connection)
                defences.apply(connection)
            with transaction(db.session()) as session:
                prepare(session)
                team = create_team(session)
                many = 1 if measuring.ONLY_ONCE else _CERTIFICATES
                issued = [certify(session, team, create_scale(session, f"SC{n:06d}")) for n in range(many)]
            yield from _measured(issued, paper.press(settings, "Bench", NOW))
            db.session.remove()
            db.engine.dispose()
    yield from _labels()


def _measured(issued: list[Certificate], press: paper.Press) -> Iterator[Measure]:
    session = db.session()
    press = dataclasses.replace(press, kept_in=None)
    facts = [paper.facts_of(session, one, press.public_url) for one in issued]
    turn = itertools.cycle(range(len(issued)))

    def each(work: Callable[[int], object]) -> Callable[[], None]:
        def go() -> None:
            for _time in range(len(issued)):
                work(next(turn))

        return go

    def line(name: str, work: Callable[[int], object], note: str = "") -> Measure:
        seconds = several(each(work), rounds=3)
        return Measure(AREA, name, "—", "—", seconds, per="certificates", count=len(issued), note=note)

    codes = each(lambda n: certificate_codes.sign(session, issued[n], day=TODAY, now=NOW))
    pages = each(lambda n: certificate_pdf(facts[n], language="zh"))
    bare = each(_bare(facts))
    ours, reference = in_turn(lambda: (codes(), pages()), bare, rounds=5)
    yield Measure(
        AREA, "codes signed and PDF; bare: typst, qrcode, Ed25519", "—", "—", ours, reference, per="certificates",
        count=len(issued), target=1.3,
    )  # fmt: skip
    yield line("two codes signed", lambda n: certificate_codes.sign(session, issued[n], day=TODAY, now=NOW))
    yield line("DCC signed (XMLDSig)", lambda n: paper.dcc(session, issued[n], press))
    yield line("the whole paper: PDF, DCC and JSON in it, PAdES", lambda n: paper.pdf(session, issued[n], "zh", press))
    db.session.rollback()


def _bare(facts: list[Any]) -> Callable[[int], None]:
    """What must be done at least, with the very input the registry gives to typst."""
    asked: list[tuple[Any, dict[str, Any]]] = []
    original = typesetting._compiler

    class Listening:
        def __init__(self, compiler: Any) -> None:
            self.compiler = compiler

        def compile(self, **given: Any) -> Any:
            asked.append((self.compiler, given))
            return self.compiler.compile(**given)

    typesetting._compiler = lambda fonts: Listening(original(fonts))  # type: ignore[assignment, return-value]
    try:
        for one in facts:
            certificate_pdf(one, language="zh")
    finally:
        typesetting._compiler = original
    key = Ed25519PrivateKey.generate()

    def bare(number: int) -> None:
        compiler, given = asked[number]
        code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=0, mask_pattern=MASK)
        code.add_data(facts[number].qr_text)
        code.make(fit=True)
        key.sign(b"0" * 150)
        compiler.compile(**given)

    return bare


def _labels() -> Iterator[Measure]:
    many = 20 if measuring.ONLY_ONCE else _LABELS
    labels = [_label(number) for number in range(many)]
    seconds = several(lambda: label_sheet_pdf(labels, sheet="L7160", day=TODAY), rounds=3)
    yield Measure(AREA, "sheets of a thousand signed labels", "—", "—", seconds, per="labels", count=many)


def _label(number: int) -> Label:
    """As many digits as a signed label has, other ones on each."""
    digits = str(int.from_bytes(hashlib.shake_256(str(number).encode()).digest(120)) + 10**288)
    text = f"https://jl.example.cn/c/{code('c', number)}#{digits}"
    return Label("合格", text, f"XX-JD-2026-{number:06d}", f"SC{number:08d}")
