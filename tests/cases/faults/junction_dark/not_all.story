A group that is bad or was not read may be lit, and two dark readings are too short at one a second.

signal cabinet-1
every 1s
at 12:00 group_1 red, group_2 green, mode standby
at 12:10 group_1 dark, group_2 bad, mode failure
    raise bad_data at 12:10:02
at 12:11 group_2 dark
at 12:11:02 group_2 red
at 12:12 end
