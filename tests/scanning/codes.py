"""The fullest code of each profile, as the registry writes it: what is measured holds for every smaller one."""

from __future__ import annotations

import base64
from datetime import date

from metrology.documents import certificate_code
from metrology.documents.certificate_code import CodeFacts
from metrology.documents.key_vault import SigningKey, make

ORIGIN = "https://jl.example.gov.cn"
"""25 characters: the length for which the format gives its budgets."""
IDENTITY = bytes(range(200, 216))
FACTS = CodeFacts(
    serial="SN-2026-出厂-0000123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ", result="conforms", verified=date(2026, 11, 22),
    until=date(2027, 11, 21), status_index=4_294_967_295, signed=date(2026, 11, 22), register="QJ-410702-0000123456",
    number="XXJL-JD-2026-000123", kind="电子计价秤（数字指示秤）", model="ACS-30-DT-2026", body="新乡市计量技术检测中心（强制检定工作站）",
)  # fmt: skip
"""Longer than any code holds: the middle of what does not fit is left out."""


def fullest(signer: SigningKey | None = None) -> dict[str, str]:
    """Profile → text."""
    key = signer or make("certificate")
    code = base64.urlsafe_b64encode(IDENTITY).rstrip(b"=").decode()
    texts = {"P0": certificate_code.text(ORIGIN, code, None)}
    for profile in ("P1", "P2"):
        cose = certificate_code.encode(FACTS, IDENTITY, key, profile, ORIGIN)
        texts[profile] = certificate_code.text(ORIGIN, code, cose)
    return texts
