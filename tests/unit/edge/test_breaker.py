"""When a silent device is left in peace."""

from __future__ import annotations

from gateway.edge.breaker import LONGEST, SHARE, Allowance, Breaker


def breaker(period: float, silences: int) -> Breaker:
    made = Breaker(period)
    for _ in range(silences):
        made.silent()
    return made


def test_the_third_silent_poll_opens_it_and_an_answer_closes_it() -> None:
    states = [(b := breaker(1.0, n)).suspect and not b.open for n in range(4)]
    assert states == [False, True, True, False]
    opened = breaker(1.0, 3)
    opened.answered()
    assert opened == Breaker(1.0)


def test_tries_come_at_growing_intervals() -> None:
    assert [breaker(1.0, n).interval for n in range(3, 9)] == [1, 2, 4, 8, 8, 8]
    assert [breaker(10.0, n).interval for n in range(3, 8)] == [10, 20, 40, LONGEST, LONGEST]


def test_a_device_polled_rarely_is_not_tried_more_often_than_that() -> None:
    assert breaker(600.0, 5).interval == 600.0
    assert breaker(0.1, 1000).interval == 0.8


def test_a_neighbours_return_makes_the_intervals_short_again() -> None:
    dead = breaker(1.0, 9)
    dead.encourage()
    assert dead.open
    assert dead.interval == 1.0


def test_suspects_are_tried_one_at_a_time_within_their_share() -> None:
    allowance = Allowance()
    assert allowance.next_at(5.0) == 5.0
    allowance.take()
    assert allowance.next_at(5.0) == float("inf")
    allowance.spend(0.3, now=5.3, share=SHARE)
    assert allowance.next_at(5.5) == 5.3 + 0.3 * 19
    allowance.take()
    allowance.give_back()
    assert allowance.next_at(20.0) == 20.0
