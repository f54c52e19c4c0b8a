At one poll a second a chattering detector looks like dense traffic, and nobody can tell.

signal cabinet-1
every 1s
at 12:00 detector_1 on
at 12:00:01 detector_1 off
at 12:00:02 detector_1 on
at 12:00:03 detector_1 off
at 12:10 end
