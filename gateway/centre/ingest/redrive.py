"""Dead letters fed in again, once what was wrong with them has been put right.

A row goes to the database as it stands, a message is read and goes the way of every other, through
the ledger. What is refused again stays, with its reason of today; the rest leaves the file, all or
nothing: a file is replaced when all of it has been tried, and where the database goes away in
between, when what was tried so far has left it. To try a letter twice, after a crash, changes
nothing: rows merge, and the ledger knows its records. Ingest must not run meanwhile; the broker
keeps what comes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gateway.centre.database import open_store
from gateway.centre.history import Rejected, Store, StoreBusy, StoreRefused
from gateway.centre.ingest.batch import Batch
from gateway.centre.ingest.deadletters import (
    DeadLetters,
    Letter,
    read,
    renewed,
    replace,
    written_down,
)
from gateway.centre.ingest.intake import read as read_message
from gateway.centre.ingest.ledger import Ledger
from gateway.centre.ingest.lock import CannotStart, alone
from gateway.config.site import Centre
from gateway.model import Millis
from gateway.mqtt import Delivery
from gateway.wire import BadPayload

AT_ONCE = 1000  # letters in one write


@dataclass(slots=True)
class Redriven:
    """What became of the letters: so many were ``tried``, and so many stay, refused ``again``.

    ``cut`` ones are not whole; they were not tried, and stay.
    """

    tried: int = 0
    again: int = 0
    cut: int = 0


def redrive(centre: Centre, now: Callable[[], Millis]) -> Redriven:
    """Feed every letter in again, the oldest first.

    Raises:
        CannotStart: ingest runs on this folder, or the database does not take anything now; what
            was stored until then has left the file.
    """
    done = Redriven()
    with alone(centre.data_dir):
        letters = DeadLetters(centre.data_dir)
        try:
            with open_store(centre) as store, closing(Ledger.open(centre.data_dir)) as ledger:
                for path in letters.files():
                    _file(path, store, ledger, done, now())
        except (StoreBusy, StoreRefused, OSError, sqlite3.Error) as error:
            raise CannotStart(f"not all letters could be fed in: {error}") from error
    return done


def _file(path: Path, store: Store, ledger: Ledger, done: Redriven, now: Millis) -> None:
    """Feed one file in; whatever happens, it is left with what is not stored."""
    letters = list(read(path))
    kept: list[bytes] = []
    tried = 0
    try:
        while tried < len(letters):
            some = letters[tried : tried + AT_ONCE]
            kept += _tried(some, store, ledger, done, now)
            tried += len(some)
    finally:
        replace(path, [*kept, *(line for line, _ in letters[tried:])])


def _tried(
    letters: Sequence[tuple[bytes, Letter | None]],
    store: Store,
    ledger: Ledger,
    done: Redriven,
    now: Millis,
) -> list[bytes]:
    """Feed some letters in; the lines that stay."""
    kept = [line for line, letter in letters if letter is None]
    done.cut += len(kept)
    rows: dict[str, bytes] = {}
    batch, messages = Batch(ledger), 0
    for line, letter in letters:
        if isinstance(letter, Rejected):
            rows[letter.row] = line
        elif letter is not None:
            messages += 1
            try:
                message = read_message(letter.topic, letter.payload)
            except BadPayload as error:
                kept.append(renewed(line, letter, str(error)))
                done.again += 1
            else:
                batch.add(Delivery(letter.topic, letter.payload, False, _nobody_waits), message)
    written = store.write(batch.bundles)
    ledger.commit(batch.streams, batch.codes, batch.notes, now)
    kept += [written_down(now, each) for each in written.rejected]
    refused = store.rewrite(list(rows)) if rows else ()
    kept += [renewed(rows[each.row], each, each.reason) for each in refused]
    done.tried += messages + len(rows)
    done.again += len(refused) + len(written.rejected)
    return kept


def _nobody_waits() -> None:
    """The broker was told long ago."""
