"""Whose turn it is: the schedule as a table of moments, without a bus."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gateway.edge.agenda import LATER, Agenda, Poll
from gateway.model import Device
from tests.parts.fieldbus import plan, scripted_device


def names(poll: Poll | None) -> list[str]:
    assert poll is not None
    return [point.name for block in poll.blocks for point in block.points]


def drive(agenda: Agenda, until: float, takes: float = 0.0) -> list[tuple[float, str, list[str]]]:
    """Serve every poll when it is due, ``takes`` seconds each: (began, device, points)."""
    now, seen = 0.0, []
    while (now := max(now, agenda.next_at())) < until:
        poll = agenda.take(now)
        assert poll is not None
        seen.append((round(now, 6), poll.turn.device.id, names(poll)))
        now += takes
        agenda.answered(poll, now)
    return seen


def lamps(count: int, every: float = 1.0) -> list[Device]:
    return [scripted_device(f"lamp-{i}", ("power", every, "a")) for i in range(count)]


def test_everything_is_read_at_once_and_then_spread_over_the_period() -> None:
    seen = drive(Agenda(lamps(4), plan, start=0.0), until=3.0, takes=0.001)
    first, later = seen[:4], seen[4:]
    assert [(t < 0.01, device) for t, device, _ in first] == [(True, f"lamp-{i}") for i in range(4)]
    assert [(t, device) for t, device, _ in later[:4]] == [
        (0.25, "lamp-1"), (0.5, "lamp-2"), (0.75, "lamp-3"), (1.0, "lamp-0")
    ]  # fmt: skip
    gaps = [b - a for (a, *_), (b, *_) in pairwise(later)]
    assert gaps == pytest.approx([0.25] * len(gaps))


def test_the_phase_of_a_bus_shifts_all_its_devices() -> None:
    seen = drive(Agenda(lamps(2), plan, start=0.0, phase=0.3), until=1.0)
    assert [t for t, *_ in seen[2:]] == [0.3, 0.8]


def test_rhythms_that_tick_together_make_one_poll() -> None:
    device = scripted_device("x", ("fast", 1.0, "a"), ("slow", 5.0, "a"), ("odd", 0.7, "b"))
    seen = drive(Agenda([device], plan, start=0.0), until=7.5)
    at = {t: points for t, _, points in seen}
    assert at[0.0] == ["fast", "slow", "odd"]
    assert at[0.7] == ["odd"]
    assert at[1.0] == ["fast"]
    assert at[7.0] == ["fast", "odd"]
    assert at[5.0] == ["fast", "slow"]
    ticks = [t for t, _, points in seen if "slow" in points]
    assert ticks == [0.0, 5.0]


def test_slow_points_of_many_devices_do_not_all_come_in_one_round() -> None:
    devices = [
        scripted_device(f"lamp-{i}", ("power", 1.0, "a"), ("energy", 10.0, "b")) for i in range(10)
    ]
    seen = drive(Agenda(devices, plan, start=0.0), until=21.0)
    rounds = [int(t) for t, _, points in seen if "energy" in points and t >= 1.0]
    assert {rounds.count(i) for i in range(1, 20)} == {1}
    assert all("power" in points for _, _, points in seen)


def test_a_bus_that_cannot_keep_up_is_late_and_counts_it_and_is_fair() -> None:
    agenda = Agenda(lamps(4), plan, start=0.0)
    seen = drive(agenda, until=400.0, takes=0.5)
    gaps = [b - a for (a, *_), (b, *_) in pairwise(seen)]
    assert set(gaps) == {0.5}, "never idle, never two at once"
    counts = [sum(device == f"lamp-{i}" for _, device, _ in seen) for i in range(4)]
    assert max(counts) - min(counts) <= 2
    assert agenda.slip == pytest.approx(4 * 400 - len(seen), abs=12)


def test_a_little_late_is_late_but_not_half_as_often() -> None:
    seen = drive(Agenda(lamps(1), plan, start=0.0), until=10.1, takes=1.01)
    assert len(seen) == 10


def test_one_device_is_never_polled_twice_at_a_time() -> None:
    agenda = Agenda(lamps(2), plan, start=0.0)
    first, second = agenda.take(0.0), agenda.take(0.0)
    assert first is not None
    assert second is not None
    assert first.turn is not second.turn
    assert agenda.take(100.0) is None
    assert agenda.next_at() == float("inf")
    agenda.answered(first, 100.0)
    assert agenda.next_at() <= 101.0


def test_a_dead_device_takes_no_more_than_its_share_while_others_answer() -> None:
    agenda = Agenda(lamps(10, every=0.2), plan, start=0.0)
    now, tries = 0.0, []
    while (now := max(now, agenda.next_at())) < 600.0:
        poll = agenda.take(now)
        assert poll is not None
        if poll.turn.order == 3:
            tries.append(now)
            now += 0.3
            agenda.silent(poll, now, 0.3)
        else:
            now += 0.01
            agenda.answered(poll, now)
    assert 0.3 * len(tries) <= 0.05 * 600.0 + 0.6
    assert len(tries) >= 90


def test_three_dead_devices_are_tried_one_by_one() -> None:
    agenda = Agenda(lamps(10), plan, start=0.0)
    now, tries = 0.0, []
    while (now := max(now, agenda.next_at())) < 100.0:
        poll = agenda.take(now)
        assert poll is not None
        if poll.turn.order < 3:
            tries.append(now)
            now += 0.3
            agenda.silent(poll, now, 0.3)
        else:
            agenda.answered(poll, now)
    later = [t for t in tries if t > 1.0]
    assert all(b - a >= 5.9 for a, b in pairwise(later)), "a timeout costs twenty times its length"


def test_what_comes_back_together_is_found_together() -> None:
    agenda = Agenda(lamps(20), plan, start=0.0)
    now = 0.0
    while (now := max(now, agenda.next_at())) < 300.0:
        poll = agenda.take(now)
        assert poll is not None
        now += 0.3
        agenda.silent(poll, now, 0.3)
    back: dict[str, float] = {}
    while (now := max(now, agenda.next_at())) < 400.0:
        poll = agenda.take(now)
        assert poll is not None
        now += 0.01
        back.setdefault(poll.turn.device.id, now)
        agenda.answered(poll, now)
    assert len(back) == 20
    assert max(back.values()) - min(back.values()) < 1.0


def test_a_poll_cut_off_by_the_wire_is_due_as_it_was() -> None:
    agenda = Agenda(lamps(3), plan, start=0.0)
    poll = agenda.take(0.0)
    assert poll is not None
    agenda.put_back(poll)
    again = agenda.take(0.0)
    assert again is not None
    assert again.turn is poll.turn


def test_a_busy_device_is_asked_again_soon_while_its_neighbours_have_their_turns() -> None:
    agenda = Agenda(lamps(2), plan, start=0.0)
    drive(agenda, until=1.4)
    busy = agenda.take(1.5)
    assert busy is not None
    assert busy.turn.device.id == "lamp-1"
    agenda.put_off(busy, 1.5)
    assert agenda.next_at() == pytest.approx(1.5 + LATER[0])
    again = agenda.take(agenda.next_at())
    assert again is not None
    assert names(again) == names(busy), "as it was"
    agenda.put_off(again, 1.6)
    neighbour = agenda.take(2.0)
    assert neighbour is not None
    assert neighbour.turn.device.id == "lamp-0"
    agenda.answered(neighbour, 2.0)
    last = agenda.take(1.6 + LATER[1])
    assert last is not None
    assert last.turn is busy.turn
    assert not last.patient, "now it counts as busy"
    agenda.answered(last, 2.1)
    assert agenda.next_at() == pytest.approx(2.5), "in its grid again"
    assert agenda.slip == 0


def test_a_busy_answer_ends_a_silence() -> None:
    agenda = Agenda(lamps(1), plan, start=0.0)
    poll = agenda.take(0.0)
    assert poll is not None
    agenda.silent(poll, 0.3, 0.3)
    poll = agenda.take(agenda.next_at())
    assert poll is not None
    agenda.put_off(poll, 1.0)
    assert not poll.turn.breaker.suspect
    assert not agenda.mute
    assert poll.turn.fresh, "what it owes is read whole"


def test_after_an_outage_everything_is_read_whole_and_no_slip_is_counted() -> None:
    device = scripted_device("x", ("fast", 1.0, "a"), ("slow", 60.0, "b"))
    agenda = Agenda([device], plan, start=0.0)
    drive(agenda, until=2.5)
    agenda.resume(500.0)
    assert names(agenda.take(500.0)) == ["fast", "slow"]
    assert agenda.slip == 0


def test_the_same_site_gives_the_same_schedule() -> None:
    runs = [drive(Agenda(lamps(7), plan, start=0.0), until=5.0) for _ in range(2)]
    assert runs[0] == runs[1]
