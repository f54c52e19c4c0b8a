An instant between two aspects is none, nor are two dark polls that are far apart.

signal cabinet-1
every 5s
at 12:00 group_1 green, group_2 red, mode control
at 12:01 group_2 dark
at 12:01:10 group_2 green
at 12:02 group_2 bad
    raise bad_data at 12:02:10
at 12:03 group_2 red
at 12:04 end
