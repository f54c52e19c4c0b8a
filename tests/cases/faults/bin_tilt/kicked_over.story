A bin lies on its side for ten minutes and is stood up again.

bin bin-1
every 60s
at 08:00 tilt 2 °, fill_level 30 %
at 09:00 tilt 70 °
    raise bin_tilt at 09:10
at 10:00 tilt 17 °
at 10:30 tilt 3 °
    clear bin_tilt at 10:30
at 11:00 end
