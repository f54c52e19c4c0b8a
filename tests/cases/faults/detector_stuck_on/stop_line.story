Half an hour without a gap at the stop line; the alarm ends when that very detector lets go.

signal cabinet-1: advance_detectors 2
every 1s
at 12:00 detector_1 off, detector_2 off, mode control
at 12:10 detector_1 on
    raise detector_stuck_on at 12:40
at 12:50 detector_2 on
at 12:55 detector_2 off
at 13:00 detector_1 off
    clear detector_stuck_on at 13:00
at 13:10 end
