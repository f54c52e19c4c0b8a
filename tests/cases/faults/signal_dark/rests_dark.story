Pedestrian groups and beacons may rest dark; a junction in flash or standby shows what it likes.

signal cabinet-1: dark_ok 2
every 1s
at 12:00 group_1 green, group_2 dark, group_3 red, mode control
at 12:05 mode standby, group_1 dark, group_3 yellow_flash
at 12:10 mode startup
at 12:10:20 mode control, group_1 red, group_3 green
at 12:20 end
