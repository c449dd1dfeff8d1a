"""The registry's keys: made once, sealed, rotated with overlap, and what is done when one is lost or stolen."""

from __future__ import annotations

import json
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from metrology.documents.code_checker import KeyList, Refused, Shade, check, open_key_list, open_status_list, roots_of
from metrology.documents.key_ring import KeyRing
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import JournalEntry, JournalHead
from metrology.services import certificate_codes, keys, moving, status_lists
from metrology.services.keys import signer
from tests.conftest import NOW, TODAY
from tests.records import OFFICER, certify, create_scale, create_team, scale_readings

ADMIN = Actor(None, "Zhao", frozenset({"administrator"}))
ORIGIN = "https://jl.example.cn"
INITIAL = scale_readings(kind="initial")


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """A registry at its first start."""
    ring = KeyRing(tmp_path / "keys", ORIGIN)
    ring.ensure(NOW)
    keys.use(ring)
    return ring


def seen(ring: KeyRing, now: datetime, kept: KeyList | None = None, roots: dict[str, str] | None = None) -> KeyList:
    """What a checker outside makes of the list that is published."""
    return open_key_list(ring.body(), roots or roots_of(ring.roots()), now=now, kept=kept)


def of(ring: KeyRing, purpose: str, now: datetime = NOW) -> list[str]:
    return [key.kid for key in seen(ring, now).keys if key.purpose == purpose]


def shade(session: Session, certificate: Certificate, now: datetime, list_: KeyList) -> Shade:
    """What an offline checker says that fetched both lists at this instant."""
    session.flush()
    shard = (certificate.status_index or 0) // 131_072
    row = status_lists.renew(session, shard, now=now)
    assert row is not None
    status = open_status_list(row.token, list_, now=now)
    return check(certificate_codes.text_of(certificate, "P1", ORIGIN), list_, {shard: status}, now=now)


# -- the first start


def test_the_first_start_makes_a_root_and_a_key_for_each_purpose_once(ring: KeyRing) -> None:
    before = ring.body()
    assert ring.ensure(NOW) is False
    assert ring.body() == before
    found = seen(ring, NOW)
    assert sorted(key.purpose for key in found.keys) == ["certificate", "dump", "journal", "status"]
    assert (found.version, found.origins, [one["role"] for one in ring.roots()]) == (1, (ORIGIN,), ["current", "next"])


def test_private_keys_are_sealed_and_their_owners_alone(ring: KeyRing) -> None:
    files = [*ring.folder.glob("issuing/*"), *ring.folder.glob("root/*"), ring.folder / "key_encryption_key"]
    assert len(files) == 7
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (ring.folder, ring.folder / "issuing")} == {0o700}
    key = ring.open(of(ring, "certificate")[0])
    private = key._private.private_bytes_raw()
    for file in ring.folder.rglob("*"):
        if file.is_file():
            assert private not in file.read_bytes()
            assert private.hex() not in file.read_text()
    assert "private" not in repr(key).lower().replace("_private", "")


def test_a_passphrase_seals_them(tmp_path: Path) -> None:
    KeyRing(tmp_path, ORIGIN, "correct horse battery").ensure(NOW)
    assert not (tmp_path / "key_encryption_key").exists()
    opened = KeyRing(tmp_path, ORIGIN, "correct horse battery")
    assert opened.signer("journal", TODAY, NOW) is not None
    with pytest.raises(Problem, match="key_not_opened"):
        KeyRing(tmp_path, ORIGIN, "wrong").signer("journal", TODAY, NOW)
    with pytest.raises(Problem, match="keys_locked"):
        KeyRing(tmp_path, ORIGIN).signer("journal", TODAY, NOW)


def test_a_sealed_file_that_was_touched_is_not_opened(ring: KeyRing) -> None:
    kid = of(ring, "status")[0]
    file = ring.folder / "issuing" / f"{kid}.json"
    facts = json.loads(file.read_text())
    file.write_text(json.dumps({**facts, "purpose": "certificate"}))
    with pytest.raises(Problem, match="key_not_opened"):
        ring.open(kid)


def test_a_list_that_was_touched_signs_nothing(ring: KeyRing) -> None:
    file = ring.latest()
    assert file is not None
    file.write_text(file.read_text().replace('"signature": "', '"signature": "AAAA', 1))
    with pytest.raises(Problem, match="key_list_refused"):
        signer("certificate", now=NOW)


def test_nothing_of_a_key_is_in_the_database(session: Session, ring: KeyRing) -> None:
    certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    private = ring.open(of(ring, "certificate")[0])._private.private_bytes_raw()
    for table in Certificate.metadata.sorted_tables:
        for row in session.execute(select(table)):
            assert all(private not in value for value in row if isinstance(value, bytes))
            assert private.hex() not in str(row)


# -- rotation


def test_rotation_overlaps_by_two_weeks(session: Session, ring: KeyRing) -> None:
    old = signer("certificate", now=NOW).kid
    kept = seen(ring, NOW)
    assert keys.rotate(session, ADMIN, ["certificate"], now=NOW)
    (new,) = set(of(ring, "certificate")) - {old}
    assert seen(ring, NOW, kept).version == 2
    assert [signer("certificate", day=TODAY + timedelta(days=days), now=NOW).kid for days in (0, 13, 14)] == [
        old,
        old,
        new,
    ]
    by = {key.kid: key for key in seen(ring, NOW).keys}
    assert (by[new].sign_from, by[old].sign_until) == (date(2026, 12, 6), date(2026, 12, 20))
    assert by[old].verify_until > date(2036, 1, 1)


def test_a_code_of_before_and_one_of_after_a_rotation_verify(session: Session, ring: KeyRing) -> None:
    team = create_team(session)
    before = certify(session, team, create_scale(session, "S1"), INITIAL)
    keys.rotate(session, ADMIN, now=NOW)
    later = NOW + timedelta(days=30)
    after = certify(session, team, create_scale(session, "S2"), INITIAL, today=date(2026, 12, 22))
    found = seen(ring, later)
    assert before.signed_by != after.signed_by
    assert [shade(session, one, later, found).word for one in (before, after)] == ["valid", "valid"]


def test_nobody_signs_with_a_key_whose_time_is_over(session: Session, ring: KeyRing) -> None:
    with pytest.raises(Problem, match="no_signing_key"):
        signer("certificate", day=date(2027, 12, 7), now=NOW)
    late = Certificate(number="XXJL-JD-2030-000001", code="AAECAwQFBgcICQoLDA0ODw")
    assert certificate_codes.sign(session, late, day=date(2030, 1, 8), now=NOW) is False
    assert (late.signed_by, late.label_code, late.status_index) == (None, None, None)  # issued with the address alone
    assert certificate_codes.text_of(late, "P2", ORIGIN) == f"{ORIGIN}/c/{late.code}"


def test_a_night_renews_and_rotates_while_the_root_is_here(session: Session, ring: KeyRing) -> None:
    assert keys.look_after(session, now=NOW) == []
    assert seen(ring, NOW).version == 1
    keys.look_after(session, now=NOW + timedelta(days=30))
    assert seen(ring, NOW + timedelta(days=30)).version == 2
    soon = NOW + timedelta(days=340)  # 39 days before the last day of the first keys
    keys.look_after(session, now=soon)
    assert len(of(ring, "certificate", soon)) == 2
    keys.look_after(session, now=soon)
    assert len(of(ring, "certificate", soon)) == 2
    assert signer("journal", now=NOW + timedelta(days=379)).kid == of(ring, "journal", soon)[1]


def test_a_new_address_is_listed_and_the_old_one_stays(session: Session, ring: KeyRing) -> None:
    old = certify(session, create_team(session), create_scale(session, "S1"), INITIAL)
    moved = KeyRing(ring.folder, "https://new.example.cn")
    keys.use(moved)
    assert (
        shade(session, old, NOW, seen(moved, NOW)).word == "valid"
    )  # until it is listed, lists go on under the old one
    keys.ensure(session, now=NOW)
    assert seen(moved, NOW).origins == ("https://new.example.cn", ORIGIN)
    assert shade(session, old, NOW, seen(moved, NOW)).word == "valid"
    keys.ensure(session, now=NOW)
    keys.look_after(session, now=NOW)
    assert seen(moved, NOW).version == 2


# -- the root, away from the machine


def test_the_root_is_moved_off_and_signs_there(session: Session, ring: KeyRing, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    with pytest.raises(Problem, match="passphrase_too_short"):
        keys.move_root(session, ADMIN, stick, "short", now=NOW)
    assert ring.has_root
    keys.move_root(session, ADMIN, stick, "a long passphrase", now=NOW)
    assert (ring.has_root, list(ring.folder.glob("root/*"))) == (False, [])

    assert keys.rotate(session, ADMIN, ["dump"], now=NOW) is False  # made, but not published
    assert (seen(ring, NOW).version, len(of(ring, "dump"))) == (1, 1)
    keys.rotate(session, ADMIN, ["journal"], now=NOW)  # a second change goes into the same request
    request = keys.request(now=NOW)
    with pytest.raises(Problem, match="key_not_opened"):
        keys.sign_request(request, stick, "another passphrase")
    signed = keys.sign_request(request, stick, "a long passphrase")
    keys.import_list(session, ADMIN, signed, now=NOW)
    assert (seen(ring, NOW).version, len(of(ring, "dump")), len(of(ring, "journal"))) == (2, 2, 2)
    with pytest.raises(Problem, match="rollback"):
        keys.import_list(session, ADMIN, signed, now=NOW)


def test_a_request_that_was_touched_is_not_signed(session: Session, ring: KeyRing, tmp_path: Path) -> None:
    keys.move_root(session, ADMIN, tmp_path / "stick", "a long passphrase", now=NOW)
    request = keys.request(now=NOW)
    with pytest.raises(Problem, match="request_unreadable"):
        keys.sign_request(request.replace(":", ": ", 1), tmp_path / "stick", "a long passphrase")
    foreign = KeyRing(tmp_path / "foreign", ORIGIN)
    foreign.ensure(NOW)
    signed = keys.sign_request(request, *_root_of(foreign))
    with pytest.raises(Problem, match="unknown_root"):
        keys.import_list(session, ADMIN, signed, now=NOW)


def _root_of(ring: KeyRing) -> tuple[Path, str]:
    target = ring.folder / "away"
    ring.move_root(target, "a long passphrase")
    return target, "a long passphrase"


def test_without_the_root_the_night_says_what_is_to_be_done(session: Session, ring: KeyRing, tmp_path: Path) -> None:
    keys.move_root(session, ADMIN, tmp_path / "stick", "a long passphrase", now=NOW)
    assert keys.look_after(session, now=NOW + timedelta(days=40)) == []
    (told,) = keys.look_after(session, now=NOW + timedelta(days=60))
    assert "list expires soon" in told
    assert len(keys.look_after(session, now=NOW + timedelta(days=345))) == 5


def test_a_checker_follows_when_the_root_rolls(session: Session, ring: KeyRing) -> None:
    pinned, kept = roots_of(ring.roots()), seen(ring, NOW)
    names = {one["role"]: one["kid"] for one in ring.roots()}
    keys.roll_root(session, ADMIN, None, "", now=NOW)
    rolled = seen(ring, NOW, kept, pinned)
    assert [one["kid"] for one in ring.roots() if one["role"] == "current"] == [names["next"]]
    assert names["current"] not in rolled.roots
    keys.renew(session, ADMIN, now=NOW)
    only_old = {names["current"]: pinned[names["current"]]}
    assert seen(ring, NOW, None, only_old).version == 3  # while the old root is kept, who slept through it can follow
    (ring.folder / "root" / f"{names['current']}.json").unlink()
    keys.renew(session, ADMIN, now=NOW)
    with pytest.raises(Refused, match="unknown_root"):
        seen(ring, NOW, None, only_old)
    assert seen(ring, NOW, rolled, dict(rolled.roots)).version == 4


# -- lost, and stolen


def test_a_lost_key_is_retired_and_what_it_signed_holds(session: Session, ring: KeyRing) -> None:
    team = create_team(session)
    before = certify(session, team, create_scale(session, "S1"), INITIAL)
    lost = str(before.signed_by)
    keys.retire(session, ADMIN, lost, now=NOW, reason="disk failed")
    after = certify(session, team, create_scale(session, "S2"), INITIAL)
    assert not (ring.folder / "issuing" / f"{lost}.json").exists()
    assert after.signed_by not in (None, lost)
    assert [shade(session, one, NOW, seen(ring, NOW)).word for one in (before, after)] == ["valid", "valid"]


def test_the_rehearsal_of_a_theft(session: Session, ring: KeyRing) -> None:
    """A certificate key was in other hands since the second day. The page of the operations guide, step by step."""
    team = create_team(session)
    days = [date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 20)]
    theft, now = datetime(2026, 11, 20, tzinfo=UTC), NOW
    old = certify(session, team, create_scale(session, "S1"), INITIAL, today=days[0])
    session.commit()
    checkpoint = session.scalars(select(JournalHead.seq)).one()  # what a checkpoint of before the theft names
    young = certify(session, team, create_scale(session, "S2"), INITIAL, today=days[2])
    session.commit()
    stolen = str(old.signed_by)
    kept = seen(ring, now)
    printed = certificate_codes.text_of(old, "P1", ORIGIN)
    forger = ring.open(stolen)  # the thief has it still
    assert [shade(session, one, now, kept).word for one in (old, young)] == ["valid", "valid"]

    # 1. revoke: a successor signs at once, the list says since when the key is not believed
    keys.revoke(session, ADMIN, stolen, theft, now=now, reason="laptop stolen")
    session.commit()
    told = seen(ring, now, kept)
    assert signer("certificate", now=now).kid != stolen
    assert [shade(session, one, now, told).word for one in (old, young)] == ["key_compromised", "key_revoked"]

    # 2. what the checkpoint of before the theft vouches for is signed again; the other is named
    done, doubtful = certificate_codes.sign_again(session, ADMIN, stolen, checkpoint, day=TODAY, now=now)
    old, young = (session.get_one(Certificate, one.id) for one in (old, young))
    assert (done, doubtful) == (1, [young.number])
    assert shade(session, old, now, told).word == "valid"
    assert shade(session, young, now, told).word == "key_revoked"

    # 3. what is printed already is amber without a network, and good on the live page; what the thief dates back is no better
    assert check(printed, told, {}, now=now).word == "key_compromised"
    forged = certificate_codes.facts_of(old, date(2026, 11, 1))
    text = certificate_codes.certificate_code.text(
        ORIGIN, old.code, certificate_codes.certificate_code.encode(forged, bytes(16), forger, "P1", ORIGIN)
    )
    assert check(text, told, {}, now=now).word == "forged"  # without the id it was signed for
    text = text.replace(old.code, "A" * 22)
    assert check(text, told, {}, now=now).word == "key_compromised"

    # 4. who still has the list of before is not rolled back to it
    with pytest.raises(Refused, match="rollback"):
        open_key_list(_first_list(ring), roots_of(ring.roots()), now=now, kept=told)
    with pytest.raises(Problem, match="key_still_signs"):
        certificate_codes.sign_again(session, ADMIN, str(old.signed_by), checkpoint, day=TODAY, now=now)


def _first_list(ring: KeyRing) -> str:
    return (ring.folder / "lists" / "000001.json").read_text()


def test_a_certificate_touched_by_hand_is_not_signed_again(session: Session, ring: KeyRing) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    stolen = str(certificate.signed_by)
    entry = session.scalars(select(JournalEntry).where(JournalEntry.action == "certificate.issued")).one()
    keys.revoke(session, ADMIN, stolen, NOW, now=NOW)
    assert certificate_codes.sign_again(session, ADMIN, stolen, entry.seq - 1, day=TODAY, now=NOW)[0] == 0
    assert certificate_codes.sign_again(session, ADMIN, stolen, entry.seq, day=TODAY, now=NOW)[0] == 1


def test_a_stolen_status_key_is_replaced_in_every_list(session: Session, ring: KeyRing) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    first = status_lists.renew(session, 0, now=NOW)
    assert first is not None
    old = first.token
    keys.revoke(session, ADMIN, of(ring, "status")[0], NOW, now=NOW)
    session.commit()
    assert status_lists.fresh(session, 0, now=NOW) is None
    with pytest.raises(Refused, match="unknown_key"):
        open_status_list(old, seen(ring, NOW), now=NOW)
    assert shade(session, certificate, NOW, seen(ring, NOW)).word == "valid"


def test_what_is_asked_wrongly_is_refused(session: Session, ring: KeyRing) -> None:
    with pytest.raises(Problem, match="key_unknown"):
        keys.revoke(session, ADMIN, "0" * 16, NOW, now=NOW)
    with pytest.raises(Problem, match="since_in_future"):
        keys.revoke(session, ADMIN, of(ring, "dump")[0], NOW + timedelta(seconds=1), now=NOW)
    with pytest.raises(Problem, match="purpose_unknown"):
        keys.rotate(session, ADMIN, ["tea"], now=NOW)


def test_every_step_is_in_the_journal(session: Session, ring: KeyRing, tmp_path: Path) -> None:
    keys.rotate(session, ADMIN, ["dump"], now=NOW)
    keys.revoke(session, ADMIN, of(ring, "dump")[0], NOW, now=NOW, reason="laptop stolen")
    keys.move_root(session, ADMIN, tmp_path / "stick", "a long passphrase", now=NOW)
    keys.renew(session, ADMIN, now=NOW)
    session.commit()
    entries = session.execute(select(JournalEntry.action, JournalEntry.reason).order_by(JournalEntry.seq)).all()
    assert [entry.action for entry in entries] == [
        "key.made", "key_list.published", "key.made", "key.revoked", "key_list.published", "key.moved", "key.moved",
        "key_list.requested",
    ]  # fmt: skip
    assert entries[3].reason == "laptop stolen"


# -- the status list follows at once


def test_the_list_follows_an_instrument_and_a_review(session: Session, ring: KeyRing) -> None:
    certificate = certify(session, create_team(session), create_scale(session), INITIAL)
    session.commit()
    found = seen(ring, NOW)
    scale = session.get_one(Instrument, certificate.instrument_id)
    assert shade(session, certificate, NOW, found).word == "valid"
    moving.move_instrument(session, OFFICER, scale, "suspended", cause="request", reason="停业", today=TODAY, now=NOW)
    assert shade(session, certificate, NOW, found).word == "under_review"
    moving.move_instrument(session, OFFICER, scale, "in_use", cause="restart", reason="复业", today=TODAY, now=NOW)
    assert shade(session, certificate, NOW, found).word == "valid"
    certificate.under_review = True
    assert shade(session, certificate, NOW, found).word == "under_review"
