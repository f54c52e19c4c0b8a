"""A disk whose power may be cut: what was not synced is lost, kept, reordered or torn by sectors.

``Platter`` is the ring's ``Files`` in memory. Each file knows what is durable and which sectors
were written since. At a cut every such sector keeps either what was durable or any of the versions
written since, each for itself: that is loss, reordering and tearing in one. A length that was not
synced is the old one, the new one or one between. Names are durable at once, as a journal with a
synced folder makes them.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from random import Random

from gateway.edge.outbox.ring.block import SIZE

SECTOR = 512


class PowerCut(BaseException):
    """From now on nothing reaches the disk."""


class Platter:
    """All files of one disk. ``cut_after`` operations the power fails; None: it stays.

    ``refuses`` is an errno every write answers with; ``bad`` are places that cannot be read. With
    ``sync_fails`` the next sync fails as Linux does it: some of what was written has arrived, the
    rest never will, though a reader sees it until the power is cut.
    """

    def __init__(self, size: int = 10**12) -> None:
        self.size = size
        self.files: dict[Path, PlatterFile] = {}
        self.cut_after: int | None = None
        self.operations = 0
        self.refuses: int | None = None
        self.sync_fails: Random | None = None
        self.bad: set[int] = set()
        self.syncs = 0
        self.written = 0

    def step(self) -> None:
        """One more operation, unless the power is gone."""
        self.operations += 1
        if self.cut_after is not None and self.operations > self.cut_after:
            raise PowerCut

    def cut(self, chance: Random) -> None:
        """Power off and on: only what a disk keeps is there."""
        for file in self.files.values():
            file.cut_power(chance)
        self.cut_after = None

    def used(self) -> int:
        return sum(len(file.now) for file in self.files.values())

    # --- Files

    def exists(self, path: Path) -> bool:
        return path in self.files

    def names(self, folder: Path) -> list[str]:
        return [path.name for path in self.files if path.parent == folder]

    def open(self, path: Path) -> PlatterFile:
        return self.files[path]

    def create(self, path: Path) -> PlatterFile:
        self.step()
        self.refuse()
        self.files[path] = PlatterFile(self)
        return self.files[path]

    def rename(self, path: Path, name: Path) -> None:
        self.step()
        self.files[name] = self.files.pop(path)

    def remove(self, path: Path) -> None:
        self.step()
        self.files.pop(path, None)

    def spare(self, path: Path) -> tuple[int, int]:  # noqa: ARG002  # there is one disk
        return max(0, self.size - self.used()), self.size

    def refuse(self) -> None:
        if self.refuses is not None:
            raise OSError(self.refuses, os.strerror(self.refuses))


class PlatterFile:
    """One file: what a reader sees now, what is durable, and what was written since."""

    def __init__(self, platter: Platter) -> None:
        self.platter = platter
        self.writable = True
        self.now = bytearray()
        self.durable = bytearray()
        self.since: dict[int, list[bytes]] = {}
        self.lengths: list[int] = []

    def blocks(self) -> int:
        return len(self.now) // SIZE

    def read(self, place: int, count: int = 1) -> bytes:
        if any(place <= bad < place + count for bad in self.platter.bad):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return bytes(self.now[place * SIZE : (place + count) * SIZE])

    def write(self, place: int, data: bytes) -> None:
        self.platter.step()
        self.platter.refuse()
        start = place * SIZE
        more = start + len(data) - len(self.now)
        if more > 0:
            if self.platter.used() + more > self.platter.size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.now += bytes(more)
            self.lengths.append(len(self.now))
        self.now[start : start + len(data)] = data
        self.platter.written += len(data)
        for at in range(0, len(data), SECTOR):
            self.since.setdefault(start + at, []).append(data[at : at + SECTOR])

    def sync(self) -> None:
        self.platter.step()
        self.platter.refuse()
        self.platter.syncs += 1
        chance, self.platter.sync_fails = self.platter.sync_fails, None
        self.durable[len(self.now) :] = bytes(max(0, len(self.now) - len(self.durable)))
        for at, versions in self.since.items():
            if at < len(self.now) and (chance is None or chance.random() < 0.5):
                self.durable[at : at + SECTOR] = versions[-1]
        self.since.clear()
        self.lengths.clear()
        if chance is not None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def cut(self, blocks: int) -> None:
        self.platter.step()
        del self.now[blocks * SIZE :]
        self.lengths.append(len(self.now))

    def close(self) -> None:
        pass

    def cut_power(self, chance: Random) -> None:
        length = chance.choice([len(self.durable), *self.lengths])
        left = self.durable[:length] + bytes(max(0, length - len(self.durable)))
        for at, versions in self.since.items():
            if at + SECTOR <= length and chance.random() < chance.choice([0.0, 0.5, 0.5, 1.0]):
                left[at : at + SECTOR] = chance.choice(versions)
        self.now, self.durable = left, bytearray(left)
        self.since.clear()
        self.lengths.clear()
