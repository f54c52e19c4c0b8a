"""The ring on disks that spoil, refuse and fill up: it opens, keeps the rest, and tells."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from random import Random

import pytest

from gateway.edge.outbox.contract import Drop, Lane, Outbox
from gateway.edge.outbox.ring import RingOutbox, block
from gateway.edge.outbox.ring.block import SIZE
from tests.parts.power import Platter
from tests.parts.tmpfs import mounted, remount

FILE = Path("/disk/outbox.ring")
EVENTS, TELEMETRY = Lane.EVENTS, Lane.TELEMETRY
FLUSHES = 10
SMALL = 700_000


def told(box: Outbox) -> dict[tuple[str, int], bytes]:
    """All that waits, by stream and seq."""
    return {
        (record.stream, record.seq): record.body
        for lane in Lane
        for record in box.pending(lane, 0, 1_000_000)
    }


def lost(drops: list[Drop]) -> set[tuple[str, int]]:
    return {(drop.stream, seq) for drop in drops for seq in range(drop.first, drop.last + 1)}


def filled(
    length: int = 300, count: int = FLUSHES
) -> tuple[Platter, dict[tuple[str, int], bytes], list[set[bytes]]]:
    """A disk with a ring of some flushes; what it told, and which bodies each flush brought."""
    disk, chance = Platter(), Random(length)
    box = RingOutbox.open(FILE, SMALL, disk)
    flushes = []
    for number in range(count):
        bodies = [b"t%d " % number + chance.randbytes(length), b"e%d " % number]
        box.append(TELEMETRY, "telemetry", bodies[0])
        box.append(EVENTS, "event/a", bodies[1])
        box.flush()
        flushes.append(set(bodies))
    return disk, told(box), flushes


def check(disk: Platter, before: dict[tuple[str, int], bytes], expected: set[bytes]) -> None:
    """It opens, has at least what is expected, tells the rest, and gives no seq twice."""
    box = RingOutbox.open(FILE, SMALL, disk)
    box.append(TELEMETRY, "telemetry", b"new")
    box.append(EVENTS, "event/a", b"new too")
    box.flush()
    after = told(box)
    assert expected | {b"new", b"new too"} <= set(after.values())
    assert len(after) == len(set(after.values())), "nothing twice"
    for name, body in after.items():
        assert before.get(name, body) == body, "a seq given twice"
    drops = list(box.drops())
    gone, ended = lost(drops), {d.stream: d.last for d in drops if "the end" in d.reason}
    for name, body in before.items():
        on_record = name in gone or name[1] > ended.get(name[0], 10**9)
        assert on_record or body in after.values(), "a loss without a word"


@pytest.mark.parametrize("length", [300, 5000], ids=["one block each", "two blocks each"])
def test_every_byte_of_the_last_two_blocks_may_flip(length: int) -> None:
    """Each offset of the two blocks written last, and some elsewhere; the batch there is lost."""
    disk, before, flushes = filled(length, 4)
    original = bytes(disk.files[FILE].now)
    each = -(-length // 3900)
    last = 1 + 4 * each  # the first batch begins the ring
    stride = 1 if each == 1 else 7
    offsets = [*range((last - 2) * SIZE, last * SIZE, stride)]
    chance = Random(2)
    offsets += [chance.randrange(len(original)) for _ in range(300)]
    for offset in offsets:
        spoilt = bytearray(original)
        spoilt[offset] ^= 1 << chance.randrange(8)
        disk.files = {FILE: disk.files[FILE]}
        disk.files[FILE].now = spoilt
        hit = (offset // SIZE - 1) // each
        check(disk, before, set().union(*(b for n, b in enumerate(flushes) if n != hit)))


def test_the_last_blocks_may_all_be_gone() -> None:
    """Zeroed, noise, or stale: seqs of what was lost are never given again."""
    disk, before, flushes = filled()
    original = bytes(disk.files[FILE].now)
    for count in range(1, FLUSHES):
        start = (1 + FLUSHES - count) * SIZE
        for spoil in (bytes(count * SIZE), Random(count).randbytes(count * SIZE)):
            disk.files = {FILE: disk.files[FILE]}
            disk.files[FILE].now = bytearray(
                original[:start] + spoil + original[start + len(spoil) :]
            )
            check(disk, before, set().union(*flushes[: FLUSHES - count]))


def test_a_file_may_be_cut_off_anywhere() -> None:
    disk, before, flushes = filled()
    original = bytes(disk.files[FILE].now)
    for length in range(1, 14 * SIZE, 777):
        disk.files = {FILE: disk.files[FILE]}
        disk.files[FILE].now = bytearray(original[:length])
        whole = max(0, length // SIZE - 1)
        if length < SIZE:
            continue
        check(disk, before, set().union(*flushes[:whole]))


def test_a_ring_of_another_format_is_set_aside_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "outbox.ring"
    RingOutbox.open(path, 1_000_000).close()
    data = path.read_bytes()
    monkeypatch.setattr(block, "VERSION", 2)
    box = RingOutbox.open(path, 1_000_000)
    assert "format 1" in box.drops()[0].reason
    box.close()
    assert (tmp_path / "outbox.ring.damaged-1").read_bytes() == data


@pytest.mark.parametrize("place", [3, FLUSHES, FLUSHES + 1], ids=["old", "newest", "next"])
def test_what_was_damaged_is_kept_to_be_looked_into(place: int) -> None:
    disk, _, _ = filled()
    noise = Random(1).randbytes(SIZE)
    disk.files[FILE].now[place * SIZE : (place + 1) * SIZE] = noise
    RingOutbox.open(FILE, SMALL, disk)
    assert bytes(disk.files[FILE.with_name("outbox.ring.damaged-1")].now) == noise


def test_a_block_that_cannot_be_read_is_given_up_only_once_the_disk_is_known_to_live() -> None:
    disk, before, _ = filled()
    box = RingOutbox.open(FILE, SMALL, disk)
    disk.bad = {4}
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            told(box)
    box.append(TELEMETRY, "telemetry", b"the disk takes this")
    box.flush()
    left = told(box)
    assert len(left) == len(before) - 2 + 1
    assert {(drop.lane, drop.reason) for drop in box.drops()} == {
        (lane, "damaged on disk") for lane in Lane
    }


def test_a_disk_that_cannot_be_written_keeps_all_and_goes_on_elsewhere() -> None:
    disk, before, _ = filled()
    box = RingOutbox.open(FILE, SMALL, disk)
    box.append(TELEMETRY, "telemetry", b"late")
    for _ in range(3):
        disk.refuses = errno.EIO
        with pytest.raises(OSError, match="outbox"):
            box.flush()
        assert told(box) == before
        assert box.last(TELEMETRY) == FLUSHES
    disk.refuses = None
    box.flush()
    assert box.pending(TELEMETRY, FLUSHES, 9)[0].body == b"late"
    assert not box.drops()
    check(disk, told(box), set(told(box).values()))


def test_a_disk_without_space_gives_up_the_oldest_and_says_so() -> None:
    """The bound allows 8 MB, the disk holds 1 MB; a twentieth of it is left to others."""
    disk, chance = Platter(1_000_000), Random(3)
    box = RingOutbox.open(FILE, 8_000_000, disk)
    for number in range(400):
        box.append(TELEMETRY, "telemetry", b"%d " % number + chance.randbytes(5000))
        box.append(EVENTS, "event/a", b"%d" % number)
        box.flush()
    assert disk.used() <= 950_000
    left = [record.seq for record in box.pending(TELEMETRY, 0, 1000)]
    assert left == list(range(left[0], 401))
    assert len(left) > 60
    gone = {(box.stream(TELEMETRY), seq) for seq in range(1, left[0])}
    assert lost(list(box.drops())) == gone
    assert len(box.pending(EVENTS, 0, 1000)) == 400, "events beside it are carried forward"


@pytest.mark.parametrize(("left", "kept"), [(400_000, 25), (100_000, 5)])
def test_a_disk_below_its_reserve_still_gets_a_small_ring(left: int, kept: int) -> None:
    disk, chance = Platter(10_000_000), Random(10)
    disk.create(Path("/disk/somebody-else")).write(0, bytes((10_000_000 - left) // SIZE * SIZE))
    box = RingOutbox.open(FILE, 8_000_000, disk)
    for _ in range(200):
        box.append(TELEMETRY, "telemetry", chance.randbytes(3000))
        box.flush()
    found = [record.seq for record in box.pending(TELEMETRY, 0, 1000)]
    assert found == list(range(found[0], 201))
    assert len(found) >= kept
    assert lost(list(box.drops())) == {(box.stream(TELEMETRY), s) for s in range(1, found[0])}


def test_old_events_between_released_records_do_not_hold_the_ring() -> None:
    """Every flush leaves one event behind; they are gathered, and no telemetry is dropped."""
    disk, chance = Platter(), Random(4)
    box = RingOutbox.open(FILE, 512_000, disk)
    for number in range(500):
        box.append(TELEMETRY, "telemetry", chance.randbytes(3000))
        box.append(EVENTS, "event/a", b"%d" % number * 20)
        box.flush()
        box.release(TELEMETRY, number - 5)
    assert not box.drops()
    assert [record.seq for record in box.pending(EVENTS, 0, 1000)] == list(range(1, 501))
    assert disk.syncs < 600


def test_a_flush_is_one_block_and_one_sync() -> None:
    disk = Platter()
    box = RingOutbox.open(FILE, 8_000_000, disk)
    syncs, written = disk.syncs, disk.written
    for number in range(100):
        box.append(TELEMETRY, "telemetry", b"x" * 3000)
        box.append(EVENTS, "event/a", b"y" * 300)
        box.release(TELEMETRY, number - 1, [(3, 4)])
        box.release(EVENTS, number - 2)
        box.flush()
    assert disk.syncs - syncs == 100
    assert disk.written - written == 100 * SIZE
    box.flush()
    assert disk.syncs - syncs == 100, "nothing new, nothing written"


def test_a_file_that_was_long_is_short_again() -> None:
    disk, chance = Platter(), Random(5)
    box = RingOutbox.open(FILE, 8_000_000, disk)
    least = disk.used()
    for _ in range(1000):
        box.append(TELEMETRY, "telemetry", chance.randbytes(3000))
        box.flush()
    assert disk.used() > 4_000_000
    box.release(TELEMETRY, 1000)
    for _ in range(300):
        box.append(TELEMETRY, "telemetry", b"x")
        box.flush()
        box.release(TELEMETRY, 10_000)
    assert disk.used() <= 2 * least
    check(disk, told(box), set())


def test_a_lower_bound_takes_effect_as_the_backlog_goes() -> None:
    disk, chance = Platter(), Random(8)
    box = RingOutbox.open(FILE, 8_000_000, disk)
    for _ in range(1000):
        box.append(TELEMETRY, "telemetry", chance.randbytes(3000))
        box.flush()
    box.close()
    box = RingOutbox.open(FILE, 1_000_000, disk)
    assert box.depth(TELEMETRY).records == 1000, "what is there stays until room is needed"
    for number in range(300):
        box.release(TELEMETRY, 4 * number)
        box.append(TELEMETRY, "telemetry", b"%d" % number)
        box.flush()
    gone = {seq for _, seq in lost(list(box.drops()))}
    left = [record.seq for record in box.pending(TELEMETRY, 0, 2000)]
    assert max(gone | set(left)) == 1300
    assert set(range(1197, 1301)) <= gone | set(left)
    assert disk.used() <= 1_000_000


def test_events_all_outlive_a_long_outage() -> None:
    """72 hours in small: every flush brings an event, and far more telemetry than fits."""
    disk, chance = Platter(), Random(9)
    box = RingOutbox.open(FILE, 700_000, disk)
    for number in range(1500):
        box.append(TELEMETRY, "telemetry", chance.randbytes(3000))
        box.append(EVENTS, "event/a", b"%d " % number + chance.randbytes(40))
        box.flush()
        assert disk.used() <= 700_000
    assert len(box.pending(EVENTS, 0, 2000)) == 1500
    left = [record.seq for record in box.pending(TELEMETRY, 0, 2000)]
    assert left == list(range(left[0], 1501))
    drops = box.drops()
    assert {seq for _, seq in lost(list(drops))} == set(range(1, left[0]))
    assert len(left) > 60
    check(disk, told(box), set(told(box).values()))


def test_memory_stays_bounded_while_a_long_backlog_is_read() -> None:
    """In portions, as the publisher does; no more than the last few batches are remembered."""
    disk, chance = Platter(), Random(6)
    box = RingOutbox.open(FILE, 50_000_000, disk)
    body = chance.randbytes(100_000)
    for _ in range(100):
        box.append(TELEMETRY, "telemetry", body)
        box.flush()
    after, seen = 0, 0
    while records := box.pending(TELEMETRY, after, 8):
        after, seen = records[-1].seq, seen + len(records)
    assert seen == 100
    assert box._ring is not None
    assert box._ring._recent._bytes <= 2_000_000


# --- on a real disk


def test_a_small_real_disk_fills_up(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=2m") as disk:
        box = RingOutbox.open(disk / "outbox.ring", 512_000_000)
        chance = Random(7)
        for _ in range(1000):
            box.append(TELEMETRY, "telemetry", chance.randbytes(5000))
            box.flush()
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        assert free >= 2 * 2**20 // 20, "the reserve"
        left = [record.seq for record in box.pending(TELEMETRY, 0, 10_000)]
        assert left == list(range(left[0], 1001))
        assert len(left) > 150
        assert lost(list(box.drops())) == {
            (box.stream(TELEMETRY), seq) for seq in range(1, left[0])
        }
        (disk / "somebody-else").write_bytes(bytes(free))  # and now it is really full
        for _ in range(100):
            box.append(TELEMETRY, "telemetry", chance.randbytes(5000))
            box.flush()
        assert box.pending(TELEMETRY, 1099, 1)[0].seq == 1100
        box.close()


def test_no_room_even_for_a_beginning_opens_empty_handed(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=64k") as disk:
        (disk / "somebody-else").write_bytes(bytes(60_000))
        box = RingOutbox.open(disk / "outbox.ring", 1_000_000)
        box.append(TELEMETRY, "telemetry", b"waits in memory")
        with pytest.raises(OSError, match="outbox"):
            box.flush()
        (disk / "somebody-else").unlink()
        box.flush()
        assert [record.body for record in box.pending(TELEMETRY, 0, 9)] == [b"waits in memory"]
        box.close()


def test_a_disk_that_takes_no_writing_is_read_and_written_again_later(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=8m") as disk:
        box = RingOutbox.open(disk / "outbox.ring", 1_000_000)
        box.append(TELEMETRY, "telemetry", b"before")
        box.close()
        remount(disk, "ro")
        box = RingOutbox.open(disk / "outbox.ring", 1_000_000)
        stream = box.stream(TELEMETRY)
        assert [record.body for record in box.pending(TELEMETRY, 0, 9)] == [b"before"]
        box.append(TELEMETRY, "telemetry", b"after")
        with pytest.raises(OSError, match="outbox"):
            box.flush()
        remount(disk, "rw")
        box.flush()
        assert [record.seq for record in box.pending(TELEMETRY, 0, 9)] == [1, 2]
        assert box.stream(TELEMETRY) == stream
        box.close()
