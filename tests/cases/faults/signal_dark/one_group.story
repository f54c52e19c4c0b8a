One group dark for more than two seconds while the junction works.

signal cabinet-1: dark_ok 3
every 1s
at 12:00 group_1 green, group_2 red, group_3 dark, mode control
at 12:10 group_2 dark
    raise signal_dark at 12:10:02
at 12:10:30 group_2 green
    clear signal_dark at 12:15:30
at 12:20 end
