A lid stands open for half an hour, and somebody shuts it.

bin bin-1
every 60s
at 08:00 lid_open off, fill_level 30 %
at 09:00 lid_open on
    raise lid_open at 09:30
at 10:00 lid_open off
    clear lid_open at 10:00
at 10:30 end
