"""What a junction may show: its groups in stages, the steps of a stage, and plans with their times.

A ``Layout`` says which signal groups go together. Stages are built from the list of conflicting
pairs, so that no stage holds a conflict, and every group belongs to exactly one. ``steps_of``
writes a stage out: red-yellow where it is the custom, walk and pedestrian clearance, green,
flashing green, yellow, all-red. Everything here is a value; ``sequence`` walks through it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from gateway.model import Millis

Aspect: TypeAlias = Literal[
    "dark", "red", "red_yellow", "green", "green_flash", "yellow", "yellow_flash", "red_flash"
]
Aspects: TypeAlias = tuple[Aspect, ...]
StepKind: TypeAlias = Literal[
    "red_yellow", "walk", "clearance", "green", "green_flash", "yellow", "all_red"
]


def stages_of(groups: int, conflicts: Iterable[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """Groups 1…n gathered into as few stages as a first fit finds, none with a conflict inside."""
    hostile = {frozenset(pair) for pair in conflicts}
    stages: list[list[int]] = []
    for group in range(1, groups + 1):
        for stage in stages:
            if all(frozenset((group, other)) not in hostile for other in stage):
                stage.append(group)
                break
        else:
            stages.append([group])
    return tuple(map(tuple, stages))


@dataclass(frozen=True, slots=True)
class Layout:
    """A junction; groups count from 1, stages from 0, times in ms.

    ``pedestrian`` groups go only when called, and those in ``dark_rest`` are dark otherwise. An
    arrow ``(group, stage)`` flashes yellow while that stage is green: its turn is permitted then,
    after giving way. In flash, groups of ``flash_red`` show red flash, the others yellow flash. A
    pre-emption is given ``preempt_stage``.
    """

    groups: int
    stages: tuple[tuple[int, ...], ...]
    pedestrian: frozenset[int] = frozenset()
    dark_rest: frozenset[int] = frozenset()
    arrows: tuple[tuple[int, int], ...] = ()
    flash_red: frozenset[int] = frozenset()
    preempt_stage: int = 0
    red_yellow: Millis = 0
    green_flash: Millis = 0
    yellow: Millis = 3_000
    all_red: Millis = 2_000
    walk: Millis = 6_000
    clearance: Millis = 5_000

    def __post_init__(self) -> None:
        if not 3_000 <= self.yellow <= 6_000:
            raise ValueError("a yellow lasts 3 to 6 s (MUTCD)")

    @property
    def driven(self) -> list[int]:
        """The groups of vehicles."""
        return [n for n in range(1, self.groups + 1) if n not in self.pedestrian]

    @property
    def flash(self) -> Aspects:
        """What the groups show while the junction flashes; pedestrians see nothing."""
        return tuple(
            "dark" if group in self.pedestrian
            else "red_flash" if group in self.flash_red
            else "yellow_flash"
            for group in range(1, self.groups + 1)
        )  # fmt: skip

    @property
    def red(self) -> Aspects:
        """Every group at rest: red, or dark where that is its rest."""
        return tuple(
            "dark" if group in self.dark_rest else "red" for group in range(1, self.groups + 1)
        )

    def stage_of(self, group: int) -> int:
        """The stage a group belongs to."""
        return next(number for number, stage in enumerate(self.stages) if group in stage)

    def lost(self, stage: int) -> Millis:
        """The ms of a stage around its green: red-yellow, flashing green, yellow, all-red."""
        vehicles = any(group not in self.pedestrian for group in self.stages[stage])
        return vehicles * (self.red_yellow + self.green_flash + self.yellow) + self.all_red


class Custom(NamedTuple):
    """What differs from country to country, and from street to street; ms."""

    red_yellow: Millis = 0
    green_flash: Millis = 0
    yellow: Millis = 3_000
    all_red: Millis = 2_000


CUSTOMS = (
    Custom(),
    Custom(red_yellow=1_000, yellow=3_500),
    Custom(green_flash=3_000),
    Custom(yellow=5_000, all_red=2_500),
)
"""Plain; red-yellow before green; flashing green before yellow; a fast road."""


def laid_out(
    conflicts: Iterable[tuple[int, int]], dark_rest: Iterable[int] = (), custom: Custom = CUSTOMS[0]
) -> Layout:
    """A junction of as many groups as its conflicts speak of, four at least.

    Groups that may rest dark are pedestrians'.
    """
    pairs, dark = tuple(conflicts), frozenset(dark_rest)
    groups = max((4, *(group for pair in pairs for group in pair)))
    return Layout(
        groups, stages_of(groups, pairs), pedestrian=dark, dark_rest=dark, **custom._asdict()
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What all groups show for some ms; the green's length is the plan's affair (0 here)."""

    kind: StepKind
    aspects: Aspects
    lasts: Millis = 0


@lru_cache(maxsize=4096)
def steps_of(layout: Layout, stage: int, walking: frozenset[int], omitted: int) -> Sequence[Step]:
    """A stage written out, with the pedestrian groups that walk in it.

    ``omitted`` is a group the controller forgets (0: none): it stays at rest.
    """
    here = [group for group in layout.stages[stage] if group != omitted]
    driving = [group for group in here if group not in layout.pedestrian]
    permitted = [group for group, at in layout.arrows if at == stage]
    walking = walking - {omitted}

    def lit(drivers: Aspect, walkers: Aspect | None = None, arrows: Aspect = "red") -> Aspects:
        shown = list(layout.red)
        for group in driving:
            shown[group - 1] = drivers
        for group in permitted:
            shown[group - 1] = arrows
        for group in walking if walkers else ():
            shown[group - 1] = walkers or "red"
        return tuple(shown)

    go: Aspect = "green"
    steps: list[Step] = []
    if driving and layout.red_yellow:
        steps.append(Step("red_yellow", lit("red_yellow"), layout.red_yellow))
    if walking:
        steps.append(Step("walk", lit(go, "green", "yellow_flash"), layout.walk))
        steps.append(Step("clearance", lit(go, "green_flash", "yellow_flash"), layout.clearance))
    steps.append(Step("green", lit(go, None, "yellow_flash")))
    if driving and layout.green_flash:
        steps.append(Step("green_flash", lit("green_flash"), layout.green_flash))
    if driving:
        steps.append(Step("yellow", lit("yellow", None, "yellow"), layout.yellow))
    steps.append(Step("all_red", layout.red, layout.all_red))
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixed-time plan: the green of each stage in ms, walk and clearance included.

    A coordinated plan begins its cycles ``offset`` ms after the multiples of its cycle, counted
    from local midnight of 1970-01-01.
    """

    number: int
    greens: tuple[Millis, ...]
    offset: Millis = 0
    coordinated: bool = True

    def cycle(self, layout: Layout) -> Millis:
        """Length in ms."""
        return sum(self.greens) + sum(layout.lost(stage) for stage in range(len(layout.stages)))


@dataclass(frozen=True, slots=True)
class Actuated:
    """A plan that obeys its detectors, times in ms.

    A green lasts ``least``; then it ends when no vehicle came for ``gap`` (gap-out), or ``most``
    after somebody else called (max-out). While nobody calls it rests in green, or in red.
    """

    number: int
    least: Millis = 6_000
    gap: Millis = 3_000
    most: Millis = 30_000
    rest: Literal["green", "red"] = "green"
    coordinated: bool = False


Plan: TypeAlias = Fixed | Actuated
