Read every five minutes, a group that is called for and red at each look may have been green between.

signal cabinet-1: longest_cycle 120s
every 5m
at 08:00 mode control, group_1 red, group_2 green, vehicle_call_1 on
at 09:00 end
