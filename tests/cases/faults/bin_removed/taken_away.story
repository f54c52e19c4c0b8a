A day without anything in its range, hanging askew, until it hangs in a bin again.

bin bin-1
every 10m
at 08:00 distance 900 mm, tilt 2 °
at 09:00 distance bad, tilt 85 °
    raise bin_tilt at 09:10
    clear bin_tilt at 33:00
    raise bin_removed at 33:00
at 34:00 distance 1700 mm, tilt 3 °
    clear bin_removed at 34:00
at 35:00 end
