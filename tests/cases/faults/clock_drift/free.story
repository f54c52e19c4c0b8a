A junction that runs free may be half a minute off; its own word counts for more than the register's.

signal cabinet-1: coordinated false
signal cabinet-2: coordinated true
at 12:00 cabinet-1: clock_offset 20 s
at 12:00 cabinet-2: clock_offset 20 s, coordinated off
at 13:00 cabinet-1: clock_offset -3600.4 s
    raise clock_drift of cabinet-1 at 13:01
at 14:00 cabinet-1: clock_offset 0.2 s
    clear clock_drift of cabinet-1 at 14:00
at 15:00 end
