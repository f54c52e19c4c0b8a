A call that waits for more than two cycles; another group joins, and both must be served.

signal cabinet-1: longest_cycle 90s
every 1s
at 12:00 group_1 green, group_2 red, group_3 red, vehicle_call_1 off, vehicle_call_2 off, vehicle_call_3 off, mode control
at 12:10 vehicle_call_2 on
    raise phase_not_served at 12:13:01
at 12:14 vehicle_call_3 on
at 12:20 group_2 green
at 12:20:10 group_2 red, vehicle_call_2 off
at 12:21 group_3 green
    clear phase_not_served at 12:21
at 12:22 end
