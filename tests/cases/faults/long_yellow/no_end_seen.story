A yellow whose end nobody saw is not long: a hole, a lost point, and flashing are none.

signal cabinet-1
every 1s
at 12:00 group_1 green, group_2 red, mode control
at 12:10 group_1 yellow
at 12:10:04 unheard
at 12:11 heard
    event data_gap at 12:11
at 12:11:04 group_1 red
at 12:12 group_1 yellow
at 12:12:04 group_1 bad
    raise bad_data at 12:12:06
at 12:13 group_1 yellow
at 12:13:04 group_1 red
at 12:14 mode flash, flash_cause automatic, group_1 yellow
    clear bad_data at 12:14
    event flash at 12:14:01
at 12:30 group_1 yellow_flash
at 12:40 end
