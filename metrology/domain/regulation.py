"""What a verification regulation (检定规程) says of an instrument type, as dated and cited data.

An InstrumentType has Editions, each in force from a day; an instrument is judged by the edition in force on the day of
its verification. An edition holds its legal numbers by key, so that each can be cited, confirmed or tried with another
value, and computes from them the sheet of readings, the findings and the interval.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, localcontext
from typing import Literal, Self

from metrology.domain.example import Example
from metrology.domain.mpe import MpeAt
from metrology.domain.nameplate import Characteristic, Nameplate
from metrology.domain.problems import BadChoice, MissingCharacteristic, NotCovered, Problem
from metrology.domain.quantity import ARITHMETIC, Quantity
from metrology.domain.reading_sheet import Reading, ReadingSheet, ReadingTable
from metrology.domain.schedule import Interval, Mode
from metrology.domain.verdict import Finding, Labels, Lack, Verdict, judged

__all__ = [
    "KINDS",
    "PURPOSES",
    "YEARLY",
    "Case",
    "Citation",
    "Edition",
    "Example",
    "InstrumentType",
    "Kind",
    "LegalNumber",
    "PartDefinition",
    "RequiredStandard",
    "number",
]

Kind = Literal["initial", "subsequent", "after_repair", "in_service"]
KINDS: tuple[Kind, ...] = ("initial", "subsequent", "after_repair", "in_service")
# What is scheduled before anybody has said otherwise.
YEARLY = Interval(months=12, mode="periodic", confirmed=False)
PURPOSES = ("trade", "safety", "medical", "environment")


@dataclass(frozen=True, slots=True)
class Citation:
    """The document that says so, and where it was read."""

    document: str
    title: Labels
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalNumber:
    """A number of the law: `confirmed` is False until somebody has checked it against the text itself or a source."""

    value: Decimal
    unit: str = ""
    clause: str = ""
    source: str = ""
    confirmed: bool = False

    def text(self) -> str:
        """With its unit."""
        return f"{self.value:f} {self.unit}".strip()


def number(
    value: str, unit: str = "", *, clause: str = "", source: str = "", confirmed: bool | None = None
) -> LegalNumber:
    """A legal number as a type file writes it: one with a source counts as confirmed unless it says otherwise."""
    known = bool(source) if confirmed is None else confirmed
    return LegalNumber(value=Decimal(value), unit=unit, clause=clause, source=source, confirmed=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDefinition:
    """A part that is verified by itself: a nozzle of a dispenser. `number` is what tells parts of one whole apart."""

    code: str
    names: Labels
    number: Labels
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredStandard:
    """The measurement standard a type needs, and how small its U or MPE must be against the limit at hand."""

    names: Labels
    ratio: tuple[int, int]
    confirmed: bool = True

    @property
    def ratio_text(self) -> str:
        """As people say it: 1/3."""
        return f"{self.ratio[0]}/{self.ratio[1]}"


@dataclass(frozen=True, slots=True)
class Case:
    """What an edition judges: a nameplate, a kind of verification and the readings laid over their sheet."""

    nameplate: Nameplate
    kind: str
    reading: Reading
    partial: bool


@dataclass(frozen=True, kw_only=True)
class Edition(ABC):
    """One edition of a regulation. A type file subclasses it; everything else is drawn from here."""

    code: str
    citation: Citation
    in_force: date
    numbers: Mapping[str, LegalNumber]
    nameplate: tuple[Characteristic, ...]
    text_confirmed: bool = True
    note: Labels = field(default_factory=dict)
    extra_labels: Mapping[str, Labels] = field(default_factory=dict)
    """Words for the extras of its findings that no other type has: certificates print them as headings."""
    disputed: Mapping[str, str] = field(default_factory=dict)
    """Key of a number → what somebody who read the text says stands there instead; `edition` for its own day."""
    ended: date | None = None
    """The first day on which it is in force no more, where nothing took its place."""

    # -- what a type file says

    @abstractmethod
    def tables(self, nameplate: Nameplate, kind: str) -> Iterable[ReadingTable]:
        """The tables of the sheet."""

    @abstractmethod
    def findings(self, case: Case) -> Iterator[Finding | Lack]:
        """What the readings say, and what is lacking beyond what the sheet itself asks for."""

    @abstractmethod
    def interval(self, nameplate: Mapping[str, str], use: str = "trade") -> Interval:
        """The longest interval or service life the regulation allows."""

    @abstractmethod
    def limits(self, nameplate: Nameplate, kind: str) -> Iterable[MpeAt]:
        """The limits at the points, for choosing a measurement standard."""

    def arranged(self, readings: Mapping[str, object]) -> Mapping[str, object]:
        """Readings as other systems write them, in the places the sheet has for them."""
        return readings

    def check(self, nameplate: Nameplate) -> None:  # noqa: B027 - most regulations cover every nameplate they know
        """Raise NotCovered, with its field, for a nameplate outside the scope."""

    # -- what everybody else asks

    @property
    def confirmed(self) -> bool:
        """Whether the text and every number of this edition are confirmed."""
        return not self.unconfirmed()

    def unconfirmed(self, keys: Iterable[str] | None = None) -> tuple[str, ...]:
        """The keys among these (default: all) nobody has confirmed; `edition` stands for the edition's own dates."""
        wanted = self.numbers if keys is None else keys
        own = () if self.text_confirmed else ("edition",)
        return own + tuple(sorted({key for key in wanted if not self.numbers[key].confirmed}))

    def value(self, key: str) -> Decimal:
        """A legal number, bare."""
        return self.numbers[key].value

    def quantity(self, key: str) -> Quantity:
        """A legal number with its unit."""
        return Quantity(self.numbers[key].value, self.numbers[key].unit)

    def with_numbers(self, changes: Mapping[str, str]) -> Self:
        """The same edition with other values, for trying what would be judged otherwise."""
        changed = {key: replace(self.numbers[key], value=Decimal(text)) for key, text in changes.items()}
        return replace(self, numbers={**self.numbers, **changed})

    def with_confirmed(self, sources: Mapping[str, str]) -> Self:
        """The same edition with numbers confirmed by somebody who cites a source for each key."""
        known = {
            key: replace(self.numbers[key], source=s, confirmed=True) for key, s in sources.items() if key != "edition"
        }
        return replace(
            self, numbers={**self.numbers, **known}, text_confirmed=self.text_confirmed or "edition" in sources
        )

    def with_disputed(self, says: Mapping[str, str]) -> Self:
        """The same edition with numbers of which somebody says that the text has another: they are confirmed no more."""
        doubted = {key: replace(self.numbers[key], confirmed=False) for key in says if key != "edition"}
        return replace(
            self, numbers={**self.numbers, **doubted}, disputed={**self.disputed, **says},
            text_confirmed=self.text_confirmed and "edition" not in says,
        )  # fmt: skip

    def stated(self, key: str) -> str:
        """What this edition says for a key, as text: a number with its unit, or the day it took force for `edition`."""
        return self.in_force.isoformat() if key == "edition" else self.numbers[key].text()

    def reading_sheet(self, nameplate: Mapping[str, str], kind: str) -> ReadingSheet:
        """The sheet to be filled in for this nameplate and kind of verification."""
        _check_kind(kind)
        return ReadingSheet(tuple(self.tables(Nameplate(nameplate), kind)))

    def mpe_at(self, nameplate: Mapping[str, str], kind: str) -> tuple[MpeAt, ...]:
        """The limits at the points for this nameplate."""
        return tuple(self.limits(Nameplate(nameplate), kind))

    def judge(
        self, nameplate: Mapping[str, str], kind: str, readings: Mapping[str, object], *, partial: bool = False
    ) -> Verdict:
        """The verdict on these readings. `nameplate` is normalised text, as `validate_nameplate` gives it."""
        return self.ready(nameplate, kind).judge(readings, partial=partial)

    def ready(self, nameplate: Mapping[str, str], kind: str) -> "Ready":
        """The sheet drawn once for a nameplate and kind, to judge many readings of such instruments with."""
        with localcontext(ARITHMETIC):
            plate = Nameplate(nameplate)
            self.check(plate)
            return Ready(self, plate, kind, self.reading_sheet(plate, kind), tuple(self._nameplate_lacks(plate)))

    def judged(self, ready: "Ready", readings: Mapping[str, object], *, partial: bool = False) -> Verdict:
        """The verdict on readings for a sheet drawn before."""
        with localcontext(ARITHMETIC):
            reading = Reading(ready.sheet, self.arranged(readings))
            outcome = list(self.findings(Case(ready.nameplate, ready.kind, reading, partial)))
        found = [one for one in outcome if isinstance(one, Finding)]
        # What was computed rests on a clause: on that of the edition as a whole where nobody has looked it up.
        findings = [replace(one, edition=self.code, clause=one.clause or self.code) for one in found]
        findings += [replace(one, edition=self.code) for one in _answers(reading)]
        lacks = [*ready.lacks, *reading.lacks, *(one for one in outcome if isinstance(one, Lack))]
        used = {key for finding in findings for key in finding.numbers}
        return judged(
            findings, lacks, edition=self.code, partial=partial, unconfirmed=self.unconfirmed(used),
            disputed=self.disputed.keys() & {"edition", *used},
        )  # fmt: skip

    def _nameplate_lacks(self, nameplate: Nameplate) -> Iterator[Lack]:
        for characteristic in self.nameplate:
            wanted = characteristic.required or characteristic.required_for_verdict
            if wanted and characteristic.key not in nameplate:
                yield Lack("missing_characteristic", f"nameplate.{characteristic.key}", characteristic.labels)


@dataclass(frozen=True, slots=True)
class Ready:
    """An edition with its sheet for a nameplate and a kind of verification; `lacks` is what the nameplate does not say."""

    edition: Edition
    nameplate: Nameplate
    kind: str
    sheet: ReadingSheet
    lacks: tuple[Lack, ...]

    def judge(self, readings: Mapping[str, object], *, partial: bool = False) -> Verdict:
        """The verdict on these readings."""
        return self.edition.judged(self, readings, partial=partial)


def _check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise BadChoice("kind", value=kind)


def _answers(reading: Reading) -> Iterator[Finding]:
    for table in reading.sheet.tables:
        if table.layout == "items":
            for item in table.fields:
                if item.key in reading.items:
                    yes = reading.items[item.key]
                    yield Finding(
                        f"items.{item.key}",
                        item.labels,
                        yes,
                        clause=item.clause or table.clause,
                        inputs={"answer": "yes" if yes else "no"},
                    )


@dataclass(frozen=True, kw_only=True)
class InstrumentType:
    """An instrument type as the whole house knows it: names, nameplate, standard, and the editions that judge it.

    Without editions it is a kind of the catalogue: it can be registered and scheduled, and has no verdict.
    """

    code: str
    names: Labels
    purposes: tuple[str, ...]
    nameplate: tuple[Characteristic, ...]
    editions: tuple[Edition, ...] = ()
    category: str = ""
    synonyms: tuple[str, ...] = ()
    part: PartDefinition | None = None
    standard: RequiredStandard | None = None
    default_interval: Interval = YEARLY
    examples: tuple[Example, ...] = ()

    @property
    def has_rules(self) -> bool:
        """Whether a verdict can be computed."""
        return bool(self.editions)

    @property
    def names_known(self) -> tuple[str, ...]:
        """Every name by which a ledger may call it."""
        return (self.code, *self.names.values(), *self.synonyms)

    def edition_on(self, day: date) -> Edition:
        """The edition in force on a day, or NotCovered."""
        started = [one for one in self.editions if one.in_force <= day and one.ended != one.in_force]
        if not started:
            raise NotCovered("on", type=self.code, on=day.isoformat())
        newest = max(started, key=lambda edition: edition.in_force)
        if newest.ended is not None and newest.ended <= day:
            raise NotCovered("on", type=self.code, on=day.isoformat())
        return newest

    def edition(self, code: str) -> Edition:
        """The edition with this code, for judging a record again."""
        for edition in self.editions:
            if edition.code == code:
                return edition
        raise NotCovered("edition", type=self.code, edition=code)

    def interval(self, nameplate: Mapping[str, str], on: date, use: str = "trade") -> Interval:
        """The interval or service life for a nameplate: the edition's on that day, else the catalogue's.

        Ledgers hold verifications older than the oldest edition kept here; it speaks for them.
        """
        if not self.editions:
            return self.default_interval
        by_age = sorted((one for one in self.editions if one.ended != one.in_force), key=lambda one: one.in_force)
        if not by_age:
            return self.default_interval
        edition = next((one for one in reversed(by_age) if one.in_force <= on), by_age[0])
        if edition.ended is not None and edition.ended <= on:
            return self.default_interval
        return edition.interval(nameplate, use)

    def mode(self, nameplate: Mapping[str, str], on: date) -> Mode:
        """How it is verified: periodically, once and rotated, once and scrapped, or calibrated."""
        return self.interval(nameplate, on).mode

    def characteristic(self, key: str) -> Characteristic | None:
        """The characteristic with this key."""
        return next((one for one in self.nameplate if one.key == key), None)

    def validate_nameplate(
        self, values: Mapping[str, str | None], *, part: bool | None = None, on: date | None = None
    ) -> dict[str, str]:
        """The nameplate as normalised text, or the Problem of its first wrong field.

        `part` picks the characteristics of the part (True) or of the whole (False); None takes both together. The scope
        is that of the edition on a day, by default the newest. Blank values are left out.
        """
        fields = {one.key: one for one in self.nameplate if part is None or one.of_part == part}
        if unknown := [key for key in values if key not in fields]:
            raise Problem("unknown_characteristic", unknown[0])
        given = {key: text for key, text in values.items() if text is not None and text.strip()}
        normal = {key: one.normalise(given[key]) for key, one in fields.items() if key in given}
        for key, one in fields.items():
            if one.required and key not in normal:
                raise MissingCharacteristic(key)
        if self.editions:
            edition = self.edition_on(on) if on else max(self.editions, key=lambda one: one.in_force)
            edition.check(Nameplate(normal))
        return normal
