"""``wayside demo``: a whole Wayside on one machine, around a district that exists only here.

The simulators and the referee run in this process. Everything else is what a city would run, each
in a process of its own: a broker, ``wayside run``, ``wayside ingest`` and ``wayside console``. The
referee listens on the broker as an operator would and holds every alarm against the faults that
were injected.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from simulators.demo import broker
from simulators.demo.referee import Referee
from simulators.demo.verdict import DUE, Verdict, judge
from simulators.faults.labels import Chronicle
from simulators.process import child, end, may_listen
from simulators.scenario import Scenario
from simulators.town.city import City
from simulators.town.district import make
from simulators.town.plan import District
from simulators.wires.servers import serve
from simulators.world import RealClock

QUIET_END = 10.0 + DUE / 1000
"""No fault begins in the last seconds of a timed run: it must be due 10 s before the end
(contracts §2)."""
_DRAIN = 20.0
_NOTICE = "This is a demonstration: a simulated district, and rule delays cut to seconds."

Say = Callable[[str], None]
Tally = Callable[[Path, int], tuple[int, int]]


class DemoFailed(Exception):
    """A part of the demo could not start or died; the text says which, and what it printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks for; ``lasts`` is in seconds, None until stopped."""

    folder: Path
    scenario: Scenario
    devices: int | None = None
    lasts: float | None = None
    port: int = 8080


@dataclass(frozen=True, slots=True)
class Parts:
    """The children of a running demo."""

    gateway: Process
    others: dict[str, Process]


async def run(options: Options, *, stop: asyncio.Event, say: Say, tally: Tally) -> dict[str, Any]:
    """Run the demo until ``stop`` is set or its time is over; returns the summary of contracts §2.

    ``tally(centre file, since)`` counts what the history holds: rows, and rows sharing their
    device and time with another.

    Raises:
        DemoFailed: a part did not start, or died.
        ValueError: a district cannot have that many devices, or the scenario has its own hour.
    """
    if not options.scenario.live:
        name = options.scenario.name
        raise ValueError(
            f"{name} has a day and an hour of its own, and a gateway lives now; "
            f"try: wayside sim {name} --record {name}.jsonl.gz"
        )
    clock = RealClock()
    begun = clock.now()
    async with AsyncExitStack() as stack:
        try:
            port = await stack.enter_async_context(broker.serve(options.folder))
        except broker.NoBroker as error:
            raise DemoFailed(str(error)) from None
        district = make(
            options.scenario.sizes(options.devices),
            folder=options.folder,
            now=begun,
            seed=options.scenario.seed,
            broker=f"mqtt://127.0.0.1:{port}",
        )
        web = options.port if may_listen(options.port) else 0
        centre = write_centre(options.folder, port, web)
        referee = Referee(say)
        watching = asyncio.create_task(referee.watch(port))
        stack.callback(watching.cancel)
        lasts = options.lasts
        ends = None if lasts is None else begun + round(1000 * (lasts - QUIET_END))
        city = await stack.enter_async_context(
            serve(district, scenario=options.scenario, ends=ends, note=say)
        )
        parts = await stack.enter_async_context(started(options.folder, district, centre))
        telling = asyncio.create_task(tell_of_faults(city, say))
        stack.callback(telling.cancel)
        address = await spoken(parts.others["console"], options.folder / "console.log", "url")
        greet(options, district, address, say)
        await until_over(parts, options.folder, stop, lasts)
        await drained(tally, centre, begun, 1)  # whoever stops it at once still sees it work
        ended = clock.now()
        report = await finish(parts.gateway)
        stored, duplicates = await drained(tally, centre, begun, report["readings"])
        verdict = judge(city.labels, referee.raises.values(), ended)
        return summary(report, stored, duplicates, verdict)


def write_centre(folder: Path, broker_port: int, web: int) -> Path:
    """The centre's file: the embedded store, and the console on loopback."""
    file = folder / "centre.toml"
    file.write_text(
        f"""schema = 1

[centre]
data_dir = "centre"

[mqtt]
url = "mqtt://127.0.0.1:{broker_port}"

[console]
listen = "127.0.0.1:{web}"
""",
        encoding="utf-8",
    )
    return file


@asynccontextmanager
async def started(folder: Path, district: District, centre: Path) -> AsyncIterator[Parts]:
    """Ingest and console first, so that nothing the gateway says falls on deaf ears."""

    def part(name: str, *words: str, output: bool = False) -> Any:  # noqa: ANN401
        command = [sys.executable, "-m", "gateway", *words]
        return child(command, log=folder / f"{name}.log", output=output)

    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        ingest = await enter(part("ingest", "ingest", str(centre)))
        console = await enter(part("console", "console", str(centre), "--notice", _NOTICE))
        await spoken(ingest, folder / "ingest.log", "event", "ingest ready")
        run = part("gateway", "run", str(district.site_file), "--json", output=True)
        gateway = await enter(run)
        await spoken(gateway, folder / "gateway.log", "event", "running")
        yield Parts(gateway, {"ingest": ingest, "console": console})


async def spoken(process: Process, log: Path, key: str, value: str | None = None) -> str:
    """The ``key`` of the first line of a part's log that has it (and says ``value``)."""
    for _ in range(300):
        found = await asyncio.to_thread(first_said, log, key, value)
        if found is not None:
            return found
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    raise DemoFailed(f"the {log.stem} did not start:\n{tail(log)}")


def first_said(log: Path, key: str, value: str | None) -> str | None:
    """Look for it in the log as it stands."""
    for line in log.read_bytes().splitlines():
        with contextlib.suppress(orjson.JSONDecodeError):
            said = orjson.loads(line).get(key)
            if said is not None and value in {None, said}:
                return str(said)
    return None


def greet(options: Options, district: District, address: str, say: Say) -> None:
    """What a newcomer needs to know."""
    place, count = district.place.name, len(district.assets)
    say(f"Wayside: {count} simulated devices in {place}, scenario {options.scenario.name}")
    say(f"  console  {address}")
    say(f"  files    {options.folder} (site file, logs, history)")
    if options.lasts is None:
        say("Ctrl-C ends it.")


async def tell_of_faults(city: City, say: Say) -> None:
    """Say when a fault begins and ends, beside what the gateway makes of it."""
    chronicle = Chronicle()
    words = {"begins": "broken", "shows": "shows ", "ends": "mended"}
    while True:
        for label, phase in chronicle.news(city.injector.news()):
            say(f"{words[phase]}  {label.device} {label.fault}")
        await asyncio.sleep(0.2)


async def until_over(parts: Parts, folder: Path, stop: asyncio.Event, lasts: float | None) -> None:
    """Return when stopped or when the time is over; raise when a part died."""
    everyone = {"gateway": parts.gateway, **parts.others}
    waits = {asyncio.create_task(process.wait()): name for name, process in everyone.items()}
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait(
            [*waits, stopped], timeout=lasts, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for task in (*waits, stopped):
            task.cancel()
    for task, name in waits.items():
        if task in done:
            raise DemoFailed(f"the {name} ended by itself:\n{tail(folder / f'{name}.log')}")


async def finish(gateway: Process) -> dict[str, Any]:
    """Stop the gateway; its last words are its own summary."""
    output = gateway.stdout
    assert output is not None, "the gateway was started with its output piped"  # noqa: S101
    last_words = asyncio.create_task(output.read())
    await end(gateway)
    report: dict[str, Any] = orjson.loads(await last_words or b"{}")
    if not report:
        raise DemoFailed(f"the gateway ended with code {gateway.returncode} and no summary")
    return report


async def drained(tally: Tally, centre: Path, since: int, expected: int) -> tuple[int, int]:
    """Rows stored and duplicates, once everything has arrived or patience is over."""
    deadline = time.monotonic() + _DRAIN
    while True:
        stored, duplicates = await asyncio.to_thread(tally, centre, since)
        if stored >= expected or time.monotonic() > deadline:
            return stored, duplicates
        await asyncio.sleep(0.25)


def summary(
    report: dict[str, Any],
    stored: int,
    duplicates: int,
    verdict: Verdict,
) -> dict[str, Any]:
    """The document of contracts §2."""
    return {
        "polls": report["polls"],
        "readings": report["readings"],
        "published": report["published"],
        "stored": stored,
        "lost": max(0, report["readings"] - stored),
        "duplicates": duplicates,
        "alarms": verdict.alarms,
        "injected": [asdict(one) for one in verdict.injected],
        "missed": verdict.missed,
        "false_alarms": verdict.false_alarms,
    }


def as_text(summary: dict[str, Any]) -> str:
    """The same for people."""
    found = sum(one["detected_after_ms"] is not None for one in summary["injected"])
    return (
        f"{summary['polls']} polls, {summary['readings']} readings, {summary['stored']} stored, "
        f"{summary['lost']} lost, {summary['duplicates']} duplicates; {found} of "
        f"{len(summary['injected'])} faults found, {summary['false_alarms']} false alarms"
    )


def tail(log: Path) -> str:
    """The end of a log, for an error message."""
    return log.read_text(errors="replace")[-1500:] if log.exists() else "(no log)"
