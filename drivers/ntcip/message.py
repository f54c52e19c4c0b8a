"""SNMP messages (v1 and v2c) as bytes: GET requests out, responses in. The one room of pysnmp.

pysnmp knows the encoding; it takes milliseconds for a message, so a request is encoded once and
then only its number changes. Nothing here waits or remembers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.proto import api
from pysnmp.proto.error import ProtocolError

Version: TypeAlias = Literal["1", "2c"]
Held: TypeAlias = int | str | bytes | None
"""What an object holds: a number, an object identifier as text, octets; None if it is not there."""

FIRST_ID, LAST_ID = 0x0100_0000, 0x7FFF_FFFF
"""Request numbers that always take four bytes, so that one encoding serves them all."""

TOO_BIG, NO_SUCH_NAME = 1, 2

_STATUS = {
    TOO_BIG: "the answer is too big for one message",
    NO_SUCH_NAME: "no such object",
    3: "bad value",
    4: "read only",
    5: "general error",
    6: "no access",
    13: "resource unavailable",
    16: "authorization error",
}
_MODULE: dict[Version, Any] = {
    "1": api.PROTOCOL_MODULES[api.SNMP_VERSION_1],
    "2c": api.PROTOCOL_MODULES[api.SNMP_VERSION_2C],
}


class Unreadable(Exception):
    """Bytes that are no SNMP response; the text says what is wrong with them."""


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of some objects, encoded but for its number."""

    oids: tuple[str, ...]
    before: bytes
    after: bytes

    def numbered(self, number: int) -> bytes:
        """The whole message; ``number`` is ``FIRST_ID`` to ``LAST_ID``."""
        return self.before + number.to_bytes(4, "big") + self.after


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: whose, what went wrong (0 for nothing) with which object (from 1), the objects."""

    number: int
    status: int
    index: int
    held: tuple[tuple[str, Held], ...]

    @property
    def problem(self) -> str:
        """The status in words."""
        return _STATUS.get(self.status, f"error status {self.status}")


def get(version: Version, community: bytes, oids: Sequence[str]) -> Request:
    """The request for these objects."""
    module = _MODULE[version]
    pdu = module.GetRequestPDU()
    module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_request_id(pdu, FIRST_ID)
    names = [tuple(map(int, oid.lstrip(".").split("."))) for oid in oids]
    module.apiPDU.set_varbinds(pdu, [(name, module.null) for name in names])
    message = module.Message()
    module.apiMessage.set_defaults(message)
    module.apiMessage.set_community(message, community)
    module.apiMessage.set_pdu(message, pdu)
    encoded: bytes = encoder.encode(message)
    # INTEGER, four bytes, the number; the community stands before it.
    start = encoded.index(community) + len(community)
    place = encoded.index(b"\x02\x04" + FIRST_ID.to_bytes(4, "big"), start) + 2
    return Request(tuple(oids), encoded[:place], encoded[place + 4 :])


def response(version: Version, data: bytes) -> Response:
    """What a message says; raises Unreadable."""
    module = _MODULE[version]
    try:
        message, rest = decoder.decode(data, asn1Spec=module.Message())
        pdu = module.apiMessage.get_pdu(message)
        if rest or pdu.tagSet != module.GetResponsePDU.tagSet:
            raise Unreadable("not an SNMP response")
        return Response(
            number=int(module.apiPDU.get_request_id(pdu)),
            status=int(module.apiPDU.get_error_status(pdu)),
            index=int(module.apiPDU.get_error_index(pdu)),
            held=tuple((str(oid), _held(value)) for oid, value in module.apiPDU.get_varbinds(pdu)),
        )
    except (PyAsn1Error, ProtocolError) as wrong:
        raise Unreadable(f"not an SNMP v{version} message") from wrong


def _held(value: object) -> Held:
    if isinstance(value, univ.Null):  # in v2c noSuchObject and noSuchInstance are made of it
        return None
    if isinstance(value, univ.Integer):  # and the counters, gauges and clocks made of it
        return int(value)
    if isinstance(value, univ.OctetString):
        return bytes(value)
    return str(value)
