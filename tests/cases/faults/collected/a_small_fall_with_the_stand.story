From a quarter full: the stand's others are empty with it, and that tells.

bin bin-1..4: stand plaza
every 10m
at 08:00 fill_level 24 %
at 09:00 fill_level 2 %
    event collected of bin-1 at 09:10
    event collected of bin-2 at 09:10
    event collected of bin-3 at 09:10
    event collected of bin-4 at 09:10
at 12:00 end
