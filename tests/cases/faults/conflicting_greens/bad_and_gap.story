A bad value shows no conflict and clears none; readings around a hole are not successive.

signal cabinet-1: conflicts 1-3
every 1s
at 12:00 group_1 green, group_3 red
at 12:01 group_3 green
at 12:01:01 unheard
at 12:01:30 heard, group_3 bad
    event data_gap at 12:01:30
    raise bad_data at 12:01:32
at 12:02 group_3 green
    raise conflicting_greens at 12:02:01
at 12:03 group_3 bad
at 12:04 group_3 red
    clear bad_data at 12:05
    clear conflicting_greens at 12:09
at 12:10 end
