A controller flashes while it starts.

signal cabinet-1
every 1s
at 12:00 mode control, flash_cause none
at 12:10 mode startup, flash_cause startup
at 12:10:20 mode control, flash_cause none
at 12:20 end
