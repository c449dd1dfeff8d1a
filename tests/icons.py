"""``python -m tests.icons``: the mark as PNG for installed apps, drawn from static/icons/mark.svg by Chromium."""

from __future__ import annotations

from metrology.settings import ROOT
from tests.chromium import browser

ICONS = ROOT / "static" / "icons"
SAFE = 0.8
"""A maskable icon may be cut to a circle of this part of its side."""


def main() -> None:
    mark = (ICONS / "mark.svg").read_text(encoding="utf-8")
    square = mark.replace('rx="7" ', "").replace(
        "<g ", f'<g transform="translate({16 - 16 * SAFE} {16 - 16 * SAFE}) scale({SAFE})"><g ', 1
    )
    square = square.replace("</svg>", "</g></svg>")
    with browser() as chromium:
        for name, drawing, side in (
            ("mark-192", mark, 192),
            ("mark-512", mark, 512),
            ("mark-maskable-512", square, 512),
        ):
            page = chromium.new_page(viewport={"width": side, "height": side})
            page.set_content(
                f"<style>body{{margin:0}}svg{{display:block;width:{side}px;height:{side}px}}</style>{drawing}"
            )
            page.screenshot(path=ICONS / f"{name}.png", omit_background=True)
            page.close()


if __name__ == "__main__":
    main()
