"""Modbus envelopes and orders once more, as plainly as the specification says them.

Written by other means than the drivers' (bit by bit, no tables, no struct formats), so that the
same mistake would have to be made twice. A frame counts as whole only if it is whole here.
"""

from __future__ import annotations


def crc(data: bytes) -> bytes:
    """CRC-16/MODBUS bit by bit, low byte first (MODBUS over Serial Line v1.02, appendix B)."""
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return bytes((register % 256, register // 256))


def on_rtu(unit: int, pdu: bytes) -> bytes:
    """A frame on a serial line."""
    frame = bytes([unit, *pdu])
    return frame + crc(frame)


def on_ascii(unit: int, pdu: bytes) -> bytes:
    """A frame of ``:``, hexadecimal digits and LRC."""
    body = [unit, *pdu]
    body.append((256 - sum(body) % 256) % 256)
    return (":" + "".join(f"{byte:02X}" for byte in body) + "\r\n").encode()


def on_tcp(transaction: int, unit: int, pdu: bytes) -> bytes:
    """A frame on TCP."""
    size = len(pdu) + 1
    head = [transaction // 256, transaction % 256, 0, 0, size // 256, size % 256, unit]
    return bytes(head) + pdu


def objects(data: bytes) -> dict[int, bytes] | None:
    """The objects of an identification's data (after 43, 14, code), or None if they do not fit."""
    if len(data) < 4:
        return None
    found: dict[int, bytes] = {}
    left = list(data[4:])
    for _ in range(data[3]):
        if len(left) < 2:
            return None
        number, size = left.pop(0), left.pop(0)
        if size > len(left):
            return None
        found[number] = bytes(left[:size])
        del left[:size]
    return None if left or len(found) != data[3] else found


def value_bytes(data: bytes, order: str) -> bytes:
    """The bytes of a value, most significant first, that came in an order such as ``CDAB``."""
    place = {letter: i for i, letter in enumerate(order)}
    return bytes(data[place[letter]] for letter in sorted(order))
