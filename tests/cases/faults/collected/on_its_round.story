A crew empties a bin; the second reading that shows it tells.

bin bin-1: stand plaza
every 10m
at 08:00 fill_level 62 %
at 09:00 fill_level 3 %
    event collected at 09:10
at 12:00 end
