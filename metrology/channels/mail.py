"""E-mail through apprise. Every try of a notice carries the same Message-ID, so that a second copy can be dropped."""

from __future__ import annotations

import re
import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apprise import NotifyFormat
from apprise.attachment.memory import AttachMemory
from apprise.exception import AppriseException
from apprise.plugins.email import NotifyEmail
from apprise.plugins.email.smtp import AppriseSMTPController

from metrology.channels.outcome import NotSent, NotSetUp

_MESSAGE_ID = re.compile(r"^Message-ID: .*$", re.MULTILINE)
ADDRESS_REFUSED = range(550, 554)
"""SMTP answers that say the mailbox is not there or wants nothing (RFC 5321 4.2.3)."""


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that goes with a mail."""

    name: str
    media_type: str
    data: bytes


class _Letter(NotifyEmail):
    """apprise's e-mail, with a Message-ID of ours and faults that say what happened."""

    message_id = ""
    further_headers: Mapping[str, str] = {}
    files: Sequence[MailFile] = ()

    def send(self, body: str, title: str = "", **_rest: Any) -> bool:
        """Send to every target; raise what went wrong."""
        with AppriseSMTPController(
            host=self.smtp_host,
            port=self.port,
            secure_mode=self.secure_mode,
            user=self.user,
            password=self.password,
            verify_certificate=self.verify_certificate,
            socket_connect_timeout=self.socket_connect_timeout,
        ) as smtp:
            for message in NotifyEmail.prepare_emails(
                subject=title,
                body=body,
                notify_format=NotifyFormat.TEXT,
                from_addr=self.from_addr,
                to=self.targets,
                smtp_host=self.smtp_host,
                headers={"X-Application": "metrology", **self.further_headers},
                attach=[AttachMemory(content=one.data, name=one.name, mimetype=one.media_type) for one in self.files],
                names=self.names,
                tzinfo=self.tzinfo,
            ):
                text = _MESSAGE_ID.sub(f"Message-ID: <{self.message_id}>", message.body, count=1)
                smtp._socket.sendmail(self.from_addr[1], message.to_addrs, text)  # noqa: SLF001 - sendmail() hides the fault
        return True


def send_mail(
    smtp_url: str,
    *,
    sender: str,
    recipient: str,
    subject: str,
    body: str,
    message_id: str,
    files: Sequence[MailFile] = (),
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send one plain-text message, with files and further headers. Raises NotSetUp without a server, NotSent when it did not go.

    ``smtp_url`` is an apprise URL (``mailtos://user:password@smtp.example.cn:465``).
    """
    if not smtp_url:
        raise NotSetUp("METROLOGY_SMTP_URL is empty")
    facts = NotifyEmail.parse_url(smtp_url)
    if not facts:
        raise NotSetUp("METROLOGY_SMTP_URL is no apprise mail URL")
    facts["targets"] = [recipient]
    if sender:
        facts["from_addr"] = sender
    try:
        letter = _Letter(**facts)
        letter.message_id = message_id
        letter.files, letter.further_headers = files, headers or {}
        letter.send(body, title=" ".join(subject.split()))
    except smtplib.SMTPRecipientsRefused as fault:
        code, answer = next(iter(fault.recipients.values()))
        raise NotSent(f"{code} {answer!r}", is_final=code in ADDRESS_REFUSED) from fault
    except (OSError, smtplib.SMTPException, RuntimeError, AppriseException, TypeError) as fault:
        raise NotSent(f"{type(fault).__name__}: {fault}") from fault
