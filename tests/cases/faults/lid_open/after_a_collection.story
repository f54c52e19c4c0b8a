Left open by the crew: a quarter of an hour is theirs, then the half hour begins.

bin bin-1
every 60s
at 08:00 lid_open off, fill_level 70 %
at 09:00 lid_open on, fill_level 3 %
    event collected at 09:01
    raise lid_open at 09:46
at 10:00 lid_open off
    clear lid_open at 10:00
at 10:30 end
