"""Why there is no broker: the one error of this room, and whose fault it looks like."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """What a connection failed of, or ended by."""

    UNREACHED = "unreached"
    """Nothing answers there."""
    REFUSED = "refused"
    """It answers, and one of us will not have the other: a certificate, a password, our files."""
    CLOSED = "closed"
    """The other side ended an open connection; MQTT 3.1.1 has no way to say why."""
    SILENT = "silent"
    """It is open, and nothing comes back any more."""


class BrokerDown(Exception):
    """The broker is out of reach, refused us, or went silent; the text says which."""

    def __init__(self, text: str, cause: Cause = Cause.UNREACHED) -> None:
        super().__init__(text)
        self.cause = cause
