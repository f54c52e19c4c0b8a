"""Another time for a program: libfaketime before its libc, and the clock in a file, to be set.

Only the wall clock is faked, and it can be set while the program runs. A Python program under it
may sleep in asyncio only: libfaketime gets the absolute deadlines of ``time.sleep`` wrong.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parts.netns import as_root
from tests.parts.process import program

_LIBRARY = "libfaketime.so.1"
_PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime")
_OTHER_BOOT = 'mount --bind "$1" /proc/sys/kernel/random/boot_id && shift && exec "$@"'


@dataclass(frozen=True, slots=True)
class FakeTime:
    """A clock in ``file``; ``before()`` goes in front of a program's words."""

    file: Path

    @classmethod
    def at(cls, file: Path, when: str) -> FakeTime:
        """A clock that shows ``when`` (as ``set``)."""
        clock = cls(file)
        clock.set(when)
        return clock

    def set(self, when: str) -> None:
        """From the next second on it shows ``when``.

        ``"+0"`` is the truth, ``"-1d"`` a day before it, ``"@1970-01-01 00:00:10"`` that moment
        and on from there since the start of the program.
        """
        new = self.file.with_suffix(".new")
        new.write_text(f"{when}\n")
        new.replace(self.file)

    def before(self, boot: Path | None = None) -> list[str]:
        """What runs a program by this clock; ``boot`` is a file with the id of another boot."""
        faked = [
            program("env"),
            f"LD_PRELOAD={_library()}",
            f"FAKETIME_TIMESTAMP_FILE={self.file}",
            "FAKETIME_CACHE_DURATION=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1",
            "NO_FAKE_STAT=1",
            "TZ=Europe/Berlin",
        ]
        if boot is None:
            return faked
        shell = [program("sh"), "-c", _OTHER_BOOT, "sh", str(boot)]
        return [*as_root(), program("unshare"), "--mount", *shell, *faked]


def another_boot(file: Path) -> str:
    """The id of a boot of its own, written to ``file``."""
    boot = str(uuid.uuid4())
    file.write_text(boot)
    return boot


def _library() -> Path:
    program("faketime")
    for place in _PLACES:
        for folder in Path("/").glob(place.lstrip("/")):
            if (folder / _LIBRARY).exists():
                return folder / _LIBRARY
    pytest.fail(f"{_LIBRARY} is missing beside faketime; pid {os.getpid()}")
