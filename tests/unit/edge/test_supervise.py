"""A task that fails begins again and harms no other."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from gateway.edge.supervise import Supervisor
from tests.parts.virtual import run_virtual


def test_a_task_that_fails_is_told_of_and_begun_again_ever_more_rarely(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def main() -> tuple[list[float], int]:
        loop = asyncio.get_running_loop()
        starts: list[float] = []

        async def work() -> None:
            starts.append(loop.time() - 1000)
            raise ValueError("a bug")

        supervisor = Supervisor()
        with suppress(TimeoutError):
            async with asyncio.timeout(200):
                await supervisor.keep("poller of b", work)
        return starts, supervisor.restarts

    starts, restarts = run_virtual(main())
    assert starts == [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181]
    assert restarts == 11
    told = capsys.readouterr().err
    assert "poller of b" in told
    assert "ValueError: a bug" in told


def test_work_is_cancelled_with_its_supervisor_and_ends_first() -> None:
    async def main() -> list[str]:
        ends: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(1e6)
            finally:
                await asyncio.sleep(0.1)
                ends.append("work")

        task = asyncio.create_task(Supervisor().keep("x", work))
        await asyncio.sleep(1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        ends.append("supervisor")
        return ends

    assert run_virtual(main()) == ["work", "supervisor"]
