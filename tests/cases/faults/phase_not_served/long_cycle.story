The controller reports a longer cycle than the asset register knows.

signal cabinet-1: longest_cycle 90s
every 1s
at 12:00 group_1 green, group_2 red, vehicle_call_2 off, mode control, cycle_time 150 s
at 12:10 vehicle_call_2 on
    raise phase_not_served at 12:15:01
at 12:16 vehicle_call_2 off
at 12:20 group_2 green
    clear phase_not_served at 12:20
at 12:21 end
