In standby, under test and in flash a junction may be dark, and a start may take half a minute.

signal cabinet-1
every 1s
at 12:00 group_1 dark, group_2 dark, mode standby, flash_cause none
at 12:05 mode startup
at 12:05:29 mode control, group_1 red, group_2 green
at 12:10 mode test, group_1 dark, group_2 dark
at 12:15 mode flash, flash_cause mmu
    raise flash_mode at 12:15:01
at 12:16 mode control, flash_cause none, group_1 red, group_2 green
    clear flash_mode at 12:16
at 12:20 end
