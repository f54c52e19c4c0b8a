"""What holds for every test.

Most tests wait for real programs, so `make test` runs four of them side by side on however few
processors. Two things follow:

- How long one example of a property takes says nothing about us then: hypothesis's own bound of
  0.2 s is off. A test that means a duration says so and measures it.
- A test whose point is a pace (a silence on a line, the time that characters take, how old live
  data is, polls a second) would measure its neighbours. It is marked ``alone``, and runs before the
  others, one at a time, with its bounds as they are. Others stay side by side, watchdogs and the
  demo's minute too: they hold with four times as much to do as there are processors.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("wayside", deadline=None)
settings.load_profile("wayside")
