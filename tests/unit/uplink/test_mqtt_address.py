"""What ``[mqtt]`` may say, and how a mistake in it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.site import BrokerOptions
from gateway.mqtt import Address, BrokerDown, parse_url
from gateway.mqtt.address import access


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://127.0.0.1:1883", Address("127.0.0.1", 1883, tls=False)),
        ("mqtt://broker.example", Address("broker.example", 1883, tls=False)),
        ("mqtts://broker.example", Address("broker.example", 8883, tls=True)),
        ("mqtts://broker.example:443/", Address("broker.example", 443, tls=True)),
        ("mqtt://[::1]:1884", Address("::1", 1884, tls=False)),
    ],
)
def test_a_url_is_an_address(url: str, address: Address) -> None:
    assert parse_url(url) == address


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("broker.example:1883", "write"),
        ("http://broker.example", "write"),
        ("mqtt://", "write"),
        ("mqtt://ana:secret@broker.example", "user and password do not belong"),
        ("mqtt://broker.example/lamps", "after the port"),
        ("mqtt://broker.example:99999", "from 1 to 65535"),
        ("mqtt://broker.example:port", "from 1 to 65535"),
        ("mqtt://broker.example:0", "from 1 to 65535"),
    ],
)
def test_any_other_is_refused_in_plain_words(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_url(url)


def test_a_password_needs_its_user(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a username"):
        access(BrokerOptions(password_file=tmp_path / "secret"))


@pytest.mark.parametrize("key", ["ca", "certificate"])
def test_a_file_that_is_no_certificate_is_named(tmp_path: Path, key: str) -> None:
    file = tmp_path / "broken.pem"
    file.write_text("not a certificate")
    with pytest.raises(BrokerDown, match="files of"):
        access(BrokerOptions(url="mqtts://127.0.0.1", **{key: file}))  # type: ignore[arg-type]
