"""The controller's heart: which step of which stage runs, and when the next one begins.

It knows no clock. Whoever runs it looks at ``until`` and calls ``step`` when that moment has come;
between two steps nothing changes, so time can go by in leaps. A fixed plan needs nothing but time,
an actuated one asks a ``Demand`` at the end of a green. ``FOREVER`` means: until somebody calls.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import Protocol

from gateway.model import Millis
from simulators.devices.cabinet.plan import Actuated, Fixed, Layout, Plan, Step, steps_of

FOREVER: Millis = 1 << 62
_DWELL = 4
"""A coordinated plan that is out of step lengthens a cycle by a quarter at most (E)."""
_SHORTEST: Millis = 20_000
"""No cycle is shorter, as far as a leap over many of them is concerned."""
_PREEMPT_LEAST: Millis = 4_000
"""A green that a pre-emption cuts short lasts at least that long."""


class Demand(Protocol):
    """Who wants to go, as the controller's inputs tell it."""

    def calls(self, stage: int, /) -> bool:
        """Whether a group of that stage is called."""

    def idle(self, stage: int, t: Millis, /) -> Millis:
        """The ms since a detector of that stage last saw anybody."""

    def walkers(self, stage: int, /) -> frozenset[int]:
        """The pedestrian groups of that stage that are called."""


class Sequence:
    """The steps of a junction, one after the other.

    ``aspects`` is what the controller means to show since ``since``, until ``until``. ``wanted`` is
    the plan the schedule asks for; it begins with the next cycle. The faults: ``omitted`` is a
    group that is never served, ``yellows`` gives stages another yellow, ``stuck_red`` keeps an
    all-red that has begun. ``shortest`` is the shortest yellow that has ended since ``yellows``
    were last set.
    """

    def __init__(
        self, layout: Layout, plan: Plan, t: Millis, demand: Demand, zone: Millis = 0
    ) -> None:
        self.layout = layout
        self.plan = self.wanted = plan
        self.demand = demand
        self.counter = 0
        self.zone = zone
        self.in_step = False
        self.resting = self.preempted = self.stuck_red = self.stop = False
        self.omitted = 0
        self.yellows: dict[int, Millis] = {}
        self.shortest: Millis = FOREVER
        self.until = t
        self._steps: Many[Step] = ()
        self._lap: Millis = 60_000
        self._lapped = t
        self._left: Millis | None = None
        self._pressed: Millis | None = None
        self._enter(0, t)

    # Time

    def step(self) -> None:
        """What happens at ``until``: the step ends, or its green is extended."""
        t = self.until
        if self.running.kind == "green":
            longer = self._extended(t)
            if longer is not None:
                self.until = longer
                return
        if self.stuck_red and self.running.kind == "all_red":
            self.until = FOREVER
            return
        if self.running.kind == "yellow":
            self.shortest = min(self.shortest, t - self.since)
        self._at += 1
        if self._at < len(self._steps):
            self._show(t)
            return
        following = self._following(t)
        if following is None:
            self.resting, self.until = True, FOREVER
            return
        self._enter(following, t)

    def interrupt(self, t: Millis) -> None:
        """Think again: somebody called, or a plan, a pre-emption or a fault came or went."""
        if self._left is not None and not self.stop:
            self.until, self._left = t + self._left, None
        if self._left is not None or self.running.kind not in {"green", "all_red"}:
            return
        if self.stop and self.running.kind == "green":
            left = (
                0 if self.until == FOREVER else max(0, self.until - t)
            )  # at rest: nothing is left
            self._left, self.until = left, FOREVER
        elif self.until == FOREVER or self.preempted or isinstance(self.plan, Actuated):
            self.resting = False
            self.until = t if self.until == FOREVER else self.until
            if self.preempted and self.running.kind == "green":
                self.until = min(self.until, max(t, self.since + _PREEMPT_LEAST))

    @property
    def stopped(self) -> bool:
        """Whether its timers stand still (stop time)."""
        return self._left is not None

    def restart(self, t: Millis, red: Millis) -> None:
        """Begin anew with an all-red, as after a start-up or a flash."""
        self._steps = (Step("all_red", self.layout.red, red),)
        self._at, self.stage = 0, len(self.layout.stages) - 1
        self._left, self.resting = None, False
        self._show(t)

    def pause(self) -> None:
        """Something else has the lamps; ``restart`` ends it."""
        self.resting, self.until, self._left = False, FOREVER, None

    def leap(self, t: Millis) -> None:
        """Be where it would be at ``t``, without walking there; what is held stays held."""
        if self.until == FOREVER and not self.resting:
            return
        plan = self.plan = self.wanted
        begun = t
        if isinstance(plan, Fixed):
            cycle = plan.cycle(self.layout)
            anchor = plan.offset - self.zone if plan.coordinated else self.since
            begun = t - (t - anchor) % cycle
            self.counter += (t - anchor) // cycle - (self.since - anchor) // cycle
        elif not self.resting:
            self.counter += max(0, t - self.since) // self._lap
        self._lapped = t
        self._enter(0, begun)
        while self.until <= t:
            self.step()

    # Stages

    def _enter(self, stage: int, t: Millis) -> None:
        """Begin a stage; the plan changes between two cycles."""
        if stage == 0 or isinstance(self.plan, Actuated):
            self.plan = self.wanted
        self.stage = stage
        self._steps = steps_of(self.layout, stage, self.demand.walkers(stage), self.omitted)
        self._at = 0
        self._pressed = None
        self._began = t + sum(s.lasts for s in self._steps if s.kind == "red_yellow")
        self._dwell = self._out_of_step(t) if stage == 0 else 0
        self._show(t)

    def _show(self, t: Millis) -> None:
        step = self._steps[self._at]
        self.running, self.aspects, self.since = step, step.aspects, t
        self.resting = False
        if step.kind == "green":
            self.until = t + self._green(t)
            if self.stop:
                self._left, self.until = self.until - t, FOREVER
        elif step.kind == "yellow":
            self.until = t + self.yellows.get(self.stage, step.lasts)
        else:
            self.until = t + step.lasts

    def _green(self, t: Millis) -> Millis:
        """How long the green must last at least."""
        gone = t - self._began
        if self.preempted and self.stage != self.layout.preempt_stage:
            return _PREEMPT_LEAST
        if isinstance(self.plan, Actuated):
            return max(0, self.plan.least - gone)
        return max(0, self.plan.greens[self.stage] + self._dwell - gone)

    def _out_of_step(self, t: Millis) -> Millis:
        """How much a coordinated plan's first green must grow for the cycle to come right."""
        plan = self.plan
        self.in_step = False
        if not isinstance(plan, Fixed) or not plan.coordinated:
            return 0
        cycle = plan.cycle(self.layout)
        early = (plan.offset - t - self.zone) % cycle
        self.in_step = early == 0
        return min(early, cycle // _DWELL)

    def _extended(self, t: Millis) -> Millis | None:
        """When to look at this green again; None: it ends."""
        if self.preempted:
            return FOREVER if self.stage == self.layout.preempt_stage else None
        plan = self.plan
        if isinstance(plan, Fixed) or self.wanted is not plan:
            return None
        if self._others_call():
            return self._pressing(plan, t)
        if self.demand.walkers(self.stage):
            self._walk(t)
            return self.until
        idle = self.demand.idle(self.stage, t)
        if plan.rest == "red" and not self.demand.calls(self.stage):
            return None if idle >= plan.gap else t + plan.gap - idle
        self.resting, self._pressed = True, None
        return FOREVER

    def _pressing(self, plan: Actuated, t: Millis) -> Millis | None:
        """Somebody else waits: until the gap or the longest green ends this one."""
        idle = self.demand.idle(self.stage, t)
        if self._pressed is None:
            self._pressed = t
        if idle >= plan.gap or t >= self._pressed + plan.most:
            return None
        return min(t + plan.gap - idle, self._pressed + plan.most)

    def _walk(self, t: Millis) -> None:
        """Let people walk beside a green that is there already."""
        self._steps = steps_of(
            self.layout, self.stage, self.demand.walkers(self.stage), self.omitted
        )
        self._at = next(n for n, step in enumerate(self._steps) if step.kind in {"walk", "green"})
        if self._steps[self._at].kind == "walk":
            self._show(t)
        else:
            self.until = FOREVER

    def _others_call(self) -> bool:
        stages = range(len(self.layout.stages))
        return any(self.demand.calls(stage) for stage in stages if stage != self.stage)

    def _following(self, t: Millis) -> int | None:
        """The next stage: in turn, or the next one that is called; None while nobody calls."""
        stages = len(self.layout.stages)
        if self.preempted:
            self._count(self.layout.preempt_stage, t)
            return self.layout.preempt_stage
        if isinstance(self.plan, Fixed):
            following = (self.stage + 1) % stages
        elif self.wanted is not self.plan:
            following = 0
        else:
            turn = [(self.stage + 1 + n) % stages for n in range(stages)]
            called = next((stage for stage in turn if self.demand.calls(stage)), None)
            if called is None:
                if self.plan.rest == "red":
                    return None
                called = self.stage
            following = called
        self._count(following, t)
        return following

    def _count(self, following: int, t: Millis) -> None:
        if following <= self.stage:
            self.counter += 1
            self._lap, self._lapped = max(_SHORTEST, t - self._lapped), t
