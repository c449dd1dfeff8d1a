"""One instrument of each type, verified in a browser: the sheet opens with its readings, says what they come to, and is handed in.

Readings are those of the type's worked examples, a conforming and a rejecting one. ``TYPES_SHOWN=folder`` keeps a picture of each
form and record.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextvars import Context
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask_security.utils import hash_password
from sqlalchemy.orm import Session

from metrology import regulations
from metrology.domain.example import Example
from metrology.domain.quantity import plain
from metrology.domain.regulation import InstrumentType
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.persistence.verifications import Verification
from metrology.services import verifying
from metrology.services.registering import InstrumentFacts, register_instrument
from metrology.services.verifying import DraftChanges
from tests.chromium import SIZES, browser, needs_chromium, served, sign_in, watch
from tests.conftest import Bench
from tests.records import OFFICER, Team, create_holder, create_standard, create_team

pytestmark = [needs_chromium, pytest.mark.browser]
PASSWORD = "correct horse battery 12"
DAY = date(2027, 2, 1)
"""By then every edition is in force that there is."""
NOW = datetime(2027, 2, 1, 2, tzinfo=UTC)
SHOWN = os.environ.get("TYPES_SHOWN", "")
WORDS = {"conforms": "Conforms", "rejected": "Rejected"}
TYPES = sorted(code for code, kind in regulations.all_types().items() if kind.has_rules)


def worked(kind: InstrumentType, verdict: str) -> Example:
    """The first whole example of a verdict."""
    return next(one for one in kind.examples if not one.partial and one.expect.get("verdict") == verdict)


class Registry:
    """A registry with a team, and a verifier who is signed in on both sizes of a screen."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench("sqlite", folder, "types")
        self.keys: dict[tuple[str, str], int] = {}
        with self.bench.app.app_context():
            session = db.session()
            team = create_team(session)
            team.verifier.email, team.verifier.password, team.verifier.language = (
                "v@example.cn",
                hash_password(PASSWORD),
                "en",
            )
            holder = create_holder(session)
            for code in TYPES:
                for verdict in WORDS:
                    self.keys[code, verdict] = _drafted(session, team, regulations.get(code), verdict, holder.id)
            session.commit()
            db.session.remove()

    def verdict_of(self, key: int) -> tuple[str, str | None]:
        def ask() -> tuple[str, str | None]:
            with self.bench.app.app_context():
                row = db.session.get_one(Verification, key)
                return row.state, row.verdict

        return Context().run(ask)


def _drafted(session: Session, team: Team, kind: InstrumentType, verdict: str, holder: int) -> int:
    example = worked(kind, verdict)
    on = date.fromisoformat(example.case["on"])
    plate = kind.validate_nameplate(example.case["nameplate"], on=on)
    edition = kind.edition_on(on)
    part = {"part_label": "1"} if kind.part else {}
    facts = InstrumentFacts(
        type_code=kind.code,
        serial_number=f"{kind.code[:12]}-{verdict}",
        model="T-1",
        nameplate=plate,
        holder_id=holder,
        **part,
    )
    instrument = register_instrument(session, OFFICER, facts, today=DAY, now=NOW)
    limit = min(
        (one.limit.magnitude() for one in edition.mpe_at(plate, example.case["kind"])), key=lambda one: one.value
    )
    standard = create_standard(
        session, team.institute, number=f"BZ-{kind.code}-{verdict}", range_low="", range_high="", type_codes=[kind.code],
        accuracy=f"{plain(limit.value / 100)} {limit.unit}",
    )  # fmt: skip
    who = team.actor("verifier")
    draft = verifying.start_draft(session, who, instrument, today=DAY, now=NOW)
    changes = DraftChanges(
        kind=example.case["kind"], verified_on=on, readings=example.case["readings"], standard_ids=[standard.id],
    )  # fmt: skip
    return verifying.save_draft(session, who, draft, changes, now=NOW).id


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now_utc", lambda: NOW)
        yield Registry(tmp_path_factory.mktemp("types"))


@pytest.fixture(scope="module")
def desk(registry: Registry) -> Iterator[Any]:
    """A page of the verifier, and what the browser complains of."""
    with browser() as chromium, served(registry.bench.app) as base:
        context = chromium.new_context(viewport=SIZES["desk"], locale="en", timezone_id="Asia/Shanghai")
        page = context.new_page()
        page.faults = []
        watch(page, page.faults)
        sign_in(page, base, "v@example.cn", PASSWORD)
        page.base = base
        yield page
        context.close()


@pytest.mark.parametrize("verdict", WORDS)
@pytest.mark.parametrize("code", TYPES)
def test_each_type_is_verified_in_a_browser(registry: Registry, desk: Any, code: str, verdict: str) -> None:
    key = registry.keys[code, verdict]
    desk.goto(f"{desk.base}/verifications/{key}/edit")
    panel = desk.inner_text("#panel")
    assert WORDS[verdict] in panel, panel
    _picture(desk, f"{code}-{verdict}-form")
    desk.click("button[name=do][value=submit]")
    desk.wait_for_load_state("load")
    assert registry.verdict_of(key) == ("submitted", verdict), desk.inner_text("main")[:600]
    assert WORDS[verdict] in desk.inner_text("main")
    _picture(desk, f"{code}-{verdict}-record")
    assert desk.faults == []


def _picture(page: Any, name: str) -> None:
    if SHOWN:
        Path(SHOWN).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(SHOWN) / f"{name}.png"), full_page=True)
