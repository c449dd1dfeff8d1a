"""Every page as every role: what ``domain.authority`` allows answers, everything else is refused, foreign things are not there.

The expectation comes from ``view.action``; pages of Flask-Security and static files stand in tables here. A page with
neither ``requires`` nor ``public``, and a rule whose arguments no sample fills, fails with what to do about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from metrology.domain.authority import ACTIONS, ROLES, allowed_actions
from metrology.persistence import clock
from metrology.persistence.database import db
from metrology.web.requests import SAFE
from tests.conftest import Bench
from tests.people import create_user, sign_in
from tests.records import create_team
from tests.tokens import create_token
from tests.web.samples import ASKED, MAKERS, SCOPED, World, maker_of

STATIC = {"static", "bootstrap.static"}
LIBRARY: dict[str, str] = {
    # page of Flask-Security → who is let in: "all" (it shows a form or leads to log-in), "signed" (a guest is sent to log in),
    # "guest" (who is signed in is sent away)
    "security.login": "all",
    "security.logout": "all",
    "security.change_password": "signed",
    "security.verify": "signed",
    "security.mf_recovery_codes": "signed",
    "security.two_factor_setup_validate": "signed",
    "security.two_factor_setup": "all",
    "security.two_factor_token_validation": "all",
    "security.two_factor_rescue": "all",
    "security.mf_recovery": "all",
    "security.tf_select": "all",
}
OWN_ONLY = {
    *("sessions.end", "lists.remove"),
    *("api_tokens.new", "api_tokens.rotate", "api_tokens.revoke", "api_papers.package"),
    *(f"subscriptions.{name}" for name in ("edit", "change", "pause", "resume", "send_now", "end")),
    *("own_lists.file", "own_lists.progress", "own_lists.fetch"),
    *("saved_reports.edit", "saved_reports.change", "saved_reports.remove", "saved_reports.restore"),
    *("packages.detail", "packages.progress", "packages.fetch"),
    *("verification_approvals.detail", "verification_approvals.progress", "verification_approvals.package"),
}
"""Pages that know only what belongs to the very account: to all others what they ask for is not there."""
WITHOUT_TOKEN: set[str] = {"subscriptions.left", "public_api.statuses"}
"""Pages that take unsafe requests without a CSRF token, because they believe no cookie."""
TOKEN_ONLY = {"api_account.this_token", "api_account.rotate", "api_account.revoke"}
"""Operations of the API about the very token: every token may, and nothing else."""
COOKIE = "metrology"
HOME, FOREIGN = "410702", "410703"
STAFF_OF_DISTRICT = ("manager", "officer", "verifier", "checker", "approver")


def is_api(rule: Rule) -> bool:
    """Whether an address is an operation of the API: asked with a token, and no cookie is believed."""
    return (
        rule.rule.startswith("/api/v1/")
        and rule.endpoint.startswith("api_")
        and not rule.endpoint.startswith("api_docs")
    )


class City:
    """An application with two districts that each hold one of everything, and an account for each role."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench("sqlite", folder, "access")
        self.app: Flask = self.bench.app
        self.app.config["PROPAGATE_EXCEPTIONS"] = False  # a page that fails answers 500 and is listed like all others
        self.rules = [rule for rule in self.app.url_map.iter_rules() if rule.endpoint not in STATIC]
        self.addresses: dict[tuple[str, str], str] = {}
        self.asked: dict[tuple[str, str], dict[str, Any]] = {}
        self.cookies: dict[str, str] = {}
        self.missing: list[str] = []
        self.now = clock.now_utc()
        with self.app.app_context():
            self._fill(db.session())
            db.session.commit()
            db.session.remove()

    def _fill(self, session: Session) -> None:
        team = create_team(session)
        home, foreign = World(session, HOME, "home", team), World(session, FOREIGN, "away", team)
        for world in (home, foreign):
            self._address(world)
        self.tokens: dict[str, str] = {}
        for role in ROLES:
            self.cookies[role] = self._signed_in(session, home, role)
        self.cookies["district"] = self._signed_in(session, home, *STAFF_OF_DISTRICT, district_code=HOME)

    def _signed_in(self, session: Session, home: World, *roles: str, **fields: Any) -> str:
        if "holder" in roles:
            fields["holder_id"] = home.holder.id
        if {"verifier", "checker", "approver"} & set(roles):
            fields["institute_id"] = home.team.institute.id
        client = self.app.test_client()
        user = create_user(session, *roles, **fields)
        self.tokens["district" if "district_code" in fields else roles[0]] = create_token(session, user)
        sign_in(client, user)
        cookie = client.get_cookie(COOKIE)
        assert cookie is not None
        return cookie.value

    def ask(self, who: str, method: str, rule: Rule, world: str = "home") -> TestResponse:
        """Ask for a page in a browser that has nothing but the cookie of its log-in; an operation of the API with a token."""
        client = self.app.test_client()
        given = self.asked.get((world, rule.endpoint), {})
        if is_api(rule):
            headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}
            more = {"query_string": given} if method in SAFE else {"json": given}
            return client.open(self.address(rule, world) or "", method=method, headers=headers, **more)
        if who in self.cookies:
            client.set_cookie(COOKIE, self.cookies[who])
        address = self.address(rule, world) or ""
        return client.open(address, method=method, **{"query_string" if method in SAFE else "data": given})

    def _address(self, world: World) -> None:
        made: dict[str, Any] = {}
        with self.app.test_request_context():
            for rule in self.rules:
                names = {argument: maker_of(rule.endpoint, argument) for argument in rule.arguments}
                lacking = [argument for argument, name in names.items() if name is None]
                if lacking:
                    self.missing.append(f"{rule.endpoint} ({rule}): {', '.join(lacking)}")
                    continue
                for name in names.values():
                    if name not in made:
                        made[name] = MAKERS[name](world)
                built = rule.build({argument: made[name] for argument, name in names.items()})
                assert built is not None
                self.addresses[world.name, rule.endpoint + str(rule)] = built[1]
                if rule.endpoint in ASKED:
                    self.asked[world.name, rule.endpoint] = ASKED[rule.endpoint](world)

    def address(self, rule: Rule, world: str = "home") -> str | None:
        return self.addresses.get((world, rule.endpoint + str(rule)))

    def action(self, rule: Rule) -> Any:
        return getattr(self.app.view_functions[rule.endpoint], "action", "none said")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = City(tmp_path_factory.mktemp("access"))
    yield made
    made.bench.remove()


@pytest.fixture
def _nothing_stays(monkeypatch: pytest.MonkeyPatch, city: City) -> None:
    """What a request writes is undone at its end, and time stands still: no walk changes what the next one meets."""
    monkeypatch.setattr(Session, "commit", Session.flush)
    monkeypatch.setattr(clock, "now_utc", lambda: city.now)


def _methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def test_every_page_says_who_may(city: City) -> None:
    silent = {rule.endpoint for rule in city.rules if city.action(rule) == "none said"} - set(LIBRARY)
    assert not silent, f"put @requires(action) or @public on: {sorted(silent)}"
    assert {rule.endpoint for rule in city.rules} >= set(LIBRARY), "a page of Flask-Security listed here is gone"
    named = {city.action(rule) for rule in city.rules} - {None, "none said"}
    assert named <= set(ACTIONS)


def test_every_address_can_be_filled(city: City) -> None:
    assert not city.missing, "add a maker to tests/web/samples.py for:\n" + "\n".join(sorted(set(city.missing)))


def _faults(city: City, who: str, roles: frozenset[str]) -> Iterator[str]:
    mine = allowed_actions(roles)
    for rule in city.rules:
        address = city.address(rule)
        if address is None:
            continue
        for method in _methods(rule):
            answer = city.ask(who, method, rule)
            leads_to_login = answer.status_code == 302 and answer.location.startswith("/login")
            fault = _fault(city, rule, method, answer, leads_to_login, mine, is_guest=who == "guest")
            if fault:
                yield f"{who} {method} {address} ({rule.endpoint}): {fault}, but {answer.status_code} {answer.location or ''}"
            answer.close()


def _fault(
    city: City, rule: Rule, method: str, answer: Any, leads_to_login: bool, mine: frozenset[str], *, is_guest: bool
) -> str | None:
    status = answer.status_code
    if status >= 500:
        return (
            None if rule.endpoint == "health.ready" else "no page may fail"
        )  # a test's database was not migrated: not ready
    action = city.action(rule)
    if is_guest and is_api(rule):
        return None if status == 401 else "a guest should be refused"
    if rule.endpoint in TOKEN_ONLY:
        return "every token should be let in" if status in (401, 403, 404) else None
    if action == "none said":
        return _library_fault(LIBRARY.get(rule.endpoint, ""), status, leads_to_login, is_guest=is_guest)
    if action is None:
        return "should be open to everyone" if status in (401, 403) or (leads_to_login and method in SAFE) else None
    if is_guest:
        if method in SAFE:
            return None if leads_to_login else "a guest should be sent to log in"
        return None if status == 401 else "a guest should be refused"
    if action not in mine:
        return None if status == 403 else f"{action} should be refused"
    if status in (401, 403) or leads_to_login:
        return f"{action} should be allowed"
    if status == 404 and rule.endpoint not in OWN_ONLY:
        return "the sample should be there"
    return None


def _library_fault(expected: str, status: int, leads_to_login: bool, *, is_guest: bool) -> str | None:
    if expected == "signed" and is_guest:
        return None if leads_to_login else "a guest should be sent to log in"
    return "should be let in" if status in (401, 403, 404) else None


@pytest.mark.usefixtures("_nothing_stays")
@pytest.mark.parametrize("role", ["guest", *ROLES])
def test_each_role_may_what_the_table_says(city: City, role: str) -> None:
    faults = list(_faults(city, role, frozenset({role}) & frozenset(ROLES)))
    assert not faults, "\n".join(faults)


@pytest.mark.usefixtures("_nothing_stays")
@pytest.mark.parametrize(("who", "roles"), [("district", STAFF_OF_DISTRICT), ("holder", ("holder",))])
def test_foreign_things_are_not_there(city: City, who: str, roles: tuple[str, ...]) -> None:
    mine = allowed_actions(roles)
    faults = []
    for rule in city.rules:
        address, action = city.address(rule, "away"), city.action(rule)
        names = {maker_of(rule.endpoint, argument) for argument in rule.arguments}
        if address is None or action is None or action not in mine or not (names & SCOPED or rule.endpoint in ASKED):
            continue
        for method in _methods(rule):
            status = city.ask(who, method, rule, "away").status_code
            # A program that sends no body is told so before anything is looked up, whatever the address names.
            if status != 404 and not (status == 422 and rule.endpoint.startswith("api_")):
                faults.append(f"{who} {method} {address} ({rule.endpoint}): {status}")
    assert not faults, "\n".join(faults)


def test_no_unsafe_request_without_a_token(city: City) -> None:
    city.app.config["WTF_CSRF_ENABLED"] = True
    try:
        faults = []
        for rule in city.rules:
            for method in set(_methods(rule)) - set(SAFE):
                address = city.address(rule)
                if address is None or rule.endpoint in WITHOUT_TOKEN or is_api(rule):
                    continue
                status = city.ask("administrator", method, rule).status_code
                if status != 400:
                    faults.append(f"{method} {address} ({rule.endpoint}): {status}")
        assert not faults, "\n".join(faults)
    finally:
        city.app.config["WTF_CSRF_ENABLED"] = False


INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.usefixtures("_nothing_stays")
@pytest.mark.parametrize("who", ["guest", "administrator", "officer", "verifier", "holder"])
def test_pages_carry_their_headers_and_nothing_inline(city: City, who: str) -> None:
    faults = []
    for rule in city.rules:
        address = city.address(rule)
        if address is None or "GET" not in (rule.methods or ()):
            continue
        answer = city.ask(who, "GET", rule)
        policy = answer.headers.get("Content-Security-Policy", "")
        framed = not re.search("frame-ancestors 'none'|sandbox", policy)
        if "unsafe" in policy or "default-src 'none'" not in policy or framed:
            faults.append(f"{address}: policy {policy}")
        faults += [f"{address}: {name}" for name, value in HEADERS.items() if answer.headers.get(name) != value]
        if answer.headers.get("Referrer-Policy") not in ("same-origin", "no-referrer"):
            faults.append(f"{address}: Referrer-Policy")
        if answer.mimetype == "text/html" and (found := INLINE.search(answer.text)):
            faults.append(f"{address}: inline {answer.text[max(0, found.start() - 40) : found.end() + 40]!r}")
        answer.close()
    assert not faults, "\n".join(faults)


def test_the_walk_would_find_an_unguarded_page(city: City) -> None:
    """The walk itself is tried: with ``requires`` taken for granted, the officer gets to the accounts."""
    rule = next(rule for rule in city.rules if rule.endpoint == "users.listing")
    open_to_all = frozenset(ROLES)
    answer = city.ask("officer", "GET", rule)
    assert _fault(city, rule, "GET", answer, False, allowed_actions(open_to_all), is_guest=False) is not None
