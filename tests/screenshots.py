"""``make screenshots``: every page as every role on the example city, at both sizes, light and dark, and in English, each a picture.

Some pages are shown narrowed too, or with another thing. ``python -m tests.screenshots manager lots exchange`` takes only the
pages of a role whose endpoints have one of the words. They stand in build/screenshots/index.html. Ends with 1 when a page answers 500, logs an error in the console, or scrolls sideways on the phone.
"""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from sqlalchemy import text

from metrology import create_app
from metrology.domain.authority import ACTIONS
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.settings import ROOT, load
from tests.chromium import SIZES, browser, served, sign_in, watch

OUT = ROOT / "build" / "screenshots"
SAMPLES = {
    "instrument_id": "select id from instrument where last_verified_on is not null and due_basis = 'certificate' order by id desc limit 1",
    "holder_id": "select holder_id from instrument where due_basis = 'certificate' order by id limit 1",
    "place_id": "select id from place where parent_id is null order by id limit 1",
    "verification_id": "select id from verification where state = 'approved' order by id desc limit 1",
    "certificate_id": "select id from certificate where standing = 'valid' order by id desc limit 1",
    "standard_id": "select id from measurement_standard order by id limit 1",
    "visit_id": "select id from visit order by id desc limit 1",
    "batch_id": "select id from ledger_batch order by id limit 1",
    "notice_id": "select id from notice order by id desc limit 1",
    "user_id": "select id from \"user\" where email like 'verifier%' order by id limit 1",
    "institute_id": "select id from institute order by id limit 1",
    "code": "select code from certificate where standing = 'valid' order by id desc limit 1",
    "public_code": "select public_code from instrument where due_basis = 'certificate' order by id desc limit 1",
    "types.detail:code": "select 'fuel_dispenser'",
    "scan.instrument:code": "select public_code from instrument where due_basis = 'certificate' order by id desc limit 1",
    "verifications.edit:verification_id": "select id from verification where state = 'draft' order by id desc limit 1",
    "task_id": "select id from task order by id desc limit 1",
    "statement_id": "select id from statement order by id limit 1",
    "webhook_id": "select id from webhook_endpoint order by id limit 1",
    "equipment.certificate:certificate_id": "select id from equipment_certificate order by id desc limit 1",
    "api_tokens.new:user_id": "select id from \"user\" where email like :role || '%' order by id limit 1",
    "lot_id": "select id from lot order by id desc limit 1",
    "reconciliation_id": "select id from reconciliation order by id desc limit 1",
    "saved_id": "select s.id from saved_report s join \"user\" u on u.id = s.owner_id where u.email like :role || '%' limit 1",
    "indicators.detail:code": "select 'first_pass'",
    "lots.certificate:code": "select code from lot where certificate_number <> '' order by id desc limit 1",
    "api_docs.area:area": "select 'instruments'",
}
OWN = "(select holder_id from \"user\" where email like 'holder%')"
HOLDER_SAMPLES = {
    "instrument_id": f"select id from instrument where holder_id = {OWN} and due_basis = 'certificate' order by id limit 1",
    "holder_id": f"select {OWN}",
    "certificate_id": "select c.id from certificate c join instrument i on i.id = c.instrument_id "
    f"where c.standing = 'valid' and i.holder_id = {OWN} order by c.id limit 1",
}
"""What a holder's account may see of its own."""
PAST_DAY = (clock.today_cn() - timedelta(days=60)).isoformat()
NARROWED = {
    "reports.overdue": {"past": f"as_of={PAST_DAY}", "district": "district=410702"},
    "indicators.dashboard": {"past": f"as_of={PAST_DAY}", "last-year": "period=last-year"},
    "indicators.detail": {"district": "district=410702"},
    "own_lists.build": {
        "grouped": "about=instruments&by=district&sum=in_use&sum=overdue",
        "late": "about=instruments&type=fuel_dispenser&due=overdue",
    },
    "exchange.detail": {one: f"finding={one}" for one in ("doubtful", "theirs_only", "ours_only", "unreadable")},
    "lots.detail": {"faulty": "which=faulty"},
}
"""Endpoint → name of a picture and what its address says besides."""
OTHERS = {
    "lots.detail": {"draft": {"lot_id": "select id from lot where state = 'draft'"}},
    "statements.detail": {"draft": {"statement_id": "select id from statement where state = 'draft'"}},
}
"""Endpoint → name of a picture and another sample."""
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
LEFT_OUT = (
    *(
        "static",
        "languages.switch",
        "security.",
        "health.",
        "_fs",
        ".xlsx",
        ".csv",
        ".pdf",
        ".xml",
        ".ics",
        "_svg",
        "progress",
    ),
    *("verify_page.token", "verify_page.worker", "verify_page.manifest", "trust."),
    *("choices", "suggest", ".group", "export", "attachments", "template", "refused", "links."),
)


def pages(app: Flask, role: str) -> Iterator[tuple[str, str]]:
    """(name, path) of every page the role may open, with a sample for each argument; then the same narrowed, and with others."""
    samples: dict[str, Any] = {}
    for name, query in {**SAMPLES, **(HOLDER_SAMPLES if role == "holder" else {})}.items():
        samples[name] = db.session.execute(text(query), {"role": role}).scalar()
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        if "GET" not in (rule.methods or ()) or any(part in rule.endpoint or part in rule.rule for part in LEFT_OUT):
            continue
        if rule.rule.startswith("/api/") and rule.endpoint not in ("api_docs.docs", "api_docs.area"):
            continue  # for programs: JSON behind a token is no picture
        action = getattr(app.view_functions[rule.endpoint], "action", None)
        if action is not None and role not in ACTIONS[action]:
            continue
        values = {name: samples.get(f"{rule.endpoint}:{name}", samples.get(name)) for name in rule.arguments}
        if None in values.values():
            continue
        with app.test_request_context():
            path = url_for(rule.endpoint, **values)
            yield rule.endpoint, path
            for name, query in NARROWED.get(rule.endpoint, {}).items():
                yield f"{rule.endpoint}-{name}", f"{path}?{query}"
            for name, queries in OTHERS.get(rule.endpoint, {}).items():
                found = {key: db.session.execute(text(query)).scalar() for key, query in queries.items()}
                if None not in found.values():
                    yield f"{rule.endpoint}-{name}", url_for(rule.endpoint, **{**values, **found})


def accounts(path: Path) -> dict[str, tuple[str, str]]:
    """Role → (address, password), as the example city wrote them down."""
    found: dict[str, tuple[str, str]] = {}
    for line in path.read_text().splitlines():
        role, email, password = line.split()
        found.setdefault(role, (email, password))
    return found


def shoot(
    chromium: Any, base: str, role: str, account: tuple[str, str] | None, paths: list[tuple[str, str]]
) -> list[str]:
    """Take the pictures of one role; the faults seen."""
    faults: list[str] = []
    for scheme, language in (("light", "zh"), ("dark", "zh"), ("light", "en")):
        for size, viewport in SIZES.items():
            context = chromium.new_context(viewport=viewport, color_scheme=scheme, locale=LOCALES[language])
            page = context.new_page()
            watch(page, faults)
            if account:
                sign_in(page, base, *account)
            folder = OUT / role / f"{size}-{scheme}-{language}"
            folder.mkdir(parents=True, exist_ok=True)
            for name, path in paths:
                try:
                    page.goto(
                        f"{base}{path}{'&' if '?' in path else '?'}lang={LANGUAGES[language]}",
                        wait_until="load",
                        timeout=20_000,
                    )
                except Exception as fault:  # noqa: BLE001 - a download, or a page that hangs: told, not hidden
                    if "Download" not in str(fault):
                        faults.append(f"{role} {path}: {fault}")
                    continue
                wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
                if wide and size == "phone":
                    faults.append(f"{role} {path}: wider than the phone")
                page.screenshot(path=str(folder / f"{name}.png"), full_page=True)
            context.close()
    return faults


def write_index() -> None:
    """A page with every picture."""
    lines = [
        "<!doctype html><meta charset=utf-8><title>Screenshots</title><style>img{max-width:100%;border:1px solid #ccc}</style>"
    ]
    for folder in sorted(path for path in OUT.glob("*/*") if path.is_dir()):
        lines.append(f"<h2>{html.escape(str(folder.relative_to(OUT)))}</h2>")
        lines += [
            f"<h3>{html.escape(image.stem)}</h3><a href='{image.relative_to(OUT)}'><img loading=lazy src='{image.relative_to(OUT)}'></a>"
            for image in sorted(folder.glob("*.png"))
        ]
    (OUT / "index.html").write_text("\n".join(lines))


def main() -> int:
    """Take them all."""
    instance = Path(os.environ.get("METROLOGY_INSTANCE", str(ROOT / "instance" / "demo")))
    if not (instance / "accounts.txt").exists():
        print("No example city: run `make demo` once.")
        return 1
    app = create_app(load({"METROLOGY_INSTANCE": str(instance), "METROLOGY_SCHEDULER": "0"}))
    known = accounts(instance / "accounts.txt")
    roles = ["guest", *known]
    chosen = [one for one in sys.argv[1:] if one in roles] or roles
    words = [one for one in sys.argv[1:] if one not in roles]
    faults: list[str] = []
    with served(app) as base, browser() as chromium:
        for role in chosen:
            with app.app_context():
                paths = [one for one in pages(app, role) if not words or any(word in one[0] for word in words)]
            print(f"{role}: {len(paths)} pages", flush=True)
            faults += shoot(chromium, base, role, known.get(role), paths)
    write_index()
    print(*faults, sep="\n")
    print(f"{len(faults)} faults; {OUT / 'index.html'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
