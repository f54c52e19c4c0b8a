"""A broker program a test may kill, freeze, thaw and start again on the same port and store."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.parts.process import running


@dataclass
class Broker:
    """A real broker on loopback; ``mosquitto`` and ``nats`` make one."""

    command: Sequence[str]
    port: int
    log: Path
    scheme: str = "mqtt"
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What a site file says to reach it."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running program."""
        assert self._process is not None, "the broker is not running"
        return self._process

    def start(self) -> None:
        """Start it (again), and wait until it serves."""
        self._process = self._stack.enter_context(
            running(self.command, log=self.log, port=self.port)
        )

    def stop(self) -> None:
        """End it politely."""
        self._stack.close()

    def kill(self) -> None:
        """As a power cut would, but for what the kernel still writes."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Alive to TCP, dead to everybody: SIGSTOP."""
        self.process.send_signal(signal.SIGSTOP)
        threads = Path(f"/proc/{self.process.pid}/task")
        while not all(") T " in (t / "stat").read_text() for t in threads.iterdir()):
            time.sleep(0.001)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)
