"""What is wrong when TLS fails: certificates that are out of their time, told from one another.

A certificate may be past its time, or the clock that judges it is wrong (a gateway that has just
started thinks it is 1970). The libraries say neither whose certificate nor which clock. The two
dates of ours are read from its DER form (RFC 5280 §4.1): a certificate is a sequence whose first
part holds ``[0] version, serialNumber, signature, issuer, validity``.
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

_VERSION = 0xA0
_UTC_TIME = 0x17


def validity(file: Path) -> tuple[datetime, datetime]:
    """From when to when the first certificate of a PEM file counts.

    Raises:
        OSError, ValueError: it cannot be read, or is no certificate.
    """
    text = file.read_text(encoding="ascii", errors="replace")
    begin = text.find(ssl.PEM_HEADER)
    end = text.find(ssl.PEM_FOOTER, begin)
    if begin < 0 or end < 0:
        raise ValueError(f"{file} holds no certificate")
    der = ssl.PEM_cert_to_DER_cert(text[begin : end + len(ssl.PEM_FOOTER)])
    try:
        _, certificate, _ = _part(der)
        _, signed, _ = _part(certificate)
        kind, _, rest = _part(signed)
        for _ in range(3 if kind == _VERSION else 2):
            _, _, rest = _part(rest)
        _, times, _ = _part(rest)
        kind, first, times = _part(times)
        return _moment(kind, first), _moment(*_part(times)[:2])
    except IndexError:
        raise ValueError(f"{file} holds a damaged certificate") from None


def _part(der: bytes) -> tuple[int, bytes, bytes]:
    """The first element: its tag, its content, and what comes after it."""
    length, begin = der[1], 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(der[2:begin], "big")
    return der[0], der[begin : begin + length], der[begin + length :]


def _moment(kind: int, text: bytes) -> datetime:
    """UTCTime has two digits for the year, from 1950 on; GeneralizedTime four."""
    form = "%y%m%d%H%M%SZ" if kind == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text.decode("ascii"), form).replace(tzinfo=UTC)


def explain(reason: str, ours: Path | None, now: datetime) -> str:
    """``reason``, and what to do if a certificate's time has to do with it."""
    clock = f"if this gateway's clock is right ({now:%Y-%m-%d %H:%M} UTC)"
    if "certificate has expired" in reason:
        return f"the broker's certificate has expired: {clock}, renew it there ({reason})"
    if "not yet valid" in reason:
        return f"the broker's certificate does not count yet: {clock}, look there ({reason})"
    return f"{reason}{_ours(ours, now)}"


def _ours(file: Path | None, now: datetime) -> str:
    if file is None:
        return ""
    try:
        since, until = validity(file)
    except (OSError, ValueError):
        return ""
    if since <= now <= until:
        return ""
    again = "put a new one in its place, it is read at every attempt"
    if now < since:
        again = "is this gateway's clock right?"
    return (
        f"; our certificate {file} counts from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} "
        f"UTC and it is {now:%Y-%m-%d %H:%M}: {again}"
    )
