Emptied on its round, and full again the same day; and one that was too empty to be worth it.

bin bin-1..2: collection fri 06:30
every 10m
at 05:00 bin-1: fill_level 60 %
at 05:00 bin-2: fill_level 5 %
at 06:40 bin-1: fill_level 3 %
    event collected of bin-1 at 06:50
at 12:00 fill_level 85 %
    raise bin_full of bin-1 at 12:40
    raise bin_full of bin-2 at 12:40
at 23:00 end
