"""The counters of this gateway's devices: where each stood, kept over a restart.

What a wrap is and what a reset, ``gateway.counters`` decides. Here are the tallies of every device
that has counters, each written to the state when one of them passed into another tenth of its
range or its carry changed. A tally that was lost, or that belongs to another range than the
profile's of today, is begun anew: the value is then what the device says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias, cast

from gateway.counters import Tally, count_on
from gateway.driver import Scaled
from gateway.model import Counter, Device, Point, Uncertain, Value
from gateway.values import Count

Counters: TypeAlias = Mapping[str, Count]

#: ``keep(name, value)``: something for the state, with the next readings.
Keep: TypeAlias = Callable[[str, Any], None]


def counters(devices: Iterable[Device], kept: Callable[[str], Any], keep: Keep) -> Counters:
    """For each device that has counters, by its id, what counts them on.

    ``kept`` gives back by name what ``keep`` was given in an earlier run, or None.
    """
    made: dict[str, Count] = {}
    for device in devices:
        counting = {p.name: p.counter for p in device.points if p.counter is not None}
        if counting:
            name = f"counters/{device.id}"
            tallies = _restored(kept(name), counting)
            made[device.id] = partial(_count, tallies, partial(keep, name))
    return made


def _count(
    tallies: dict[str, tuple[Counter, Tally | None]],
    keep: Callable[[Any], None],
    point: Point,
    raw: Any,  # noqa: ANN401  # a number, or one with its exponent
) -> Value | Uncertain:
    counter, before = tallies[point.name]
    scaled = raw.__class__ is Scaled
    number, exponent = raw if scaled else (raw, 0)
    tally, certain = count_on(counter, before, number, exponent)
    tallies[point.name] = counter, tally
    if before is None or before.place(counter) != tally.place(counter):
        keep(_kept(tallies))
    total = number + tally.carry
    value: Value = total
    if counter.convert is not None:
        # The raw value itself was good, and the line it lies on goes on for ever.
        value = cast(
            "Value", counter.convert(cast("Value", Scaled(total, exponent)) if scaled else total)
        )
    return value if certain else Uncertain(value)


def _kept(tallies: Mapping[str, tuple[Counter, Tally | None]]) -> dict[str, list[float]]:
    return {
        name: [counter.low, counter.size, tally.last, tally.carry, tally.exponent]
        for name, (counter, tally) in tallies.items()
        if tally is not None
    }


def _restored(
    kept: Any,  # noqa: ANN401  # what the state holds
    counting: Mapping[str, Counter],
) -> dict[str, tuple[Counter, Tally | None]]:
    found = kept if isinstance(kept, dict) else {}
    return {name: (c, _tally(found.get(name), c)) for name, c in counting.items()}


def _tally(kept: Any, counter: Counter) -> Tally | None:  # noqa: ANN401  # what the state holds
    match kept:
        case [counter.low, counter.size, *stood] if len(stood) == 3 and all(map(_number, stood)):
            return Tally(*stood)
        case _:
            return None


def _number(kept: object) -> bool:
    return isinstance(kept, int | float) and math.isfinite(kept)
