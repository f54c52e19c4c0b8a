A junction whose lamps are all dark for three seconds is dark, whatever its controller says it does.

signal cabinet-1: conflicts 1-3
every 1s
at 12:00 group_1 green, group_2 green, group_3 red, mode control, flash_cause none
at 12:10 group_1 dark, group_2 dark, group_3 dark
    raise junction_dark at 12:10:03
at 12:12 mode failure
at 12:20 group_1 red
    clear junction_dark at 12:20
at 12:21 end
