"""What a person should know about the uplink: a line in the log, and an event for the centre."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.log import get_logger
from gateway.model import NOTHING

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """``name`` is the event's; ``advice`` what to try, likeliest first; ``values`` the facts."""

    name: str
    message: str
    advice: tuple[str, ...] = ()
    values: Mapping[str, str | int | float] = field(default=NOTHING)

    def log(self) -> None:
        """Say it here; whoever hears of it tells the centre."""
        log.error(self.message, trouble=self.name, **self.values, **{"try": list(self.advice)})


Tell: TypeAlias = Callable[[Trouble], None]
