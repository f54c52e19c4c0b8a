"""Gateways that have gone: what no gateway can say of itself.

A broker tells of a broken connection by the gateway's will, a retained status that is not online.
``after`` that (90 s, domain §4) it is an alarm of the gateway, ``gateway_offline``, raised here and
published under the gateway's own topics, where the console and everybody else look for its alarms.
It ends when the gateway is online again, by going to normal at once: the gateway judges no actions
on an alarm that is not its own, so nobody could acknowledge it.

What stands is not kept in a file: the broker has it, retained, and hands it over at every
subscription. All values and no clock: moments are told, in ms UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.faults.words import lasted
from gateway.model import Alarm, Millis, Severity, State
from gateway.wire import Root

CODE = "gateway_offline"
LONG: Millis = 3_600_000


@dataclass(frozen=True, slots=True)
class Due:
    """An alarm that has changed and must be stored and published."""

    root: Root
    alarm: Alarm


class Offline:
    """Who is offline since when, and whose alarm stands; it is one ``after`` so many ms."""

    def __init__(self, after: Millis) -> None:
        self._after = after
        self._since: dict[Root, Millis] = {}
        self._online: set[Root] = set()
        self._standing: dict[Root, Alarm] = {}

    def hear(self, root: Root, *, online: bool, now: Millis) -> None:
        """Take in a status; one that says offline again changes nothing."""
        if online:
            self._since.pop(root, None)
            self._online.add(root)
        else:
            self._online.discard(root)
            self._since.setdefault(root, now)

    def recall(self, root: Root, alarm: Alarm | None) -> None:
        """Take in what the broker has of the alarm: it may be of an ingest before this one."""
        if alarm is None or alarm.state is State.NORMAL:
            return
        self._standing.setdefault(root, alarm)

    def due(self, now: Millis) -> list[Due]:
        """What has to be told now, until it is ``told``."""
        raised = [
            Due(root, _raised(root, since, now))
            for root, since in self._since.items()
            if root not in self._standing and now - since >= self._after
        ]
        over = [
            Due(root, replace(alarm, t=now, state=State.NORMAL, cleared=now))
            for root, alarm in self._standing.items()
            if root in self._online
        ]
        return raised + over

    def told(self, due: Due) -> None:
        """It is stored and published."""
        if due.alarm.state is State.NORMAL:
            self._standing.pop(due.root, None)
        else:
            self._standing[due.root] = due.alarm

    def wait(self, now: Millis) -> Millis:
        """How long until something may be due; a second where something is."""
        if self.due(now):
            return 1_000
        begun = (since for root, since in self._since.items() if root not in self._standing)
        return min((since + self._after - now for since in begun), default=LONG)


def _raised(root: Root, since: Millis, now: Millis) -> Alarm:
    return Alarm(
        device=root.gateway,
        code=CODE,
        t=now,
        state=State.UNACKNOWLEDGED,
        severity=Severity.MAJOR,
        message=(
            f"the gateway's connection to the broker broke {lasted(since, now)} ago: "
            "neither its alarms nor its readings arrive"
        ),
        raised=now,
        values={"since": since},
    )
