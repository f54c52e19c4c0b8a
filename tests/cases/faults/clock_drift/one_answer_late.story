One answer that came late is no drift.

signal cabinet-1
at 12:00 clock_offset 0.3 s
at 13:00 clock_offset 4 s
at 13:00:20 clock_offset 0.3 s
at 14:00 end
