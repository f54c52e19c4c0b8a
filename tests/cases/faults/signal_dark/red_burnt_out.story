A group whose red has burnt out is dark in every red and green in between: one alarm, not one a cycle.

signal cabinet-1
every 1s
at 12:00 group_1 green, group_2 red, mode control
at 12:10 group_2 dark
    raise signal_dark at 12:10:02
at 12:10:30 group_2 green, group_1 red
at 12:11 group_2 dark, group_1 green
at 12:11:30 group_2 green, group_1 red
at 12:12 group_2 dark, group_1 green
at 12:12:30 group_2 green, group_1 red
    clear signal_dark at 12:17:30
at 12:20 end
