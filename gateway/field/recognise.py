"""What a device is that nobody has described: from what it says, what it holds, what it looks like.

Its profile is the one whose identity it has, or whose maker and model it names, or, as a guess, the
one its registers look like (``likeness``). Nothing is written to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gateway.driver import BadResponse, Driver, Link, NoResponse, Survey
from gateway.field.likeness import ENOUGH, Likeness, best, likeness
from gateway.model import Device
from gateway.problems import ConfigurationError
from gateway.profile import load_profile, profile_names, specimen
from gateway.values import gather


@dataclass(frozen=True, slots=True)
class Known:
    """What a device is: its profile, if one was found, what it says it is, and how sure that is."""

    profile: str | None = None
    identity: str = ""
    notes: tuple[str, ...] = ()


class Recogniser:
    """Knows the profiles of one driver's family, and which of them this bus has already."""

    def __init__(self, driver: Driver, survey: Survey, further: Sequence[str] = ()) -> None:
        """``further``: profiles beside the library's; ConfigurationError if one cannot be used."""
        self._driver = driver
        self._survey = survey
        self._specimens = tuple(specimens(driver, further))
        self._guessed: set[str] = set()

    async def recognise(self, link: Link, unit: Any) -> Known:  # noqa: ANN401  # the driver's
        """What the device at a unit (the driver's ``device``) is; raises LinkDown."""
        text = await self._survey.says(link, unit)
        nameless = []
        for device in (replace(each, options=unit) for each in self._specimens):
            fits = await self._survey.fits(link, device)
            if fits or (fits is None and names(text, device)):
                return Known(device.profile, text or f"{device.vendor} {device.model}")
            if fits is None:
                nameless.append(device)
        return replace(await self._guess(link, nameless), identity=text)

    async def _guess(self, link: Link, devices: Sequence[Device]) -> Known:
        alike: list[Likeness] = []
        for device in sorted(devices, key=lambda each: each.profile not in self._guessed):
            found = await self._likeness(link, device)
            if found is None:
                continue
            alike.append(found)
            if device.profile in self._guessed and 2 * found.telling >= found.points:
                break  # one more of those found before
        ranked = best(alike)
        if not ranked:
            return Known()
        first = ranked[0]
        if first.telling < ENOUGH:
            would = ", ".join(each.profile for each in ranked)
            note = f"it could be {would}, but too few of its registers hold anything to tell"
            return Known(None, "", (note,))
        self._guessed.add(first.profile)
        zero = "" if first.telling == first.points else ", the others zero or a bit"
        note = f"a guess: {first.telling} of its {first.points} points read plausibly{zero}"
        return Known(first.profile, "", (note,))

    async def _likeness(self, link: Link, device: Device) -> Likeness | None:
        """How well a profile fits; a misfit mostly shows at the first or the last of its points."""
        plan, points = self._driver.plan, device.points
        found = None
        try:
            for some in ((points[0],), (points[-1],), points):
                answers = [(block, await link.read(block)) for block in plan(device, some)]
                found = likeness(device, gather(device, 0, answers))
                if found is None:
                    return None
        except (NoResponse, BadResponse):
            return None
        return found


def specimens(driver: Driver, further: Sequence[str] = ()) -> Iterator[Device]:
    """A device of each profile of the library that the driver speaks, and of further ones.

    Raises:
        ConfigurationError: a further one cannot be used.
    """
    for ref in dict.fromkeys([*further, *profile_names()]):
        try:
            profile = load_profile(ref, Path.cwd())
        except ConfigurationError:
            if ref in further:
                raise
            continue  # a driver that is not installed here
        if profile.family == driver.family and profile.points:
            device = specimen(profile, driver)
            if device is not None:
                yield replace(device, vendor=profile.vendor, model=profile.model)


def names(text: str, device: Device) -> bool:
    """Whether what a device says of itself names the maker and model of a profile."""
    said = text.casefold()
    return device.vendor.casefold() in said and device.model.casefold() in said
