"""The outbox ring: a bounded file of 4 KiB blocks that is written once and synced once a flush.

A *block* says of itself what it is and whether it is whole. A *batch* is one flush: the new records
of both lanes and the cursor (which records wait, which losses are untold), compressed together,
over as many blocks as it takes: usually one. Each batch has a number higher than any before it and
names the block where the next one will begin. Blocks are *free* (pre-written, or their records are
no longer needed) or *held*; a batch takes the next free ones, round and round.

Invariants. Everything else follows from them:

1. **The newest whole batch is the truth.** Its cursor says which records wait. A record lies in any
   whole batch that has it; where copies differ in number the highest counts. All other content is
   stale, and harmless wherever it stands: nothing depends on the order or the place of blocks.
2. **One batch is under way at a time.** A batch is written only after the one before it was synced,
   so a power cut can spoil only the newest.
3. **A block is overwritten only when a synced cursor has let go of all its records.** What is being
   written can never hurt what still waits.
4. **No metadata changes in a flush.** Blocks are written (as *blanks*) and synced before they are
   used. The file grows by extents as the backlog needs them, never past its bound, never into the
   disk's last reserve, and shrinks again.
5. **There is always room to let go.** A few blocks stay free, so that a full ring can still write
   the cursor that frees more.
6. **A seq is given twice to nobody.** What follows the newest whole batch is looked at where that
   batch says the next one begins. If it can be proved that no batch was ever synced there (an
   intact blank, an intact older block, or one of which an older end still stands: a torn write),
   the streams go on. In any other case a synced batch may have been lost with its end: then new
   streams begin, and what waits goes on in them.
7. **Losses are counted, not guessed.** The cursor names every waiting seq, so what no whole batch
   has is lost, exactly that, and on record.
8. **Room is made in this order:** growing; gathering scattered events into full blocks; dropping
   the oldest telemetry, a slice at a time, with the events beside it carried forward; and the
   oldest events only once they hold half of the ring. Every drop is on record.

``block`` and ``batch`` are the format, pure; ``shelf`` knows where records lie and ``space`` which
blocks are free, in memory of a few dozen bytes a block; ``recovery`` finds the truth in a file;
``room`` makes room; ``ring`` is one open file; ``outbox`` keeps the promises of ``contract``;
``files`` is the disk; ``adopt`` takes over the SQLite outbox of version 0.1.
"""

from gateway.edge.outbox.ring.adopt import adopt
from gateway.edge.outbox.ring.outbox import LEAST_BYTES, MOST_WAITING, RingOutbox

__all__ = ["LEAST_BYTES", "MOST_WAITING", "RingOutbox", "adopt"]
