"""SNMP messages: what goes out, and that nothing which comes in does harm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api

from drivers.ntcip import message
from drivers.ntcip.message import FIRST_ID, LAST_ID, Unreadable, Version

OIDS = ("1.3.6.1.4.1.1206.4.2.1.3.6.0", "1.3.6.1.2.1.1.1.0")


def answer(version: Version, number: int, **held: int) -> bytes:
    module = api.PROTOCOL_MODULES[0 if version == "1" else 1]
    pdu = module.GetResponsePDU()
    module.apiPDU.set_defaults(pdu)
    module.apiPDU.set_request_id(pdu, number)
    names = [tuple(map(int, name[1:].split("_"))) for name in held]
    values = [module.Integer(value) for value in held.values()]
    module.apiPDU.set_varbinds(pdu, list(zip(names, values, strict=True)))
    whole = module.Message()
    module.apiMessage.set_defaults(whole)
    module.apiMessage.set_pdu(whole, pdu)
    encoded: bytes = encoder.encode(whole)
    return encoded


def test_a_request_on_the_wire() -> None:
    """Byte by byte after RFC 1157 and X.690."""
    request = message.get("1", b"public", ["1.3.6.1.4.1.1206.4.2.1.3.6.0"])
    assert request.numbered(0x01020304) == bytes.fromhex(
        "30 2e 02 01 00 04 06 70 75 62 6c 69 63"  # version 1 is written 0; "public"
        "a0 21 02 04 01 02 03 04 02 01 00 02 01 00"  # GetRequest, its number, no error
        "30 13 30 11 06 0d 2b 06 01 04 01 89 36 04 02 01 03 06 00 05 00"  # the object, null
    )


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("number", [FIRST_ID, 0x1234_5678, LAST_ID])
def test_only_the_number_of_a_request_changes(version: Version, number: int) -> None:
    module = api.PROTOCOL_MODULES[0 if version == "1" else 1]
    community = b"\x02\x04\x01\x00\x00\x00"  # looks like the number's own encoding
    data = message.get(version, community, OIDS).numbered(number)
    whole, rest = decoder.decode(data, asn1Spec=module.Message())
    pdu = module.apiMessage.get_pdu(whole)
    assert not rest
    assert int(module.apiPDU.get_request_id(pdu)) == number
    assert bytes(module.apiMessage.get_community(whole)) == community
    assert [str(oid) for oid, _ in module.apiPDU.get_varbinds(pdu)] == list(OIDS)


@pytest.mark.parametrize("version", ["1", "2c"])
def test_a_response_is_understood(version: Version) -> None:
    found = message.response(version, answer(version, 77, o1_3_6_1=5, o1_3_6_2=-1))
    assert (found.number, found.status) == (77, 0)
    assert found.held == (("1.3.6.1", 5), ("1.3.6.2", -1))


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x80\x00\x00", b"HTTP/1.1 400", b"\x30\x84\xff\xff\xff\xff"]
)
def test_what_is_no_message_is_unreadable(version: Version, data: bytes) -> None:
    with pytest.raises(Unreadable, match=f"not an SNMP v{version} message"):
        message.response(version, data)


def test_a_request_is_no_response() -> None:
    with pytest.raises(Unreadable, match="not an SNMP response"):
        message.response("1", message.get("1", b"public", OIDS).numbered(FIRST_ID))


@settings(max_examples=300, deadline=None)
@given(
    version=st.sampled_from(["1", "2c"]),
    cuts=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=6),
    end=st.integers(0, 60),
)
def test_a_broken_response_is_unreadable_or_says_something(
    version: Version, cuts: list[tuple[int, int]], end: int
) -> None:
    data = bytearray(answer(version, 77, o1_3_6_1=5, o1_3_6_2=-1))
    for place, byte in cuts:
        data[place % len(data)] = byte
    try:
        found = message.response(version, bytes(data[: end or None]))
    except Unreadable:
        return
    assert isinstance(found.number, int)
