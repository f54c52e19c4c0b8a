A cycle fault is minor; once the controller gives up its cycle it is major.

signal cabinet-1
every 1s
at 12:00 cycle_fault off, cycle_failed off
at 12:10 cycle_fault on
    raise cycle_fault minor at 12:10:30
at 12:12 cycle_failed on
at 12:20 cycle_fault off
at 12:21 cycle_failed off
    clear cycle_fault major at 12:21
at 12:30 end
