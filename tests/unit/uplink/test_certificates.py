"""Whose certificate is out of its time, and whether the clock may be to blame."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.mqtt.certificates import explain, validity
from tests.parts.tls import identity

NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)


def dates_by_openssl(file: Path) -> tuple[datetime, datetime]:
    words = ["openssl", "x509", "-in", str(file), "-noout", "-dates"]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split("\n")
    form = "%b %d %H:%M:%S %Y %Z"
    first, last = (line.partition("=")[2] for line in told[:2])
    since, until = (datetime.strptime(text, form).replace(tzinfo=UTC) for text in (first, last))
    return since, until


@pytest.mark.parametrize("made", [None, "1999-12-31", "2049-12-30", "2061-07-08"])
def test_the_dates_are_openssl_s(tmp_path: Path, made: str | None) -> None:
    file = identity(tmp_path, "gw-1", made=made).certificate
    assert validity(file) == dates_by_openssl(file)


def test_what_is_no_certificate_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "some.pem"
    for text in ("", "hello", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"):
        file.write_text(text)
        with pytest.raises(ValueError, match="certificate"):
            validity(file)


def test_the_broker_s_is_told_from_ours_and_from_the_clock(tmp_path: Path) -> None:
    ours = identity(tmp_path, "gw-1").certificate
    since, until = validity(ours)
    text = explain("verify failed: certificate has expired", ours, until)
    assert text.startswith("the broker's certificate has expired: if this gateway's clock is right")
    assert explain("closed before it answered", ours, since) == "closed before it answered"
    late = explain("closed before it answered", ours, until + timedelta(minutes=1))
    assert f"our certificate {ours} counts from" in late
    assert "put a new one in its place" in late
    assert "is this gateway's clock right?" in explain("closed", ours, since - timedelta(days=1))
    assert explain("closed", tmp_path / "none", NOW) == explain("closed", None, NOW) == "closed"
