"""What goes wrong in a district, when, and for how long: TOML files, read strictly, then played.

```toml
schema = 1
description = "a storm takes a feeder"
start = 2026-03-02T18:00:00   # the place's local time; left out: now
duration = "12h"

[[weather]]
weather = "storm"
at = "1h"
for = "4h"

[[fault]]
fault = "feeder_outage"
index = 1                # the second device in which it would show then, or: device = "pillar-f2"
at = "2h"                # after the start
for = "20m"              # left out: for good
every = "5h"             # again and again; left out: once
```

``language`` holds every table, ``reading`` reports every mistake at once, ``player`` carries a
scenario out.
"""

from __future__ import annotations

from simulators.scenario.language import Scenario
from simulators.scenario.player import Player, Stage, Witness, play
from simulators.scenario.reading import load, read, scenario_names

__all__ = ["Player", "Scenario", "Stage", "Witness", "load", "play", "read", "scenario_names"]
