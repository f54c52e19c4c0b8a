Conflicting greens in two successive readings are a conflict, and stay one until somebody resets it.

signal cabinet-1: conflicts 1-3 1-4 2-3 2-4
every 1s
at 12:00 group_1 green, group_2 green, group_3 red, group_4 red, mode control
at 12:01 group_3 green_flash
    raise conflicting_greens at 12:01:01
at 12:02 group_3 red
    clear conflicting_greens at 12:07
at 12:08 acknowledge conflicting_greens
at 12:09 group_4 green
    raise conflicting_greens at 12:09:01
at 12:10 group_4 red
    clear conflicting_greens at 12:15
at 12:16 reset conflicting_greens
at 12:20 end
