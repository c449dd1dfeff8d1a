"""Packages: papers of many instruments in one ZIP, asked for from a list, a place or a holder, and fetched when ready."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from metrology.persistence.certificates import Certificate
from metrology.persistence.database import db
from metrology.persistence.holders import Holder
from metrology.persistence.instruments import Instrument
from metrology.persistence.places import Place
from metrology.persistence.printing import PaperPackage
from metrology.persistence.scope import within
from metrology.persistence.tasks import Task
from metrology.services import packaging
from metrology.web import listing
from metrology.web.certificate_lists import CERTIFICATES
from metrology.web.chosen import chosen_keys
from metrology.web.flashes import say
from metrology.web.kept_files import hand_out
from metrology.web.listing import BulkAction
from metrology.web.progress import progress_of
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires
from metrology.web.requests import settings as installation

blueprint = Blueprint("packages", __name__, url_prefix="/packages")


def _own(package_id: int) -> PaperPackage:
    found: PaperPackage = or_404(packaging.own(db.session(), actor(), package_id))
    return found


@blueprint.get("/", endpoint="listing")
@requires("package.make")
def own_list() -> str:
    """The packages of the one who asks."""
    return render_template("packages/listing.html", packages=packaging.own_packages(db.session(), actor()))


@blueprint.post("/certificates")
@requires("package.make")
@told_at("certificates.listing")
def of_certificates() -> BaseResponse:
    """Of certificates chosen in their list, or all that match."""
    keys = chosen_keys(CERTIFICATES, request.form, limit=packaging.MOST)
    return _asked(_("Certificates"), keys)


listing.add_bulk_action(
    "certificates",
    BulkAction(label=_l("Download as ZIP"), endpoint="packages.of_certificates", action="package.make"),
)


@blueprint.post("/places/<int:place_id>")
@requires("package.make")
@told_at("certificates.listing")
def of_place(place_id: int) -> BaseResponse:
    """What stands of all instruments of a market or station, and of what stands in it."""
    statement = within(select(Place).where(Place.id == place_id), actor(), Place)
    place: Place = or_404(db.session.scalar(statement))
    inside = select(Place.id).where(Place.path.startswith(place.path, autoescape=True))
    return _asked(place.full_name or place.name, _standing(Instrument.place_id.in_(inside)))


@blueprint.post("/holders/<int:holder_id>")
@requires("package.make")
@told_at("certificates.listing")
def of_holder(holder_id: int) -> BaseResponse:
    """What stands of all instruments of a holder, a fuel company for instance."""
    statement = within(select(Holder).where(Holder.id == holder_id), actor(), Holder)
    holder: Holder = or_404(db.session.scalar(statement))
    return _asked(holder.name, _standing(Instrument.holder_id == holder.id))


def _standing(which: object) -> list[int]:
    """Keys of the documents that stand of some instruments within the scope of the one who asks."""
    instruments = within(select(Instrument.id).where(which), actor())  # type: ignore[arg-type]
    statement = select(Certificate.id).where(
        Certificate.instrument_id.in_(instruments), Certificate.standing == "valid"
    )
    return list(db.session.scalars(statement.order_by(Certificate.id).limit(packaging.MOST + 1)))


def _asked(title: str, keys: list[int]) -> BaseResponse:
    language = request.form.get("language", "zh")
    package = packaging.ask(db.session(), actor(), str(title), keys, language, now=now())
    say(_("%(count)s papers are being packed.", count=package.papers), "info")
    return redirect(url_for(".detail", package_id=package.id))


@blueprint.get("/<int:package_id>")
@requires("package.make")
def detail(package_id: int) -> str:
    """A package: how far it is, or the file."""
    package = _own(package_id)
    task = db.session.get(Task, package.task_id) if package.task_id else None
    return render_template(
        "packages/detail.html", package=package, task=task, index=packaging.INDEX, manifest=packaging.MANIFEST
    )


@blueprint.get("/<int:package_id>/progress")
@requires("package.make")
def progress(package_id: int) -> Response:
    """How far it is, for the page that watches it."""
    task = or_404(db.session.get(Task, _own(package_id).task_id or 0))
    return progress_of(task)


@blueprint.get("/<int:package_id>.zip")
@requires("package.make")
def fetch(package_id: int) -> Response:
    """The file itself, streamed from the disk."""
    package = _own(package_id)
    return hand_out(
        package,
        packaging.file_of(installation().shared, package),
        kind="application/zip",
        name=f"certificates-{package.id}.zip",
        title=f"{package.title}.zip",
        note=lambda session: packaging.note_fetched(session, actor(), package, now=now()),
    )
