"""The amount to pay: what a dispenser or charger shows against quantity × unit price."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from metrology.domain.mpe import MaximumPermissibleError
from metrology.domain.quantity import Quantity
from metrology.domain.reading_sheet import ReadingField, ReadingTable
from metrology.domain.regulation import Case, Edition
from metrology.domain.verdict import Finding, Labels, of_error

TABLE = "price"
LABELS = {"zh": "付费金额误差", "en": "error of the amount to pay"}


def price_table(key: str, labels: Labels, unit: str) -> ReadingTable:
    """What is shown after a delivery: the quantity in a unit, the price of one, the amount."""
    return ReadingTable(
        key=TABLE,
        labels=LABELS,
        layout="single",
        fields=(
            ReadingField(key=key, labels=labels, unit=unit),
            ReadingField(key="unit_price", labels={"zh": "单价", "en": "unit price"}, unit=f"CNY/{unit}"),
            ReadingField(key="amount", labels={"zh": "显示金额", "en": "amount shown"}, unit="CNY"),
        ),
    )


def amount_to_pay(edition: Edition, case: Case, key: str, unit: str) -> Iterator[Finding]:
    """The error of the amount, within the legal number `payment`."""
    row = case.reading.single(TABLE)
    delivered, price, amount = (row.get(one) for one in (key, "unit_price", "amount"))
    if delivered is None or price is None or amount is None:
        return
    due = delivered.in_unit(unit) * price.value
    inputs: Mapping[str, str] = {one: quantity.text() for one, quantity in row.quantities.items()}
    yield of_error(
        TABLE,
        LABELS,
        error=Quantity(Decimal(amount.value - due), "CNY"),
        limit=MaximumPermissibleError.symmetric(edition.quantity("payment")),
        clause=edition.numbers["payment"].clause,
        formula=f"E = P − {'V' if unit == 'L' else 'Q'} × p",
        inputs=inputs,
        numbers=("payment",),
    )
