"""The fault engine of a site: one way to make it, for the daemon and for a replay."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from gateway import weekly
from gateway.config.site import MaintenanceOptions, Site
from gateway.faults.engine import FaultEngine, Window
from gateway.faults.rule import Catalogue
from gateway.model import Device, Millis


def engine_of(site: Site, devices: Iterable[Device], rules: Catalogue) -> FaultEngine:
    """Judges ``devices``, the gateway itself among them, as the site file says."""
    place, zone = site.gateway, ZoneInfo(site.gateway.timezone)
    return FaultEngine(
        devices,
        rules,
        place.latitude,
        place.longitude,
        site.rules,
        zone,
        windows=[window(options, zone) for options in site.maintenance],
    )


def window(options: MaintenanceOptions, zone: tzinfo) -> Window:
    """A maintenance window as the engine asks for it."""
    times, begin, end = options.times, _ms(options.from_), _ms(options.to)

    def is_open(t: Millis) -> bool:
        if times is None:
            return begin <= t < end
        at = datetime.fromtimestamp(t / 1000, zone)
        return weekly.within(times, at.weekday(), at.hour * 60 + at.minute)

    return Window(is_open, options.devices, options.codes)


def _ms(moment: str | None) -> Millis:
    return 0 if moment is None else round(datetime.fromisoformat(moment).timestamp() * 1000)
