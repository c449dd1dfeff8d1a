"""What can become of sending: it went, it may go later, it will never go, or the channel is not set up here."""

from __future__ import annotations


class NotSent(Exception):  # noqa: N818 - named for what happened
    """The message did not go; ``is_final`` says that trying again is of no use."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final


class NotSetUp(NotSent):
    """No way to send over the channel is set up here: the notice is withheld until it has."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
