"""A code as a printer lays it on paper and as a telephone sees it there: dots, blur, tilt, bad light, stains. Pillow only.

Everything random comes from the ``Random`` given, so that a seed is a picture. A simulation is no telephone: what it says of
two designs holds, what it says of a printer is to be tried on that printer.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from metrology.documents.qr import ErrorCorrection, qr_png

QUIET = 4
"""Modules of quiet zone on each side: the printed square includes them."""
MM_PER_INCH = 25.4
Point = tuple[float, float]


@dataclass(frozen=True)
class Print:
    """How a code is put on paper: the side of its square in millimetres, the printer's dots an inch, the level."""

    text: str
    side_mm: float
    dpi: int
    level: ErrorCorrection
    is_thermal: bool = False
    """A thermal printer gives every module the same whole number of dots: the code shrinks within its square."""

    @property
    def modules(self) -> int:
        """Modules of a side with the quiet zone."""
        return _matrix(self.text, self.level).width

    @property
    def version(self) -> int:
        """Version of the symbol: 1 has 21 modules, each further one four more."""
        return (self.modules - 2 * QUIET - 17) // 4

    @property
    def dots_per_module(self) -> float:
        """Dots of the printer to a module."""
        exact = self.side_mm / MM_PER_INCH * self.dpi / self.modules
        return float(int(exact)) if self.is_thermal else exact

    def dots(self) -> Image.Image:
        """The square in black and white, one pixel a dot: each edge of a module falls on the nearest dot, as a printer does it."""
        side = round(self.side_mm / MM_PER_INCH * self.dpi)
        matrix = _matrix(self.text, self.level)
        inner = matrix.width * int(self.dots_per_module) if self.is_thermal else side
        margin = (side - inner) // 2
        edges = [margin + round(index * inner / matrix.width) for index in range(matrix.width + 1)]
        image = Image.new("L", (side, side), 255)
        draw = ImageDraw.Draw(image)
        for y in range(matrix.height):
            for x in range(matrix.width):
                if matrix.getpixel((x, y)) == 0:
                    draw.rectangle((edges[x], edges[y], edges[x + 1] - 1, edges[y + 1] - 1), fill=0)
        return image


def _matrix(text: str, level: ErrorCorrection) -> Image.Image:
    return Image.open(io.BytesIO(qr_png(text, module_px=1, border=QUIET, error_correction=level))).convert("L")


@dataclass(frozen=True)
class Shot:
    """What happens between paper and reader. The defaults do nothing; lengths are parts of the square's side or pixels."""

    pixels: int = 450
    """Side of the square in the photograph."""
    spread: float = 0.45
    """How far ink or heat runs over a dot's edge, in dots."""
    turn: float = 0.0
    """Rotation in degrees."""
    tilt: float = 0.0
    """How far each corner is pulled away, at most, as a part of the side: perspective."""
    defocus: float = 0.0
    """Radius of the lens's blur in pixels."""
    noise: float = 0.0
    """Spread of the sensor's noise in grey levels."""
    stains: int = 0
    """Spots of grease or ink on the square, each up to a ninth of its side."""
    shade: float = 0.0
    """How much darker the far side is."""
    quality: int = 85
    """Of the JPEG the telephone saves."""


def handheld(rng: Random, pixels: int) -> Shot:
    """A label photographed at a counter: a little of everything."""
    return Shot(
        pixels,
        turn=rng.uniform(-25, 25),
        tilt=rng.uniform(0, 0.06),
        defocus=rng.uniform(0.2, 1.1),
        noise=rng.uniform(2, 12),
        shade=rng.uniform(0, 0.35),
        quality=rng.randint(65, 92),
    )


def photograph(code: Print, shot: Shot, rng: Random) -> bytes:
    """The JPEG of a telephone pointed at the printed code."""
    paper = _on_paper(code.dots(), shot, rng)
    seen = _projected(paper, shot, rng)
    if shot.shade:
        seen = _shaded(seen, shot.shade, rng)
    if shot.defocus:
        seen = seen.filter(ImageFilter.GaussianBlur(shot.defocus))
    if shot.noise:
        seen = _noisy(seen, shot.noise, rng)
    out = io.BytesIO()
    seen.save(out, "JPEG", quality=shot.quality)
    return out.getvalue()


def _on_paper(dots: Image.Image, shot: Shot, rng: Random) -> Image.Image:
    """Dots that have run a little, in the grey of ink on the off-white of paper, with what fell on it since."""
    fine = max(2, round(900 / dots.width))
    paper = dots.resize((dots.width * fine, dots.height * fine), Image.Resampling.NEAREST)
    paper = paper.filter(ImageFilter.GaussianBlur(shot.spread * fine))
    paper = paper.point([round(38 + value * (226 - 38) / 255) for value in range(256)])
    draw = ImageDraw.Draw(paper)
    for _ in range(shot.stains):
        radius = rng.uniform(0.02, 0.055) * paper.width
        x, y = rng.uniform(0, paper.width), rng.uniform(0, paper.height)
        stretch = rng.uniform(0.6, 1.6)
        draw.ellipse(
            (x - radius * stretch, y - radius, x + radius * stretch, y + radius), fill=rng.choice((45, 70, 215))
        )
    return paper


def _projected(paper: Image.Image, shot: Shot, rng: Random) -> Image.Image:
    """The square turned and tilted before a counter's grey, at twice the size, then gathered into the sensor's pixels."""
    frame, side = 2 * round(shot.pixels * 1.5), 2 * shot.pixels
    corners = []
    angle = math.radians(shot.turn)
    for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        x, y = x + rng.uniform(-1, 1) * shot.tilt, y + rng.uniform(-1, 1) * shot.tilt  # noqa: PLW2901 - the corner, pulled
        corners.append(
            (
                frame / 2 + side * (x * math.cos(angle) - y * math.sin(angle)),
                frame / 2 + side * (x * math.sin(angle) + y * math.cos(angle)),
            )
        )
    if paper.width > 2 * side:  # what the sensor cannot see is not carried through the projection
        paper = paper.resize((2 * side, 2 * side), Image.Resampling.BOX)
    seen = paper.transform(
        (frame, frame),
        Image.Transform.PERSPECTIVE,
        _onto_square(corners, paper.width),
        Image.Resampling.BICUBIC,
        fillcolor=190,
    )
    return seen.resize((frame // 2, frame // 2), Image.Resampling.BOX)


def _onto_square(quad: list[Point], side: int) -> tuple[float, ...]:
    """The eight numbers that lead each point of the photograph back to the square (Heckbert 1989, §2.2.3)."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    whole = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / whole, (dx1 * sy - sx * dy1) / whole
    a, b, c = x1 - x0 + g * x1, x3 - x0 + h * x3, x0
    d, e, f = y1 - y0 + g * y1, y3 - y0 + h * y3, y0
    inverse = (
        (e - f * h, c * h - b, b * f - c * e),
        (f * g - d, a - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    scale = inverse[2][2]
    rows = [[value / scale for value in row] for row in inverse]
    return (*(value * side for row in rows[:2] for value in row), rows[2][0], rows[2][1])


def _shaded(seen: Image.Image, shade: float, rng: Random) -> Image.Image:
    """Light from one side."""
    veil = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270))).resize(seen.size)
    veil = veil.point([round(255 - shade * value) for value in range(256)])
    return ImageChops.multiply(seen, veil)


def _noisy(seen: Image.Image, noise: float, rng: Random) -> Image.Image:
    """A sensor's noise: the sum of two even ones is nearly the bell it should be, and comes from our own generator."""
    grain = [Image.frombytes("L", seen.size, rng.randbytes(seen.width * seen.height)) for _ in range(2)]
    reach = noise / 52  # the mean of two even noises of 0…255 spreads by 52
    scaled = ImageChops.add(*grain, scale=2).point([round(128 + (value - 127.5) * reach) for value in range(256)])
    return ImageChops.add(seen, scaled, offset=-128)
