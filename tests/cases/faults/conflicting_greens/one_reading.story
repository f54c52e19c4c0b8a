One odd reading is none, as often as it comes.

signal cabinet-1: conflicts 1-3
every 1s
at 12:00 group_1 green, group_3 red, mode control
at 12:01 group_3 green
at 12:01:01 group_3 red
at 12:01:02 group_3 green
at 12:01:03 group_3 red
at 12:02 end
