A third full, and the first of its stand that is emptied: the others fall while it is looked at again.

bin bin-1..4: stand plaza
every 5m
at 08:00 fill_level 24 %
at 09:00 bin-1: fill_level 2 %
at 09:07 bin-2: fill_level 2 %
at 09:07 bin-3: fill_level 2 %
at 09:07 bin-4: fill_level 2 %
    event collected of bin-1 at 09:15
    event collected of bin-2 at 09:15
    event collected of bin-3 at 09:15
    event collected of bin-4 at 09:15
at 12:00 end
