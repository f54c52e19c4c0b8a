A junction that flashes on past its plan, and says not why, does so for a fault.

signal cabinet-1: planned_flash 23:00-05:00
every 10s
at 22:00 mode control
at 23:00 mode flash
    event flash at 23:00:10
    raise flash_mode at 05:00:10
at 06:00 mode control
    clear flash_mode at 06:00
at 07:00 end
