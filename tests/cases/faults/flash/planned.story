Night flash by plan, automatic flash and pre-emption are told and alarm nobody.

signal cabinet-1: planned_flash 23:00-05:00
signal cabinet-2: planned_flash mon-fri 23:00-05:00
every 10s
at 22:00 mode control, flash_cause none
at 22:30 cabinet-2: mode flash, flash_cause automatic
    event flash of cabinet-2 at 22:30:10
at 22:50 cabinet-2: mode control, flash_cause none
at 23:00 mode flash
    event flash of cabinet-1 at 23:00:10
    event flash of cabinet-2 at 23:00:10
at 04:59:50 mode control
at 12:00 flash_cause preempt
    event flash of cabinet-1 at 12:00:10
    event flash of cabinet-2 at 12:00:10
at 12:05 flash_cause none
at 12:10 end
