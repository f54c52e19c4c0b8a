The conflict monitor puts the junction in flash, seen twice; it ends when the junction works again.

signal cabinet-1
every 1s
at 12:00 mode control, flash_cause none, group_1 green
at 12:10 mode flash, flash_cause mmu, group_1 yellow_flash
    raise flash_mode at 12:10:01
at 12:20 mode startup, flash_cause startup
at 12:20:20 mode control, flash_cause none, group_1 red
    clear flash_mode at 12:20:20
at 12:21 group_1 green
at 12:30 end
