A cabinet that reports no mode flashes when its groups do, and one odd reading is none.

signal cabinet-1: dark_ok 2
every 1s
at 12:00 group_1 green, group_2 dark, group_3 red
at 12:05 group_3 yellow_flash
at 12:06 group_1 yellow_flash
    raise flash_mode at 12:06:01
at 12:07 group_1 bad
    raise bad_data at 12:07:02
at 12:08 group_1 yellow_flash
    clear bad_data at 12:09
at 12:10 group_1 green, group_3 red
    clear flash_mode at 12:10
at 12:15 group_1 yellow_flash, group_3 yellow_flash
at 12:15:01 group_1 green
at 12:20 end
