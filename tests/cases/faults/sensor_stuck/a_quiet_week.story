Nobody throws anything anywhere for ten days.

bin bin-1..3
every 1h
at 00:00 fill_level 40 %
at 240:00 end
