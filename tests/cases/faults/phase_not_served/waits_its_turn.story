A call waits for less than two cycles, is taken back, or nobody is owed a green.

signal cabinet-1: longest_cycle 90s
every 1s
at 12:00 group_1 green, group_2 red, vehicle_call_1 off, vehicle_call_2 off, mode control, preempt off
at 12:10 vehicle_call_2 on
at 12:12:50 group_2 green
at 12:13 group_2 red
at 12:15:30 vehicle_call_2 off
at 12:16 vehicle_call_2 on
at 12:18 preempt on
at 12:23 preempt off
at 12:25 mode flash, flash_cause automatic
    event flash at 12:25:01
at 12:40 mode control, flash_cause none
at 12:42 group_2 green, vehicle_call_2 off
at 12:50 end
