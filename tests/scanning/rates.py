"""How often a printed code is read: profiles on their papers, by distance and by what happened to them. Written by ``__main__``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from metrology.documents.qr import read_qr
from tests.scanning.photographing import Print, Shot, handheld, photograph

PIXELS = (200, 300, 450, 600)
"""Sides of the square in the photograph: an arm's length away, a forearm's, a hand's, near."""


@dataclass(frozen=True)
class Paper:
    """A profile on the paper and the printer it is made for."""

    profile: str
    side_mm: float
    dpi: int
    is_thermal: bool
    is_declared: bool = True
    """Whether the format promises it (docs/certificate-code.md §3): the others are measured to show why not."""

    @property
    def name(self) -> str:
        """For a line of the table."""
        return f"{self.profile}, {self.side_mm:g} mm, {self.dpi} dpi"

    def printed(self, text: str) -> Print:
        """The code on it: labels at level M, pages at level Q."""
        return Print(text, self.side_mm, self.dpi, "Q" if self.profile == "P2" else "M", self.is_thermal)


PAPERS = (
    Paper("P0", 16, 203, is_thermal=True),
    Paper("P0", 16, 300, is_thermal=True),
    Paper("P0", 16, 600, is_thermal=True),
    Paper("P1", 21, 203, is_thermal=True, is_declared=False),
    Paper("P1", 21, 300, is_thermal=True),
    Paper("P1", 21, 600, is_thermal=True),
    Paper("P2", 34, 203, is_thermal=False, is_declared=False),
    Paper("P2", 34, 300, is_thermal=False),
    Paper("P2", 34, 600, is_thermal=False),
)

Harm = Callable[[Random, int], Shot]
HARMS: dict[str, Harm] = {
    "blurred": lambda rng, pixels: Shot(pixels, defocus=rng.uniform(0.8, 1.5)),
    "rotated": lambda rng, pixels: Shot(pixels, turn=rng.uniform(0, 360)),
    "in perspective": lambda rng, pixels: Shot(pixels, turn=rng.uniform(-10, 10), tilt=rng.uniform(0.04, 0.1)),
    "noisy": lambda rng, pixels: Shot(pixels, noise=rng.uniform(15, 30), quality=60),
    "in half shade": lambda rng, pixels: Shot(pixels, shade=rng.uniform(0.5, 0.75)),
    "stained": lambda rng, pixels: Shot(pixels, stains=rng.randint(2, 5)),
    "all at once": handheld,
}
"""What happens to a code, each by itself and then a little of everything (without stains)."""


def rate(paper: Paper, text: str, harm: Harm, pixels: int, shots: int) -> float:
    """Part of the photographs in which the text is read; the same for the same arguments."""
    code, rng = paper.printed(text), Random(f"{paper.name} {pixels}")
    return sum(read_qr(photograph(code, harm(rng, pixels), rng)) == [text] for _ in range(shots)) / shots


def by_distance(texts: dict[str, str], shots: int) -> Iterator[list[str]]:
    """Rows: paper, version, dots a module, and the rate at each distance."""
    for paper in PAPERS:
        code = paper.printed(texts[paper.profile])
        rates = [f"{rate(paper, code.text, handheld, pixels, shots):.2f}" for pixels in PIXELS]
        name = paper.name if paper.is_declared else f"({paper.name})"
        yield [name, f"{code.version}-{code.level}", f"{code.dots_per_module:.1f}", *rates]


def by_harm(texts: dict[str, str], shots: int, pixels: int = 450) -> Iterator[list[str]]:
    """Rows: paper, and the rate under each harm."""
    for paper in PAPERS:
        if paper.is_declared:
            yield [
                paper.name,
                *(f"{rate(paper, texts[paper.profile], harm, pixels, shots):.2f}" for harm in HARMS.values()),
            ]
