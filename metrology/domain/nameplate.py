"""The nameplate (铭牌) of an instrument: the characteristics a regulation judges it by, from text to text.

>>> dn = Characteristic(key="dn", labels={"zh": "公称口径", "en": "nominal size"}, kind="integer", prefixes=("DN",))
>>> dn.normalise("ＤＮ15"), dn.normalise("15 mm") if dn.unit else "15"
('15', '15')
>>> Characteristic(key="max", labels={}, unit="kg").normalise("６０kg")
'60 kg'
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from metrology.domain.problems import BadChoice, BadQuantity, BadText
from metrology.domain.quantity import Quantity, parse, plain
from metrology.domain.reading_sheet import Choice, choose, folded
from metrology.domain.verdict import Labels

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristic:
    """One thing on a nameplate. `synonyms` are headings ledgers use for it, beside its key and labels.

    `required` at registration; `required_for_verdict` only once it is judged. `of_part` when each part has its own.
    """

    key: str
    labels: Labels
    kind: Literal["quantity", "choice", "text", "integer", "number"] = "quantity"
    unit: str | None = None
    choices: tuple[Choice, ...] = ()
    required: bool = False
    required_for_verdict: bool = False
    synonyms: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    of_part: bool = False
    hint: Labels = field(default_factory=dict)

    @property
    def headings(self) -> frozenset[str]:
        """Its headings, folded as `folded` folds what stands in a ledger."""
        return frozenset(folded(one) for one in (self.key, *self.labels.values(), *self.synonyms))

    def normalise(self, text: str) -> str:
        """The value as it is stored, or the Problem with this field."""
        normal = unicodedata.normalize("NFKC", text).strip()
        if self.kind == "text":
            if len(normal) > _LONGEST or not normal.isprintable():
                raise BadText(self.key, value=normal[:64])
            return normal
        if self.kind == "choice":
            chosen = choose(self.choices, normal)
            if chosen is None:
                raise BadChoice(self.key, value=normal[:64])
            return chosen
        return self._amount(self._without_prefix(normal))

    def _without_prefix(self, text: str) -> str:
        for prefix in self.prefixes:
            if text.casefold().startswith(prefix.casefold()):
                return text[len(prefix) :].lstrip(" =:≤<")
        return text

    def _amount(self, text: str) -> str:
        if self.kind == "quantity":
            quantity = parse(text, self.unit, field=self.key)
            if quantity.value <= 0 and quantity.dimension != "temperature":
                raise BadQuantity(self.key, value=text, unit=self.unit or "")
            return quantity.plain()
        # A bare number, which may carry the unit it is always in: DN15, 15 mm.
        value = parse(text, self.unit or "pcs", field=self.key).in_unit(self.unit or "pcs")
        if value <= 0 or (self.kind == "integer" and value != value.to_integral_value()):
            raise BadQuantity(self.key, value=text, unit=self.unit or "")
        return plain(value)


class Nameplate(Mapping[str, str]):
    """Normalised values, read as quantities when a rule needs them."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._quantities: dict[str, Quantity] = {}

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def quantity(self, key: str) -> Quantity | None:
        """The quantity, or None when the nameplate does not have it."""
        known = self._quantities.get(key)
        if known is None and key in self._values:
            known = self._quantities[key] = parse(self._values[key], field=key)
        return known

    def number(self, key: str) -> Decimal | None:
        """The bare number, or None."""
        return Decimal(self._values[key]) if key in self._values else None
