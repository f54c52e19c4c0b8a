"""Asking and answering on a wire without transaction numbers: a serial line, or one through TCP.

An RTU answer says who answers and how much, not what was asked. So an answer that comes after its
question was given up looks exactly like the answer to the next question of the same shape, and
taking it for that is how masters read one register's value as another's. Two things prevent it:

- ``Owed`` keeps, for each unit, the shapes of the answers that may still come, in the order they
  were asked. Slaves answer in order: hearing one answer says that everything asked before it is
  settled.
- A question of a shape that is still owed is not asked. A harmless question of another shape goes
  first (the same registers, one fewer). Its answer cannot be mistaken, and proves the line clean.

A unit that is heard again while it owes nothing is two devices with one number, or there is another
master. Whose answer was whose cannot be told then, so its next answer is listened out: it is no
value, and only if nobody answers a second time the one after it is.

``Turn`` judges what is heard after one question. Nothing here reads a clock or a port.
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.modbus.frame import pdu
from drivers.modbus.frame.framing import RTU, Framing
from drivers.modbus.frame.pdu import Question, Table, answer_data
from gateway.driver import BadResponse, NoResponse, Symptom

BROADCAST = 0
TURNAROUND = 0.15
"""Seconds all units get to do what a broadcast told them, before the next question (MODBUS over
Serial Line v1.02, §2.4.1: typically 100 to 200 ms)."""

_TABLE: dict[int, Table] = {function: table for table, function in pdu.READ_FUNCTION.items()}

_TWIN: dict[Table, Table] = {
    "holding": "input",
    "input": "holding",
    "coil": "discrete",
    "discrete": "coil",
}


class Owed:
    """Which answers may still come, by unit: head of the answer → how many, in the order asked."""

    def __init__(self) -> None:
        self._units: dict[int, dict[bytes, int]] = {}
        self._said: dict[int, bytes] = {}  # the head of each unit's latest answer
        self._latest = 0  # who gave the latest answer of all
        self.twice: set[int] = set()
        """Units that were heard again when they owed nothing."""

    def ask(self, unit: int, question: Question) -> None:
        """A question goes out."""
        owed = self._units.setdefault(unit, {})
        owed[question.head] = owed.get(question.head, 0) + 1

    def hear(self, unit: int, answer: bytes) -> bytes | None:
        """A whole answer came; the head of the one owed that it is, if any.

        Everything asked before it is settled. An exception answers a question of its function, the
        oldest for all one knows; what fits nothing settles the oldest of all.
        """
        owed = self._units.get(unit)
        if not owed:
            if self._function(unit) == answer[0] & 0x7F:
                self.twice.add(unit)
            return None
        fitting = next((head for head in owed if answer.startswith(head)), None)
        self._said[unit] = fitting or bytes((answer[0] & 0x7F,))
        self._latest = unit
        paid = fitting or next((head for head in owed if head[0] | 0x80 == answer[0]), None)
        paid = paid or next(iter(owed))
        for head in list(owed):
            if head == paid:
                break
            del owed[head]
        owed[paid] -= 1
        if not owed[paid]:
            del owed[paid]
        return fitting

    def hear_broken(self, unit: int, function: int) -> None:
        """What looked like a unit's answer but for the CRC, while nobody was asking."""
        if unit == self._latest and not self.owes(unit) and self._function(unit) == function:
            self.twice.add(unit)

    def repeats(self, unit: int, answer: bytes) -> bool:
        """Whether this can only be another answer to what the unit has answered already."""
        said = self._said.get(unit, b"")
        return (
            len(said) > 1
            and answer.startswith(said)
            and not any(map(answer.startswith, self._units.get(unit, ())))
        )

    def _function(self, unit: int) -> int:
        return self._said.get(unit, b"\0")[0]

    def owes(self, unit: int) -> bool:
        """Whether anything may still come from a unit."""
        return bool(self._units.get(unit))

    def older(self, unit: int, question: Question) -> bool:
        """Whether answers of this question's function, asked for before it, may still come."""
        owed, function = self._units.get(unit, ()), question.function
        return next((head for head in owed if head[0] == function), question.head) != question.head

    def before(self, unit: int, question: Question) -> Question | None:
        """The question to ask first, where an answer still owed could be taken for this one's.

        Writes need none: a late echo of the very same write says the very same thing.
        """
        owed = self._units.get(unit)
        if not owed or question.head not in owed or len(question.head) != 2:
            return None
        refuses = len(self._said.get(unit, b"")) == 1
        return next((q for q in _others(question, refuses=refuses) if q.head not in owed), None)


def _others(question: Question, *, refuses: bool) -> Iterator[Question]:
    """Reads like this one, of other lengths: fewer first, for those are there for certain.

    For a unit whose latest answer was a refusal, a read of the twin table comes first: a refusal
    names its function and nothing else, so only another function's tells which question it refuses.
    """
    table = _TABLE.get(question.function, "holding")
    address = int.from_bytes(question.pdu[1:3], "big")
    if refuses:
        yield pdu.read(_TWIN[table], address, 1)
    count = int.from_bytes(question.pdu[3:5], "big")
    step, most = 1, pdu.MAX_READ_REGISTERS
    if table in pdu.BIT_TABLES:
        step, most = 8, pdu.MAX_READ_BITS
    for n in (*range(count - step, 0, -step), *range(count + step, most + 1, step)):
        yield pdu.read(table, min(address, 65536 - n), n)


class Turn:
    """One question on the line, from its last byte out to the answer or the deadline.

    ``hear`` takes what arrives and returns the answer's data once it is there; ``end`` says what
    became of a question whose time is up. Both raise ``Refused`` for an exception, and
    ``BadResponse`` or ``NoResponse`` for what their names say. An exception that may be the answer
    to an older question is only taken from a question that is asked to settle those (``proof``).
    """

    __slots__ = (
        "_answer",
        "_framing",
        "_owed",
        "_proof",
        "_question",
        "_reader",
        "_second",
        "_stranger",
        "_unit",
    )

    def __init__(
        self,
        unit: int,
        question: Question,
        owed: Owed,
        framing: Framing = RTU,
        *,
        proof: bool = False,
    ) -> None:
        self._unit = unit
        self._question = question
        self._owed = owed
        self._proof = proof
        self._framing = framing
        self._reader = framing.reader()
        self._stranger: int | None = None
        self._answer = self._second = b""
        owed.ask(unit, question)

    @property
    def missing(self) -> int:
        """How many bytes a frame that has begun still needs at least."""
        return self._reader.missing

    @property
    def rest(self) -> bytes:
        """What came behind the answer. The very same frame again is a stammer and says nothing."""
        rest = self._reader.rest
        if not (rest and self._answer):
            return b""
        return rest.removeprefix(self._framing.frame(self._unit, self._answer))

    @property
    def spoilt(self) -> bool:
        """Whether this unit's answer has begun but came broken, or not yet to its end."""
        ours = (self._unit, self._question.function)
        front = self._reader.front
        return ours in self._reader.broken or (
            front is not None and (front[0], front[1] & 0x7F) == ours
        )

    def hear(self, data: bytes) -> bytes | None:
        """Bytes from the line; the answer's data if they complete it."""
        return self._first(self._reader.feed(data))

    def end(self, waited: float) -> bytes:
        """The time is up, after ``waited`` seconds: an answer hidden behind garbage, or why not."""
        reader, spoilt = self._reader, self.spoilt
        while reader.missing:
            found = self._first(reader.resync())
            if found is not None:
                return found
        if (self._unit, self._question.function) in reader.broken:
            raise BadResponse(f"bad {self._framing.check}")
        if spoilt:
            raise BadResponse("the answer broke off")
        if self._second:  # nothing else came, so this is what was meant for an answer
            self._owed.hear(self._unit, self._second)
            return answer_data(self._question, self._second)
        if self._stranger is not None:
            stranger = f"unit {self._stranger} answered for {self._unit}"
            raise BadResponse(stranger, symptom=Symptom.STRANGER)
        if reader.skipped:
            raise BadResponse(f"{reader.skipped} bytes came that are no answer")
        raise NoResponse(f"no answer in {waited:g} s")

    def _first(self, frames: Iterator[tuple[int, bytes]]) -> bytes | None:
        for unit, answer in frames:
            found = self._judge(unit, answer)
            if found is not None:
                return found
        return None

    def _judge(self, unit: int, answer: bytes) -> bytes | None:
        ours = unit == self._unit
        fits = answer.startswith(self._question.head)
        if ours and not fits and self._owed.repeats(unit, answer):
            self._second = answer
            return None
        older = ours and self._owed.older(unit, self._question)
        owed = self._owed.hear(unit, answer)
        if not ours:
            if owed is None and unit not in self._owed.twice:
                self._stranger = unit
            return None
        if owed is not None and owed != self._question.head:
            return None  # late: the answer to an older question
        if owed is None and older and not self._proof and answer[0] & 0x80:
            return None  # an exception, perhaps to an older question
        self._answer = answer
        if self._second:
            self._owed.twice.add(unit)
        return answer_data(self._question, answer)


def overheard(data: bytes, owed: Owed, framing: Framing = RTU) -> None:
    """Bytes that came while nobody was asking: late answers are settled, second ones noticed."""
    reader = framing.reader()
    for unit, answer in reader.feed(data):
        owed.hear(unit, answer)
    while reader.missing:
        for unit, answer in reader.resync():
            owed.hear(unit, answer)
    for unit, function in reader.broken:
        owed.hear_broken(unit, function)


def listened_out(unit: int, heard: bytes, owed: Owed, framing: Framing = RTU) -> BadResponse:
    """What to say of the answer of a unit heard twice, after ``heard`` came behind it.

    If that holds no second answer, the unit's next one counts again.
    """
    owed.twice.discard(unit)
    overheard(heard, owed, framing)
    when = "" if unit in owed.twice else " a moment ago"
    return BadResponse(f"unit {unit} answered twice{when}", symptom=Symptom.SHARED)
