"""Reports and public pages from a real streaming replica: they go there, writes never do, and nothing old is shown for long."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from metrology import create_app
from metrology.documents.key_ring import KeyRing
from metrology.persistence import clock, database, defences
from metrology.persistence.certificates import Certificate
from metrology.persistence.database import REPLICA, db, transaction
from metrology.persistence.replica import Replica
from metrology.services import ending, keys, scanning_at_once, signing_in
from metrology.services.preparing import prepare
from metrology.services.settings import KeptSettings
from metrology.settings import load
from metrology.web.health import head_revision
from tests.conftest import NOW, TODAY, Browser
from tests.people import create_user, sign_in
from tests.records import Team, actor_of, certify, create_scale, create_team, scale_readings
from tests.streaming import HAVE_PROGRAMS, LACKING, Pair, streaming
from tests.web.test_administration import SETTINGS

_teams: dict[str, Team] = {}
pytestmark = pytest.mark.skipif(not HAVE_PROGRAMS, reason=LACKING)
BOUND = 5.0


@dataclass
class Site:
    """The registry on a primary with its replica, and what each of the two was asked."""

    app: Flask
    pair: Pair
    asked: dict[str, list[str]] = field(default_factory=lambda: {"primary": [], "replica": []})
    later: float = 0.0
    breaks: list[Any] = field(default_factory=list)
    """What to do before the next question of the public page."""

    @property
    def replica(self) -> Replica:
        found: Replica = self.app.extensions[REPLICA]
        return found

    def listen(self) -> None:
        """Keep the statements of each engine; let the replica's clock be the test's."""
        self.replica._ticks = lambda: clock.ticks() + self.later  # type: ignore[method-assign]
        with self.app.app_context():
            for name, engine in (("primary", db.engine), ("replica", db.engines[REPLICA])):
                event.listen(
                    engine,
                    "before_cursor_execute",
                    lambda _c, _cursor, statement, *_r, said=self.asked[name]: said.append(statement),
                )
        quick = database.ask

        def ask(statement: str, parameters: Any) -> Any:
            self.asked["replica" if database.is_on_replica() else "primary"].append(statement)
            if self.breaks:
                self.breaks.pop()()
            return quick(statement, parameters)

        scanning_at_once.ask = ask  # type: ignore[attr-defined]

    def of(self, server: str, table: str) -> int:
        """How many statements about a table a server was asked."""
        return sum(f"FROM {table}" in one or f"JOIN {table}" in one for one in self.asked[server])

    def begin(self) -> None:
        """As if nothing had happened: the replica follows, and is known to."""
        self.pair.resume()
        self.later += 60
        self.pair.catch_up()
        assert self.replica.serves()
        for said in self.asked.values():
            said.clear()

    def end_connections(self) -> None:
        """The replica's administrator ends what is connected."""
        self.pair.replica.ask(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'metrology' and pid <> pg_backend_pid()"
        )

    def client(self) -> FlaskClient:
        return self.app.test_client()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with streaming() as pair:
        pair.primary.ask("create database metrology")
        folder = tmp_path_factory.mktemp("replica")
        site = Site(_app(pair, folder), pair)
        site.listen()
        yield site
        scanning_at_once.ask = database.ask  # type: ignore[attr-defined]
        with site.app.app_context():
            for engine in db.engines.values():
                engine.dispose()


def _app(pair: Pair, folder: Path) -> Flask:
    settings = load(
        {
            "METROLOGY_INSTANCE": str(folder),
            "DATABASE_URL": pair.primary.url("metrology"),
            "DATABASE_REPLICA_URL": pair.replica.url("metrology"),
        }
    )
    app = create_app(dataclasses.replace(settings, scheduler=False))
    keys.ring().ensure(NOW)
    app.test_client_class = Browser
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    with app.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("create extension if not exists pg_trgm"))
            db.metadata.create_all(connection)
            defences.apply(connection)
        with transaction(db.session()):
            prepare(db.session())
            db.session.execute(
                text("create table alembic_version as select :head as version_num"), {"head": head_revision()}
            )
        db.session.remove()
    return app


@pytest.fixture
def site(running: Site, set_today: Any) -> Site:
    set_today(TODAY)
    keys.use(KeyRing(running.app.config["METROLOGY"].instance / "keys", "http://127.0.0.1:8000"))
    if not (running.pair.replica.folder / "postmaster.pid").exists():
        running.pair.replica.start()
    running.begin()
    return running


@pytest.fixture
def team(site: Site) -> Iterator[Team]:
    """The one team of the module; what it changes is committed."""
    with site.app.app_context():
        session = db.session()
        made = _teams.get("the") or create_team(session)
        parts = {field.name: session.merge(getattr(made, field.name)) for field in dataclasses.fields(Team)}
        _teams["the"] = Team(**parts)
        session.commit()
        yield _teams["the"]
        session.rollback()


@pytest.fixture
def certificate(site: Site, team: Team) -> Certificate:
    session = db.session()
    scale = create_scale(session, f"S{session.query(Certificate).count()}")
    made = certify(session, team, scale, scale_readings(kind="initial"))
    session.commit()
    site.begin()
    return made


def _revoke(certificate: Certificate, team: Team) -> None:
    session = db.session()
    officer = actor_of(create_user(session, "officer"))
    proposed = ending.propose(session, officer, certificate, "revocation", "检定对象与铭牌不符", now=NOW)
    ending.confirm(session, actor_of(team.approver), proposed, today=TODAY, now=NOW)
    session.commit()


def test_the_public_page_and_the_report_are_read_from_the_replica(site: Site, certificate: Certificate) -> None:
    assert "检定有效" in site.client().get(f"/c/{certificate.code}").text
    assert (site.of("primary", "certificate"), site.of("replica", "certificate") > 0) == (0, True)

    manager = site.client()
    sign_in(manager, create_user(db.session(), "manager"))
    site.begin()
    assert manager.get("/reports/overdue").status_code == 200
    assert site.of("replica", "district") > 0
    assert site.of("primary", "district") == 0
    assert site.of("replica", "login_session") == 0, "who is signed in is asked of the primary"


def test_what_is_not_marked_is_read_from_the_primary(site: Site, certificate: Certificate) -> None:
    officer = site.client()
    sign_in(officer, create_user(db.session(), "officer"))
    site.begin()
    assert officer.get(f"/instruments/{certificate.instrument_id}").status_code == 200
    assert site.asked["replica"] == []


def _version() -> str:
    """Of the settings: tests before this one may have changed them."""
    return str(KeptSettings(db.session()).version)


def test_nothing_is_written_to_the_replica(site: Site, certificate: Certificate) -> None:
    admin = site.client()
    sign_in(admin, create_user(db.session(), "administrator"))
    site.begin()
    for address in (f"/c/{certificate.code}", f"/api/public/status/{certificate.code}", "/c/none-of-ours-0000000000"):
        admin.get(address)
    admin.post("/settings/change", data={**SETTINGS, "version": _version()})
    assert site.asked["replica"]
    assert {one.split()[0].lower() for one in site.asked["replica"]} == {"select"}


def test_a_revoked_certificate_is_called_valid_no_longer_than_the_bound(
    site: Site, certificate: Certificate, team: Team
) -> None:
    site.pair.pause()
    _revoke(certificate, team)
    guest = site.client()
    assert "检定有效" in guest.get(f"/c/{certificate.code}").text, "the replica was read, and is paused"
    site.later += BOUND
    assert "已失效" in guest.get(f"/c/{certificate.code}").text
    assert guest.get(f"/api/public/status/{certificate.code}").json["standing"] == "revoked"
    site.pair.resume()
    site.pair.catch_up()
    site.later += BOUND
    site.asked["replica"].clear()
    assert "已失效" in guest.get(f"/c/{certificate.code}").text
    assert site.of("replica", "certificate") > 0, "having caught up, it is read again"


def test_who_has_just_written_sees_it(site: Site, certificate: Certificate) -> None:
    admin = site.client()
    sign_in(admin, create_user(db.session(), "administrator"))
    site.begin()
    site.pair.pause()
    said = {**SETTINGS, "bureau_name": "示范市监局", "version": _version()}
    answer = admin.post("/settings/change", data=said)
    assert answer.status_code == 302
    kept = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith("wrote="))
    assert "Max-Age=6" in kept, "a second longer than what is read may be old"
    assert "HttpOnly" in kept
    assert "示范市监局" in admin.get(f"/c/{certificate.code}").text
    assert "示范市监局" not in site.client().get(f"/c/{certificate.code}").text


def test_a_page_asked_for_without_cookies_sets_none(site: Site, certificate: Certificate) -> None:
    answer = site.client().post("/api/public/status", json=[certificate.code])
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_session_ended_at_the_primary_is_ended_here(site: Site, team: Team) -> None:
    manager, user = site.client(), create_user(db.session(), "manager")
    sign_in(manager, user)
    site.begin()
    site.pair.pause()
    assert manager.get("/reports/overdue").status_code == 200
    signing_in.end_sessions(db.session(), actor_of(user), user, now=clock.now_utc())
    db.session.commit()
    assert manager.get("/reports/overdue").status_code == 302


def test_a_replica_that_stops_is_not_missed(site: Site, certificate: Certificate) -> None:
    guest = site.client()
    assert guest.get(f"/c/{certificate.code}").status_code == 200
    site.pair.replica.stop()
    assert "检定有效" in guest.get(f"/c/{certificate.code}").text
    site.later += 60
    assert "检定有效" in guest.get(f"/c/{certificate.code}").text
    assert guest.get("/readyz").json["replica"]["read"] is False
    site.pair.replica.start()
    site.begin()
    assert "检定有效" in guest.get(f"/c/{certificate.code}").text
    assert site.of("replica", "certificate") > 0


def test_a_connection_that_breaks_within_a_page_is_not_noticed(site: Site, certificate: Certificate) -> None:
    def breaks() -> None:
        raise OperationalError("select", {}, psycopg.errors.AdminShutdown("terminating connection"))

    site.breaks.append(breaks)
    page = site.client().get(f"/c/{certificate.code}")
    assert (page.status_code, "检定有效" in page.text) == (200, True)
    assert (site.of("replica", "certificate"), site.of("primary", "certificate")) == (1, 1)


def test_a_report_whose_connection_breaks_is_made_from_the_primary(site: Site, team: Team) -> None:
    manager = site.client()
    sign_in(manager, create_user(db.session(), "manager"))
    site.begin()
    broken: list[str] = []

    def breaks(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not broken:
            broken.append(statement)
            site.end_connections()

    event.listen(db.engines[REPLICA], "before_cursor_execute", breaks)
    try:
        assert manager.get("/reports/overdue").status_code == 200
    finally:
        event.remove(db.engines[REPLICA], "before_cursor_execute", breaks)
    assert broken
    assert site.of("primary", "district") > 0


def test_the_primary_is_no_replica_of_itself(site: Site) -> None:
    with site.app.app_context():
        itself = Replica(db.engine, db.engine, bound=BOUND)
    assert not itself.serves()
    assert itself.age() is None
