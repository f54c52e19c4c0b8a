A yellow that lasts more than ten seconds.

signal cabinet-1
every 1s
at 12:00 group_1 green, group_2 red, mode control
at 12:10 group_1 yellow
    raise long_yellow at 12:10:10
at 12:11 group_1 red, group_2 green
    clear long_yellow at 12:16
at 12:20 end
