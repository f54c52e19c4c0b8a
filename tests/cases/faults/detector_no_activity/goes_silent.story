A detector falls silent on its third Monday; learnt are two weeks, a restart between them.

signal cabinet-1
every 30s
date 2026-03-02
at 06:00 detector_1 pulses 2m, detector_2 pulses 3m, mode control
at 12:00+3d restart
at 10:00+10d detector_1 off
    raise detector_no_activity at 10:58
at 12:00 detector_1 pulses 2m
    clear detector_no_activity at 12:00
at 13:00 end
