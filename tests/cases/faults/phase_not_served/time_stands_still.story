While the controller's time is stopped nobody is owed a green, and no button is stuck.

signal cabinet-1: longest_cycle 90s
every 1s
at 12:00 group_1 green, group_2 red, vehicle_call_2 on, ped_call_1 on, mode control, stop_time on
    raise stop_time at 12:05
at 12:10 stop_time off
    clear stop_time at 12:10
at 12:11 group_2 green, vehicle_call_2 off, ped_call_1 off
at 12:20 end
