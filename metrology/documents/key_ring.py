"""The keys of an installation: the folder ``instance/keys`` with its sealed private keys, root and published lists.

    issuing/<kid>.json     private keys that sign certificates, status lists, checkpoints, dumps
    root/<kid>.json        the root and the next root, until they are moved off the machine
    roots.json             their public halves: what our own checker trusts
    lists/000001.json …    every key list published, in order
    request.json           the next list, waiting for the root's signature

The folder is the truth. Hosts that serve one registry share it, as they share the keys of its cookies.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from metrology.documents import key_list, key_vault
from metrology.documents.code_checker import KeyList, Refused, open_key_list, roots_of
from metrology.documents.key_list import Content
from metrology.documents.key_vault import Seal, SigningKey
from metrology.domain.problems import Problem


class KeyRing:
    """What is in the folder, read when it is asked for and kept in memory until the lists change."""

    def __init__(self, folder: Path, origin: str, passphrase: str = "") -> None:
        self.folder = folder
        self.origin = origin
        """Scheme and host of the registry's public address, as codes carry it."""
        self.seal = Seal(folder, passphrase)
        self._opened: dict[str, SigningKey] = {}
        self._current: tuple[str, KeyList] | None = None

    # -- reading

    def latest(self) -> Path | None:
        """The file of the newest list."""
        return max((self.folder / "lists").glob("[0-9]*.json"), default=None)

    def body(self) -> str:
        """The newest list as it is published; empty before the first."""
        file = self.latest()
        return file.read_text() if file else ""

    def roots(self) -> list[Content]:
        """The public root keys."""
        file = self.folder / "roots.json"
        found: list[Content] = json.loads(file.read_text()) if file.is_file() else []
        return found

    def current(self, now: datetime) -> KeyList | None:
        """The newest list, checked as a stranger would check it; None before the first start."""
        file = self.latest()
        if file is None:
            return None
        if self._current is None or self._current[0] != file.name:
            try:
                self._current = (
                    file.name,
                    open_key_list(file.read_text(), roots_of(self.roots()), now=max(now, _written(file))),
                )
            except Refused as refusal:
                raise Problem("key_list_refused", word=refusal.word) from refusal
        return self._current[1]

    def signer(self, purpose: str, day: date, now: datetime) -> SigningKey | None:
        """The newest key of a purpose that may sign on a day and whose private part is here; None when there is none."""
        found = self.current(now)
        for key in sorted(found.keys if found else (), key=lambda one: one.sign_from, reverse=True):
            may_sign = key.purpose == purpose and key.state == "active" and key.sign_from <= day <= key.sign_until
            if may_sign and (key.kid in self._opened or (self.folder / "issuing" / f"{key.kid}.json").is_file()):
                return self.open(key.kid)
        return None

    def open(self, kid: str) -> SigningKey:
        """A private key that signs for the registry."""
        if kid not in self._opened:
            self._opened[kid] = self.seal.read(self.folder / "issuing" / f"{kid}.json")
        return self._opened[kid]

    # -- the first start

    def ensure(self, now: datetime) -> bool:
        """Make root, keys and first list where there are none; whether it did. Several processes may start at once."""
        if self.latest() is not None:
            return False
        with self.locked():
            if self.latest() is not None:
                return False
            roots = [key_vault.make("root"), key_vault.make("root")]
            issuing = [key_vault.make(purpose) for purpose in key_list.PURPOSES]
            for root in roots:
                self.seal.write(root, self.folder / "root" / f"{root.kid}.json")
            for key in issuing:
                self.keep(key)
            entries = [key_list.root_entry(root, role) for root, role in zip(roots, ("current", "next"), strict=True)]
            self._write_roots(entries)
            content = key_list.to_bytes(key_list.first(self.origin, entries, issuing, now))
            key_vault.write_private(self.folder / "lists" / "000001.json", key_list.signed(content, roots[:1]))
        return True

    # -- lists

    def next_content(self, now: datetime) -> Content:
        """The next list with the same keys, to be changed and published; it names the registry's present address.

        A request that waits for its signature is gone on from: two changes become one list.
        """
        waiting = self.folder / "request.json"
        if waiting.is_file():
            found: Content = json.loads(waiting.read_text())
            found["issued"], found["expires"] = (key_list.instant(one) for one in (now, now + key_list.LISTED))
            return key_list.with_origin(found, self.origin)
        content = key_list.content_of(self.body())
        return key_list.with_origin(key_list.following(json.loads(content), content, now), self.origin)

    def publish(self, content: Content, now: datetime) -> bool:
        """Sign and publish a list with the root that is here, or leave it as a request; whether it is published."""
        signers = root_keys(self.folder / "root", self.seal, content)
        if not signers:
            waiting = self.folder / "request.json"
            waiting.unlink(missing_ok=True)
            key_vault.write_private(waiting, key_list.to_bytes(content).decode())
            return False
        self.accept(key_list.signed(key_list.to_bytes(content), signers), now)
        return True

    def accept(self, envelope: str, now: datetime) -> KeyList:
        """Publish a signed list, if a checker that has the last one would accept it."""
        before = self.current(now)
        try:
            found = open_key_list(envelope, roots_of(self.roots()), now=now, kept=before)
        except Refused as refusal:
            raise Problem("key_list_refused", word=refusal.word) from refusal
        if before is not None and found.version != before.version + 1:
            raise Problem("key_list_refused", word="rollback")
        key_vault.write_private(self.folder / "lists" / f"{found.version:06d}.json", envelope)
        (self.folder / "request.json").unlink(missing_ok=True)
        self._write_roots(json.loads(key_list.content_of(envelope))["roots"])
        self._current = None
        return found

    def keep(self, key: SigningKey) -> None:
        """Keep a new private key."""
        self.seal.write(key, self.folder / "issuing" / f"{key.kid}.json")

    def forget(self, kid: str) -> None:
        """Destroy a private key; nothing more is signed with it from here."""
        self._opened.pop(kid, None)
        file = self.folder / "issuing" / f"{kid}.json"
        if file.is_file():
            key_vault.destroy(file)

    @property
    def has_root(self) -> bool:
        """Whether the current root's private part is on this machine."""
        return any(
            (self.folder / "root" / f"{one['kid']}.json").is_file() for one in self.roots() if one["role"] == "current"
        )

    def move_root(self, target: Path, passphrase: str) -> list[Path]:
        """Seal the roots under a passphrase in another folder, and destroy them here."""
        files = sorted((self.folder / "root").glob("*.json"))
        if not files:
            raise Problem("root_not_here")
        if len(passphrase) < 12:
            raise Problem("passphrase_too_short", "passphrase", least=12)
        away, written = Seal(target, passphrase), []
        for file in files:
            key = self.seal.read(file)
            away.write(key, target / file.name)
            if away.read(target / file.name).public != key.public:  # read back before the only other copy goes
                raise Problem("key_not_opened", file=file.name)
            written.append(target / file.name)
        for file in files:
            key_vault.destroy(file)
        return written

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time changes the folder."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write_roots(self, entries: list[Any]) -> None:
        file = self.folder / "roots.json"
        if file.is_file() and json.loads(file.read_text()) == entries:
            return
        partial = file.with_suffix(".new")
        partial.write_text(json.dumps(entries, indent=1) + "\n")
        partial.replace(file)


def root_keys(folder: Path, seal: Seal, content: Content) -> list[SigningKey]:
    """The roots kept in a folder that sign a list: all but the next one, which signs once its turn has come.

    When the next root takes over, the list is signed by both: a checker may know either.
    """
    waiting = {one["kid"] for one in content["roots"] if one["role"] == "next"}
    files = [file for file in sorted(folder.glob("*.json")) if file.stem not in waiting]
    return [key for key in map(seal.read, files) if key.purpose == "root"]


def _written(file: Path) -> datetime:
    """When the list in a file says it was issued: our own list is never "from the future" to ourselves."""
    return datetime.fromisoformat(json.loads(key_list.content_of(file.read_text()))["issued"])
