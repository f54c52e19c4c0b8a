The controller says that it has given a detector up.

signal cabinet-1
every 1s
at 12:00 detector_1 off, detector_2 off, detector_fault_1 off, detector_fault_2 off
at 12:10 detector_fault_2 on
    raise detector_erratic at 12:10:01
at 12:20 detector_fault_2 bad
    raise bad_data at 12:20:02
at 12:30 detector_fault_2 off
    clear detector_erratic at 12:30
    clear bad_data at 12:31
at 12:40 end
