"""Messages to other systems by Standard Webhooks (standardwebhooks.com): how one is signed, and when it is tried again.

The signature is HMAC-SHA256 of ``id.timestamp.body``. While a secret is being replaced each message carries two signatures,
so that the receiver may change over at any moment of the overlap.

>>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
>>> [str(longest_pause(tries)) for tries in (1, 2, 5, 11, 40)]
['0:00:30', '0:01:00', '0:08:00', '6:00:00', '6:00:00']
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(hours=6)
GIVE_UP: Final = timedelta(hours=72)
"""An endpoint that has taken nothing for so long is paused."""
STATES: Final = ("active", "paused", "ended")
REASONS: Final = ("failing", "gone", "owner_inactive", "cursor_lost", "nothing_readable", "secret_unreadable")
"""Why the registry itself paused an endpoint; a person needs no reason."""
AT_MOST: Final = 200
"""Changes in one message."""


def secret_text(secret: bytes) -> str:
    """A secret as the receiver is given it."""
    return PREFIX + b64encode(secret).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message under a secret (``whsec_…``)."""
    key = b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secrets: tuple[str, ...], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a message: its id (the same at every try), when it is sent (Unix seconds), a signature for each secret."""
    signed = " ".join(signature(secret, message_id, timestamp, body) for secret in secrets)
    return {"webhook-id": message_id, "webhook-timestamp": str(timestamp), "webhook-signature": signed}


def longest_pause(tries: int) -> timedelta:
    """How long to wait at most after so many tries in vain: doubled each time, up to six hours."""
    doubled: int = 2 ** min(tries - 1, 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def pause(tries: int, chance: float) -> timedelta:
    """How long to wait; ``chance`` (0 to 1) takes up to a quarter off, so that many endpoints do not come back at once.

    >>> pause(2, 0.0), pause(2, 1.0)
    (datetime.timedelta(seconds=60), datetime.timedelta(seconds=45))
    """
    return longest_pause(tries) * (1 - chance / 4)


def pause_asked(retry_after: str, now: datetime) -> timedelta:
    """How long the receiver asks to be left alone by its ``Retry-After`` (seconds or a day and time, RFC 9110 10.2.3).

    Six hours at most, so that no answer silences an endpoint for good; what makes no sense asks for nothing.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> [str(pause_asked(said, noon)) for said in ("120", "Sun, 22 Nov 2026 12:05:00 GMT", "99999999999")]
    ['0:02:00', '0:05:00', '6:00:00']
    >>> [str(pause_asked(said, noon)) for said in ("", "soon", "-5", "\u0661", "Sun, 22 Nov 2026 11:00:00 GMT")]
    ['0:00:00', '0:00:00', '0:00:00', '0:00:00', '0:00:00']
    """
    said = retry_after.strip()
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said[:9])), LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(said)
    except ValueError:
        return timedelta()
    if at.tzinfo is None:  # "-0000": a time whose zone nobody says
        return timedelta()
    return min(max(at - now, timedelta()), LONGEST_PAUSE)
