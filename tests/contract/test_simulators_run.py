"""``wayside sim``: the simulators alone, told on stdout, gone without a trace."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from simulators import control
from simulators.alone import Options, run
from simulators.scenario import read
from simulators.town.district import make
from simulators.town.sizes import LEAST
from simulators.wires.servers import serve
from tests.parts.mbpoll import mbpoll
from tests.parts.process import serves
from tests.parts.simulated import MORNING

SCENARIO = """
schema = 1
[[fault]]
fault = "bin_full"
at = "100ms"
for = "300ms"
[[fault]]
fault = "bin_fire"
device = "bin-4"
at = "100ms"
"""


def lines(folder: Path) -> list[Path]:
    return list(folder.glob("tty-*"))


async def ran(folder: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool) -> list[str]:
    file = folder / "short.toml"
    file.write_text(SCENARIO)
    stop = asyncio.Event()
    options = Options(folder=folder / "d", devices=LEAST, as_json=as_json)
    work = run(read(file), options, stop)
    task = asyncio.create_task(work)
    said = ""
    while "ends" not in said and '"until":1' not in said:
        await asyncio.sleep(0.05)
        said += capsys.readouterr().out
    if as_json:
        buses = json.loads(said.splitlines()[0])["buses"]
        bins = next(bus for bus in buses if bus["name"] == "bins")
        where = int(bins["address"].partition(":")[2])
        assert (await mbpoll(where, "-t", "3", "-r", "0", unit=1)).values
    stop.set()
    await task
    return said.splitlines()


async def test_it_tells_programs_where_everything_is_and_what_breaks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [json.loads(line) for line in await ran(tmp_path, capsys, as_json=True)]
    assert said[0]["site"] == str(tmp_path / "d" / "site.toml")
    assert sum(len(bus["devices"]) for bus in said[0]["buses"]) == LEAST
    assert said[1] == {"note": "bin_fire: no device in which it would show now"}
    begun, ended = said[2], said[-1]
    assert begun["fault"] == ended["fault"] == "bin_full"
    assert begun["until"] is None
    assert ended["until"] - ended["at"] == pytest.approx(300, abs=150)


async def test_it_tells_people_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = await ran(tmp_path, capsys, as_json=False)
    assert said[0].startswith(f"{LEAST} devices in ")
    assert said[-3:] == [f"bin-1: bin_full {phase}" for phase in ("begins", "shows", "ends")]


async def test_nothing_is_left_when_it_ends(tmp_path: Path) -> None:
    district = make(LEAST, folder=tmp_path, now=MORNING)
    ports = [endpoint.port for endpoint in district.endpoints if endpoint.port]
    async with serve(district):
        assert all(serves(port) for port in ports)
        _, writer = await asyncio.open_connection("127.0.0.1", ports[0])
        assert lines(tmp_path)
    assert not any(serves(port) for port in ports)
    assert not lines(tmp_path)
    writer.close()


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        used = taken.getsockname()[1]
        district = make(LEAST, folder=tmp_path, now=MORNING, ports=count(used))
        async with AsyncExitStack() as stack:
            with pytest.raises(OSError, match=str(used)):
                await stack.enter_async_context(serve(district))
    assert not lines(tmp_path)


async def test_what_goes_wrong_inside_comes_out_as_it_is(tmp_path: Path) -> None:
    district = make(LEAST, folder=tmp_path, now=MORNING)
    with pytest.raises(LookupError, match="no device"):
        async with serve(district) as city:
            city.inject("nobody", "silent")
    assert not lines(tmp_path)


async def test_a_running_district_is_broken_and_mended_by_hand(tmp_path: Path) -> None:
    district = make(LEAST, folder=tmp_path, now=MORNING)
    async with serve(district) as city, control.listening(tmp_path, city.injector):

        async def ask(deed: control.Deed, device: str, fault: str) -> dict[str, Any]:
            return await asyncio.to_thread(control.ask, tmp_path, deed, device, fault)

        begun = await ask("inject", "lamp-0001", "lamp_failure")
        assert begun == city.labels[0].as_dict() | {
            "must_not": begun["must_not"],
            "may": begun["may"],
            "stretches": begun["stretches"],
        }
        assert (begun["code"], begun["until"]) == ("lamp_failure", None)
        ended = await ask("repair", "lamp-0001", "lamp_failure")
        assert ended["until"] == city.labels[0].until
        for device, fault, why in (
            ("lamp-1", "lamp_failure", "no device"),
            ("lamp-0001", "lamp_failur", 'did you mean "lamp_failure"'),
            ("bin-1", "lamp_failure", "is a bin"),
        ):
            with pytest.raises(control.Refused, match=why):
                await ask("inject", device, fault)
        with pytest.raises(control.Refused, match="does not have"):
            await ask("repair", "lamp-0001", "lamp_failure")
    with pytest.raises(FileNotFoundError):
        control.ask(tmp_path, "inject", "lamp-0001", "lamp_failure")


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"nonsense", b'{"do":"inject","device":1}'])
async def test_what_is_no_request_gets_a_reason(line: bytes, tmp_path: Path) -> None:
    district = make(LEAST, folder=tmp_path, now=MORNING)
    async with serve(district) as city, control.listening(tmp_path, city.injector):
        reader, writer = await asyncio.open_unix_connection(control.address(tmp_path))
        writer.write(line + b"\n")
        assert "error" in json.loads(await reader.readline())
        writer.close()
        await writer.wait_closed()


async def test_an_hour_passes_in_a_second_and_ends_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "night.toml"
    file.write_text("""
schema = 1
start = 2026-03-02T23:00:00
duration = "1h"
speed = 3600
[[fault]]
fault = "lamp_failure"
at = "10m"
for = "30m"
""")
    options = Options(folder=tmp_path / "d", devices=LEAST, as_json=True)
    await asyncio.wait_for(run(read(file), options, asyncio.Event()), 30)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    label = said[-1]
    start = 1_772_463_600_000  # eleven at night in Makati
    assert said[0]["place"] == "Makati"
    assert (label["at"], label["until"]) == (start + 600_000, start + 2_400_000)
    assert label["shows"] == label["at"]
