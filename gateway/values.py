"""From raw values to a reading: scale, labels, sentinels, limits, derived values.

A profile's row is compiled once, at start, into one small function per point (``converter``,
``linear_percent``); ``gather`` then runs them for every value of every poll, so it makes no object
for a good value and tells ``Bad`` and ``Uncertain`` apart by their class. In order: a raw value
listed as ``invalid`` means *no value*; the others become their label, or raw x scale + offset, the
raw value first times the power of ten of its scale register if it has one; then ``min`` and ``max``
apply. Whatever comes out, a NaN or an infinity is bad.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from operator import attrgetter
from typing import Any, TypeAlias

from gateway.driver import Block, Raw
from gateway.model import (
    NOTHING,
    Bad,
    Convert,
    Derived,
    Device,
    Millis,
    Point,
    Reading,
    Uncertain,
    Value,
)

Answer: TypeAlias = tuple[Block, Sequence[Raw] | str]
#: What a counter's good raw value comes to; see ``gateway.counters``.
Count: TypeAlias = Callable[[Point, Any], Value | Uncertain]

#: How far below 0 % a derived percentage may fall and still be called empty (engineering choice:
#: a bag that sags, a sensor that drifts with temperature). Beyond it the sensor sees something
#: else than the empty bin, so the value is uncertain.
TOLERANCE = 10.0

#: The largest power of ten a scale register may hold, either way (SunSpec's ``sunssf``).
MOST_POWER = 10

_NONE: frozenset[str] = frozenset()
_EXACT = 2**53


def gather(
    device: Device, t: Millis, answers: Sequence[Answer], count: Count | None = None
) -> Reading:
    """One reading out of what its blocks answered: raw values in the order of the block's points.

    A ``str`` in place of the raw values is the reason the whole block failed: its points are bad
    for that reason. A derived value is as good as its source, and absent where that was not read.
    ``count`` is asked what the good values of counters come to; without it they are as they are.
    """
    values: dict[str, Value] = {}
    bad: dict[str, str] = {}
    uncertain: list[str] = []
    for block, answer in answers:
        if isinstance(answer, str):
            bad.update((point.name, answer) for point in block.points)
        else:
            _collect(block.points, answer, values, uncertain, bad)
            if count is not None:
                _count(count, block.points, answer, values, uncertain)
    for derived in device.derived:
        _derive(derived, device.facts, values, uncertain, bad)
    return Reading(
        device.id,
        device.kind,
        t,
        values,
        frozenset(uncertain) if uncertain else _NONE,
        bad or NOTHING,
    )


def _collect(
    points: Iterable[Point],
    raws: Iterable[Any],
    values: dict[str, Value],
    uncertain: list[str],
    bad: dict[str, str],
) -> None:
    for point, raw in zip(points, raws, strict=True):
        convert = point.convert
        value: Any = raw
        if convert is not None and raw.__class__ is not Bad:
            try:
                value = convert(raw)
            except (TypeError, ValueError, OverflowError):
                value = _despite(convert, raw)
        kind = value.__class__
        if kind is float:
            if value - value == 0.0:  # inf - inf and nan - nan are nan
                values[point.name] = value
            else:
                bad[point.name] = _not_finite(value)
        elif kind is Bad:
            bad[point.name] = value.reason
        elif kind is Uncertain:
            values[point.name] = value.value
            uncertain.append(point.name)
        else:
            values[point.name] = value


def _count(
    count: Count,
    points: Iterable[Point],
    raws: Iterable[Any],
    values: dict[str, Value],
    uncertain: list[str],
) -> None:
    for point, raw in zip(points, raws, strict=True):
        name = point.name
        if point.counter is not None and name in values and name not in uncertain:
            total = count(point, raw)
            if isinstance(total, Uncertain):
                uncertain.append(name)
                total = total.value
            values[name] = total


def _despite(convert: Convert, raw: object) -> Value | Uncertain | Bad:
    """A raw value that no conversion takes is bad, unless it came uncertain: then so it stays."""
    if isinstance(raw, Uncertain):
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            value = convert(raw.value)
            return value if isinstance(value, Bad | Uncertain) else Uncertain(value)
        raw = raw.value
    return Bad(f"cannot be converted: {raw!r:.40}")


def _not_finite(value: float) -> str:
    return "not a number" if math.isnan(value) else "infinite"


def _derive(
    derived: Derived,
    facts: Any,  # noqa: ANN401  # whatever the device's kind has
    values: dict[str, Value],
    uncertain: list[str],
    bad: dict[str, str],
) -> None:
    name, source = derived.name, derived.source
    if source in bad:
        bad[name] = f"{source}: {bad[source]}"
    elif source in values:
        value = derived.compute(values[source], facts)
        if isinstance(value, Bad):
            bad[name] = value.reason
            return
        if isinstance(value, Uncertain):
            uncertain.append(name)
            value = value.value
        elif source in uncertain:
            uncertain.append(name)
        values[name] = value


def converter(
    *,
    scale: float = 1.0,
    offset: float = 0.0,
    enum: Mapping[int, str] | None = None,
    invalid: Iterable[Value] = (),
    low: float | None = None,
    high: float | None = None,
    clamp: bool = False,
) -> Convert | None:
    """The function of one point, or ``None`` where raw and engineering value are the same.

    ``low`` and ``high`` are in engineering units: a value outside is bad, or with ``clamp`` the
    limit itself, uncertain. With ``enum`` the value is the label; scale and limits do not apply.
    """
    if enum:
        step: Convert | None = _labelled(enum)
    else:
        step = _scaled(scale, offset)
        if low is not None or high is not None:
            step = _limited(step, low, high, clamp=clamp)
    nothing = tuple(invalid)
    return _without(nothing, step) if nothing else step


def powered(step: Convert | None, invalid: Iterable[Value] = ()) -> Convert:
    """The function of a point whose raw values are ``Scaled``; ``step`` takes the number it makes.

    ``invalid`` judges the raw number alone. A tenth is a tenth here too.
    """
    number_of = _without(tuple(invalid), None)

    def convert(raw: Any) -> Value | Uncertain | Bad:  # noqa: ANN401  # a Scaled
        number: Any = number_of(raw.raw)
        if isinstance(number, Bad):
            return number
        power = raw.exponent
        if not -MOST_POWER <= power <= MOST_POWER:
            return Bad(f"its scale register holds {power}, which is no power of ten")
        number = number * 10**power if power >= 0 else number / 10**-power
        return number if step is None else step(number)

    return convert


def _scaled(scale: float, offset: float) -> Callable[[Any], Value] | None:
    """The line through an exact fraction, so that 3 x 0.1 is 0.3 and not 0.30000000000000004.

    Written with ``-raw``, which refuses text; text times a whole number would be very long text.
    """
    slope, shift = Fraction(str(scale)), Fraction(str(offset))
    under = math.lcm(slope.denominator, shift.denominator)
    factor, term = int(slope * under), int(shift * under)
    if max(abs(factor), abs(term), under) > _EXACT:
        return lambda raw: offset - -raw * scale
    if (factor, term, under) == (1, 0, 1):
        return None
    if under == 1:
        return lambda raw: term - -raw * factor
    if (factor, term) == (1, 0):
        return lambda raw: raw / under
    return lambda raw: (term - -raw * factor) / under


def _labelled(enum: Mapping[int, str]) -> Convert:
    labels: dict[Any, str] = dict(enum)

    def label(raw: Value) -> Value | Uncertain | Bad:
        found = labels.get(raw)
        if found is not None:
            return found
        if isinstance(raw, str):
            return Uncertain(raw)
        return Uncertain(f"{raw:.15g}") if math.isfinite(raw) else Bad(_not_finite(raw))

    return label


def _without(nothing: Sequence[Value], step: Convert | None) -> Convert:
    reasons: dict[Value, Bad] = {raw: Bad(f"no value ({raw})") for raw in nothing}

    def convert(raw: Value) -> Value | Uncertain | Bad:
        reason = reasons.get(raw)
        if reason is not None:
            return reason
        return raw if step is None else step(raw)

    return convert


def _limited(
    step: Convert | None, low: float | None, high: float | None, *, clamp: bool
) -> Convert:
    lowest = -math.inf if low is None else low
    highest = math.inf if high is None else high
    below = Uncertain(lowest) if clamp else Bad(f"below {lowest:.15g}")
    above = Uncertain(highest) if clamp else Bad(f"above {highest:.15g}")

    def convert(raw: Any) -> Value | Uncertain | Bad:  # noqa: ANN401  # a number, see below
        value: Any = raw if step is None else step(raw)
        if lowest <= value <= highest:
            return value  # type: ignore[no-any-return]
        if not math.isfinite(value):
            return Bad(_not_finite(value))
        return below if value < lowest else above

    return convert


def linear_percent(empty: str, full: str) -> Callable[[Value, Any], Value | Uncertain | Bad]:
    """Percent between two asset facts: 0 at the fact named ``empty``, 100 at the one ``full``.

    Always within 0…100. Beyond full is full, and good: something is nearer to the sensor than the
    full line, which is what an overflowing bin looks like. Beyond empty is 0: good within
    ``TOLERANCE``, uncertain further out.
    """
    ends = attrgetter(empty, full)

    def compute(value: Any, facts: Any) -> Value | Uncertain | Bad:  # noqa: ANN401  # see Derived
        zero, hundred = ends(facts)
        if isinstance(value, str):
            return Bad(f"not a number: {value:.40}")
        percent = 100.0 * (value - zero) / (hundred - zero)
        if 0.0 <= percent <= 100.0:
            return percent  # type: ignore[no-any-return]
        if percent > 100.0:
            return 100.0
        return 0.0 if percent >= -TOLERANCE else Uncertain(0.0)

    return compute
