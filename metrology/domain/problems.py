"""What can be wrong, each with a stable code.

The code is for machines and never changes; the sentence a person reads is looked up from it in their language.
`field` names the input at fault, `params` fills the sentence.

>>> str(BadQuantity("max", value="三十"))
'bad_quantity (max): value=三十'
>>> Problem("standard_lapsed", standard="F2 weights").code
'standard_lapsed'
"""


class Problem(Exception):  # noqa: N818 - a problem of the data, which is not always an error
    """A mistake of the caller or of the data, never of the program."""

    code: str = "problem"

    def __init__(self, code: str, field: str | None = None, **params: object) -> None:
        self.code = code
        self.field = field
        self.params: dict[str, str] = {key: str(value) for key, value in params.items()}
        super().__init__(code, field, self.params)

    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        what = ", ".join(f"{key}={value}" for key, value in self.params.items())
        return f"{self.code}{where}" + (f": {what}" if what else "")

    def to_dict(self) -> dict[str, object]:
        """As it is stored, logged and answered by the API."""
        return {"code": self.code, "field": self.field, "params": dict(self.params)}


class _Named(Problem):
    """A problem whose class says its code."""

    def __init__(self, field: str | None = None, **params: object) -> None:
        super().__init__(type(self).code, field, **params)


class BadQuantity(_Named):
    """The text is no number with a unit that fits here."""

    code = "bad_quantity"


class BadChoice(_Named):
    """The text names none of the values the regulation knows."""

    code = "bad_choice"


class BadText(_Named):
    """Too long, or holding characters nobody can see."""

    code = "bad_text"


class MissingCharacteristic(_Named):
    """A characteristic of the nameplate without which the rule cannot be chosen."""

    code = "missing_characteristic"


class NotCovered(_Named):
    """The nameplate, the kind or the day is outside what the regulation speaks of."""

    code = "not_covered"


class IncompleteReadings(_Named):
    """Something the regulation asks for has not been read: there is no verdict."""

    code = "incomplete_readings"


class InexactConversion(_Named):
    """The value has no finite decimal in the unit asked for."""

    code = "inexact_conversion"


class UnknownType(_Named):
    """No regulation file and no catalogue row has this code."""

    code = "unknown_category"


class MoveNotAllowed(_Named):
    """The law knows no such step between two states of an instrument."""

    code = "move_not_allowed"


class BadNumbering(_Named):
    """A template that would give two certificates the same number, or none."""

    code = "bad_numbering"
