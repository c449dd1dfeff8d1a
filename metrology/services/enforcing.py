"""What an inspection in service may be used for: whether the excess it found is proven, as a penalty needs."""

from __future__ import annotations

from metrology.domain.enforcement import Excess, excess
from metrology.domain.verdict import Finding
from metrology.persistence.verifications import Verification


def excess_of(record: Verification) -> Excess | None:
    """For an inspection in service that was judged: what of its excess is proven, None for any other record.

    U is the most that the method of the regulation promises, a third of the limit: who measured better may prove more.
    """
    if record.kind != "in_service" or not record.judgement:
        return None
    return excess(Finding.from_dict(one) for one in record.judgement["findings"])
