"""Text can be read: WCAG 2.2 AA (4.5 for text, 3 for what must be told apart), computed from the tokens, light and dark."""

from __future__ import annotations

import re

import pytest

from metrology.settings import ROOT

TOKENS = (ROOT / "static" / "css" / "tokens.css").read_text()
STATUSES = ("valid", "due_soon", "expired", "rejected", "revoked", "review", "unknown", "info")
TEXT = [
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "raised"),
    ("ink", "sunken"),
    ("ink", "hover"),
    ("ink", "primary-soft"),
    ("muted", "ground"),
    ("muted", "surface"),
    ("muted", "raised"),
    ("muted", "sunken"),
    ("muted", "hover"),
    ("muted", "primary-soft"),
    ("link", "ground"),
    ("link", "surface"),
    ("link", "hover"),
    ("link", "primary-soft"),
    ("primary", "surface"),
    ("on-primary", "primary"),
    ("on-primary", "primary-hover"),
    ("on-primary-soft", "primary-soft"),
    ("expired", "ground"),
    ("ground", "ink"),
    *[(status, f"{status}-ground") for status in STATUSES],
    *[(status, "surface") for status in STATUSES],
    *[(status, "hover") for status in STATUSES],
]
SHAPES = [
    ("line-strong", "surface"),
    ("focus", "surface"),
    ("focus", "ground"),
    ("primary", "ground"),
    *[(f"{status}-fill", "surface") for status in STATUSES if status not in {"due_soon", "unknown"}],
]


def colours(dark: bool) -> dict[str, str]:
    light, _, night = TOKENS.partition("@media screen and (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if dark:
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", night))
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_is_readable(dark: bool) -> None:
    known = colours(dark)
    poor = {f"{ink} on {ground}": round(contrast(known[ink], known[ground]), 2) for ink, ground in TEXT}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_shapes_stand_out(dark: bool) -> None:
    known = colours(dark)
    poor = {f"{ink} on {ground}": round(contrast(known[ink], known[ground]), 2) for ink, ground in SHAPES}
    assert {pair: ratio for pair, ratio in poor.items() if ratio < 3} == {}


def test_every_status_has_all_its_colours_in_both_schemes() -> None:
    light, _, night = TOKENS.partition("@media screen and (prefers-color-scheme: dark)")
    for status in STATUSES:
        for part in ("", "-ground", "-fill"):
            assert f"--{status}{part}: #" in light
            assert f"--{status}{part}: #" in night


def test_style_sheets_use_tokens_only() -> None:
    """A colour written anywhere else would stay as it is in the dark."""
    literal = re.compile(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\brgba?\(")
    for sheet in sorted((ROOT / "static" / "css").glob("*.css")):
        if sheet.name in {"tokens.css", "print.css"}:
            continue
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
        assert [found for found in literal.findall(text) if found != "#fff"] == [], sheet.name


def test_every_colour_named_is_a_token() -> None:
    defined = set(re.findall(r"--([\w-]+):", TOKENS))
    for sheet in sorted((ROOT / "static" / "css").glob("*.css")):
        text = sheet.read_text()
        own = defined | set(re.findall(r"--([\w-]+):", text))
        assert set(re.findall(r"var\(--([\w-]+)", text)) <= own, sheet.name
