A crew tilts the bin, and is not done with it for a while: a collection says nothing of tilt.

bin bin-1
every 60s
at 08:00 tilt 2 °, fill_level 70 %
at 09:00 tilt 100 °, fill_level 3 %
    event collected at 09:01
at 09:14 tilt 2 °
at 10:00 end
