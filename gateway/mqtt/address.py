"""Where the broker is and how we prove who we are: the ``[mqtt]`` table made usable.

``mqtt://`` is plain TCP, ``mqtts://`` is TLS with the broker's certificate and name verified, by
``ca`` or by the system's store; there is no switch to turn that off. Certificates and the password
are read from their files at every connect, so that they can be renewed under a running gateway.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gateway.config.site import BrokerOptions
from gateway.mqtt.down import BrokerDown, Cause

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect, and whether by TLS."""

    host: str
    port: int
    tls: bool


def parse_url(url: str) -> Address:
    """The address of ``mqtt://host[:port]`` or ``mqtts://host[:port]``.

    Raises:
        ValueError: with a text for the user.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f'write {url!r} as "mqtt://host:1883" or "mqtts://host:8883"')
    if "@" in parts.netloc:
        raise ValueError("user and password do not belong in the url: username, password_file")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"{url!r} has something after the port; an MQTT url ends there")
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"{url!r}: a port is a number from 1 to 65535") from None
    if port == 0:
        raise ValueError(f"{url!r}: a port is a number from 1 to 65535")
    return Address(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "mqtts")


@dataclass(frozen=True, slots=True)
class Access:
    """What a client needs to connect."""

    address: Address
    username: str | None
    password: str | None
    tls: ssl.SSLContext | None


def access(options: BrokerOptions) -> Access:
    """Read the files ``[mqtt]`` names; blocks on the disk.

    Raises:
        ValueError: the table contradicts itself.
        BrokerDown: a file cannot be read or is not what it should be.
    """
    address = parse_url(options.url)
    if options.password_file and options.username is None:
        raise ValueError("password_file needs a username")
    if not address.tls and (options.ca or options.certificate or options.key):
        raise ValueError(f"ca, certificate and key need mqtts://, and the url is {options.url!r}")
    password = None
    try:
        if options.password_file:
            password = options.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        tls = tls_context(options) if address.tls else None
    except (OSError, UnicodeDecodeError) as error:
        raise BrokerDown(f"cannot use the files of [mqtt]: {error}", Cause.REFUSED) from None
    return Access(address, options.username, password, tls)


def look_of_files(options: BrokerOptions) -> tuple[tuple[int, int, int] | None, ...]:
    """What the files ``[mqtt]`` names look like; another look means that one was renewed."""
    files = (options.ca, options.certificate, options.key, options.password_file)
    return tuple(_look(file) for file in files)


def _look(file: Path | None) -> tuple[int, int, int] | None:
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size) if found else None


def tls_context(options: BrokerOptions) -> ssl.SSLContext:
    """Verify the broker by ``ca`` or the system's store; show our certificate if we have one."""
    context = ssl.create_default_context(cafile=options.ca)
    context.sslsocket_class = _Socket
    if options.certificate:
        context.load_cert_chain(options.certificate, options.key)
    return context


class _Socket(ssl.SSLSocket):
    """Closes itself when the handshake fails; paho would leave it to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise
