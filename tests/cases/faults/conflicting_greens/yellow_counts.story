Where the junction's own rules say so, yellow beside a conflicting green counts.

signal cabinet-1: conflicts 1-3, yellow_conflicts true
every 1s
at 12:00 group_1 green, group_3 red
at 12:01 group_1 yellow, group_3 green
    raise conflicting_greens at 12:01:01
at 12:01:03 group_1 red
    clear conflicting_greens at 12:06:03
at 12:07 end
