All red for two minutes while somebody waits.

signal cabinet-1: dark_ok 3
every 1s
at 12:08 group_1 green, group_2 red, group_3 dark, vehicle_call_2 on, vehicle_call_1 off, mode control, preempt off
at 12:10 group_1 red, vehicle_call_1 on
    raise all_red_stuck at 12:12
at 12:20 group_2 green
    clear all_red_stuck at 12:20
at 12:21 end
