r"""``flask --app run translations``: gather every text people see, put in the Chinese of ``translations_src``, say what lacks.

``translations_src/<area>.tsv`` holds one text a line: English, a tab, Chinese (``\n`` and ``\t`` for line end and tab).
The files of ``FIRST`` win where two areas word the same text differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from metrology.settings import ROOT

LANGUAGE = "zh_Hans_CN"
SOURCES = ROOT / "translations_src"
TARGET = ROOT / "translations" / LANGUAGE / "LC_MESSAGES"
FIRST = ("labels", "look")
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "_n": (1, 2),
}
CHANGING = tuple(
    f'"{name}'.encode()
    for name in (
        "Generated-By",
        "Language-Team",
        "Last-Translator",
        "PO-Revision-Date",
        "POT-Creation-Date",
        "Project-Id",
        "Report-Msgid",
    )
)
"""Lines of a catalogue's heading that change with the day or say nothing."""
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|\{(\w+)\}")


@dataclass
class Text:
    """A text people see: its English (and plural, where it counts something) and where it stands."""

    english: str
    plural: str | None = None
    places: list[tuple[str, int]] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Where it stands first."""
        file, number = self.places[0]
        return f"{file}:{number}"


@dataclass(frozen=True)
class Line:
    """A line of a source file."""

    file: Path
    number: int
    english: str
    chinese: str

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file.name}:{self.number}"


def texts(root: Path = ROOT) -> dict[str, Text]:
    """Every text of the program and its templates, by its English."""
    found: dict[str, Text] = {}
    for folder, method in (("metrology", "python"), ("templates", "jinja2")):
        methods = [("**.py" if method == "python" else "**.*", method)]
        for file, number, message, _comments, _context in extract_from_dir(
            str(root / folder), methods, keywords=KEYWORDS
        ):
            english, plural = message if isinstance(message, tuple) else (message, None)
            if not english:
                continue
            text = found.setdefault(english, Text(english, plural))
            text.plural = text.plural or plural
            text.places.append((f"{folder}/{file}", number))
    return found


def lines(folder: Path = SOURCES) -> Iterator[Line]:
    """Every line of the source files, those that win first."""
    files = sorted(folder.glob("*.tsv"), key=lambda file: (_rank(file), file.name))
    for file in files:
        yield from read(file)


def _rank(file: Path) -> int:
    return FIRST.index(file.stem) if file.stem in FIRST else len(FIRST)


def read(file: Path) -> Iterator[Line]:
    """The lines of one source file; an empty line or one that begins with ``# `` is passed over."""
    for number, raw in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not raw.strip() or raw.startswith("# "):
            continue
        english, tab, chinese = raw.partition("\t")
        if not tab or not chinese.strip():
            message = f"{file.name}:{number}: expected English, a tab, Chinese"
            raise click.ClickException(message)
        yield Line(file, number, _plain(english), _plain(chinese))


def _plain(cell: str) -> str:
    return cell.replace("\\n", "\n").replace("\\t", "\t")


def merged(folder: Path = SOURCES) -> dict[str, str]:
    """English → Chinese; the first file that has a text words it."""
    chinese: dict[str, str] = {}
    for line in lines(folder):
        chinese.setdefault(line.english, line.chinese)
    return chinese


def conflicts(folder: Path = SOURCES) -> list[tuple[Line, Line]]:
    """Pairs of lines that word the same text differently: the one that counts and the one that does not."""
    first: dict[str, Line] = {}
    pairs = []
    for line in lines(folder):
        winner = first.setdefault(line.english, line)
        if winner.chinese != line.chinese:
            pairs.append((winner, line))
    return pairs


def missing(found: dict[str, Text], chinese: dict[str, str]) -> list[Text]:
    """Texts without Chinese."""
    return [text for english, text in found.items() if english not in chinese]


def placeholders(text: str) -> set[str]:
    """Names of the gaps a text has: ``%(name)s`` and ``{name}``."""
    return {name or other for name, other in PLACEHOLDER.findall(text)}


def mismatched(found: dict[str, Text], chinese: dict[str, str]) -> list[Text]:
    """Texts whose Chinese has other gaps than the English."""
    return [
        text
        for english, text in found.items()
        if english in chinese and placeholders(chinese[english]) != placeholders(text.plural or english)
    ]


def catalogue(found: dict[str, Text], chinese: dict[str, str]) -> Catalog:
    """The catalogue, sorted, without dates: the same texts give the same file."""
    made = Catalog(LANGUAGE, domain="messages", project="metrology", fuzzy=False)
    for english in sorted(found):
        text = found[english]
        wording = chinese.get(english, "")
        places = sorted({(file, 0) for file, _number in text.places})
        if text.plural:
            made.add((english, text.plural), (wording,), locations=places)
        else:
            made.add(english, wording, locations=places)
    return made


def written(made: Catalog) -> bytes:
    """The catalogue as a file."""
    buffer = BytesIO()
    write_po(buffer, made, width=120, include_lineno=False)
    return _without_dates(buffer.getvalue())


def _without_dates(text: bytes) -> bytes:
    """A catalogue whose heading does not change with the day."""
    head, gap, body = text.partition(b"\n\n")
    kept = [line for line in head.split(b"\n") if not line.startswith((b"#", *CHANGING))]
    return b"\n".join(kept) + gap + body


def faults(found: dict[str, Text], chinese: dict[str, str]) -> Iterator[str]:
    """What is wrong with the words, a sentence each, with its place."""
    for text in missing(found, chinese):
        yield f"{text.place}: no Chinese: {text.english!r}"
    for text in mismatched(found, chinese):
        yield f"{text.place}: other placeholders: {text.english!r} → {chinese[text.english]!r}"
    for winner, loser in conflicts():
        yield f"{loser.place}: {loser.english!r} is {loser.chinese!r}, but {winner.chinese!r} in {winner.file.name}"
    for line in lines():
        if line.english not in found:
            yield f"{line.place}: no page uses {line.english!r}"


@click.command("translations")
@click.option(
    "--check", is_flag=True, help="Write nothing; end with 1 where something is wrong or the catalogue is old."
)
def translations(*, check: bool) -> None:
    """Write the catalogue from translations_src; list what is wrong with the words."""
    found, chinese = texts(), merged()
    made, file = written(catalogue(found, chinese)), TARGET / "messages.po"
    wrong = list(faults(found, chinese))
    if check and file.read_bytes() != made:
        wrong.append(f"{file.relative_to(ROOT)} is not what the words make: run flask --app run translations")
    if not check:
        TARGET.mkdir(parents=True, exist_ok=True)
        file.write_bytes(made)
    for fault in wrong:
        click.echo(fault)
    click.echo(f"{len(found)} texts, {len(wrong)} faults.")
    if wrong:
        raise SystemExit(1)


commands = [translations]
