One echo in between shows that something is there: the day begins again.

bin bin-1
every 10m
at 08:00 distance 900 mm, tilt 40 °
    raise bin_tilt at 08:10
at 09:00 distance bad
at 20:00 distance 700 mm
at 20:10 distance bad
at 43:00 end
