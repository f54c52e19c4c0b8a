Bad now and then, silent, or another device altogether: none of these.

lamp lamp-1: rated_power 70
at 12:00 power 1 W
at 12:10 power bad
at 12:10:20 power 1 W
at 12:10:30 power bad
at 12:10:50 power 1 W
at 12:20 another
    raise config_mismatch at 12:20:10
at 12:30 itself
    clear config_mismatch at 12:30
at 12:40 end
