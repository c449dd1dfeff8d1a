"""The commands for keys and for a code, as an operator types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from metrology.documents.key_ring import KeyRing
from metrology.persistence import clock
from metrology.services import certificate_codes, keys, status_lists
from tests.archive.make_certificate_code_v1 import FILE, GOOD_TEXT
from tests.conftest import NOW
from tests.records import certify, create_scale, create_team, scale_readings

ARCHIVE = json.loads(FILE.read_text())
AT = ["--at", "2026-11-25T04:00:00Z"]


@pytest.fixture(autouse=True)
def ring(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    monkeypatch.setattr(clock, "now_utc", lambda: NOW)
    ring = KeyRing(tmp_path / "keys", "https://jl.example.cn")
    ring.ensure(NOW)
    keys.use(ring)
    return ring


def run(app: Flask, *words: str, typed: str = "") -> tuple[int, str]:
    answer = app.test_cli_runner().invoke(args=list(words), input=typed)
    return answer.exit_code, answer.output


# -- keys


def test_the_list_names_every_key_and_where_it_is(app: Flask, ring: KeyRing) -> None:
    code, said = run(app, "keys", "list")
    assert code == 0
    assert "Key list 1, issued 2026-11-22, good until 2027-02-22." in said
    assert [said.count(word) for word in ("  here", "certificate ", "root (current)  here")] == [6, 1, 1]


def test_the_yearly_rotation_with_the_root_away(app: Flask, ring: KeyRing, tmp_path: Path) -> None:
    stick, request, signed = (str(tmp_path / name) for name in ("stick", "request.json", "signed.json"))
    assert run(app, "keys", "move-root", stick, typed="a long passphrase\na long passphrase\n")[0] == 0
    code, said = run(app, "keys", "rotate")
    assert (code, "The root is not on this machine" in said) == (0, True)
    assert run(app, "keys", "request", request)[0] == 0
    code, said = run(app, "keys", "sign-list", request, signed, "--root", stick, typed="a wrong passphrase\n")
    assert (code, "key_not_opened" in said) == (1, True)
    code, said = run(app, "keys", "sign-list", request, signed, "--root", stick, typed="a long passphrase\n")
    assert (code, "Key list 2" in said, said.count("active")) == (0, True, 8)
    assert run(app, "keys", "import-list", signed) == (0, "Published: key list 2.\n")
    assert run(app, "keys", "import-list", signed)[0] == 1


def test_a_stolen_key(app: Flask, ring: KeyRing, session: Session) -> None:
    certificate = certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    session.commit()
    stolen = str(certificate.signed_by)
    code, said = run(app, "keys", "revoke", stolen, "--since", "2026-11-22T01:00:00Z", "--reason", "laptop stolen")
    assert (code, said) == (0, "Published: key list 2.\n")
    code, said = run(app, "keys", "sign-again", stolen, "--journal-size", "0")
    assert (code, certificate.number in said) == (1, True)
    assert run(app, "keys", "sign-again", stolen, "--journal-size", "100000") == (0, "Signed again: 1.\n")
    assert run(app, "keys", "revoke", stolen, "--since", "last week")[0] == 2
    assert run(app, "keys", "retire", "0000000000000000")[0] == 1


def test_nothing_is_left_to_sign(app: Flask) -> None:
    assert run(app, "keys", "sign-missing") == (0, "Signed: 0.\n")


def test_after_a_restored_backup_a_new_shard_begins(app: Flask, session: Session) -> None:
    status_lists.take_index(session)
    session.commit()
    assert run(app, "keys", "new-shard")[0] == 0
    assert status_lists.take_index(session) // 131_072 == 1


def test_the_root_rolls_and_the_list_is_renewed(app: Flask) -> None:
    assert "Published: key list 2" in run(app, "keys", "roll-root")[1]
    assert run(app, "keys", "renew-list") == (0, "Published: key list 3.\n")


# -- verify-code


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    roots = [{**one} for one in ARCHIVE["roots"].values()]
    contents = {
        "keys": ARCHIVE["key_lists"]["usual"],
        "roots": json.dumps({"roots": roots[:1]}),
        **ARCHIVE["status_lists"],
    }
    folder = tmp_path / "files"
    folder.mkdir()
    for name, content in contents.items():
        (folder / name).write_text(content)
    return {name: str(folder / name) for name in contents}


def test_a_code_is_checked_by_files_alone(app: Flask, files: dict[str, str]) -> None:
    lists = ["--keys", files["keys"], "--roots", files["roots"], "--status", files["usual"], *AT]
    code, said = run(app, "verify-code", GOOD_TEXT, *lists)
    assert code == 0
    assert said.startswith("valid — green\n  serial: SC100001\n  result: conforms\n")
    assert run(app, "verify-code", "-", *lists, typed=GOOD_TEXT)[0] == 0


def test_each_word_has_its_exit_code(app: Flask, files: dict[str, str]) -> None:
    lists = ["--keys", files["keys"], "--roots", files["roots"], "--status", files["usual"], *AT]
    numbers = {
        "revoked": 10, "superseded": 11, "rejected": 12, "under review": 35, "a leading zero": 20,
        "a stranger under our key id": 21, "no digits": 30, "a key id of nobody": 33,
    }  # fmt: skip
    for name, number in numbers.items():
        one = next(one for one in ARCHIVE["codes"] if one["name"] == name)
        code, said = run(app, "verify-code", one["text"], *lists, "--json")
        assert (name, code, json.loads(said)["word"]) == (name, number, one["expect"]["word"])


def test_lists_that_are_refused_are_named(app: Flask, files: dict[str, str]) -> None:
    lists = ["--keys", files["keys"], "--roots", files["roots"], *AT]
    code, said = run(app, "verify-code", GOOD_TEXT, *lists, "--status", files["short"])
    assert (code, "refused, wrong_length" in said) == (39, True)
    code, said = run(app, "verify-code", GOOD_TEXT, "--keys", files["keys"], *AT)  # our own roots did not sign it
    assert (code, "unknown_root" in said) == (1, True)
    assert run(app, "verify-code", GOOD_TEXT, *lists, "--at", "some day")[0] == 2


def test_our_own_certificate_by_our_own_list(app: Flask, session: Session, tmp_path: Path) -> None:
    certificate = certify(session, create_team(session), create_scale(session), scale_readings(kind="initial"))
    row = status_lists.renew(session, 0, now=NOW)
    assert row is not None
    (tmp_path / "status").write_text(row.token)
    text = certificate_codes.text_of(certificate, "P1", "https://jl.example.cn")
    assert run(app, "verify-code", text)[0] == 39
    assert run(app, "verify-code", text, "--status", str(tmp_path / "status"))[0] == 0
    assert run(app, "verify-code", text, "--status", str(tmp_path / "status"), "--at", "2027-11-22")[0] == 14
