"""When a device is asked one question at a time, and for how long."""

from __future__ import annotations

from drivers.modbus.wire.crowd import ABSENT, DOUBT, MEMORY, Crowd


def careful(crowd: Crowd) -> bool:
    return crowd.careful


def proven(crowd: Crowd, now: float, unit: int = 1) -> None:
    """A unit is silent among others, and answers when it is asked alone."""
    assert "asked alone next" in crowd.silent(unit, now)
    assert careful(crowd)
    crowd.alone(unit, now + 1, answered=True)


def test_two_proofs_and_another_doubt_settle_it() -> None:
    crowd = Crowd()
    proven(crowd, 0.0)
    assert not careful(crowd)
    proven(crowd, 10.0, unit=2)
    assert "from now on one question is asked at a time" in crowd.silent(1, 20.0)
    crowd.alone(1, 21.0, answered=True)
    assert crowd.settled
    assert careful(crowd)
    assert not crowd.silent(1, 30.0), "it was said"


def test_a_unit_that_is_silent_alone_as_well_is_not_there() -> None:
    crowd = Crowd()
    assert crowd.silent(9, 0.0)
    crowd.alone(9, 1.0, answered=False)
    assert not careful(crowd)
    for now in range(2, 500, 10):
        assert not crowd.silent(9, now), "it is not there: nobody is held up for it"
        assert not careful(crowd)
    assert crowd.silent(9, 2 + ABSENT), "after a while it is asked alone once more"
    crowd.alone(9, 3 + ABSENT, answered=True)
    proven(crowd, 10 + ABSENT, unit=9)
    crowd.silent(9, 20 + ABSENT)
    assert crowd.settled


def test_losses_far_apart_prove_nothing() -> None:
    crowd = Crowd()
    for i in range(20):
        proven(crowd, i * MEMORY)
    assert not crowd.settled


def test_a_doubt_about_a_unit_nobody_asks_again_passes() -> None:
    crowd = Crowd()
    crowd.silent(7, 0.0)
    crowd.alone(1, 1.0, answered=True)
    assert careful(crowd)
    crowd.alone(1, DOUBT + 1, answered=True)
    assert not careful(crowd)
