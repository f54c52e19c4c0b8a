A junction that conflicts once in each cycle is one alarm, over when five minutes went well.

signal cabinet-1: conflicts 1-3
every 1s
at 12:00 group_1 green, group_3 red
at 12:01 group_3 green
    raise conflicting_greens at 12:01:01
at 12:01:10 group_3 red
at 12:02:30 group_3 green
at 12:02:40 group_3 red
at 12:04 group_3 green
at 12:04:10 group_3 red
at 12:05:30 group_3 green
at 12:05:40 group_3 red
    clear conflicting_greens at 12:10:40
at 12:12 end
