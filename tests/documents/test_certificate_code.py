"""What is written fits its label, reads back from the picture, and verifies by an implementation that shares no code with it."""

from __future__ import annotations

import hashlib
import io
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import qrcode
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from metrology.documents import certificate_code
from metrology.documents.certificate_code import CodeFacts, SignedProfile, encode, room, shortened, text
from metrology.documents.qr import ErrorCorrection, qr_png, read_qr
from tests.independent_checker import cbor, parts, word_of

ORIGIN = "https://jl.example.gov.cn"
IDENTITY = bytes(range(16))
CODE = "AAECAwQFBgcICQoLDA0ODw"
NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
FACTS = CodeFacts(
    serial="SC100001", result="conforms", verified=date(2026, 11, 22), until=date(2027, 11, 21), status_index=4_200_000,
    signed=date(2026, 11, 23), register="QJ00000042", number="XXJL-JD-2026-000001", kind="数字指示秤", model="ACS-30",
    body="新乡市计量技术检测中心",
)  # fmt: skip
LEVELS: dict[SignedProfile, tuple[ErrorCorrection, int]] = {"P1": ("M", 9), "P2": ("Q", 13)}


class Key:
    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(bytes(32))
        self.x = self.private.public_key().public_bytes_raw()
        self.kid = hashlib.sha256(self.x).hexdigest()[:16]

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


KEY = Key()
KEYS = {
    "keys": [
        {
            "kid": KEY.kid, "x": urlsafe_b64encode(KEY.x).rstrip(b"=").decode(), "purpose": "certificate", "state": "active",
            "since": None, "sign_from": "2026-01-01", "sign_until": "2027-01-01", "verify_until": "2037-01-01",
        }
    ],
    "expires": "2027-01-01T00:00:00Z", "origins": [ORIGIN],
}  # fmt: skip
STATUS = {4_200_000 // 131_072: {"exp": NOW.timestamp() + 1, "bits": bytes(32_768)}}


def written(profile: SignedProfile, facts: CodeFacts = FACTS, origin: str = ORIGIN) -> str:
    return text(origin, CODE, encode(facts, IDENTITY, KEY, profile, origin))


def payload_of(whole: str) -> list[object]:
    split = parts(whole)
    assert isinstance(split, tuple)
    found: list[object] = cbor(cbor(split[2])[2])
    return found


@pytest.mark.parametrize("profile", ["P1", "P2"])
def test_another_implementation_says_valid(profile: SignedProfile) -> None:
    assert word_of(written(profile), KEYS, STATUS, NOW) == "valid"
    assert word_of(written(profile, replace(FACTS, result="rejected", until=None)), KEYS, STATUS, NOW) == "rejected"
    assert word_of(written(profile, replace(FACTS, until=date(2026, 11, 24))), KEYS, STATUS, NOW) == "expired"
    assert word_of(written(profile, replace(FACTS, result="calibrated", until=None)), KEYS, STATUS, NOW) == "valid"
    swapped = written(profile).replace(CODE, CODE[::-1].replace("w", "A", 1)[:-1] + "A")
    assert word_of(swapped, KEYS, STATUS, NOW) == "forged"


def test_what_the_label_and_the_page_say() -> None:
    assert payload_of(written("P1")) == [1, "SC100001", 1, 2517, 2881, 4_200_000, 2518]
    assert payload_of(written("P2")) == [
        2, "SC100001", 1, 2517, 2881, 4_200_000, 2518, "", "XXJL-JD-2026-000001", "数字指示秤", "ACS-30",
        "新乡市计量技术检测中心",
    ]  # fmt: skip
    short = payload_of(written("P2", replace(FACTS, body="计量所")))
    assert short[7:] == ["QJ00000042", "XXJL-JD-2026-000001", "数字指示秤", "ACS-30", "计量所"]
    assert payload_of(written("P1", replace(FACTS, serial="")))[1:] == [
        "",
        1,
        2517,
        2881,
        4_200_000,
        2518,
        "QJ00000042",
    ]


WORST = replace(
    FACTS, serial="出厂编号" * 15, register="QJ99999999", number="计量检定所-JD-2026-999999" * 2, kind="电子计价秤、条码打印计价秤" * 3,
    model="型号" * 30, body="新乡市市场监督管理局计量技术检测中心" * 4, status_index=2**32 - 1, verified=date(2100, 1, 1),
    until=date(2110, 1, 1), signed=date(2100, 1, 1),
)  # fmt: skip


@pytest.mark.parametrize(
    "origin", [ORIGIN, "http://127.0.0.1:8000", "https://metrology.market-supervision.xinxiang.gov.cn"]
)
@pytest.mark.parametrize("facts", [FACTS, WORST, replace(WORST, serial="")], ids=["usual", "worst", "no serial"])
@pytest.mark.parametrize("profile", ["P1", "P2"])
def test_a_code_stays_within_its_symbol(profile: SignedProfile, facts: CodeFacts, origin: str) -> None:
    whole = written(profile, facts, origin)
    level, largest = LEVELS[profile]
    code = _symbol(whole, level)
    assert (code.size - 17) // 4 <= largest
    assert len(encode(facts, IDENTITY, KEY, profile, origin)) <= room(profile, origin)
    if profile == "P1":
        assert len(encode(facts, IDENTITY, KEY, "P1", origin)) <= 126
    assert word_of(whole, KEYS, {}, NOW) != "malformed"


class _Symbol:
    def __init__(self, size: int) -> None:
        self.size = size


def _symbol(whole: str, level: ErrorCorrection) -> _Symbol:
    """The symbol as it is drawn: its modules counted on the picture."""
    return _Symbol(Image.open(io.BytesIO(qr_png(whole, module_px=1, border=0, error_correction=level))).width)


def test_the_room_of_a_symbol_is_all_of_it() -> None:
    """One byte more than the room needs the next larger symbol: the figures of the page are those of ISO/IEC 18004."""
    for profile, (level, largest) in LEVELS.items():
        origin = ORIGIN if profile == "P1" else "https://jl.example.cn"
        for more, version in ((0, largest), (1, largest + 1)):
            full = text(origin, CODE, b"\xff" * (room(profile, origin) + more))
            assert (_symbol(full, level).size - 17) // 4 == version


def test_digits_are_packed_three_in_ten_bits() -> None:
    whole = written("P1")
    bytewise = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    bytewise.add_data(qrcode.util.QRData(whole.encode(), mode=qrcode.util.MODE_8BIT_BYTE))
    bytewise.make(fit=True)
    assert bytewise.version > 12
    assert (_symbol(whole, "M").size - 17) // 4 <= 9


@pytest.mark.parametrize("profile", ["P1", "P2"])
def test_the_picture_reads_back_whole(profile: SignedProfile) -> None:
    whole = written(profile)
    picture = qr_png(whole, module_px=4, error_correction=LEVELS[profile][0])
    assert read_qr(picture) == [whole]
    found = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture)).convert("L"))
    assert word_of(found[0].text, KEYS, STATUS, NOW) == "valid"


# -- what does not fit, and what must not be in it


def test_a_long_serial_number_keeps_both_ends() -> None:
    (_, serial, *_rest) = payload_of(written("P1", replace(FACTS, serial="SC-2026-0001-" + "7" * 40 + "-A9")))
    assert isinstance(serial, str)
    assert (serial[:7], serial[-4:], "…" in serial, len(serial.encode()) > 25) == ("SC-2026", "7-A9", True, True)


def test_the_page_shortens_what_matters_least() -> None:
    page = payload_of(written("P2", replace(WORST, serial="SC100001", number="XXJL-JD-2026-000001", model="ACS-30")))
    assert (page[1], page[7], page[8], page[10]) == ("SC100001", "", "XXJL-JD-2026-000001", "ACS-30")
    assert all("…" in str(page[at]) for at in (9, 11))


def test_hidden_characters_are_left_out() -> None:
    assert payload_of(written("P1", replace(FACTS, serial="SC\u202e10\x00\n0001 ")))[1] == "SC 10 0001"


@pytest.mark.parametrize(
    ("words", "size", "short"),
    [
        ("SC100001", 8, "SC100001"),
        ("SC100001", 7, "SC…01"),
        ("出厂编号一二三", 12, "出厂…三"),
        ("出厂编号", 3, "…"),
        ("出厂编号", 2, ""),
    ],
)
def test_shortening_counts_bytes(words: str, size: int, short: str) -> None:
    assert shortened(words, size) == short
    assert len(short.encode()) <= size


def test_an_address_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        encode(FACTS, IDENTITY, KEY, "P1", "https://" + "x" * 120)
    with pytest.raises(ValueError, match="16 bytes"):
        encode(FACTS, IDENTITY[:15], KEY, "P1", ORIGIN)


def test_an_unsigned_code_is_the_address() -> None:
    assert text(ORIGIN, CODE, None) == f"{ORIGIN}/c/{CODE}"
    assert certificate_code.digits(b"\x00") == "256"
