A junction that knows of nobody runs by the clock; there two minutes of red are a fault by themselves.

signal cabinet-1
every 1s
at 12:00 group_1 green, group_2 red, mode control
at 12:10 group_1 red
    raise all_red_stuck at 12:12
at 12:15 group_1 bad
    raise bad_data at 12:15:02
at 12:20 group_1 green
    clear all_red_stuck at 12:20
at 12:21 end
