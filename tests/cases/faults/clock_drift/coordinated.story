Two seconds are too many where neighbours rely on the clock.

signal cabinet-1
at 12:00 clock_offset 0.3 s
at 13:00 clock_offset 2.4 s
    raise clock_drift at 13:01
at 14:00 clock_offset 1.8 s
at 15:00 clock_offset 0.1 s
    clear clock_drift at 15:00
at 16:00 end
