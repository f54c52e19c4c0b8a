A junction without traffic rests in red; who comes then is served within seconds.

signal cabinet-1
every 1s
at 02:00 group_1 red, group_2 red, vehicle_call_1 off, vehicle_call_2 off, mode control
at 02:30 vehicle_call_2 on
at 02:30:04 group_2 green
at 02:30:20 group_2 yellow, vehicle_call_2 off
at 02:30:23 group_2 red
at 03:00 end
