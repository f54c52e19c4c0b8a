"""What goes wrong in a district, when, and for how long: TOML files, read strictly.

```toml
schema = 1
description = "one of each"
[[fault]]
fault = "lamp_failure"   # see simulators.faults
index = 2                # the third device in which it would show then, or: device = "lamp-0003"
at = "8s"                # after the start
for = "20s"              # left out: for good
every = "2m"             # again and again; left out: once
[[fault]]
fault = "bin_full"
at = "10s"
over = "2s"              # how long it takes to show, where a fault grows
[[fault]]
fault = "silent"
kind = "lamp"            # needed where any kind can have the fault
at = "12s"
```

``load`` reports every mistake at once; ``play`` carries a scenario out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Any, Literal

from gateway.model import Kind, Millis
from gateway.problems import ConfigurationError, Problem, suggest
from gateway.tables.document import Spot, read_document
from gateway.tables.shape import shape
from gateway.tables.words import Id
from gateway.units import Between, Duration
from simulators.faults import FAULTS, Injector, kinds_of
from simulators.world import Clock

SHIPPED = Path(__file__).parents[1] / "scenarios"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One ``[[fault]]``; times in seconds from the start of the scenario.

    Without a ``device``, it strikes the ``index``-th of those in which it would show at that time
    (counting round if there are fewer).
    """

    fault: str
    device: Id | None = None
    kind: Kind | None = None
    index: Annotated[int, Between(0, 9_999)] = 0
    at: Duration
    for_: Duration | None = None
    every: Duration | None = None
    over: Duration = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The keys at the top of a scenario file."""

    schema: Literal[1]
    description: str = ""
    seed: int = 1
    fault: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named list of troubles, and the seed of the world they happen in."""

    name: str
    description: str
    seed: int
    troubles: tuple[Trouble, ...]


def scenario_names() -> tuple[str, ...]:
    """The shipped scenarios."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.toml")))


def load(name: str | Path) -> Scenario:
    """A shipped scenario by name, or any by a path ending in ``.toml``.

    Raises:
        ConfigurationError: with everything that is wrong.
    """
    if str(name).endswith(".toml"):
        return read(Path(name))
    if str(name) not in scenario_names():
        problem = f'no scenario is called "{name}"'
        hint = suggest(str(name), scenario_names())
        raise ConfigurationError([Problem(str(name), 0, "", problem, hint)])
    return read(SHIPPED / f"{name}.toml")


def read(file: Path) -> Scenario:
    """The scenario in a file; raises as ``load`` does."""
    document = read_document(file)
    problems: list[Problem] = []
    head = shape(Head).values(document.table, document.spot, problems)
    entries = document.table.get("fault", [])
    troubles = [
        trouble_of(entry, document.spot.at("fault", number), problems)
        for number, entry in enumerate(entries if isinstance(entries, list) else [])
    ]
    if problems or head is None:
        raise ConfigurationError(problems)
    found = tuple(trouble for trouble in troubles if trouble is not None)
    return Scenario(file.stem, head.get("description", ""), head.get("seed", 1), found)


def trouble_of(entry: object, spot: Spot, problems: list[Problem]) -> Trouble | None:
    """One ``[[fault]]``, or None after adding what is wrong with it to ``problems``."""
    if not isinstance(entry, Mapping):
        problems.append(spot.problem("must be a table", "write it as [[fault]]"))
        return None
    values = shape(Trouble).values(entry, spot, problems)
    name = entry.get("fault")
    if isinstance(name, str) and name not in FAULTS:
        hint = suggest(name, FAULTS)
        problems.append(spot.at("fault").problem(f'no fault is called "{name}"', hint))
        return None
    if values is None:
        return None
    trouble = Trouble(**{f"{key}_" if iskeyword(key) else key: values[key] for key in values})
    found = contradictions(trouble, entry, spot)
    problems.extend(found)
    return None if found else trouble


def contradictions(trouble: Trouble, entry: Mapping[str, Any], spot: Spot) -> list[Problem]:
    """What the keys of a well-formed ``[[fault]]`` say against each other."""
    found: list[Problem] = []
    kinds = kinds_of(trouble.fault)
    if trouble.device and (trouble.kind or "index" in entry):
        problem = "already says which device"
        found.append(spot.at("device").problem(problem, "leave out index and kind"))
    elif trouble.kind and trouble.kind not in kinds:
        problem = f"{trouble.fault} is a fault of kind {' or '.join(sorted(kinds))}"
        hint = "leave it out" if len(kinds) == 1 else suggest(trouble.kind, kinds)
        found.append(spot.at("kind").problem(problem, hint))
    elif len(kinds) > 1 and not trouble.kind and not trouble.device:
        problem = f"{trouble.fault} is a fault of kind {' or '.join(sorted(kinds))}: which one?"
        found.append(spot.at("kind").problem(problem, 'add kind = "lamp", or device = …'))
    if trouble.every is not None and trouble.every <= (trouble.for_ or trouble.every):
        problem = "a fault must end before it can begin again"
        found.append(spot.at("every").problem(problem, "give a shorter for = …"))
    return found


async def play(
    scenario: Scenario,
    injector: Injector,
    clock: Clock,
    *,
    ends: Millis | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> None:
    """Break and repair as the scenario says, from now on; nothing begins after ``ends``.

    ``note`` is told of a fault that found no device to strike.
    """
    start = clock.now()

    async def befall(trouble: Trouble) -> None:
        begin = start + round(trouble.at * 1000)
        while ends is None or begin <= ends:
            await clock.until(begin)
            device = strike(trouble, injector, begin)
            if device is None:
                note(f"{trouble.fault}: no device in which it would show now")
            if trouble.for_ is not None:
                end = begin + round(trouble.for_ * 1000)
                await clock.until(end)
                if device is not None:
                    injector.repair(device, trouble.fault, end)
            if trouble.every is None:
                return
            begin += round(trouble.every * 1000)

    async with asyncio.TaskGroup() as group:
        for trouble in scenario.troubles:
            group.create_task(befall(trouble))


def strike(trouble: Trouble, injector: Injector, at: Millis) -> str | None:
    """Inject a trouble and return the device it struck, if there is one for it."""
    found = injector.candidates(trouble.fault, trouble.kind, at)
    if trouble.device is not None:
        found = [trouble.device] if trouble.device in found else []
    if not found:
        return None
    device = found[trouble.index % len(found)]
    injector.inject(device, trouble.fault, trouble.over, at)
    return device
