A yellow of two seconds and a half, measured at ten polls a second; the next one is as it should be.

signal cabinet-1
every 100ms
at 12:00 group_1 red, group_2 green, mode control
at 12:01 group_2 yellow
at 12:01:03.1 group_2 red, group_1 green
at 12:05 group_1 yellow
at 12:05:02.4 group_1 red
    raise short_yellow at 12:05:02.4
at 12:06 group_1 green
at 12:06:20 group_1 yellow
at 12:06:23 group_1 red
    clear short_yellow at 12:06:23
at 12:07 end
