"""What goes with a notice beside its words: files of a report, and the header by which a mail program ends it with one click (RFC 8058)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import object_session, undefer

from metrology.channels.mail import MailFile
from metrology.channels.outcome import NotSent
from metrology.persistence.reminders import Notice
from metrology.persistence.saved_reports import NoticeFile
from metrology.services.subscribing import token_of
from metrology.settings import Settings

STOP_PATH = "/reports/unsubscribe/"


def files_of(notice: Notice) -> list[MailFile]:
    """The files of a notice. When they are no longer kept it is not sent: a report without its files would mislead."""
    key = notice.facts.get("delivery_id")
    session = object_session(notice)
    if not key or session is None:
        return []
    rows = session.scalars(
        select(NoticeFile)
        .where(NoticeFile.delivery_id == key)
        .order_by(NoticeFile.id)
        .options(undefer(NoticeFile.data))
    )
    found: list[MailFile] = []
    for row in rows:
        if row.data is None:
            raise NotSent("its files are no longer kept", is_final=True)
        found.append(MailFile(row.name, row.media_type, row.data))
    return found


def headers_of(notice: Notice, settings: Settings) -> dict[str, str]:
    """Further headers of a mail."""
    key = notice.facts.get("subscription_id")
    if not key:
        return {}
    url = f"{settings.public_url}{STOP_PATH}{token_of(settings.secret_key, int(key), notice.recipient)}"
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
