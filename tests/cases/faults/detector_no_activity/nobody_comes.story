A street is closed for three hours: nobody comes anywhere. Then a loop dies, and the street closes again.

signal cabinet-1
every 30s
date 2026-03-02
at 06:00 detector_1 pulses 2m, detector_2 pulses 3m, detector_3 pulses 2m, mode control
at 10:00+7d detector_1 off, detector_2 off, detector_3 off
at 13:00 detector_2 pulses 3m
at 13:05 detector_1 pulses 2m, detector_3 pulses 2m
at 15:00 detector_1 off
    raise detector_no_activity at 16:31
at 17:00 detector_2 off, detector_3 off
at 19:00 detector_2 pulses 3m, detector_3 pulses 2m
at 20:00 detector_1 pulses 2m
    clear detector_no_activity at 20:00
at 21:00 end
