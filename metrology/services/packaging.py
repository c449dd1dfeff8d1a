"""Papers of a whole market or fuel company in one ZIP file: the PDFs, an index sheet, and a manifest of their hashes.

Made in the background in the instance folder, fetched by the one who asked until it expires. A paper that is no longer what
was issued is left out and listed.
"""

from __future__ import annotations

import hashlib
import secrets
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from metrology.documents.spreadsheet_out import ListColumn, write_xlsx
from metrology.documents.workbook import Cell
from metrology.domain.authority import Actor
from metrology.domain.problems import Problem
from metrology.persistence.certificates import Certificate
from metrology.persistence.instruments import Instrument
from metrology.persistence.journal import record
from metrology.persistence.printing import PaperPackage
from metrology.services import cleaning, paper, tasks
from metrology.services.paper import Press

TASK: Final = "papers.package"
MOST: Final = 5_000
MOST_AT_ONCE: Final = 3
KEPT: Final = timedelta(days=7)
INDEX: Final = "00-index.xlsx"
MANIFEST: Final = "SHA256SUMS.txt"
_EVERY: Final = 10
Step = Callable[..., None]
_HEADINGS: Final = (
    "序号 No.", "证书编号 Certificate", "种类 Kind", "器具 Instrument", "型号 Model", "出厂编号 Serial number", "使用单位 Holder",
    "地点 Place", "检定日期 Verified on", "有效期至 Valid until", "状态 Standing", "文件 File", "SHA-256",
)  # fmt: skip
_KINDS: Final = {
    "verification_certificate": "检定证书", "rejection_notice": "检定结果通知书", "calibration_certificate": "校准证书",
}  # fmt: skip


def ask(
    session: Session, actor: Actor, title: str, keys: Sequence[int], language: str, *, now: datetime
) -> PaperPackage:
    """Ask for a package of these certificates; it is made in the background."""
    if actor.user_id is None:
        raise Problem("person_needed")
    if not keys:
        raise Problem("nothing_selected")
    if len(keys) > MOST:
        raise Problem("too_many_selected", limit=MOST)
    if language not in paper.LANGUAGES:
        raise Problem("bad_choice", "language")
    making = select(func.count()).where(PaperPackage.made_for_id == actor.user_id, PaperPackage.state == "making")
    if (session.scalar(making) or 0) >= MOST_AT_ONCE:
        raise Problem("packages_under_way", limit=MOST_AT_ONCE)
    package = PaperPackage(
        title=cleaning.words("title", title, 200) or "—", made_for_id=actor.user_id, state="making", papers=len(keys),
        asked_at=now,
    )  # fmt: skip
    session.add(package)
    session.flush()
    arguments = {"package_id": package.id, "keys": list(keys), "language": language}
    package.task_id = tasks.enqueue(session, actor, TASK, arguments, now=now, total=len(keys)).id
    changes: dict[str, list[Any]] = {"papers": [None, len(keys)], "title": [None, package.title]}
    record(session, actor, "package.asked", package, at=now, changes=changes)
    session.flush()
    return package


def folder_of(instance: Path) -> Path:
    """Where packages lie."""
    return instance / "packages"


def file_of(instance: Path, package: PaperPackage) -> Path:
    """The file of a package; its name says nothing."""
    return folder_of(instance) / f"{package.id}-{package.sha256[:32]}.zip"


def own(session: Session, actor: Actor, package_id: int) -> PaperPackage | None:
    """A package of the one who asks: nobody fetches another's."""
    return session.scalar(
        select(PaperPackage).where(PaperPackage.id == package_id, PaperPackage.made_for_id == actor.user_id)
    )


def own_packages(session: Session, actor: Actor, limit: int = 50) -> list[PaperPackage]:
    """The packages of the one who asks, the latest first."""
    statement = select(PaperPackage).where(PaperPackage.made_for_id == actor.user_id)
    return list(session.scalars(statement.order_by(PaperPackage.id.desc()).limit(limit)))


# -- making


def make(
    session: Session,
    arguments: dict[str, Any],
    *,
    press: Press,
    instance: Path,
    now: Callable[[], datetime],
    step: Step,
) -> dict[str, Any]:
    """Make the file. Started again after half the work, it begins anew: a ZIP cut off is worth nothing."""
    package = session.get_one(PaperPackage, int(arguments["package_id"]))
    if package.state != "making":
        return {"papers": package.papers}
    folder = folder_of(instance)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f"{package.id}-{secrets.token_hex(6)}.part"
    try:
        rows, left_out = _fill(session, part, arguments, press, step)
        size, digest = part.stat().st_size, _hash_of(part)
        package = session.get_one(PaperPackage, package.id)
        package.papers, package.size, package.sha256 = rows, size, digest
        package.state, package.expires_at = "ready", now() + KEPT
        part.replace(file_of(instance, package))
    finally:
        part.unlink(missing_ok=True)
    session.flush()
    return {"papers": rows, "left_out": left_out}


def _fill(session: Session, part: Path, arguments: dict[str, Any], press: Press, step: Step) -> tuple[int, int]:
    keys: list[int] = arguments["keys"]
    sums: list[str] = []
    index: list[list[Cell]] = []
    left_out = 0
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for place, key in enumerate(keys, 1):
            certificate = session.get(Certificate, key, options=_OPTIONS)
            if certificate is None:
                continue
            name, digest = f"{_plain(certificate.number)}.pdf", ""
            try:
                body = paper.pdf(session, certificate, arguments["language"], press)
            except Problem as problem:
                name, left_out = f"— {problem.code}", left_out + 1
            else:
                digest = hashlib.sha256(body).hexdigest()
                archive.writestr(name, body)
                sums.append(f"{digest}  {name}")
            index.append(_row(place, certificate, name, digest))
            if place % _EVERY == 0:
                session.expunge_all()
                step(place, len(keys), certificate.number)
        sheet = write_xlsx([ListColumn(heading) for heading in _HEADINGS], index, title="证书目录")
        with sheet:
            data = sheet.read()
        archive.writestr(INDEX, data)
        sums.append(f"{hashlib.sha256(data).hexdigest()}  {INDEX}")
        archive.writestr(MANIFEST, "\n".join(sums) + "\n")
    return len(index) - left_out, left_out


_OPTIONS = (
    joinedload(Certificate.instrument).joinedload(Instrument.holder),
    joinedload(Certificate.instrument).joinedload(Instrument.place),
)


def _row(place: int, certificate: Certificate, name: str, digest: str) -> list[Cell]:
    one = certificate.instrument
    return [
        str(place), certificate.number, _KINDS.get(certificate.kind, certificate.kind),
        f"{one.type.name_zh} {one.part_label}".strip(), one.model, one.serial_number, one.holder.name if one.holder else None,
        (one.place.full_name or one.place.name) if one.place else None, certificate.verified_on, certificate.valid_until,
        certificate.standing, name, digest or None,
    ]  # fmt: skip


def _plain(number: str) -> str:
    """A certificate number as the name of a file."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in number) or "certificate"


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def note_fetched(session: Session, actor: Actor, package: PaperPackage, *, now: datetime) -> None:
    """Note that it was fetched: it holds names and addresses of many."""
    changes: dict[str, list[Any]] = {"papers": [None, package.papers], "sha256": [None, package.sha256]}
    record(session, actor, "package.fetched", package, at=now, changes=changes)
