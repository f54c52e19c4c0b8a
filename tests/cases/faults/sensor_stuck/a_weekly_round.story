A week on, the others stand where they stood a week before; in between they were filled and emptied.

bin bin-1..3
every 1h
at 00:00 fill_level 40 %
at 12:00 bin-2: fill_level 61 %
at 18:00 bin-3: fill_level 55 %
at 150:00 bin-2: fill_level 41 %
at 151:00 bin-3: fill_level 39 %
    raise sensor_stuck of bin-1 at 169:00
at 170:00 end
