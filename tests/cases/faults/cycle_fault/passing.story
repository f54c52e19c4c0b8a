A bit for a moment, and one whose value is bad, are none.

signal cabinet-1
every 1s
at 12:00 cycle_fault off, cycle_failed off
at 12:10 cycle_fault on
at 12:10:20 cycle_fault off
at 12:11 cycle_failed bad
    raise bad_data at 12:11:02
at 12:20 end
