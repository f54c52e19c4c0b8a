Ten minutes at an advance detector, over missed polls.

signal cabinet-1: advance_detectors 2
every 1s
at 12:00 detector_1 off, detector_2 off, mode control
at 12:10 detector_2 on
at 12:12 silent
at 12:12:20 answers
    raise detector_stuck_on at 12:20
at 12:30 detector_2 off
    clear detector_stuck_on at 12:30
at 12:40 end
