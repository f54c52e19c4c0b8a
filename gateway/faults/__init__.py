"""From readings to alarms: pure, in event time, the same on the edge and in replay.

``engine.py`` feeds each reading to the rules of its device. ``sight.py`` holds what is known of a
device now, ``timing.py`` decides when a condition has held long enough, ``lifecycle.py`` what state
an alarm takes next, ``topology.py`` who belongs together. The rules stand in ``rules/``.
"""
