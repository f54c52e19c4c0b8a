"""What several feeder rules ask: is the feeder meant to be live, and what do its phases carry.

Source: domain §1, behaviour.
"""

from __future__ import annotations

from gateway.faults.rule import Seen

PHASES = ("voltage_l1", "voltage_l2", "voltage_l3")
DEEP_NIGHT = -6.0


def energised(seen: Seen) -> bool | None:
    """Whether a pillar or a lamp is meant to have supply now; None if that cannot be said.

    A permanent supply always is. A switched one follows its pillar's contactor command, else the
    contactor's state; where neither is known it is live once the sun stands 6 degrees below the
    horizon, and before that nobody knows.
    """
    if seen.device.facts.supply == "permanent":
        return True
    pillar = seen if seen.device.kind == "feeder" else None
    if pillar is None:
        feeders = (one for one in seen.members("feeder") if one.device.kind == "feeder")
        pillar = next(feeders, None)
    if pillar is not None:
        for point in ("contactor_command", "contactor_state"):
            state = pillar.good.get(point)
            if isinstance(state, bool):
                return state
    return True if seen.sun() < DEEP_NIGHT else None


def may_be_off(seen: Seen) -> bool:
    """Whether a device may be silent because its feeder is off, or may be for all that is known.

    That is a lamp; its pillar stands before the contactor.
    """
    return seen.device.kind == "lamp" and not energised(seen)
