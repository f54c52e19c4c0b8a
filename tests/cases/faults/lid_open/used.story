People open it, throw something in, and it falls shut.

bin bin-1
every 60s
at 08:00 lid_open on, fill_level 30 %
at 08:20 lid_open off
at 08:25 lid_open on
at 08:50 lid_open off
at 09:30 end
