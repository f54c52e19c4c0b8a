Flash for a fault and by hand is no such event, nor is one odd reading.

signal cabinet-1
every 1s
at 12:00 mode control, flash_cause none
at 12:10 mode flash, flash_cause manual
at 12:20 mode control, flash_cause none
at 12:30 flash_cause automatic
at 12:30:01 flash_cause none
at 12:40 end
