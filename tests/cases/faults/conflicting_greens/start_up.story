While a controller starts or is under test, its lamps mean nothing.

signal cabinet-1: conflicts 1-3
every 1s
at 12:00 group_1 green, group_3 green, mode startup
at 12:00:20 mode test
at 12:01 mode control, group_3 red
at 12:02 end
