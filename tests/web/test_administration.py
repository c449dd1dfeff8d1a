"""Pages of settings, people, institutes and the journal do what they say."""

from __future__ import annotations

import csv
import io
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from metrology.persistence.journal import JournalEntry, entry_hash, record
from metrology.persistence.people import Institute, Qualification, User
from metrology.services import settings as bureau
from metrology.services.signing_in import actor_of
from metrology.web import journal_words
from metrology.web.sentences import library
from tests.conftest import NOW, TODAY
from tests.people import create_user, sign_in

SETTINGS = {
    "bureau_name": "新乡市市场监督管理局", "bureau_name_en": "Xinxiang", "validity_rule": "anniversary",
    "certificate_number_template": "{body}{kind}{yyyy}{seq:06d}", "warn_days": "45", "complaint_phone": "12315",
    "complaint_url": "", "reminder_officer_digest": "y", "scan_alarm_networks": "40", "version": "0",
}  # fmt: skip
INSTITUTE = {"name": "计量中心", "short_code": "XXJL", "district_code": "", "is_active": "y"}


@pytest.fixture
def admin(client: FlaskClient, session: Session) -> User:
    user = create_user(session, "administrator", name="赵管理")
    sign_in(client, user)
    return user


def test_settings_are_changed_and_journalled(client: FlaskClient, admin: User, session: Session) -> None:
    assert client.post("/settings/change", data=SETTINGS).status_code == 302
    kept = bureau.read(session)
    assert (kept.validity_rule, kept.warn_days, kept.reminder_officer_digest) == ("anniversary", 45, True)
    told = {tuple(entry.changes) for entry in session.query(JournalEntry).filter_by(action="setting.changed")}
    assert ("warn_days",) in told
    assert ("complaint_phone",) not in told, "what stays the same is no change"


@pytest.mark.parametrize(
    "given",
    [{"certificate_number_template": "{yyyy}-{seq}"}, {"warn_days": "366"}, {"warn_days": "-1"}, {"bureau_name": " "},
     {"complaint_url": "javascript:alert(1)"}, {"validity_rule": "for_ever"}, {"scan_alarm_networks": "1"}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(
    client: FlaskClient, admin: User, session: Session, given: dict[str, str]
) -> None:
    assert client.post("/settings/change", data={**SETTINGS, **given}).status_code == 422
    assert bureau.read(session) == bureau.BureauSettings()


def test_the_auditor_reads_settings_and_changes_none(client: FlaskClient, session: Session) -> None:
    sign_in(client, create_user(session, "auditor"))
    page = client.get("/settings/").text
    assert page.count("<fieldset") == page.count(" disabled>")
    assert client.post("/settings/change", data=SETTINGS).status_code == 403


def test_institutes_and_qualifications_are_kept(client: FlaskClient, admin: User, session: Session) -> None:
    assert client.post("/institutes/new", data=INSTITUTE).status_code == 302
    row = session.query(Institute).one()
    form = {**INSTITUTE, "version": str(row.version), "name": "计量检测中心"}
    assert client.post(f"/institutes/{row.id}/edit", data=form).status_code == 302
    assert "计量检测中心" in client.get("/institutes/").text
    user = create_user(session, "verifier", name="王检定", institute_id=row.id)
    data = {
        "type_codes": ["digital_indicating_scale", "fuel_dispenser"], "certificate_number": "ZC-1", "grade": "registered_2",
        "valid_from": "2026-01-01", "valid_until": "2028-12-31",
    }  # fmt: skip
    assert client.post(f"/people/{user.id}/qualifications/new", data=data).status_code == 302
    assert session.query(Qualification).count() == 2
    assert client.post(f"/people/{user.id}/qualifications/new", data=data).status_code == 422
    one = session.query(Qualification).order_by(Qualification.id).first()
    changed = {**data, "type_codes": "fuel_dispenser", "certificate_number": "ZC-2", "version": str(one.version)}
    assert client.post(f"/people/qualifications/{one.id}/edit", data=changed).status_code == 302
    assert "ZC-2" in client.get(f"/people/{user.id}").text
    assert "王检定" in client.get(f"/people/?institute={row.id}&q=王").text


def test_half_of_a_refused_certificate_is_not_kept(client: FlaskClient, admin: User, session: Session) -> None:
    user = create_user(session, "verifier")
    session.add(
        Qualification(
            user_id=user.id, type_code="fuel_dispenser", certificate_number="ZC-1", valid_from=TODAY, valid_until=TODAY
        )
    )
    data = {
        "type_codes": ["digital_indicating_scale", "fuel_dispenser"], "certificate_number": "ZC-1", "grade": "",
        "valid_from": "2026-01-01", "valid_until": "2028-12-31",
    }  # fmt: skip
    assert client.post(f"/people/{user.id}/qualifications/new", data=data).status_code == 422
    assert session.query(Qualification).count() == 1


def _note(
    session: Session, user: User, count: int = 1, action: str = "setting.changed", key: str = "x", reason: str = ""
) -> None:
    for number in range(count):
        record(
            session,
            actor_of(user),
            action,
            ("registry_setting", key),
            at=NOW,
            changes={"a": [number, number + 1]},
            reason=reason,
        )
    session.commit()


def test_the_journal_is_paged_from_the_newest(client: FlaskClient, admin: User, session: Session) -> None:
    _note(session, admin, 120)
    page = client.get("/journal/").text
    assert re.findall(r'id="entry-(\d+)"', page)[0] == "120"
    assert len(re.findall(r'id="entry-(\d+)"', page)) == 50
    following = re.search(r'href="(/journal/\?before=\d+)"', page)
    assert following
    assert re.findall(r'id="entry-(\d+)"', client.get(following[1]).text)[0] == "70"


@pytest.mark.parametrize(
    ("query", "count"),
    [("action=setting", 2), ("action=setting.changed", 2), ("action=user", 1), ("kind=registry_setting&id=x", 3), ("who=赵管理", 3),
     ("who=Nobody", 0), ("since=2026-11-22&until=2026-11-22", 4), ("since=2026-11-23", 0), ("until=2026-11-21", 0),
     ("since=yesterday", 4)],
)  # fmt: skip
def test_the_journal_is_narrowed(client: FlaskClient, admin: User, session: Session, query: str, count: int) -> None:
    _note(session, admin, 2)
    _note(session, admin, action="user.changed")
    _note(session, create_user(session, name="别人"), action="institute.changed", key="y")
    assert len(re.findall(r'id="entry-(\d+)"', client.get(f"/journal/?{query}").text)) == count


def test_the_export_is_whole_harmless_and_its_chain_can_be_checked(
    client: FlaskClient, admin: User, session: Session
) -> None:
    _note(session, admin, 3, reason="=HYPERLINK(1)")
    answer = client.get("/journal/export.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="journal.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["seq"] for row in rows] == ["3", "2", "1"]
    assert rows[0]["reason"] == "'=HYPERLINK(1)"
    entry = session.get(JournalEntry, 3)
    facts = {
        column.key: getattr(entry, column.key)
        for column in JournalEntry.__table__.columns
        if column.key not in ("prev_hash", "hash")
    }
    facts["at"] = facts["at"].isoformat()
    assert entry_hash(rows[0]["prev_hash"], facts) == rows[0]["hash"]


def test_what_a_person_typed_is_shown_as_text(client: FlaskClient, admin: User, session: Session) -> None:
    _note(session, admin, reason="<script>alert(1)</script>")
    assert "<script>alert(1)" not in client.get("/journal/").text


def test_every_action_of_the_code_has_words() -> None:
    from pathlib import Path

    root = Path(journal_words.__file__).resolve().parent.parent
    found: set[str] = set()
    for folder in ("services", "web", "jobs", "cli"):
        for file in (root / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            found.update(re.findall(r'record\(\s*[^"]*?"([a-z_]+\.[a-z_]+)"', text))
    assert len(found) > 30
    lacking = {
        code
        for code in found
        if code.partition(".")[0] not in journal_words.NOUNS or code.partition(".")[2] not in journal_words.VERBS
    }
    assert not lacking, "add words to web/journal_words.py"


def test_flask_security_still_says_what_we_say_otherwise() -> None:
    from flask_security.core import _default_messages

    said = {str(sentence) for sentence, _kind in _default_messages.values()}
    assert set(library.SAID) <= said
