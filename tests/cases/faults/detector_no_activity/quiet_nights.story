Quiet nights, a week that is not learnt yet, a closed hour, silence that was not watched: none is a fault.

signal cabinet-1
every 30s
date 2026-03-02
at 06:00 detector_1 pulses 2m, mode control
at 22:00 detector_1 off
at 06:00 detector_1 pulses 2m
at 22:00 detector_1 off
at 06:00 detector_1 pulses 2m
at 22:00 detector_1 off
at 06:00 detector_1 pulses 2m
at 10:00 detector_1 off
at 10:40 detector_1 pulses 2m
at 11:00 detector_1 off
at 11:05 unheard
at 17:00 heard
    event data_gap at 17:00
at 17:30 detector_1 pulses 2m
at 18:00 detector_1 off, mode flash, flash_cause automatic
    event flash at 18:00:30
at 23:00 end
