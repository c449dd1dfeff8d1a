"""Photographs and documents of an instrument: added, looked at, removed. Served so that a browser only shows or saves them."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from metrology.domain.problems import Problem
from metrology.persistence.database import db
from metrology.persistence.instruments import Attachment, Instrument
from metrology.services import attaching
from metrology.web.flashes import say
from metrology.web.instruments import seen
from metrology.web.refusals import told_at
from metrology.web.requests import actor, now, or_404, requires

blueprint = Blueprint("attachments", __name__)


@blueprint.post("/instruments/<int:instrument_id>/files")
@requires("attachment.edit")
@told_at("instruments.detail", "instrument_id")
def create(instrument_id: int) -> BaseResponse:
    """Keep one or more files with an instrument."""
    instrument = seen(instrument_id)
    caption = request.form.get("caption", "")
    files = [one for one in request.files.getlist("file") if one.filename]
    if not files:
        raise Problem("file_empty", "file")
    for file in files:
        data = file.stream.read(attaching.LARGEST + 1)
        attaching.attach(db.session(), actor(), instrument, data, name=file.filename or "", caption=caption, now=now())
    say(_("The file was added.") if len(files) == 1 else _("The files were added."))
    return _back(instrument)


@blueprint.get("/files/<int:attachment_id>/<path:name>")
@requires("instrument.view")
def show(attachment_id: int, name: str) -> Response:
    """A file, named as it is kept."""
    attachment, _instrument = _found(attachment_id)
    if name != attachment.name:
        or_404(None)
    answer = Response(attachment.file.data, content_type=attachment.media_type)
    way = "inline" if attachment.media_type.startswith("image/") and "save" not in request.args else "attachment"
    answer.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{quote(attachment.name)}"
    # Whatever a file pretends to be, it runs nothing and reaches nothing.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'none'; sandbox"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


@blueprint.post("/instruments/<int:instrument_id>/files/<int:attachment_id>/remove")
@requires("attachment.edit")
@told_at("instruments.detail", "instrument_id")
def remove(instrument_id: int, attachment_id: int) -> BaseResponse:
    """Take a file away; its bytes stay in the record."""
    attachment, instrument = _found(attachment_id)
    if instrument.id != instrument_id:
        or_404(None)
    attaching.remove_attachment(db.session(), actor(), attachment, now=now(), instrument=instrument)
    say(_("The file was removed."))
    return _back(instrument)


def _found(attachment_id: int) -> tuple[Attachment, Instrument]:
    """A file of an instrument within the scope of the one who asks."""
    attachment: Attachment = or_404(db.session.get(Attachment, attachment_id))
    if attachment.removed_at is not None or attachment.object_kind != Instrument.__tablename__:
        or_404(None)
    return attachment, seen(attachment.object_id)


def _back(instrument: Instrument) -> BaseResponse:
    return redirect(url_for("instruments.detail", instrument_id=instrument.id, _anchor="files"))
