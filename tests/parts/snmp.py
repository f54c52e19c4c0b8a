"""SNMP agents for tests: net-snmp's snmpd, which is not ours, and one that follows a script."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api

from gateway.config import load_site
from gateway.field.read import poll_once
from gateway.model import Reading
from tests.parts import snmp_objects
from tests.parts.process import free_port, program, running

ASC = "1.3.6.1.4.1.1206.4.2.1"

SITE = """\
schema = 1
[gateway]
id = "gw"
site = "s"
latitude = 0.0
longitude = 0.0
data_dir = "data"
[bus.junction]
driver = "ntcip"
host = "127.0.0.1"
port = {port}
version = "{version}"
[[device]]
id = "cabinet-1"
profile = "signal/ntcip-1202"
bus = "junction"
{facts}"""


async def read_cabinet(folder: Path, port: int, version: str, facts: str = "") -> Reading:
    """One poll of the shipped profile through a site file, as ``wayside read`` makes it."""
    file = folder / f"site-{version}.toml"
    file.write_text(SITE.format(port=port, version=version, facts=facts))
    (reading,) = await poll_once(load_site(file, {}))
    return reading


@dataclass(frozen=True)
class Agent:
    """A running snmpd and the objects behind it."""

    port: int
    file: Path
    log: Path

    def hold(self, objects: Mapping[str, int | str]) -> None:
        """Change what the controller's objects hold; ``.1.4…`` stands below the NTCIP 1202 node."""
        lines = [
            f"{ASC if oid.startswith('.') else ''}{oid} "
            + (f"integer {held}" if isinstance(held, int) else f"string {held}")
            for oid, held in objects.items()
        ]
        fresh = self.file.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n")
        fresh.replace(self.file)

    def heard(self) -> list[str]:
        """Every object below 1206 that was asked for, in order."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.removeprefix("get .") for line in lines if line.startswith("get ")]


@contextlib.contextmanager
def snmpd(folder: Path, community: str = "public", extra: str = "") -> Iterator[Agent]:
    """net-snmp's agent on loopback, its NTCIP objects in a file."""
    port = free_port()
    agent = Agent(port, folder / "objects.txt", folder / "heard.txt")
    agent.hold({})
    script = f"{sys.executable} {snmp_objects.__file__} {agent.file} {agent.log}"
    conf = folder / "snmpd.conf"
    conf.write_text(
        f"agentaddress udp:127.0.0.1:{port}\nrocommunity {community} 127.0.0.1\n"
        f"pass_persist .1.3.6.1.4.1.1206 {script}\nsysDescr a controller\n{extra}"
    )
    command = [program("snmpd"), "-f", "-Lo", "-C", "-c", str(conf), "-I", "-smux"]
    env = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
    log = folder / "snmpd.log"
    with running(command, log=log, env=env) as process:
        await_answer(port, community, process, log)
        yield agent


def await_answer(port: int, community: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until net-snmp's own client gets an answer."""
    ask = [program("snmpget", "snmp"), "-v2c", "-c", community, "-t", "0.2", "-r", "0", "-m", ""]
    deadline = time.monotonic() + 20
    while subprocess.run(
        [*ask, f"127.0.0.1:{port}", ".1.3.6.1.2.1.1.1.0"], capture_output=True, check=False
    ).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"snmpd does not answer:\n{log.read_text()[-2000:]}")


# ---------------------------------------------------------------- by script


@dataclass(frozen=True)
class Asked:
    """A request as the scripted agent understood it."""

    number: int
    oids: tuple[str, ...]
    community: bytes
    message: Any

    def answer(
        self,
        values: Sequence[Any] | None = None,
        *,
        status: int = 0,
        index: int = 0,
        number: int | None = None,
        oids: Sequence[str] | None = None,
    ) -> bytes:
        """A response to it; without values, each object holds its place in the request."""
        module = api.PROTOCOL_MODULES[int(self.message[0])]
        pdu = module.apiPDU.get_response(module.apiMessage.get_pdu(self.message))
        module.apiPDU.set_request_id(pdu, self.number if number is None else number)
        module.apiPDU.set_error_status(pdu, status)
        module.apiPDU.set_error_index(pdu, index)
        held = [module.Integer(i) for i in range(len(self.oids))] if values is None else values
        names = [tuple(map(int, oid.split("."))) for oid in oids or self.oids]
        module.apiPDU.set_varbinds(pdu, list(zip(names, held, strict=False)))
        response = module.apiMessage.get_response(self.message)
        module.apiMessage.set_pdu(response, pdu)
        encoded: bytes = encoder.encode(response)
        return encoded


Script = Callable[[Asked], Sequence[tuple[float, bytes]]]


class Scripted(asyncio.DatagramProtocol):
    """Answers each request with what the script says: bytes, each after so many seconds."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        version = 0 if data[2:5] == b"\x02\x01\x00" else 1
        module = api.PROTOCOL_MODULES[version]
        message, _ = decoder.decode(data, asn1Spec=module.Message())
        pdu = module.apiMessage.get_pdu(message)
        asked = Asked(
            int(module.apiPDU.get_request_id(pdu)),
            tuple(str(oid) for oid, _ in module.apiPDU.get_varbinds(pdu)),
            bytes(module.apiMessage.get_community(message)),
            message,
        )
        self.asked.append(asked)
        loop = asyncio.get_running_loop()
        for after, answer in self.script(asked):
            loop.call_later(after, self.say, answer, addr)

    def say(self, answer: bytes, addr: Any) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(answer, addr)


@contextlib.asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[tuple[int, list[Asked]]]:
    """An agent by script on loopback: its port, and what it was asked."""
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Scripted(script), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1], protocol.asked
    finally:
        transport.close()
