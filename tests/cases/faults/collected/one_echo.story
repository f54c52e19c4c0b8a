One echo from the bottom, past the waste, and one that settles by a little.

bin bin-1: stand plaza
every 10m
at 08:00 fill_level 62 %
at 09:00 fill_level 3 %
at 09:10 fill_level 61 %
at 10:00 fill_level 45 %
at 12:00 end
