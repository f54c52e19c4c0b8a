Groups that may go together, yellow beside green, and everything dark or flashing are no conflict.

signal cabinet-1: conflicts 1-3
every 1s
at 12:00 group_1 green, group_2 green, group_3 red, mode control
at 12:01 group_1 yellow, group_3 green
at 12:01:05 group_1 red
at 12:02 group_1 yellow_flash, group_3 yellow_flash, mode standby
at 12:03 group_1 dark, group_3 dark
at 12:04 group_1 red, group_3 red_yellow
at 12:05 end
