One poll a second cannot measure a yellow; a hole in it, a flash and a yellow out of the dark are not measured.

signal cabinet-1
every 1s
at 12:00 group_1 green, group_2 red, mode control
at 12:01 group_1 yellow
at 12:01:02 group_1 red
at 12:02 every 100ms, group_1 green
at 12:03 group_1 yellow
at 12:03:01 unheard
at 12:03:01.5 heard
at 12:03:02 group_1 red
at 12:04 group_1 dark
at 12:04:01 group_1 yellow
at 12:04:02 group_1 dark
at 12:04:03 group_1 red
at 12:05 end
