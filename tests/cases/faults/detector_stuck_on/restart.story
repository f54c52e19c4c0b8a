After a restart a detector that is still on is not taken for one that let go.

signal cabinet-1: advance_detectors 1
every 1s
at 12:00 detector_1 on, mode control
    raise detector_stuck_on at 12:10
at 12:20 restart
at 12:40 detector_1 off
    clear detector_stuck_on at 12:40
at 12:50 end
