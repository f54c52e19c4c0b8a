"""Which database a centre's file names: the one place that chooses between back ends.

A server's client is imported only where a file names a server; the embedded store needs none.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, closing

from gateway.centre.embedded import SqliteHistory
from gateway.centre.history import History, Store
from gateway.config.site import Centre


def open_store(centre: Centre) -> AbstractContextManager[Store]:
    """Where ingest writes to, closed at the end of the block."""
    if centre.influx is None:
        return closing(SqliteHistory.open(centre.data_dir))
    from gateway.centre.influx import InfluxStore  # noqa: PLC0415  # half a second to import

    return closing(InfluxStore.open(centre.influx))


def open_history(centre: Centre) -> AbstractContextManager[History]:
    """Where the console and the audit read from, closed at the end of the block."""
    if centre.influx is None:
        return closing(SqliteHistory.open(centre.data_dir))
    from gateway.centre.influx import open_influx_history  # noqa: PLC0415  # the same

    return closing(open_influx_history(centre.influx))
