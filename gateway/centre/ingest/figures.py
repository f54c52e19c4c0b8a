"""Ingest's own figures, in Prometheus' text format 0.0.4, for whoever watches the watcher.

They go to ``ingest.prom`` in the centre's folder, where the textfile collector of a node exporter
finds them; a port more to guard is not needed for that. The file is replaced whole, so a reader
never sees half of it, and it is not synced: after a crash the counters begin anew anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gateway.centre.ingest.batch import Summary
from gateway.centre.ingest.ledger import Stream
from gateway.exposition import Sample, family
from gateway.wire import Root

FILE = "ingest.prom"


def exposition(
    summary: Summary,
    causes: Mapping[str, int],
    streams: Mapping[Root, Mapping[str, Stream]],
    *,
    database_up: bool,
) -> str:
    """The text; ``causes`` counts dead letters since the start."""
    up = int(database_up)
    return "".join(
        [
            *_family("database_up", "gauge", "Whether the database takes what comes", up),
            *_work(summary, causes),
            *_books(streams),
        ]
    )


def _work(summary: Summary, causes: Mapping[str, int]) -> Iterator[str]:
    yield from _family("messages_total", "counter", "Messages taken in", summary.messages)
    yield from _family("readings_total", "counter", "Readings in them", summary.readings)
    yield from _family("stored_total", "counter", "Rows the database took", summary.stored)
    letters = [({"cause": cause}, count) for cause, count in sorted(causes.items())]
    yield from _family("dead_letters_total", "counter", "Rows and messages set aside", letters)


def _books(streams: Mapping[Root, Mapping[str, Stream]]) -> Iterator[str]:
    """Each gateway's streams; another thread may be adding to them."""
    for name, kind, about, attribute in (
        ("records_missing", "gauge", "Records that did not come and may still", "gaps"),
        ("records_lost", "gauge", "Records given up by the gateway", "lost"),
        ("records_again_total", "counter", "Records that came more than once", "again"),
    ):
        of_gateways = [
            (
                {"site": root.site, "gateway": root.gateway},
                sum(getattr(stream, attribute) for stream in tuple(named.values())),
            )
            for root, named in tuple(streams.items())
        ]
        yield from _family(name, kind, about, of_gateways)


def _family(name: str, kind: str, about: str, found: int | Iterable[Sample]) -> Iterator[str]:
    samples = [({}, found)] if isinstance(found, int) else found
    return family(f"wayside_ingest_{name}", kind, about, samples)


def put(data_dir: Path, text: str) -> None:
    """Replace the file; raises OSError when the disk refuses."""
    fresh = data_dir / f"{FILE}.new"
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(data_dir / FILE)
