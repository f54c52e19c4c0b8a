A bin of paper, whose weight is known, and a load of rubble.

bin bin-1
every 1h
at 00:00 fill_level 40 %, weight 8 kg
at 220:00 weight 30 kg
    raise heavy_load at 221:00
at 230:00 weight 9 kg
    clear heavy_load at 230:00
at 232:00 end
