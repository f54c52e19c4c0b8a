"""Upkeep: once an hour what is too old goes, a slice at a time between two batches.

The ledger's notes for the audit go after ``KEPT``. Rows of the embedded history go only if the
centre's file says how long to ``keep`` them; nothing is deleted unasked. InfluxDB has retention
policies of its own.
"""

from __future__ import annotations

import time

from gateway.centre.history import Store, StoreBusy
from gateway.centre.ingest.ledger import Ledger
from gateway.centre.ingest.register import KEPT
from gateway.log import get_logger
from gateway.model import Millis

log = get_logger()

PERIOD = 3600.0  # seconds


class Upkeep:
    """``keep`` is in seconds; None keeps everything."""

    def __init__(self, store: Store, ledger: Ledger, keep: float | None) -> None:
        self._store = store
        self._ledger = ledger
        self._keep = None if keep is None else round(keep * 1000)
        self._at = 0.0
        self._gone = 0

    def wait(self) -> float:
        """Seconds until there is something to do."""
        return max(0.0, self._at - time.monotonic())

    def work(self, now: Millis) -> None:
        """Do a slice of it, if it is time; a database that is busy is left alone for an hour."""
        if self.wait():
            return
        more = False
        try:
            if not self._gone:
                self._ledger.forget(now - KEPT)
            if self._keep is not None:
                gone = self._store.forget(now - self._keep)
                self._gone += gone
                more = gone > 0
        except StoreBusy as error:
            log.warning("old rows could not be deleted", reason=str(error))
        if not more:
            if self._gone:
                log.info("old rows deleted", readings=self._gone)
            self._gone = 0
            self._at = time.monotonic() + PERIOD
