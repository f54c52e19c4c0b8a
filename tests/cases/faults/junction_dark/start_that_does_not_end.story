A start that leaves the junction dark for more than half a minute is none.

signal cabinet-1
every 1s
at 12:00 group_1 red, group_2 green, mode control
at 12:10 group_1 dark, group_2 dark, mode startup
    raise junction_dark at 12:10:33
at 12:20 group_1 red, group_2 red
    clear junction_dark at 12:20
at 12:21 end
