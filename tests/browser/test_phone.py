"""Reports on a phone and on paper: nothing is wider than the screen, no day breaks in two, and paper has tables."""

from __future__ import annotations

from contextvars import Context
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from flask_security.utils import hash_password

from metrology.cli.demo.city import City, Made
from metrology.cli.demo.comparison import TYPE, compare_ledgers
from metrology.cli.demo.history import History
from metrology.cli.demo.kept import keep_reports
from metrology.cli.demo.lots import begin_lot, certify_lot
from metrology.cli.demo.statements import file_statements
from metrology.persistence.database import db
from metrology.services.reporting import keep_figures
from tests.chromium import browser, needs_chromium, served, sign_in, watch
from tests.conftest import NOW, TODAY, Bench
from tests.ledgers import METER_HEADINGS, meter_row
from tests.people import create_user
from tests.records import actor_of, certify, create_scale, create_team, days

pytestmark = [needs_chromium, pytest.mark.browser]
PASSWORD = "correct horse battery 12"
PHONE = {"width": 390, "height": 844}
METER = Made("water", "红旗区", dict(zip(METER_HEADINGS, meter_row(), strict=True)), 72, date(2024, 1, 1))
PAGES = (
    "/reports/overdue", "/reports/overdue?district=410702", "/reports/indicators/", "/reports/indicators/first_pass",
    "/reports/definitions/", "/reports/targets/", "/reports/statements/", "/reports/statements/1", "/reports/statements/2",
    "/reports/saved/", "/reports/saved/1/edit", "/reports/subscriptions/", "/reports/lists/",
    "/reports/lists/?about=instruments&by=district&sum=in_use&sum=overdue", "/lots/", "/lots/1", "/lots/2", "/exchange/",
    "/exchange/1?finding=different", "/exchange/1?finding=doubtful", "/tasks/", "/tasks/1",
)  # fmt: skip
SPLIT_DAYS = """() => {
  const split = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const found of node.data.matchAll(/\\d{4}-\\d{2}-\\d{2}/g)) {
      const range = document.createRange();
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) split.push(found[0]);
    }
  }
  return split;
}"""


def _fill(bench: Bench) -> None:
    """A certified lot and one that is read, a comparison that differs, statements, kept reports; a manager to look at them."""
    with bench.app.app_context():
        session = db.session()
        team = create_team(session)
        manager = create_user(session, "manager", name="周局长")
        manager.email, manager.password = "manager@bureau.example.cn", hash_password(PASSWORD)
        people = {role: team.actor(role) for role in ("verifier", "checker", "approver")}
        people |= {"officer": actor_of(create_user(session, "officer")), "manager": actor_of(manager)}
        for number in range(1, 25):
            certify(session, team, create_scale(session, f"SC{number:03d}", type_code=TYPE))
        late = create_scale(session, "SC900")
        late.district_code, late.state, late.due_basis = "410702", "in_use", "ledger"
        late.due_date, late.last_verified_on = TODAY - days(9), TODAY - days(374)
        history = History(session, City([METER]), {"cold_water_meter": [team.standard.id]}, people=people)
        certify_lot(history, TODAY - days(40), count=31)
        begin_lot(history, today=TODAY, now=NOW, count=8)
        file_statements(session, people, today=TODAY, now=NOW)
        compare_ledgers(session, people, today=TODAY, now=NOW)
        keep_reports(session, people, now=NOW)
        keep_figures(session, today=TODAY)
        session.commit()
        db.session.remove()


@pytest.mark.timeout(240)
def test_reports_fit_a_phone_in_both_languages(tmp_path: Path) -> None:
    bench = Bench("sqlite", tmp_path, "phone")
    Context().run(_fill, bench)
    faults: list[str] = []
    with browser() as chromium, served(bench.app) as base:
        page: Any = chromium.new_context(viewport=PHONE, timezone_id="Asia/Shanghai").new_page()
        watch(page, faults)
        sign_in(page, base, "manager@bureau.example.cn", PASSWORD)
        for path in PAGES:
            for language in ("zh_Hans_CN", "en"):
                answer = page.goto(f"{base}{path}{'&' if '?' in path else '?'}lang={language}")
                where = f"{path} {language}"
                if answer.status != 200:
                    faults.append(f"{where}: {answer.status}")
                if (width := page.evaluate("document.documentElement.scrollWidth")) > PHONE["width"]:
                    faults.append(f"{where}: {width} wide")
                faults += [f"{where}: {day} is split" for day in page.evaluate(SPLIT_DAYS)]
    assert not faults, "\n".join(faults)


@pytest.mark.timeout(240)
def test_on_paper_lists_are_tables_and_the_overdue_report_two_pages(tmp_path: Path) -> None:
    """Paper is as narrow as a phone: what is meant for phones must not come out on it."""
    bench = Bench("sqlite", tmp_path, "paper")
    Context().run(_fill, bench)
    with browser() as chromium, served(bench.app) as base:
        page: Any = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
        sign_in(page, base, "manager@bureau.example.cn", PASSWORD)
        lengths = {}
        for path in ("/reports/overdue", "/lots/1"):
            page.goto(f"{base}{path}?lang=en")
            lengths[path] = len(pypdfium2.PdfDocument(page.pdf(format="A4")))
        page.set_viewport_size({"width": 718, "height": 1016})
        page.emulate_media(media="print")
        page.goto(f"{base}/lots/1?lang=en")
        row = page.locator("table.is-cards tbody tr").first
        assert row.evaluate("row => getComputedStyle(row).display") == "table-row"
    assert lengths["/reports/overdue"] <= 2
    assert lengths["/lots/1"] <= 3
