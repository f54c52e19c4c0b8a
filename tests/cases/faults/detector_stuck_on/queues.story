Queues of twenty minutes, one after the other at two detectors, are traffic; so is one in a flashing junction.

signal cabinet-1
every 1s
at 12:00 detector_1 on, detector_2 off, mode control
at 12:20 detector_2 on
at 12:21 detector_1 off
at 12:40 detector_1 on
at 12:41 detector_2 off
at 12:50 mode flash, flash_cause automatic
    event flash at 12:50:01
at 13:50 mode control, flash_cause none
at 14:10 detector_1 off
at 14:20 end
