Two thirds full since the round, and two wrong echoes late in the day: it is not full for that.

bin bin-1: collection mon,fri 06:30
every 5m
at 02:00 fill_level 70 %
at 20:00 fill_level 92 %
at 20:10 fill_level 70 %
at 22:00 end
