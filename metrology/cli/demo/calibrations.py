"""Two calipers of an enterprise in the example city: one calibrated with conformity stated, one while it is being written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from metrology.cli.demo.history import instant
from metrology.domain.authority import Actor
from metrology.persistence.holders import Holder
from metrology.services import approving, drafting, verifying
from metrology.services.registering import InstrumentFacts, register_instrument

TYPE: Final = "vernier_caliper"
_POINTS: Final = (
    ("0", ("0.00", "0.00", "0.00")),
    ("20", ("20.00", "20.01", "20.00")),
    ("50", ("50.01", "50.01", "50.02")),
    ("100", ("100.01", "100.02", "100.02")),
    ("150", ("150.02", "150.02", "150.01")),
)


def calibrate_some(
    session: Session, people: Mapping[str, Actor], standards: Sequence[int], holder: Holder, today: date
) -> None:
    """Register the two, calibrate the first, begin the second."""
    for number, is_whole in (("KC2024-0117", True), ("KC2024-0118", False)):
        facts = InstrumentFacts(
            type_code=TYPE, serial_number=number, manufacturer="示范量具有限公司", model="0-150", purpose="other",
            nameplate={"range": "(0~150) mm", "accuracy_class": "分度值 0.01 mm"}, holder_id=holder.id, is_onsite=False,
        )  # fmt: skip
        caliper = register_instrument(session, people["officer"], facts, today=today, now=instant(today, 0))
        draft = drafting.start_draft(session, people["verifier"], caliper, today=today, now=instant(today, 0))
        readings = {
            **draft.readings,
            "environment": {"temperature": "20.2", "humidity": "48"},
            "method": {**draft.readings["method"], "measurand": "长度", "resolution": "0.01", "rule": "jjf_1094"},
            "points": [_row(reference, values) for reference, values in _POINTS[: 5 if is_whole else 2]],
        }
        changes = drafting.DraftChanges(readings=readings, standard_ids=standards[:1])
        drafting.save_draft(session, people["verifier"], draft, changes, now=instant(today, 0))
        if is_whole:
            verifying.submit(session, people["verifier"], draft, today=today, now=instant(today, 1))
            approving.check(session, people["checker"], draft, now=instant(today, 1))
            approving.approve(session, people["approver"], draft, today=today, now=instant(today, 1))
    session.commit()


def _row(reference: str, values: Sequence[str]) -> dict[str, str]:
    return {"reference": reference, "mpe": "0.03", **{f"r{place}": value for place, value in enumerate(values, 1)}}
