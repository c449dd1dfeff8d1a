"""Every code that is printed is read back and verified by a stranger's code, however it was photographed.

A small, seeded part of what ``python -m tests.scanning`` measures; the tables stand in docs/scanning.md.
"""

from __future__ import annotations

import base64
import io
from datetime import date
from random import Random
from typing import Any

import pypdfium2
import pytest
from sqlalchemy.orm import Session

from metrology.documents.certificate_pdf import certificate_pdf
from metrology.documents.key_vault import SigningKey, make
from metrology.documents.qr import read_qr
from metrology.services import keys
from metrology.services.paper import facts_of
from tests.conftest import NOW
from tests.records import certify, create_scale, create_team
from tests.scanning.codes import IDENTITY, ORIGIN, fullest
from tests.scanning.photographing import Print, Shot, handheld, photograph
from tests.scanning.plain_checker import payload_of
from tests.scanning.rates import HARMS, PAPERS, Paper, rate

SIGNER: SigningKey = make("certificate")
TEXTS = fullest(SIGNER)
DECLARED = [paper for paper in PAPERS if paper.is_declared]
VERIFIED = (date(2026, 11, 22) - date(2020, 1, 1)).days


def papers(*profiles: str) -> Any:
    chosen = [paper for paper in DECLARED if paper.profile in profiles]
    return pytest.mark.parametrize("paper", chosen, ids=[paper.name for paper in chosen])


# -- sizes


@pytest.mark.parametrize(("profile", "version", "level"), [("P0", 4, "M"), ("P1", 9, "M"), ("P2", 13, "Q")])
def test_the_fullest_code_keeps_to_its_symbol(profile: str, version: int, level: Any) -> None:
    assert Print(TEXTS[profile], 20, 300, level).version == version


def test_the_fullest_label_keeps_to_its_bytes() -> None:
    number = int(TEXTS["P1"].partition("#")[2])
    cose = number.to_bytes((number.bit_length() + 7) // 8, "big")[1:]
    assert len(cose) <= 126
    assert len(ORIGIN) == 25


@papers("P1", "P2")
def test_declared_printers_give_a_module_four_dots(paper: Paper) -> None:
    assert paper.printed(TEXTS[paper.profile]).dots_per_module >= 4


def test_a_label_printer_of_203_dots_is_not_declared_for_signed_codes() -> None:
    assert Paper("P1", 21, 203, is_thermal=True).printed(TEXTS["P1"]).dots_per_module == 2


# -- reading


@papers("P0", "P1", "P2")
@pytest.mark.parametrize("harm", [name for name in HARMS if name != "stained"])
def test_each_profile_is_read_whatever_happened_to_it(paper: Paper, harm: str) -> None:
    rng = Random(f"{paper.name} {harm}")
    code = paper.printed(TEXTS[paper.profile])
    texts = read_qr(photograph(code, HARMS[harm](rng, 450), rng))
    assert texts == [TEXTS[paper.profile]]
    if paper.profile != "P0":
        assert payload_of(texts[0], [SIGNER.public])[3] == VERIFIED


@papers("P0", "P1", "P2")
def test_a_stain_is_borne(paper: Paper) -> None:
    """A thumb's grease on the middle of the code."""
    rng = Random(5)
    assert read_qr(photograph(paper.printed(TEXTS[paper.profile]), Shot(450, stains=1), rng)) == [TEXTS[paper.profile]]


def test_a_label_is_read_at_a_forearms_length() -> None:
    """The promise of the label: 98 of 100 at 300 pixels, all from 450 on."""
    paper = next(paper for paper in DECLARED if (paper.profile, paper.dpi) == ("P1", 300))
    assert rate(paper, TEXTS["P1"], handheld, 300, 50) >= 0.98
    assert rate(paper, TEXTS["P1"], handheld, 450, 15) == 1


def test_the_simulation_can_fail() -> None:
    """What is printed too coarsely and seen from too far is not read: the rates are no matter of course."""
    coarse = Paper("P1", 21, 203, is_thermal=True)
    assert rate(coarse, TEXTS["P1"], handheld, 160, 12) < 0.8
    assert read_qr(photograph(coarse.printed(TEXTS["P1"]), Shot(450, stains=40), Random(1))) == []


def test_the_same_seed_is_the_same_photograph() -> None:
    shots = [photograph(Print(TEXTS["P1"], 21, 300, "M"), handheld(Random(3), 200), Random(4)) for _ in range(2)]
    assert shots[0] == shots[1]


# -- verified by a stranger


def test_what_the_stranger_reads_is_what_was_signed() -> None:
    label, page = (payload_of(TEXTS[profile], [SIGNER.public]) for profile in ("P1", "P2"))
    assert (label[0], page[0]) == (1, 2)
    assert label[2:7] == page[2:7] == [1, VERIFIED, VERIFIED + 364, 4_294_967_295, VERIFIED]
    assert label[1].startswith("SN-2026")
    assert "…" in label[1]
    assert page[8].startswith("XXJ")
    assert page[8].endswith("123")


def test_the_stranger_refuses_what_was_changed() -> None:
    text, digits = TEXTS["P1"].split("#")
    swapped = text.replace(base64.urlsafe_b64encode(IDENTITY).rstrip(b"=").decode(), "A" * 22)
    with pytest.raises(ValueError, match="none of these"):
        payload_of(f"{swapped}#{digits}", [SIGNER.public])
    with pytest.raises(ValueError, match="none of these"):
        payload_of(f"{text}#{int(digits) ^ 1}", [SIGNER.public])
    with pytest.raises(ValueError, match="none of these"):
        payload_of(TEXTS["P1"], [make("certificate").public])


# -- on the paper itself


@pytest.mark.parametrize("dpi", [203, 300, 600])
def test_the_code_on_the_certificate_is_read_back(session: Session, dpi: int) -> None:
    """The PDF as it leaves the registry, drawn as a printer draws it, read, and verified against the published keys."""
    certificate = certify(session, create_team(session), create_scale(session))
    base = keys.ring().origin
    facts = facts_of(session, certificate, base)
    pages = pypdfium2.PdfDocument(certificate_pdf(facts, language="zh"))
    drawn = io.BytesIO()
    pages[0].render(scale=dpi / 72, grayscale=True).to_pil().save(drawn, "PNG")
    texts = [text for text in read_qr(drawn.getvalue()) if "/c/" in text]
    assert [text.partition("#")[0] for text in texts] == [f"{base}/c/{certificate.code}"]
    known = [key.public.public_bytes_raw() for key in keys.opened(NOW).keys if key.purpose == "certificate"]
    items = payload_of(texts[0], known)
    assert items[1] == "SC100001"
    assert items[5] == certificate.status_index
    assert items[8] == certificate.number
