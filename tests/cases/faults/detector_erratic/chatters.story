A detector that comes and goes two and a half times a second for three whole minutes.

signal cabinet-1
every 200ms
at 12:00 detector_1 pulses 3s, detector_2 pulses 4s
at 12:05 detector_2 pulses 400ms
    raise detector_erratic at 12:08:00.2
at 12:10 detector_2 pulses 4s
    clear detector_erratic at 12:11
at 12:12 end
