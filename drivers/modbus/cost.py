"""What a request costs on a serial line, counted in registers: when is a gap worth reading through?

A request takes its frame and the answer's, two silences and the time until the device begins to
answer, before the first register has come; every register takes two characters more. At 9600 baud
that is twelve registers' worth, at 115200 about 45. To read through a wider gap than that takes
longer than a second request.

The figure is computed from the line's settings and not measured: a plan that changed with every
disturbance would read other registers together each time. Where a request's time has little to do
with the registers in it, on TCP, nothing is computed, and the fewest requests are best.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from drivers.modbus.map.rows import SerialUnit, Traits

PAUSE = 0.003
"""Seconds until a prompt device and its adapter begin to answer (an engineering choice; most take
longer, so that no gap is read which does not pay)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired(Traits):
    """A device's traits on its wire.

    ``request`` is how many registers it reads in the time that a request takes beside them.
    """

    request: float


def on_line(  # the five figures of the formula
    traits: Traits,
    unit: SerialUnit,
    *,
    character: float,
    silence: float,
    frames: int,
    register: int,
) -> Wired:
    """Traits on a line where a request and an answer without registers take ``frames`` characters.

    ``register`` is how many characters one takes; ``character`` and ``silence`` are in seconds.
    """
    request = frames * character + 2 * silence + PAUSE + unit.delay
    known = {field.name: getattr(traits, field.name) for field in fields(Traits)}
    return Wired(**known, request=request / (register * character))
