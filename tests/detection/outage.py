"""A feeder of eighty lamps loses its mains: how many alarms is that?

Each way of losing it is a district's recording without wires, an hour and a half of it, lamps read
each minute and pillars each ten seconds, through the engine that runs at the edge. Controllers in a
tunnel and on a switched supply have no power but their lamps', and fall silent: each of them would
be a loss of communication. Those of the other streets live by the bus's power, say that they have
no voltage, and are dark for a reason they tell themselves: there is nothing to suppress.

Wanted is one alarm, about the feeder, that has taken in every lamp that fell silent when the mains
come back; one announced; and a while after its end nothing that is left of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.faults.causes import Key
from gateway.faults.lifecycle import present
from gateway.field.replay import Player
from gateway.model import Alarm, Millis, State
from gateway.recording import read as rows
from simulators.scenario import read
from tests.bench.longform import Verdict, progress
from tests.bench.report import Table
from tests.detection.scenarios import OF_A_CITY, Horn, Record, recorded

LAMPS = 80
DAYS = 1.5 / 24
NIGHT = "2026-03-02T20:00:00"
AT, FOR = 20, 30
"""Minutes after the start at which the mains go, and for how long."""
TUNNEL = "lamps = 80\ntunnel = 80"
STREET = "lamps = 80\nfeeders = 1"


@dataclass(frozen=True, slots=True)
class Outage:
    """One way to lose the mains; ``silent`` lamps answer no more, ``more`` happens besides."""

    name: str
    sizes: str
    pillar: str
    silent: int
    more: str = ""

    def scenario(self, seed: int) -> str:
        """The scenario as its file says it."""
        head = f'schema = 1\ndescription = "{self.name}"\nseed = {seed}\nstart = {NIGHT}\n'
        return (
            f"{head}[district]\n{self.sizes}\n"
            f'[[fault]]\nfault = "feeder_outage"\ndevice = "{self.pillar}"\n'
            f'at = "{AT}m"\nfor = "{FOR}m"\n{self.more}'
        )


OUTAGES = (
    Outage("a tunnel: its lamps fall silent", TUNNEL, "pillar-f1", LAMPS),
    Outage(
        "the same after a recloser's two tries",
        TUNNEL,
        "pillar-f1",
        LAMPS,
        "".join(
            f'[[fault]]\nfault = "feeder_outage"\ndevice = "pillar-f1"\nat = "{at}m"\nfor = "1m"\n'
            for at in (AT - 5, AT - 2)
        ),
    ),
    Outage("a switched street by night", "lamps = 320\nfeeders = 4", "pillar-f4", LAMPS),
    Outage("a street whose lamps answer", STREET, "pillar-f1", 0),
    Outage(
        "the same, without a meter",
        STREET,
        "pillar-f1",
        0,
        '[[gap]]\ndevice = "pillar-f1"\nat = "0s"\nfor = "2h"\n',
    ),
)


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one, alarms by name.

    ``standing`` and ``suppressed`` are those when the mains came back, ``left`` those at the end of
    the recording; ``counted`` is how many the feeder's alarm says it explains.
    """

    outage: Outage
    announced: Sequence[str]
    standing: Sequence[str]
    suppressed: Sequence[str]
    counted: int
    left: Sequence[str]

    @property
    def row(self) -> tuple[str, ...]:
        """A line of the table."""
        counts = map(len, (self.announced, self.standing, self.suppressed, self.left))
        return (self.outage.name, str(self.outage.silent), *map(str, counts))

    @property
    def broken(self) -> Iterator[str]:
        """What is not as wanted, in words."""
        own = [f"{self.outage.pillar} feeder_outage"]
        for what, found in (("announced", self.announced), ("standing", self.standing)):
            if found != own:
                yield f"{self.outage.name}: {what}: {', '.join(found[:8]) or 'nothing'}"
        if not self.counted == len(self.suppressed) == self.outage.silent:
            count = f"{len(self.suppressed)} suppressed, {self.counted} counted"
            yield f"{self.outage.name}: {count}, not {self.outage.silent}"
        if self.left:
            yield f"{self.outage.name}: left: {', '.join(self.left[:8])}"


def came(outage: Outage, seed: int) -> Came:
    """Record one, replay it, and look at the alarms when the mains come back and at the end."""
    with tempfile.TemporaryDirectory(prefix="wayside-outage-") as folder:
        file = Path(folder) / "scenario.toml"
        file.write_text(outage.scenario(seed), encoding="utf-8")
        return judged(outage, recorded(read(file), Path(folder), OF_A_CITY, DAYS, seed))


def judged(outage: Outage, record: Record) -> Came:
    """The same of what is recorded."""
    ends = (one.until or 0 for one in record.labels if one.code == "feeder_outage")
    back = max(ends)
    horn, known, then = Horn(), dict[Key, Alarm](), dict[Key, Alarm]()
    player = Player(record.site)
    t: Millis = 0
    for row in rows(record.file, player.kinds):
        if t < back <= row.t:
            then = dict(known)
        t = row.t
        for outcome in player.play(row):
            if isinstance(outcome, Alarm):
                horn.take(outcome)
                known[outcome.device, outcome.code] = outcome
    feeder = then.get((outage.pillar, "feeder_outage"))
    return Came(
        outage,
        horn.names,
        _named(then, aside=False),
        _named(then, aside=True),
        0 if feeder is None else feeder.suppressed,
        [*_named(known, aside=False), *_named(known, aside=True)],
    )


def _named(alarms: Mapping[Key, Alarm], *, aside: bool) -> Sequence[str]:
    """Those whose condition is present, suppressed or not."""
    return [
        f"{device} {code}"
        for (device, code), one in alarms.items()
        if present(one) and (one.state is State.SUPPRESSED) is aside
    ]


def measure(seed: int, _share: float = 1.0) -> Verdict:
    """Every way, one after the other; they are too short for a part of them."""
    found = []
    for number, outage in enumerate(OUTAGES, 1):
        found.append(came(outage, seed + number))
        progress(f"{number} of {len(OUTAGES)}: {outage.name}")
    says = (
        f"A feeder of {LAMPS} lamps without mains for {FOR} minutes, recorded without wires. "
        "*Silent* are the lamps that answer no more (those that do say that they have no voltage, "
        "which is no fault of theirs); *announced* are the alarms of the whole recording; "
        "*active* and *suppressed* are those that stand when the mains come back, *left* is what "
        "stands at the end, forty minutes later. Wanted: 1 announced, 1 active, every silent lamp "
        "suppressed, nothing left."
    )
    head = ("outage", "silent", "announced", "active", "suppressed", "left")
    table = Table("A feeder of 80 lamps loses its mains", says, head, [one.row for one in found])
    return Verdict(table, [broken for one in found for broken in one.broken])
