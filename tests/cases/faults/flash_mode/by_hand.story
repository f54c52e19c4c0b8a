A technician's flash is nobody's business for an hour.

signal cabinet-1
every 1s
at 12:00 mode control, flash_cause none
at 12:10 mode flash, flash_cause manual
at 12:40 mode control, flash_cause none
at 13:00 mode flash, flash_cause manual
    raise flash_mode warning at 14:00:01
at 14:30 mode control, flash_cause none
    clear flash_mode warning at 14:30
at 14:40 end
