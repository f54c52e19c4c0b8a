"""How far a long work is, as a bar on a terminal; on stderr, and gone when the work is done."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.field.progress import Step, Tell


@contextlib.contextmanager
def bar() -> Iterator[Tell]:
    """A bar to tell each step to, until the block ends."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("found {task.fields[found]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("listening", total=None, found=0)

        def tell(step: Step) -> None:
            progress.update(
                task,
                description=step.doing,
                completed=step.done,
                total=step.total,
                found=step.found,
            )

        yield tell
