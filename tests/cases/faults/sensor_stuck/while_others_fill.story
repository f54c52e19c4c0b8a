Forty percent to the last digit for a week, while the others fill and are emptied.

bin bin-1..3
every 1h
at 00:00 fill_level 40 %
at 12:00 bin-2: fill_level 51.2 %
at 18:00 bin-3: fill_level 55.1 %
    raise sensor_stuck of bin-1 at 169:00
at 170:00 bin-2: fill_level 52 %
at 171:00 bin-3: fill_level 56 %
at 175:00 bin-1: fill_level 61 %
    clear sensor_stuck of bin-1 at 175:00
at 176:00 end
