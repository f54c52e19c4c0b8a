"""One poll of a device that has no time just now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gateway.config.site import GatewayOptions, Site
from gateway.driver import Block, Busy, Raw
from gateway.field.read import poll_once
from gateway.model import Reading
from tests.parts.fieldbus import Wire, scripted_device
from tests.parts.virtual import run_virtual, virtual_clock


def read(busy: int) -> Reading:
    """The reading of a device that says so many times that it is busy."""

    async def main() -> Reading:
        wire = Wire()

        def answers(block: Block, _t: float) -> Sequence[Raw]:
            if len(wire.requests) < busy:
                raise Busy("busy")
            return [1] * len(block.points)

        wire.answers = answers
        place = GatewayOptions(
            id="g", site="s", latitude=0.0, longitude=0.0, data_dir=Path("nowhere")
        )
        site = Site(
            file=Path("site.toml"),
            gateway=place,
            buses={"b": wire.bus(scripted_device("x"))},
        )
        (reading,) = await poll_once(site, clock=virtual_clock())
        return reading

    return run_virtual(main())


def test_a_busy_device_is_asked_again() -> None:
    assert read(busy=2).values == {"power": 1}


def test_one_that_stays_busy_says_so() -> None:
    reading = read(busy=9)
    assert not reading.values
    assert "busy" in str(reading.silent)
