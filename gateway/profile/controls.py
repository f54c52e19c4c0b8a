"""The ``[commands.*]`` tables of a profile: from what people write to what a device accepts.

A table's generic keys are ``ControlKeys``; the others are its driver's ``command`` type, and the
row of that type becomes ``Control.target``. What the row could never write (a limit its register
cannot hold, a resting value of the wrong kind) is refused here, not when a lamp is to be dimmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from gateway.driver import Driver
from gateway.model import Control, Value
from gateway.problems import Problem, suggest
from gateway.profile.points import Rows
from gateway.tables.document import Spot
from gateway.tables.shape import shape, told
from gateway.tables.words import PointName
from gateway.units import Between, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlKeys:
    """The keys every ``[commands.*]`` table may have; ``read_back`` is a point's name.

    ``rest`` is what a ``pulse`` leaves behind: 0, or off, unless it says otherwise.
    """

    unit: str = ""
    min: float | None = None
    max: float | None = None
    read_back: PointName | None = None
    pulse: Annotated[Duration, Between(0.01, 3600)] | None = None
    rest: Value | None = None

    def __post_init__(self) -> None:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is above max")
        if self.rest is not None and self.pulse is None:
            raise ValueError("rest is what a pulse leaves behind: it needs one")


def read_controls(
    written: object,
    driver: Driver | None,
    traits: object,
    rows: Rows,
    spot: Spot,
    problems: list[Problem],
) -> Mapping[str, Control]:
    """Every command by name, as far as they can be read."""
    controls: dict[str, Control] = {}
    for name, command in written.items() if isinstance(written, Mapping) else ():
        if isinstance(command, Mapping):
            here = spot.at(name)
            control = _control(name, command, driver, traits, rows, here, problems)
            if control is not None:
                controls[name] = control
            shown = command.get("read_back")
            if rows.whole and isinstance(shown, str) and shown not in rows.names:
                problem, hint = f'no point is called "{shown}"', suggest(shown, rows.names)
                problems.append(here.at("read_back").problem(problem, hint))
    return controls


def _control(
    name: str,
    table: Mapping[str, Any],
    driver: Driver | None,
    traits: object,
    rows: Rows,
    spot: Spot,
    problems: list[Problem],
) -> Control | None:
    kinds = (ControlKeys,) if driver is None else (ControlKeys, driver.command)
    wanted = shape(*kinds, strangers=driver is None)
    parts = wanted.read(table, spot, problems) or wanted.salvage(table, spot, *kinds[1:])
    if parts is None or driver is None or traits is None:
        return None
    keys, target = parts
    try:
        if hasattr(target, "complete"):
            target = target.complete(traits)
        source = next((p.source for p in rows.points if p.name == keys.read_back), None)
        if hasattr(target, "linked") and (rows.whole or source is not None):
            target = target.linked(source)
    except ValueError as error:
        problems.append(told(str(error), wanted.keys, spot))
        return None
    rest = False if keys.rest is None else keys.rest
    limits = {"min": keys.min, "max": keys.max, "rest": None if keys.pulse is None else rest}
    for key, value in limits.items() if hasattr(target, "nearest") else ():
        if value is not None:
            _check_fits(target, key, value, table, spot, problems)
    return Control(name, target, keys.unit, keys.min, keys.max, keys.read_back, keys.pulse, rest)


def _check_fits(
    target: Any,  # noqa: ANN401  # the driver's
    key: str,
    value: Value,
    table: Mapping[str, Any],
    spot: Spot,
    problems: list[Problem],
) -> None:
    """What may be asked for must be possible to write."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # as it was written
    try:
        target.nearest(value)
    except ValueError as error:
        given = key in table
        hint = "" if given else "say with rest what it leaves behind"
        problems.append(
            spot.at(key if given else "pulse").problem(f"it could not be written: {error}", hint)
        )
