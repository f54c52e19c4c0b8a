Night flash by plan, automatic flash and pre-emption alarm nobody, though a fault before them still stands.

signal cabinet-1: planned_flash 23:00-05:00
every 10s
at 22:00 mode control, flash_cause none
at 22:30 mode flash, flash_cause fault_monitor
    raise flash_mode at 22:30:10
at 23:00 flash_cause automatic
    event flash at 23:00:10
at 05:00 mode control, flash_cause none
    clear flash_mode at 05:00
at 23:00 mode flash, flash_cause none
    event flash at 23:00:10
at 04:00 mode control
at 05:00 end
