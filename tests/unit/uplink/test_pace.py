"""How fast a backlog goes: turns as short on any link, and rests as long as the share asks."""

from __future__ import annotations

import pytest

from gateway.edge.pace import FIRST_ROOM, MOST_MESSAGES, MOST_ROOM, TURN, Pace


class Link:
    """Carries ``rate`` bytes a second, and everything takes ``delay`` seconds longer."""

    def __init__(self, pace: Pace, rate: float, delay: float, size: int) -> None:
        self.pace = pace
        self.rate = rate
        self.delay = delay
        self.size = size
        self.now = 100.0
        self.sent = 0

    def turn(self) -> float:
        """A whole turn; how long it kept the link busy."""
        self.now += self.pace.due(self.now) or 0.0
        out = 0
        while self.pace.allows(self.now):
            self.pace.sent(self.size, self.now)
            out += 1
        busy = out * self.size / self.rate
        for number in range(1, out + 1):
            arrives = self.now + self.delay + number * self.size / self.rate
            self.pace.acknowledged(arrives)
        self.now += self.delay + busy
        self.sent += out * self.size
        return busy


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.6], ids=["lan", "mobile", "satellite"])
@pytest.mark.parametrize("rate", [4_000, 20_000, 200_000])
def test_a_turn_keeps_a_link_of_any_speed_busy_for_a_moment_only(rate: int, delay: float) -> None:
    link = Link(Pace(1.0), rate, delay, 500)
    turns = [link.turn() for _ in range(50)]
    assert max(turns) <= max(FIRST_ROOM / rate + 0.5, 2 * TURN)
    assert max(turns[10:]) <= 2 * TURN + 500 / rate


def test_a_fast_link_is_used_in_ever_larger_turns() -> None:
    link = Link(Pace(1.0), 1e7, 0.001, 5_000)
    for _ in range(20):
        link.turn()
    assert link.pace.room == MOST_ROOM


def test_small_messages_leave_half_of_the_window() -> None:
    pace = Pace(1.0)
    sent = 0
    while pace.allows(0.0):
        pace.sent(1, 0.0)
        sent += 1
    assert sent == MOST_MESSAGES


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_turns_take_their_share_of_the_time(share: float) -> None:
    link = Link(Pace(share), 10_000, 0.0, 400)
    for _ in range(20):
        link.turn()
    began, sent, busy = link.now, link.sent, 0.0
    for _ in range(50):
        busy += link.turn()
    assert link.sent > sent
    assert busy / (link.now - began) == pytest.approx(share, rel=0.1)


def test_a_new_connection_may_be_a_slower_link() -> None:
    link = Link(Pace(1.0), 1e7, 0.001, 5_000)
    for _ in range(20):
        link.turn()
    link.pace.begin()
    assert link.pace.room == FIRST_ROOM
