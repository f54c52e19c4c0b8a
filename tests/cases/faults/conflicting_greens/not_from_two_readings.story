States of two different readings are never compared, however recent they are.

signal cabinet-1: conflicts 1-3
every 1s
at 12:00 group_1 green, group_3 red
at 12:01 group_1 unread
at 12:01:01 group_3 green
at 12:01:04 group_3 unread, group_1 green
    event data_gap at 12:01:04
at 12:02 end
