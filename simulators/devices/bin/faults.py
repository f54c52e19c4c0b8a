"""The ways a bin can break, and what only looks like it.

Whatever keeps a bin full keeps it full past its rounds, so ``collection_missed`` may come along;
on the way up to a graver code the milder one may be raised first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.model import Kind
from simulators.devices.contract import Fault

_BIN: frozenset[Kind] = frozenset({"bin"})
_FULL = ("bin_full", "bin_overflow", "stand_full")
_LATE = ("collection_missed", "time_to_full")
_FIRE = ("bin_fire",)
_UPSET = ("bin_tilt", "lid_open", "bin_moved", "bin_removed")
_SENSOR = ("sensor_blocked", "sensor_stuck")

FAULTS = (
    Fault("bin_full", _BIN, "bin_full", must_not=("bin_overflow", *_FIRE, *_SENSOR), may=_LATE),
    Fault(
        "bin_overflow", _BIN, "bin_overflow", must_not=(*_FIRE, *_SENSOR), may=("bin_full", *_LATE)
    ),
    Fault(
        "stand_full", _BIN, "stand_full", about="stand",
        must_not=("bin_overflow", *_FIRE, *_SENSOR), may=("bin_full", *_LATE),
    ),
    Fault("bin_fire", _BIN, "bin_fire", must_not=_UPSET),
    Fault("bin_fire_slow", _BIN, "bin_fire", must_not=_UPSET),
    Fault("bin_fire_by_peers", _BIN, "bin_fire", must_not=_UPSET),
    Fault("bin_tilt", _BIN, "bin_tilt", must_not=("bin_removed", "bin_moved", *_FIRE),
          may=("bad_data",)),
    Fault("lid_open", _BIN, "lid_open", must_not=("bin_tilt", "bin_removed", *_FIRE)),
    Fault("bin_moved", _BIN, "bin_moved", must_not=("bin_tilt", "bin_removed", *_FIRE)),
    Fault(
        "bin_removed", _BIN, "bin_removed", must_not=(*_FULL, *_FIRE),
        may=("bin_tilt", "bin_moved", "bad_data"),
    ),
    Fault(
        "sensor_blocked", _BIN, "sensor_blocked", must_not=_FIRE,
        may=("bin_full", "bin_overflow", "stand_full", *_LATE),
    ),
    # What a scale shows grows on while the level stands still.
    Fault(
        "sensor_stuck", _BIN, "sensor_stuck", must_not=(*_FULL, *_FIRE), may=(*_LATE, "heavy_load")
    ),
    Fault("battery_low", _BIN, "battery_low", must_not=("bad_data", "comm_loss")),
    Fault(
        "collection_missed", _BIN, "collection_missed", must_not=("bin_overflow", *_SENSOR),
        may=("bin_full", "time_to_full"),
    ),
    Fault("heavy_load", _BIN, "heavy_load", must_not=_FIRE, may=(*_FULL, *_LATE)),
    # What nobody may be called out for.
    Fault("festival", _BIN, None, must_not=(*_FULL, *_SENSOR, "collection_missed", "heavy_load")),
    Fault("sun_warmed", _BIN, None, must_not=_FIRE),
    Fault("lid_swinging", _BIN, None, must_not=("lid_open", "bin_tilt")),
    Fault("misreads", _BIN, None, must_not=(*_FULL, *_SENSOR, "bin_removed"), may=("bad_data",)),
    Fault(
        "late_collection", _BIN, None, must_not=("collection_missed", "bin_overflow"),
        may=("bin_full", "time_to_full"),
    ),
    Fault("gps_jitter", _BIN, None, must_not=("bin_moved",)),
)  # fmt: skip

NEEDS: Mapping[str, frozenset[str]] = MappingProxyType({
    "bin_fire": frozenset({"temperature"}),
    "bin_fire_slow": frozenset({"temperature"}),
    "bin_fire_by_peers": frozenset({"temperature"}),
    "sun_warmed": frozenset({"temperature"}),
    "bin_tilt": frozenset({"tilt"}),
    "bin_removed": frozenset({"distance", "tilt"}),
    "lid_open": frozenset({"lid_open"}),
    "lid_swinging": frozenset({"lid_open"}),
    "bin_moved": frozenset({"latitude", "longitude"}),
    "gps_jitter": frozenset({"latitude", "longitude"}),
    "battery_low": frozenset({"battery"}),
    "heavy_load": frozenset({"weight", "distance"}),
})  # fmt: skip
"""The points a fault is told by, where it is not the distance."""
TARGETS: Mapping[str, float] = MappingProxyType({
    "bin_full": 88.0, "bin_overflow": 98.0, "stand_full": 93.0, "collection_missed": 87.0,
    "late_collection": 86.0,
})  # fmt: skip
"""% to which a fault fills a bin: past its own threshold, short of the next one (domain §3)."""
THRESHOLDS: Mapping[str, float] = MappingProxyType({
    "bin_full": 80.0, "bin_overflow": 95.0, "collection_missed": 80.0, "late_collection": 80.0,
})  # fmt: skip
STAND_FULL = 90.0
SPARED = frozenset({*TARGETS, "bin_removed", "bin_tilt", "heavy_load"}) - {"late_collection"}
"""With these a bin is left by the crew: it is why they last."""
