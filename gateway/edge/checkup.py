"""How the devices of a bus are: what ails those without a good answer, and who is somebody else.

A device's identity is verified when it is first heard on a link, after it was silent, and now and
then after that. While it differs from its profile its values are shown and not judged by. What
failed polls come to (``gateway.diagnosis``) is told when it begins, when it becomes something else
and when it is over: to the log, and as an event. A device that is well costs a poll two looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from gateway import diagnosis
from gateway.diagnosis import Course, Diagnosis, Finding
from gateway.driver import BadResponse, Busy, Device, Driver, Link, NoResponse, Symptom
from gateway.edge.exchange import Heard, doubted, fruitless
from gateway.log import get_logger
from gateway.model import Event, Millis, Reading

log = get_logger()

VERIFY_EVERY = 600.0
"""Seconds between two looks at who a device is: long enough to cost nothing, and a device that was
swapped without a pause is noticed before anybody acts on ten minutes of its values (E)."""
VERIFY_AGAIN = 60.0
"""Seconds after which a device is asked again that could not be verified (E)."""

_SILENT = frozenset(Symptom) - {Symptom.REFUSED, Symptom.MISMATCH}


@dataclass(slots=True, eq=False)
class Checkup:
    """One device: when to look next who it is, how it differs, and what ails it."""

    device: Device
    due: float
    differs: str | None = None
    course: Course | None = None
    told: Diagnosis | None = None
    logged: bool = False
    unverifiable: bool = False

    @property
    def well(self) -> bool:
        """Whether there is nothing to say of it."""
        return self.course is None and self.differs is None


class Checkups:
    """The check-ups of one bus's devices; ``tell`` gets an event of each change."""

    def __init__(
        self, bus: str, driver: Driver, devices: Iterable[Device], tell: Callable[[Event], None]
    ) -> None:
        self._log = log.bind(bus=bus)
        self._driver = driver
        self._tell = tell
        self._soon = math.inf if driver.verify is None else -math.inf
        self._of = {device.id: Checkup(device, self._soon) for device in devices}

    def __getitem__(self, device: Device) -> Checkup:
        return self._of[device.id]

    def begin(self) -> None:
        """A link was opened: whoever is heard on it is looked at."""
        for checkup in self._of.values():
            checkup.due = self._soon

    def shift(self, by: Millis) -> None:
        """The clock was set by so many ms: what has lasted for a while has lasted no longer."""
        for checkup in self._of.values():
            if checkup.course is not None:
                checkup.course = replace(checkup.course, since=checkup.course.since + by)
            if checkup.told is not None:
                checkup.told = replace(checkup.told, since=checkup.told.since + by)

    async def identify(self, link: Link, checkup: Checkup, now: float) -> None:
        """Look who a device is that has just answered; LinkDown as ``Link.read``."""
        if self._driver.verify is None:
            return
        checkup.due = now + VERIFY_EVERY
        try:
            checkup.differs = await self._driver.verify(link, checkup.device)
            checkup.unverifiable = False
        except (NoResponse, BadResponse) as error:
            checkup.due = now + VERIFY_AGAIN
            refused = error.symptom is Symptom.REFUSED and not isinstance(error, Busy)
            if refused and not checkup.unverifiable:
                checkup.unverifiable = True
                self._log.info(
                    "identity cannot be checked", device=checkup.device.id, reason=str(error)
                )

    def examine(self, checkup: Checkup, heard: Heard, result: Reading) -> Reading:
        """The reading of a poll that was answered, as it is to be taken."""
        found = fruitless(heard, result)
        if checkup.differs is not None and result.silent is None:
            result = doubted(result, checkup.differs)
            found = Finding(Symptom.MISMATCH, checkup.differs)
        if found is not None and found.symptom is Symptom.REFUSED:
            read = sum(len(block.points) for block, _ in heard.answers)
            if read < len(checkup.device.points):
                return result  # the points that were not due may well be given
        if found is not None:
            reason = self.failed(checkup, found, result.t)
            return result if result.silent is None else replace(result, silent=reason)
        if checkup.course is not None:
            self._after(checkup, diagnosis.answered(checkup.course), result.t)
        return result

    def failed(self, checkup: Checkup, found: Finding, t: Millis, *, quietly: bool = False) -> str:
        """Take in a poll without a good answer; what is to be said of it, as a reading's reason.

        ``quietly``: the log knows the reason already.
        """
        course = diagnosis.failed(checkup.course, found, t)
        if found.symptom in _SILENT:
            checkup.due = self._soon
        self._after(checkup, course, t, quietly=quietly)
        return course.sentence

    def _after(
        self, checkup: Checkup, course: Course | None, t: Millis, *, quietly: bool = False
    ) -> None:
        """Go on with a course, and tell what is new about it."""
        checkup.course = course
        before = checkup.told
        if course is None:
            if before is not None:
                checkup.told = None
                self._say(checkup, before, t, over=True)
        elif (course.sure or before) and (before is None or before.symptom is not course.symptom):
            checkup.told = course.diagnosis(self._driver.advice)
            self._say(checkup, checkup.told, t, quietly=quietly)

    def _say(
        self,
        checkup: Checkup,
        told: Diagnosis,
        t: Millis,
        *,
        over: bool = False,
        quietly: bool = False,
    ) -> None:
        name = checkup.device.id
        until = {"until": t} if over else {}
        self._tell(Event(name, "diagnosis", t, {**told.told(), **until}))
        if over:
            if checkup.logged:
                self._log.info("device is well again", device=name)
            checkup.logged = False
        elif not quietly:
            checkup.logged = True
            said = "device stays silent" if told.symptom in _SILENT else "device cannot be used"
            self._log.warning(said, device=name, reason=told.text, **{"try": list(told.advice)})
