"""A dark day: photocells light their lamps though the sun is up. An event, for nothing is broken.

Source: domain §1, ``day_burner``. Told once by each lamp that sees it on its own light meter, else
by each lamp that is lit by its photocell with half of the others; again only after it was light.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.faults.daylight import dark
from gateway.faults.lamps import burns, facts, measured, number
from gateway.faults.rule import Notice, Seen, Switch, Told
from gateway.model import Value

SUN = 6.0
"""Degrees above which it is day (domain §1)."""


class Darkness:
    """Whether it is a dark day here; ``news`` while that has just been seen."""

    __slots__ = ("dark", "news")

    def __init__(self, _seen: Seen) -> None:
        self.dark = self.news = False

    def see(self, seen: Seen) -> None:
        """Look at the sky where a photocell lamp burns."""
        self.news = False
        power = measured(seen, "power") if facts(seen).control == "photocell" else None
        if power is None:
            return
        was, self.dark = self.dark, self._now(seen, power)
        self.news = self.dark and not was

    def _now(self, seen: Seen, power: float) -> bool:
        asset = facts(seen)
        return burns(power, asset) and not asset.tunnel and seen.sun() > SUN and dark(seen)


def notice(seen: Seen, _settings: Switch, darkness: Darkness) -> Told | None:
    """The first reading of it."""
    if not darkness.news:
        return None
    light, sun = number(seen, "illuminance"), seen.sun()
    told = "" if light is None else f", {light:.0f} lx"
    values: Mapping[str, Value] = {"sun": round(sun, 1)} | (
        {} if light is None else {"illuminance": round(light)}
    )
    return f"lit by a dark sky, the sun at {sun:.0f}°{told}", values


NOTICE = Notice(
    event="dark_day",
    kinds=frozenset({"lamp"}),
    notice=notice,
    points=("power",),
    memory=Darkness,
)
