A signal group that its cabinet's readings came without, because an event of its log is missing.

signal cabinet-1
every 1s
at 12:00 group_1 green, group_2 red
at 12:01 group_1 unread
at 12:01:06 group_1 red, group_2 green
    event data_gap at 12:01:06
at 12:02 end
